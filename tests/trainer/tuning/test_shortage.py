"""Memory that runs out in the middle of a run costs the steps since the last checkpoint, and nothing else."""

import json
from subprocess import CompletedProcess
from types import SimpleNamespace

import pytest

from persona_core.errors import TrainingError
from persona_core.texts import text
from tests.model_census import Census
from trainer import pipeline
from trainer.run import load_run
from trainer.tuning import evaluation, sft, tune
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.course import Course
from trainer.tuning.shortage import is_out_of_memory


def exhaust_memory():
    """A real refusal of torch's allocator: an exbibyte."""
    import torch

    torch.empty(2**60, dtype=torch.uint8)


class PowerCutError(Exception):
    """Stands for whatever ends a process without asking."""


def cut_the_power():
    raise PowerCutError


def curve(run):
    return [(e["step"], e["nll"], e["accuracy"]) for e in run.read_metrics()["training"]["evaluations"]]


def weights(run):
    return (run.adapter / WEIGHTS).read_bytes()


@pytest.fixture
def in_step(monkeypatch):
    """In optimizer step ``number``, whenever ``rows`` or more are computed at once, let something happen."""

    def arrange(number, rows, happening):
        original = Course.on_step_begin

        def on_step_begin(self, args, state, control, **others):
            if state.global_step + 1 == number and args.per_device_train_batch_size >= rows:
                happening()
            original(self, args, state, control, **others)

        monkeypatch.setattr(Course, "on_step_begin", on_step_begin)

    return arrange


def test_a_run_that_runs_out_of_memory_goes_on_with_a_smaller_batch(make_run, tmp_path, in_step, capfd):
    """From the checkpoint on it is, bit by bit, the run that was begun there with the smaller batch."""
    stepped = make_run(tmp_path / "stepped", batch=4)
    in_step(6, 4, exhaust_memory)
    tune(stepped)

    said = text("memory.stepped_down", batch=2, accumulation=2, offload="")
    assert said in capfd.readouterr().err
    plan = stepped.read_metrics()["plan"]
    assert (plan["batch"], plan["accumulation"], plan["steps"]) == (2, 2, ["halve_batch"])

    smaller = make_run(tmp_path / "smaller", batch=4)
    in_step(6, 4, cut_the_power)
    with pytest.raises(PowerCutError):
        tune(smaller)
    metrics = smaller.read_metrics()
    metrics["plan"] |= {"batch": 2, "accumulation": 2}
    smaller.metrics_file.write_text(json.dumps(metrics), encoding="utf-8")
    tune(load_run(smaller.path))

    assert curve(stepped) == curve(smaller)
    assert weights(stepped) == weights(smaller)


def test_what_was_given_up_stays_given_up(make_run, tmp_path, in_step):
    """Interrupted after its step down, a run is resumed with the smaller batch."""
    run = make_run(tmp_path / "run", batch=2)
    in_step(3, 2, exhaust_memory)
    in_step(9, 1, cut_the_power)
    with pytest.raises(PowerCutError):
        tune(run)
    in_step(9, 2, exhaust_memory)
    with pytest.raises(PowerCutError):
        tune(load_run(run.path))
    assert run.read_metrics()["plan"]["batch"] == 1


def test_memory_that_does_not_last_for_the_proof_is_stepped_down_before_the_run(
    make_run, tmp_path, monkeypatch
):
    """What the estimate promised and the proof refuted is made smaller before the first step."""
    from transformers import Trainer

    original = Trainer.training_step

    def training_step(self, *rest, **named):
        if self.args.per_device_train_batch_size > 1:
            exhaust_memory()
        return original(self, *rest, **named)

    monkeypatch.setattr(Trainer, "training_step", training_step)
    run = make_run(tmp_path / "run", batch=4)
    tune(run)
    plan = run.read_metrics()["plan"]
    assert (plan["batch"], plan["accumulation"], plan["steps"]) == (1, 4, ["halve_batch", "halve_batch"])
    assert run.read_metrics()["training"]["steps"] == 12


def test_the_smallest_plan_that_does_not_fit_is_said_with_what_would(make_run, tmp_path, in_step):
    """One row at once, and still no memory: the error names a length, or a base, and keeps the checkpoint."""
    run = make_run(tmp_path / "run", max_length=1024)
    in_step(1, 1, exhaust_memory)
    with pytest.raises(TrainingError, match="--max-length 512") as error:
        tune(run)
    assert error.value.key == "memory.length_too_big"


def test_torchs_refusals_are_known_and_other_errors_are_not():
    """On a CPU torch has no error of its own for it."""
    import torch

    with pytest.raises(RuntimeError) as refusal:
        exhaust_memory()
    assert is_out_of_memory(refusal.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("CUDA out of memory"))


def test_one_model_at_a_time_is_in_memory(make_run, tmp_path, monkeypatch):
    """Nothing is left of what was trained when it is loaded to be measured, nor of that when the merging begins."""
    census = Census()
    for module in (sft, evaluation):
        monkeypatch.setattr(module, "load_model", census.watching(module.load_model))

    def merge(*_, **__):
        census.take()
        return CompletedProcess((), 130)

    monkeypatch.setattr(pipeline, "subprocess", SimpleNamespace(run=merge))
    monkeypatch.setattr(pipeline, "require_kept", lambda _: None)  # so small a chat is known by heart
    with census, pytest.raises(SystemExit):
        pipeline.resume(make_run(tmp_path / "run").path, {})

    assert census.counts == [0, 0, 0]
