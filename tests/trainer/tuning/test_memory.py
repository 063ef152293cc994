"""What fits where: peaks estimated without weights, the batch they allow, and the base a machine gets."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import TrainingError
from trainer.settings import Settings
from trainer.tuning import memory
from trainer.tuning.memory import (
    GIB,
    bases_that_fit,
    choose_base,
    peak_of,
    plan,
    read_plan,
    step_down,
    tell_plan,
)
from trainer.tuning.shapes import BASES
from trainer.tuning.source import find_source

QWEN3 = {
    "4B": BASES["Qwen/Qwen3-4B-Instruct-2507"],
    "1.7B": BASES["Qwen/Qwen3-1.7B"],
    "0.6B": BASES["Qwen/Qwen3-0.6B"],
}


@pytest.fixture
def on_a_gpu(monkeypatch):
    """As on a GPU that has bfloat16, with Triton."""
    import torch
    from transformers import utils

    monkeypatch.setattr(memory, "compute_dtype", lambda _device: torch.bfloat16)
    monkeypatch.setattr(utils, "is_triton_available", lambda: True)


@pytest.mark.parametrize(
    ("model", "tokens", "gib"),
    [("4B", 1024, 3.43), ("4B", 2048, 3.81), ("4B", 4096, 4.57), ("1.7B", 2048, 2.05), ("0.6B", 2048, 0.93)],
)
def test_the_peak_without_runtime_is_that_of_the_formula(on_a_gpu, model, tokens, gib):
    """Within 3 % of the table that was worked out layer by layer."""
    peak = peak_of(QWEN3[model], rank=16, tokens=tokens, device="cuda")
    assert (peak.total - peak.runtime) / GIB == pytest.approx(gib, rel=0.03)


@pytest.fixture
def with_free(monkeypatch):
    """A GPU with this many GiB free."""

    def arrange(gib):
        monkeypatch.setattr(memory, "choose_device", lambda _asked: "cuda")
        monkeypatch.setattr(memory, "free_bytes", lambda _device: int(gib * GIB))

    return arrange


@pytest.mark.parametrize(
    ("free", "base"),
    [(7.0, "Qwen/Qwen3-4B-Instruct-2507"), (4.0, "Qwen/Qwen3-1.7B"), (2.5, "Qwen/Qwen3-0.6B")],
)
def test_the_largest_base_that_fits_is_chosen(on_a_gpu, with_free, free, base):
    """An 8 GB GPU with a desktop on it trains 4B; less memory, a smaller one."""
    with_free(free)
    assert choose_base(Settings()) == base


def test_the_base_is_chosen_for_the_length_that_is_asked_for(on_a_gpu, with_free):
    """Where 4B fits at 1,024 tokens and not at 16,384, a smaller base takes its place."""
    with_free(6.0)
    assert choose_base(Settings(max_length=1024)) == "Qwen/Qwen3-4B-Instruct-2507"
    assert choose_base(Settings(max_length=16_384)) == "Qwen/Qwen3-1.7B"


def test_a_base_that_cannot_read_the_length_is_not_chosen():
    """The smallest reads 40,960 tokens; for more, a CPU gets the smallest of those that read them."""
    plenty = ("cpu", 1000 * GIB)
    assert choose_base(Settings(max_length=40_960), plenty) == "Qwen/Qwen3-0.6B"
    assert choose_base(Settings(max_length=40_961), plenty) == "Qwen/Qwen3-4B-Instruct-2507"


def test_a_length_that_only_a_base_too_big_can_read_is_refused_with_its_need(on_a_gpu):
    """The way out is a shorter length; a smaller base that could not read it is not named."""
    with pytest.raises(TrainingError, match=r"reads 50000 tokens needs 2\d\.\d GiB.*16\.0 GiB.*--max-length"):
        choose_base(Settings(max_length=50_000), ("cuda", 16 * GIB))


def test_a_gpu_too_small_for_the_smallest_is_said(on_a_gpu, with_free):
    """The error says how much is missing."""
    with_free(1.0)
    with pytest.raises(TrainingError, match=r"1\.8 GiB.*1\.0 GiB"):
        choose_base(Settings())


def test_a_cpu_gets_the_smallest_base_however_much_memory_it_has(monkeypatch):
    """On a CPU it is time that runs out, not memory."""
    monkeypatch.setattr(memory, "free_bytes", lambda _device: 64 * GIB)
    assert choose_base(Settings(device="cpu")) == "Qwen/Qwen3-0.6B"


def test_the_bases_that_would_fit_are_listed_largest_first(on_a_gpu):
    """8 GB with a desktop on it: everything up to 4B at 1,024 tokens, and 8B not."""
    fitting = bases_that_fit(Settings(), "cuda", int(6.5 * GIB))
    assert fitting[0] == "Qwen/Qwen3-4B-Instruct-2507"
    assert fitting == list(BASES)[2:]


def test_a_base_that_cannot_read_so_far_is_not_listed(on_a_gpu):
    """HyperCLOVAX 0.5B reads 4,096 tokens."""
    small = "naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-0.5B"
    assert small in bases_that_fit(Settings(max_length=4096), "cuda", 40 * GIB)
    assert small not in bases_that_fit(Settings(max_length=4097), "cuda", 40 * GIB)


def gpu_plan(monkeypatch, free, **settings):
    monkeypatch.setattr(memory, "shape_of", lambda _config: QWEN3["4B"])
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
    assert (made.batch, made.accumulation, made.offload, made.steps) == (1, 8, False, ("halve_batch",))


def test_shorter_memory_offloads_activations(on_a_gpu, monkeypatch):
    """After the batch it is the layers' inputs that leave the GPU; the length stays what was asked for."""
    made = gpu_plan(monkeypatch, 4.4, max_length=1024, effective_batch=8)
    assert (made.batch, made.offload, made.length) == (1, True, 1024)
    assert made.steps == ("halve_batch", "offload")


