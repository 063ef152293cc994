"""Merging: what was learned survives rounding to NF4, and in full nothing is lost."""

import json

import pytest

from persona_core.errors import ReleaseError
from trainer.release import merging
from trainer.release.merging import load_in_8_bits, load_tuned, merge, merge_in_full
from trainer.release.rounding import dequantised
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.base import load_model, quantised_layers
from trainer.tuning.labels import Row
from trainer.tuning.source import source_of

LAYER = "model.layers.0.mlp.up_proj"


def tuned(run):
    return load_tuned(source_of(run), run.adapter)


def logits(model, ids=tuple(range(3, 40))):
    """What a model answers, without a gradient."""
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids])).logits.float()


def test_a_small_delta_survives_quantisation(finished_run, heard):
    """Deltas of a few percent of the weights are heard after merging; rounded to the nearest, they would be gone."""
    import torch
    from bitsandbytes.nn import Params4bit

    layer = tuned(finished_run).get_base_model().get_submodule(LAYER)
    base, delta = dequantised(layer.get_base_layer().weight), merging._delta(LAYER, layer)
    assert delta.norm() < 0.05 * base.norm()

    merged = dequantised(merge(tuned(finished_run), heard).get_submodule(LAYER).weight)
    rounded = dequantised(
        Params4bit((base + delta).to(torch.bfloat16), compress_statistics=True, quant_type="nf4").to("cpu")
    )

    inputs = torch.randn(1000, base.shape[1], generator=torch.Generator().manual_seed(0))
    said = delta @ inputs.T

    def share_kept(after):
        return (((after - base) @ inputs.T * said).sum() / said.square().sum()).item()

    assert share_kept(merged) > 0.3  # of what inputs in every direction hear; talk goes in a few
    assert share_kept(rounded) < 0.05


def test_the_merged_model_is_nf4_and_nothing_else(finished_run, heard):
    """Every linear layer holds double-quantised NF4, the rest bfloat16, and no adapter is left."""
    import torch

    base, merged = load_model(source_of(finished_run), "cpu"), merge(tuned(finished_run), heard)

    assert {name for name, _ in merged.named_modules()} == {name for name, _ in base.named_modules()}
    states = [layer.weight.quant_state for layer in quantised_layers(merged)]
    assert len(states) == 14
    assert all((s.quant_type, s.nested, s.dtype) == ("nf4", True, torch.bfloat16) for s in states)
    assert {p.dtype for p in merged.parameters()} == {torch.uint8, torch.bfloat16}
    assert merged.config.use_cache


def test_a_cpu_without_bfloat16_makes_a_release_of_the_same_kind(released, heard, tmp_path, monkeypatch):
    """Where the base is computed in float32 the config and the shapes and types of all weights are the same."""
    import torch
    from safetensors.torch import load_file

    monkeypatch.setattr("trainer.tuning.base.compute_dtype", lambda device: torch.float32)

    merge(tuned(released), heard).save_pretrained(tmp_path)

    def kinds(folder):
        return {name: (t.dtype, t.shape) for name, t in load_file(folder / "model.safetensors").items()}

    assert (tmp_path / "config.json").read_bytes() == (released.release / "config.json").read_bytes()
    assert {k: v for k, v in kinds(tmp_path).items() if "quant_state" not in k} == {
        k: v for k, v in kinds(released.release).items() if "quant_state" not in k
    }


def test_full_weights_are_the_dequantised_base_and_the_delta(finished_run, tmp_path, monkeypatch):
    """In files of bounded size, under the base's names, loadable by transformers alone."""
    import torch
    from transformers import AutoModelForCausalLM

    exact = tuned(finished_run)
    monkeypatch.setattr(merging, "SHARD_BYTES", 100_000)

    merge_in_full(exact, tmp_path / "bf16")

    layer = exact.get_base_model().get_submodule(LAYER)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "bf16")
    assert torch.equal(merged.get_submodule(LAYER).weight, merging._exact(LAYER, layer).to(torch.bfloat16))
    assert (logits(merged) - logits(exact)).norm() < 0.02 * logits(exact).norm()
    index = json.loads((tmp_path / "bf16" / "model.safetensors.index.json").read_text(encoding="utf-8"))
    assert len(set(index["weight_map"].values())) == len(list((tmp_path / "bf16").glob("*.safetensors"))) > 1
    assert not quantised_layers(merged)


def test_8_bits_are_closer_than_4(finished_run, heard, tmp_path):
    """LLM.int8 of the full weights, saved and loaded again by transformers alone."""
    from transformers import AutoModelForCausalLM

    exact = logits(tuned(finished_run))
    merge_in_full(tuned(finished_run), tmp_path / "bf16")
    load_in_8_bits(tmp_path / "bf16").save_pretrained(tmp_path / "int8")

    eight = logits(AutoModelForCausalLM.from_pretrained(tmp_path / "int8", device_map={"": "cpu"}))

    assert (eight - exact).norm() < (logits(merge(tuned(finished_run), heard)) - exact).norm()


@pytest.mark.parametrize("way", ["nf4", "full"])
def test_a_diverged_adapter_is_refused(finished_run, heard, copy_of, tmp_path, way):
    """Weights that are no numbers are not released."""
    from safetensors.torch import load_file, save_file

    run = copy_of(finished_run)
    tensors = load_file(run.adapter / WEIGHTS)
    next(tensor for name, tensor in tensors.items() if "lora_B" in name).fill_(float("nan"))
    save_file(tensors, run.adapter / WEIGHTS)

    with pytest.raises(ReleaseError, match="learning-rate"):
        merge(tuned(run), heard) if way == "nf4" else merge_in_full(tuned(run), tmp_path / "bf16")


def test_rows_are_heard_from_all_over(heard):
    """Some of many rows, evenly spaced, padded at the end."""
    from array import array

    rows = [Row(array("i", [i] * (1 + i % 2)), array("i", [i] * (1 + i % 2))) for i in range(100)]

    some = merging._some(rows, tokens=15)
    ids, there = merging._padded([rows[7], rows[10]])

    assert [row.input_ids[0] for row in some] == list(range(0, 100, 10))
    assert ids.tolist() == [[7, 7], [10, 0]]
    assert there.tolist() == [[True, True], [True, False]]
