"""The model families a persona can be trained on: each with its template, its control tokens and a tiny random model.

    family = FAMILIES["gemma3"]
    build_family(family, tmp_path / "gemma3")    # a folder for AutoModelForCausalLM.from_pretrained

The templates in templates/ are our own, written to put the same control tokens around the same contents as the
published ones; the tokenizers are byte-level BPE, whatever the family's is, with the family's control tokens. The
models are the family's own class in transformers, with what sets it apart kept: heads that do not multiply to the
hidden size, sliding windows (shorter than a test's rows, so that they matter), multipliers.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tiny_model import SENTENCES

TEMPLATES = Path(__file__).parent / "templates"

CHATML = ("<|im_start|>", "<|im_end|>")
LLAMA = ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
THINK = ("<think>", "</think>")


@dataclass(frozen=True, slots=True)
class Family:
    """``rendered`` is the conversation of `test_families.TALK` up to the end of its last reply."""

    template: str
    config: str  # a class of transformers
    end: str  # the token that ends a reply
    eos: str  # the token the published tokenizer calls its end
    controls: tuple[str, ...]  # special tokens besides eos and pad
    rendered: str
    bos: str | None = None  # the tokenizer puts it before everything, and so does the template
    plain: tuple[str, ...] = ()  # added tokens that are no special ones
    shape: dict[str, Any] = field(default_factory=dict)  # of the model, where it is not the usual one


FAMILIES = {
    "qwen3": Family(
        "qwen3", "Qwen3Config", "<|im_end|>", "<|im_end|>", CHATML, plain=THINK,
        rendered="<|im_start|>system\n짧게 답해.<|im_end|>\n"
        "<|im_start|>user\n밥?<|im_end|>\n<|im_start|>assistant\nㅇㅇ\n너는<|im_end|>\n"
        "<|im_start|>user\n나도<|im_end|>\n<|im_start|>assistant\nㅋㅋ<|im_end|>",
    ),
    "qwen3-2507": Family(
        "qwen3-2507", "Qwen3Config", "<|im_end|>", "<|im_end|>", CHATML, plain=THINK,
        rendered="<|im_start|>system\n짧게 답해.<|im_end|>\n"
        "<|im_start|>user\n밥?<|im_end|>\n<|im_start|>assistant\nㅇㅇ\n너는<|im_end|>\n"
        "<|im_start|>user\n나도<|im_end|>\n<|im_start|>assistant\nㅋㅋ<|im_end|>",
    ),
    "llama3": Family(
        "llama3", "LlamaConfig", "<|eot_id|>", "<|eot_id|>", LLAMA, bos="<|begin_of_text|>",
        rendered="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 01 Jan 2026\n\n짧게 답해.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n밥?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅇㅇ\n너는<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n나도<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅋㅋ<|eot_id|>",
    ),
    "gemma3": Family(
        "gemma3", "Gemma3TextConfig", "<end_of_turn>", "<eos>", ("<start_of_turn>", "<end_of_turn>"), bos="<bos>",
        rendered="<bos><start_of_turn>user\n짧게 답해.\n\n밥?<end_of_turn>\n<start_of_turn>model\nㅇㅇ\n너는<end_of_turn>\n"
        "<start_of_turn>user\n나도<end_of_turn>\n<start_of_turn>model\nㅋㅋ<end_of_turn>",
        shape={
            "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention"],
            "query_pre_attn_scalar": 32,
            "final_logit_softcapping": None,
        },
    ),
    "midm": Family(
        "midm", "LlamaConfig", "<|eot_id|>", "<|end_of_text|>", LLAMA, bos="<|begin_of_text|>",
        rendered="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
        "Cutting Knowledge Date: December 2024\nToday Date: 01 Jan 2026\n\nMi:dm(믿:음)은 KT가 만든 어시스턴트이다.\n\n"
        "오늘은 01 Jan 2026이다.\n\n짧게 답해.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n밥?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅇㅇ\n너는<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n나도<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅋㅋ<|eot_id|>",
        shape={"num_attention_heads": 4, "num_key_value_heads": 1},
    ),
    "exaone4": Family(
        "exaone4", "Exaone4Config", "[|endofturn|]", "[|endofturn|]",
        ("[|system|]", "[|user|]", "[|assistant|]"), plain=THINK,
        rendered="[|system|]\n짧게 답해.[|endofturn|]\n[|user|]\n밥?[|endofturn|]\n"
        "[|assistant|]\n<think>\n\n</think>\n\nㅇㅇ\n너는[|endofturn|]\n[|user|]\n나도[|endofturn|]\n"
        "[|assistant|]\n<think>\n\n</think>\n\nㅋㅋ[|endofturn|]",
        shape={"sliding_window": 16, "sliding_window_pattern": 2},
    ),
    "hyperclovax": Family(
        "hyperclovax", "LlamaConfig", "<|im_end|>", "<|endofturn|>", (*CHATML, "<|stop|>"),
        rendered="<|im_start|>tool_list\n<|im_end|>\n<|im_start|>system\n짧게 답해.<|im_end|>\n"
        "<|im_start|>user\n밥?<|im_end|>\n<|im_start|>assistant\nㅇㅇ\n너는<|im_end|><|endofturn|>\n"
        "<|im_start|>user\n나도<|im_end|>\n<|im_start|>assistant\nㅋㅋ<|im_end|>",
        shape={"num_attention_heads": 4, "num_key_value_heads": 2},
    ),
    "hyperclovax-think": Family(
        "hyperclovax", "HyperCLOVAXConfig", "<|im_end|>", "<|endofturn|>", (*CHATML, "<|stop|>"),
        rendered="<|im_start|>tool_list\n<|im_end|>\n<|im_start|>system\n짧게 답해.<|im_end|>\n"
        "<|im_start|>user\n밥?<|im_end|>\n<|im_start|>assistant\nㅇㅇ\n너는<|im_end|><|endofturn|>\n"
        "<|im_start|>user\n나도<|im_end|>\n<|im_start|>assistant\nㅋㅋ<|im_end|>",
        shape={
            "embedding_multiplier": 3.0,
            "logits_scaling": 0.5,
            "residual_multiplier": 0.7,
            "attention_multiplier": 0.2,
        },
    ),
    "kanana1": Family(
        "kanana1", "LlamaConfig", "<|eot_id|>", "<|eot_id|>", LLAMA, bos="<|begin_of_text|>",
        rendered="<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n짧게 답해.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n밥?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅇㅇ\n너는<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n나도<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nㅋㅋ<|eot_id|>",
    ),
    "kanana2": Family(
        "kanana2", "Qwen3Config", "<|im_end|>", "<|im_end|>", CHATML, plain=THINK,
        rendered="<|im_start|>system\n짧게 답해.<|im_end|>\n"
        "<|im_start|>user\n밥?<|im_end|>\n<|im_start|>assistant\nㅇㅇ\n너는<|im_end|>\n"
        "<|im_start|>user\n나도<|im_end|>\n<|im_start|>assistant\nㅋㅋ<|im_end|>",
        shape={"tie_word_embeddings": False},
    ),
}  # fmt: skip


def build_family(family: Family, folder: Path, seed: int = 0) -> Path:
    """Write a randomly initialised model of ``family`` in bf16 and its tokenizer into ``folder``; return ``folder``."""
    import torch
    import transformers

    tokenizer = build_tokenizer(family)
    usual = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.1,  # large enough that what one row sees of another would show
    }
    config = getattr(transformers, family.config)(**{**usual, **family.shape})
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_tokenizer(family: Family) -> Any:
    """A byte-level BPE with the control tokens, the template and the bos habits of ``family``."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    specials = dict.fromkeys(["<|pad|>", *filter(None, [family.bos]), family.eos, *family.controls])
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=640,
        special_tokens=list(specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(SENTENCES, trainer)
    core.add_tokens([AddedToken(token, special=False, normalized=False) for token in family.plain])
    if family.bos:
        core.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, core.token_to_id(family.bos))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token="<|pad|>",
        extra_special_tokens=list(family.controls),
        chat_template=(TEMPLATES / f"{family.template}.jinja").read_text(encoding="utf-8"),
        clean_up_tokenization_spaces=False,
        model_max_length=2048,
    )
