"""What a training left, read back to be looked at and compared: adapter, curve, checkpoints, event file."""

import pytest

from trainer.tuning.adapter import WEIGHTS


def tensors(folder):
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS)


def same_adapter(one, other):
    import torch

    mine, theirs = tensors(one.adapter), tensors(other.adapter)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def curve(run):
    return [(e["step"], e["nll"], e["accuracy"]) for e in run.read_metrics()["training"]["evaluations"]]


def read_back(folder):
    """Tag -> [(step, value)], by TensorBoard's own reader."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    reader = accumulator.EventAccumulator(
        str(folder), size_guidance={"scalars": 0}, purge_orphaned_data=False
    )
    reader.Reload()
    return {tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


TIMED = ("tokens_per_second", "peak_memory_gib")


def same_steps(one, other):
    """Whether every step of both recorded the same, in the metrics and in the event file, none twice, none missing."""
    mine, theirs = ({n: c for n, c in read_back(run.logs).items() if n not in TIMED} for run in (one, other))
    metrics = (
        {n: c for n, c in run.read_metrics()["training"]["curves"].items() if n not in TIMED}
        for run in (one, other)
    )
    return mine == theirs and next(metrics) == next(metrics)


def steps_saved(run):
    return sorted(int(path.name.split("-")[1]) for path in run.checkpoints.glob("checkpoint-*"))
