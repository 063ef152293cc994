"""What fits where: peaks estimated without weights, the batch they allow, and the base a machine gets."""

from dataclasses import replace

import pytest

from persona_core.errors import TrainingError
from trainer.settings import Settings
from trainer.tuning import memory
from trainer.tuning.base import load_config
from trainer.tuning.memory import GIB, LADDER, largest_that_fits, peak_of, plan, shape_of
from trainer.tuning.source import find_source


def qwen3(hidden, intermediate, layers, heads):
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=151_936,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40_960,
        tie_word_embeddings=True,
    )


QWEN3 = {"4B": (2560, 9728, 36, 32), "1.7B": (2048, 6144, 28, 16), "0.6B": (1024, 3072, 28, 16)}


@pytest.fixture
def on_a_gpu(monkeypatch):
    """As on a GPU that has bfloat16, with Triton."""
    import torch
    from transformers import utils

    monkeypatch.setattr(memory, "compute_dtype", lambda _device: torch.bfloat16)
    monkeypatch.setattr(utils, "is_triton_available", lambda: True)


def test_a_shape_is_counted_without_weights():
    """Qwen3-0.6B has 596 million parameters: 440 in linear maps, the rest embeddings and norms."""
    shape = shape_of(qwen3(*QWEN3["0.6B"]))
    assert shape.linear == 440_401_920
    assert shape.linear + shape.other == 596_049_920
    assert shape.outputs == 2048 + 1024 + 1024 + 1024 + 3072 + 3072 + 1024
    assert shape.context == 40_960


@pytest.mark.parametrize(
    ("model", "tokens", "gib"),
    [("4B", 1024, 3.43), ("4B", 2048, 3.81), ("4B", 4096, 4.57), ("1.7B", 2048, 2.05), ("0.6B", 2048, 0.93)],
)
def test_the_peak_without_runtime_is_that_of_the_formula(on_a_gpu, model, tokens, gib):
    """Within 3 % of the table that was worked out layer by layer."""
    peak = peak_of(shape_of(qwen3(*QWEN3[model])), rank=16, tokens=tokens, device="cuda")
    assert (peak.total - peak.runtime) / GIB == pytest.approx(gib, rel=0.03)


def test_the_ladder_says_what_the_formula_says(on_a_gpu):
    """Each rung's need is the peak of 1,024 tokens at rank 16, up to what is rounded."""
    for (_, need), model in zip(LADDER, QWEN3, strict=True):
        peak = peak_of(shape_of(qwen3(*QWEN3[model])), rank=16, tokens=1024, device="cuda")
        assert need == pytest.approx(peak.total, rel=0.07)


@pytest.mark.parametrize(
    ("free", "base"),
    [(7.0, "Qwen/Qwen3-4B-Instruct-2507"), (4.0, "Qwen/Qwen3-1.7B"), (2.5, "Qwen/Qwen3-0.6B")],
)
def test_the_largest_base_that_fits_is_chosen(free, base):
    """An 8 GB GPU with a desktop on it trains 4B; less memory, a smaller one."""
    assert largest_that_fits(int(free * GIB)) == base


def test_a_gpu_too_small_for_the_smallest_is_said():
    """The error says how much is missing."""
    with pytest.raises(TrainingError, match=r"2\.0 GiB.*1\.0 GiB"):
        largest_that_fits(GIB)


def test_a_cpu_gets_the_smallest_base_however_much_memory_it_has(monkeypatch):
    """On a CPU it is time that runs out, not memory."""
    monkeypatch.setattr(memory, "free_bytes", lambda _device: 64 * GIB)
    assert memory.choose_base("cpu") == "Qwen/Qwen3-0.6B"


def gpu_plan(monkeypatch, free, **settings):
    shape = shape_of(qwen3(*QWEN3["4B"]))
    monkeypatch.setattr(memory, "shape_of", lambda _config: shape)
    monkeypatch.setattr(memory, "load_config", lambda _source: None)
    monkeypatch.setattr(memory, "free_bytes", lambda _device: int(free * GIB))
    return plan(Settings(**settings), find_source("."), "cuda")


@pytest.fixture(autouse=True)
def _in_a_model_folder(tiny_base, monkeypatch):
    monkeypatch.chdir(tiny_base)


@pytest.mark.parametrize(("length", "batch"), [(512, 4), (1024, 2), (2048, 1)])
def test_a_batch_holds_about_two_thousand_tokens(on_a_gpu, monkeypatch, length, batch):
    """More rows at once would not be faster; the effective batch stays what was asked for."""
    made = gpu_plan(monkeypatch, 7.0, max_length=length, effective_batch=8)
    assert (made.batch, made.batch * made.accumulation) == (batch, 8)


def test_short_memory_halves_the_batch(on_a_gpu, monkeypatch):
    """Where two rows of 1,024 tokens do not fit, one does, with twice the accumulation."""
    made = gpu_plan(monkeypatch, 4.7, max_length=1024, effective_batch=8)
    assert (made.batch, made.accumulation) == (1, 8)


def test_a_base_too_big_for_the_memory_is_refused_before_it_is_loaded(on_a_gpu, monkeypatch):
    """The error names what is needed and what is free."""
    with pytest.raises(TrainingError, match=r"4\.\d GiB.*3\.0 GiB"):
        gpu_plan(monkeypatch, 3.0, max_length=1024)


def test_rows_longer_than_the_base_can_read_are_refused(tiny_base):
    """--max-length beyond the model's context is the user's to change."""
    with pytest.raises(TrainingError, match="2048"):
        plan(Settings(max_length=4096), find_source(str(tiny_base)), "cpu")


def test_a_cpu_takes_one_row_at_a_time(tiny_base):
    """Attention over several packed rows costs a CPU more than it saves."""
    made = plan(Settings(max_length=512, effective_batch=8), find_source(str(tiny_base)), "cpu")
    assert (made.batch, made.accumulation) == (1, 8)


def test_the_batch_that_was_asked_for_is_kept(tiny_base):
    """--batch overrules the choice."""
    made = plan(replace(Settings(max_length=512), batch=4), find_source(str(tiny_base)), "cpu")
    assert (made.batch, made.accumulation) == (4, 2)


def test_the_shape_of_a_local_base_is_read_from_its_configuration(tiny_base):
    """No weights are needed: 2 layers of 7 linear maps."""
    shape = shape_of(load_config(find_source(str(tiny_base))))
    assert (shape.layers, shape.hidden, shape.context) == (2, 64, 2048)
