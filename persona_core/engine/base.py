"""The base of a persona as it was trained on: in NF4, with the configuration and the precision of the training.

model = AutoModelForCausalLM.from_pretrained(
    "Qwen/Qwen3-0.6B", config=base_config("Qwen/Qwen3-0.6B", "c1899de2…"), quantization_config=nf4(dtype), dtype=dtype
)
"""

from collections.abc import Mapping
from typing import Any, Literal


def compute_dtype(device: Literal["cpu", "cuda"]) -> Any:
    """bfloat16 where the hardware has it, else what is next best: float16 on old GPUs, float32 on old CPUs."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    from bitsandbytes.functional import has_avx512bf16

    return torch.bfloat16 if has_avx512bf16() else torch.float32


def nf4(dtype: Any) -> Any:
    """NF4 with double quantisation, computed in ``dtype``."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def base_config(location: str, revision: str | None = None) -> Any:
    """The configuration of the base at ``location``, a folder or a Hub id, without its weights.

    Llama's own class in transformers (seen in 5.17 to 5.23) refuses heads that do not divide the hidden size, although
    their width is given, as in Kanana 1.5. Mistral's computes the same and takes them: such a base is trained, and
    released, under that name, so that it loads for everyone.
    """
    from transformers import AutoConfig, MistralConfig, PreTrainedConfig

    told, _ = PreTrainedConfig.get_config_dict(location, revision=revision or "main")
    if _is_refused_llama(told):
        renamed = {
            "model_type": "mistral",
            "architectures": ["MistralForCausalLM"],
            "sliding_window": None,
        }
        return MistralConfig.from_dict({**told, **renamed})
    return AutoConfig.from_pretrained(location, revision=revision or "main", trust_remote_code=False)


def _is_refused_llama(told: Mapping[str, Any]) -> bool:
    """Whether a config.json is a Llama whose heads have a width of their own, and that Mistral's class can stand for."""
    if told.get("model_type") != "llama" or not told.get("head_dim"):
        return False
    has_bias = told.get("attention_bias") or told.get("mlp_bias")
    return bool(told["hidden_size"] % told["num_attention_heads"] and not has_bias)
