"""The LoRA adapter: its shape, its precision, and the two files it is.

adapter_model.safetensors  adapter_config.json
"""

import copy
from pathlib import Path
from typing import Any

from persona_core.manifest import Base

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


def lora(rank: int, alpha: int) -> Any:
    """A LoRA on every linear layer but the head.

    Dropout is 0: it would keep a mask and a copy of the input per layer, half as much activation memory again.
    """
    from peft import LoraConfig

    return LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )


def in_full_precision(model: Any) -> None:
    """Make the trainable parameters float32.

    trl makes them bfloat16 when it wraps a 4-bit base, and loading a checkpoint makes them float32 again: left alone,
    a run that was resumed would compute something else than one that was not.
    """
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def save_adapter(model: Any, folder: Path, base: Base) -> None:
    """Write the adapter of ``model`` (a PeftModel) into ``folder``, naming its base without any path.

    Not PEFT's own ``save_pretrained``: that asks the Hub about the base each time, and adds a model card.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    config = copy.copy(model.peft_config["default"])
    config.base_model_name_or_path = base.id
    config.revision = base.revision
    config.inference_mode = True
    config.target_modules = sorted(config.target_modules)
    config.save_pretrained(str(folder))
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
