"""Before a run begins, one step on its longest rows shows that it fits, and leaves nothing behind."""

import random

import pytest

from persona_core.prompt import ChatFormat
from trainer.tuning import proof, tune
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.labels import read_rows
from trainer.tuning.memory import read_plan
from trainer.tuning.proof import Proof, longest_batch, metered, prove
from trainer.tuning.sft import build_trainer
from trainer.tuning.source import source_of
from trainer.tuning.tally import Tally


@pytest.fixture
def trainer(trained, tokenizer):
    """A trainer that is about to begin, with its optimizer."""
    from transformers import TrainerCallback

    prepared = build_trainer(
        trained,
        source=source_of(trained),
        plan=read_plan(trained.read_metrics()["plan"]),
        rows=read_rows(tokenizer, trained.train_file, ChatFormat(), 128).rows,
        tokenizer=tokenizer,
        course=TrainerCallback(),
    )
    prepared.create_optimizer()
    return prepared


def test_the_longest_rows_are_the_ones_that_are_tried(trainer):
    """No packed row of the run holds more tokens than the batch of the proof."""
    longest = max(map(len, trainer.train_dataset["input_ids"]))
    assert longest_batch(trainer)["input_ids"].shape == (1, longest)


def test_the_proof_leaves_no_trace(trainer):
    """Parameters, gradients, optimizer, random numbers and counts are what they were."""
    import numpy as np
    import torch

    def everything():
        return (
            [p.clone() for p in trainer.model.parameters()],
            [torch.get_rng_state(), torch.tensor(list(np.random.get_state()[1]))],
        )

    before, python = everything(), random.getstate()
    prove(trainer, "cpu")
    after = everything()
    assert all(
        torch.equal(a, b)
        for one, other in zip(before, after, strict=True)
        for a, b in zip(one, other, strict=True)
    )
    assert random.getstate() == python
    assert all(p.grad is None for p in trainer.model.parameters())
    assert dict(trainer.optimizer.state) == {}
    assert trainer.tally == Tally()
    assert (trainer._metrics["train"], trainer._total_train_tokens) == ({}, 0)


def test_a_run_with_a_proof_is_the_run_without(trained, make_run, tmp_path, monkeypatch):
    """Bit by bit the same adapter."""
    monkeypatch.setattr(proof, "prove", lambda _trainer, _device: Proof(0, 0, 0.0))
    run = make_run(tmp_path / "run")
    tune(run)
    assert (run.adapter / WEIGHTS).read_bytes() == (trained.adapter / WEIGHTS).read_bytes()


def test_the_measured_peak_stands_beside_the_planned_one(trained):
    """metrics.json has both, and the tokens that were tried."""
    plan = trained.read_metrics()["plan"]
    assert plan["peak"].keys() == {"weights", "embeddings", "adapter", "activations", "loss", "runtime"}
    assert plan["proof"]["tokens"] <= plan["length"] == 128
    assert plan["proof"]["peak"] > 100 * 2**20  # Python and torch alone are more
    assert (plan["base"], plan["rank"], plan["steps"]) == ("tiny-qwen3", 4, [])


def test_the_meter_sees_what_is_held_only_for_a_moment():
    """A hundred megabytes that come and go are in the peak of the process."""
    import psutil
    import torch

    before = psutil.Process().memory_info().rss
    with metered("cpu") as meter:
        for _ in range(20):  # long enough for a look
            torch.ones(25 * 2**20).sum()
    assert meter.peak - before > 90 * 2**20
