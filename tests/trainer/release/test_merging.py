"""Merging: what was learned survives quantisation, on any CPU, and the result is plain NF4."""

import pytest

from persona_core.errors import ReleaseError
from trainer.release.merging import merge
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.base import load_model, quantised_layers
from trainer.tuning.source import source_of

LAYER = "model.layers.0.mlp.up_proj"


def dense(weight):
    """A 4-bit weight as numbers."""
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(weight.data, weight.quant_state).float()


def delta_of(run, name):
    """What the adapter adds to one layer."""
    from peft import PeftModel

    tuned = PeftModel.from_pretrained(load_model(source_of(run), "cpu"), str(run.adapter))
    return tuned.get_base_model().get_submodule(name).get_delta_weight("default").detach().float()


def share_kept(before, after, delta):
    """How far the weights moved along the delta: 1 is all of it, 0 is nothing."""
    return ((after - before).flatten() @ delta.flatten() / delta.flatten().square().sum()).item()


def test_a_small_delta_survives_quantisation(finished_run):
    """Deltas of a few percent of the weights are there after merging; on dequantised weights most would be lost."""
    import torch
    from bitsandbytes.nn import Params4bit

    before = dense(load_model(source_of(finished_run), "cpu").get_submodule(LAYER).weight)
    delta = delta_of(finished_run, LAYER)
    assert delta.norm() < 0.05 * before.norm()

    merged = dense(merge(source_of(finished_run), finished_run.adapter).get_submodule(LAYER).weight)
    on_the_grid = Params4bit(
        (before + delta).to(torch.bfloat16), compress_statistics=True, quant_type="nf4"
    ).to("cpu")

    assert share_kept(before, merged, delta) == pytest.approx(1, abs=0.2)
    assert share_kept(before, dense(on_the_grid), delta) < 0.5


def test_the_merged_model_is_nf4_and_nothing_else(finished_run):
    """Every linear layer holds double-quantised NF4, the rest bfloat16, and no adapter is left."""
    import torch

    base, merged = (
        load_model(source_of(finished_run), "cpu"),
        merge(source_of(finished_run), finished_run.adapter),
    )

    assert {name for name, _ in merged.named_modules()} == {name for name, _ in base.named_modules()}
    states = [layer.weight.quant_state for layer in quantised_layers(merged)]
    assert len(states) == 14
    assert all((s.quant_type, s.nested, s.dtype) == ("nf4", True, torch.bfloat16) for s in states)
    assert {p.dtype for p in merged.parameters()} == {torch.uint8, torch.bfloat16}
    assert merged.config.use_cache


def test_a_cpu_without_bfloat16_makes_the_same_release(released, tmp_path, monkeypatch):
    """Where the base is computed in float32 the saved bytes are the same."""
    import torch

    monkeypatch.setattr("trainer.tuning.base.compute_dtype", lambda device: torch.float32)

    merge(source_of(released), released.adapter).save_pretrained(tmp_path)

    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / name).read_bytes() == (released.release / name).read_bytes()


def test_a_diverged_adapter_is_refused(finished_run, copy_of):
    """Weights that are no numbers are not released."""
    from safetensors.torch import load_file, save_file

    run = copy_of(finished_run)
    tensors = load_file(run.adapter / WEIGHTS)
    next(tensor for name, tensor in tensors.items() if "lora_B" in name).fill_(float("nan"))
    save_file(tensors, run.adapter / WEIGHTS)

    with pytest.raises(ReleaseError, match="learning-rate"):
        merge(source_of(run), run.adapter)
