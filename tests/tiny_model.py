"""A causal language model with random weights that loads like any other: real Qwen3, real BPE, 2 layers.

    base = build_tiny_model(tmp_path / "tiny-qwen3")        # a folder for AutoModelForCausalLM.from_pretrained
    def test_…(tiny_base: Path): …                          # one such folder for the whole session (see conftest)

It says nothing sensible, but every real part (chat template, NF4, LoRA, saving, serving) works on it in milliseconds.
The tokenizer is a byte-level BPE with a ChatML template, so every Korean text comes back from its tokens unchanged.
"""

from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")  # ids 0, 1 and 2; the last ends a turn

CHATML = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)

SENTENCES = (
    "너는 친구와 카카오톡으로 대화 중이야. 짧은 말풍선 여러 개로 답해.",
    "system user assistant [[PERSONA]] [[PARTNER]]",
    "오늘 뭐 했어? 나는 집에서 쉬었어 ㅋㅋㅋ 밥은 먹었어? 아직 안 먹었어 ㅠㅠ",
    "지금 가는 중이야 조금만 기다려줘 ㅎㅎ 알겠어 조심해서 와! 응응 잘 자",
    "내일 몇 시에 볼까? 세 시쯤 어때? 좋아 그때 봐 보고 싶어",
)


def build_tiny_model(
    folder: Path, *, hidden_size: int = 64, layers: int = 2, vocabulary: int = 600, seed: int = 0
) -> Path:
    """Write a randomly initialised Qwen3 in bf16 and its tokenizer into ``folder``, and return ``folder``.

    ``hidden_size`` is a multiple of 64 (NF4 blocks, heads of 32). The same ``seed`` makes the same bytes.
    """
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    tokenizer = build_tiny_tokenizer(vocabulary)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=2 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=hidden_size // 32,
        num_key_value_heads=hidden_size // 64,
        head_dim=32,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.1,  # logits far enough apart that greedy decoding is the same on every machine
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config).to(torch.bfloat16)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def build_tiny_tokenizer(vocabulary: int = 600) -> Any:
    """A byte-level BPE with ChatML's special tokens and template; at most ``vocabulary`` tokens (at least 300)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=["<|im_start|>"],
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
        model_max_length=2048,
    )