@given(effective=st.integers(1, 64), rows=st.integers(1, 64), tokens=st.sampled_from([64, 512, 2048]))
def test_a_step_down_keeps_the_effective_batch_and_never_needs_more(effective, rows, tokens):
    """Every step to the last is smaller, and learns the same rows between two updates."""
    import torch

    batch = max(b for b in range(1, rows + 1) if effective % b == 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "compute_dtype", lambda _device: torch.bfloat16)
        made = memory._first(
            "x", QWEN3["0.6B"], Settings(max_length=tokens, effective_batch=effective, batch=batch), "cuda", 0
        )
        while smaller := step_down(made, QWEN3["0.6B"]):
            assert smaller.batch * smaller.accumulation == effective
            assert smaller.need < made.need
            made = smaller
    assert (made.batch, made.offload) == (1, True)


def test_a_length_too_big_for_the_memory_is_refused_with_one_that_fits(on_a_gpu, monkeypatch):
    """Nothing is shortened unasked; what the error names does fit."""
    with pytest.raises(TrainingError) as error:
        gpu_plan(monkeypatch, 5.0, max_length=8192)
    assert error.value.key == "memory.length_too_big"
    fits = error.value.values["fits"]
    assert f"--max-length {fits}" in str(error.value)
    assert 2048 <= fits < 8192
    assert gpu_plan(monkeypatch, 5.0, max_length=fits).fits
    with pytest.raises(TrainingError):
        gpu_plan(monkeypatch, 5.0, max_length=fits + 64)


def test_a_base_too_big_for_the_memory_is_refused_with_one_that_fits(on_a_gpu, monkeypatch):
    """The error names what is needed, what is free, and the largest base that would do."""
    with pytest.raises(
        TrainingError, match=r"4\.\d GiB.*3\.0 GiB.*--base .*Midm|4\.\d GiB.*3\.0 GiB.*--base .*1\."
    ):
        gpu_plan(monkeypatch, 3.0, max_length=1024)


def test_where_nothing_fits_the_error_says_so(on_a_gpu, monkeypatch):
    """No length and no base is promised that would fail, too."""
    with pytest.raises(TrainingError) as error:
        gpu_plan(monkeypatch, 0.5, max_length=1024)
    assert error.value.key == "tuning.too_big"


def test_a_plan_is_read_back_from_the_metrics(on_a_gpu, monkeypatch):
    """Through JSON, with what the proof added."""
    made = gpu_plan(monkeypatch, 4.7, max_length=1024)
    record = json.loads(json.dumps({**asdict(made), "proof": {"tokens": 1024}}))
    assert read_plan(record) == made


def test_a_plan_of_another_version_is_made_anew(on_a_gpu, monkeypatch):
    """A record that lacks a field, or has one that is not known here, is no plan; nothing is guessed."""
    record = asdict(gpu_plan(monkeypatch, 4.7, max_length=1024))
    without = {name: value for name, value in record.items() if name != "steps"}
    for other in ({}, without, {**record, "lanes": 2}, {**record, "peak": {"weights": 1}}):
        assert read_plan(other) is None


def test_the_plan_is_told_by_its_parts(on_a_gpu, monkeypatch, capfd):
    """Base, rank, length, every part, the division of a step, what was given up, and what else would fit."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    tell_plan(gpu_plan(monkeypatch, 4.7, max_length=1024), Settings())
    plan_line, parts, batch, stepped, fitting = capfd.readouterr().err.splitlines()
    assert plan_line.startswith(
        "Memory plan for tiny-qwen3, rank 16, 1,024 tokens: 3.8 GiB at the peak, 4.7 GiB free"
    )
    assert "NF4 weights 1.7 · embeddings 0.72 · adapter and optimizer 0.49" in parts
    assert batch == "  rows at once: 1, times a step: 8"
    assert "half the rows" in stepped
    assert "Qwen3-4B-Instruct-2507, kanana-2-3b-instruct" in fitting


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
