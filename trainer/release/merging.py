"""Melt the adapter into its base, in 4-bit NF4 and in the memory of a small PC.

    merge(source_of(run), run.adapter).save_pretrained(run.release)

The adapter was trained on the base in NF4, but its deltas are added to the *original* weights before they are
quantised. Added to the dequantised ones, which already lie on the grid of NF4, small deltas would be rounded away: a
weak fine-tune vanishes. The originals lie between the grid's points, so that a share of the weights proportional to the
delta moves to the next point, and the rest stays what the adapter was trained on. Measured on a small trained model,
deltas of 1 % of the weights: 4 % of what was learned survives the one way, 99 % the other.
"""

from pathlib import Path
from typing import Any

from persona_core.errors import ReleaseError
from trainer.progress import bar
from trainer.tuning.base import load_model
from trainer.tuning.source import Source


def merge(source: Source, adapter: Path) -> Any:
    """The merged model in NF4, on the CPU. Save it before anything runs it: see `keep_unpacked`.

    Holds the base in NF4 and one layer in full: the original weights are read from their file as they are needed.

    Raises:
        ReleaseError: the adapter makes a weight that is no number.
        TrainingError: the base cannot be loaded.
    """
    from peft import PeftModel

    tuned = PeftModel.from_pretrained(load_model(source, "cpu"), str(adapter))
    _merge_into(tuned, _original(source))
    model = _in_bfloat16(tuned.unload())
    model.config.use_cache = True  # off for training
    return model


def _original(source: Source) -> Any:
    """The base as it was published; its weights stay in the file until they are read, and take no memory after."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        source.location,
        revision=source.base.revision or "main",
        dtype=torch.bfloat16,
        device_map={"": "cpu"},
        trust_remote_code=False,
    )


def _merge_into(tuned: Any, original: Any) -> None:
    """Replace the 4-bit weights under each LoRA layer of ``tuned`` by those of the merged model."""
    import torch
    from bitsandbytes.nn import Params4bit
    from peft.tuners.lora import LoraLayer

    layers = [(n, m) for n, m in tuned.get_base_model().named_modules() if isinstance(m, LoraLayer)]
    with torch.no_grad(), bar("release.merging_layers", len(layers)) as advance:
        for name, layer in layers:
            exact = original.get_submodule(name).weight.float() + layer.get_delta_weight("default").float()
            if not torch.isfinite(exact).all():
                raise ReleaseError("release.not_finite", layer=name)
            linear = layer.get_base_layer()
            linear.weight = Params4bit(
                exact.to(torch.bfloat16),
                requires_grad=False,
                compress_statistics=True,  # double quantisation
                quant_type="nf4",
                module=linear,
            ).to("cpu")  # quantises
            advance(1)


def _in_bfloat16(model: Any) -> Any:
    """Make what is not quantised bfloat16: a CPU without it loads the base in float32, the release must not tell."""
    import torch

    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(torch.bfloat16)
    model.config.dtype = torch.bfloat16
    model.config.quantization_config.bnb_4bit_compute_dtype = torch.bfloat16
    return model
