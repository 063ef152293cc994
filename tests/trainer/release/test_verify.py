"""Verification: what is published is measured against what was trained, from the disk."""

import shutil
from math import log
from pathlib import Path

import pytest

from persona_core.errors import ReleaseError
from persona_core.prompt import ChatFormat
from tests.model_census import Census
from trainer.release import merging, verify
from trainer.release.head import Head
from trainer.release.verify import Drift, load_published, measure_drifts, require_enough
from trainer.tuning.adapter import CONFIG, WEIGHTS
from trainer.tuning.base import load_tokenizer, quantised_layers
from trainer.tuning.labels import Row, read_rows
from trainer.tuning.source import source_of


@pytest.fixture(scope="module")
def held_out(finished_run):
    tokenizer = load_tokenizer(source_of(finished_run))
    return read_rows(tokenizer, finished_run.validation_file, ChatFormat(), 256).rows


def test_the_release_is_what_was_trained(released, held_out):
    """The merged weights speak like the adapter on its base, within the limits, on every held-out reply."""
    (drift,) = measure_drifts(source_of(released), released.adapter, {released.release: 4}, held_out, "cpu")

    assert 0 < drift.kl < verify.MAX_KL
    assert drift.tokens == sum(row.supervised for row in held_out)
    drift.require_small(4, released.path)


def test_one_model_at_a_time_is_in_memory(released, held_out, monkeypatch):
    """Each form is loaded when nothing is left of the model before."""
    census = Census()
    monkeypatch.setattr(merging, "load_model", census.watching(merging.load_model))
    monkeypatch.setattr(verify, "load_published", census.watching(load_published))
    twice = {released.release: 4, released.release / ".." / released.release.name: 4}

    with census:
        measure_drifts(source_of(released), released.adapter, twice, held_out, "cpu")

    assert census.counts == [0, 0, 0]


def test_another_model_is_noticed(released, held_out, copy_of):
    """Merged weights that do not belong to the adapter drift further than the right ones."""
    from safetensors.torch import load_file, save_file

    run = copy_of(released)
    tensors = {name: 60 * tensor for name, tensor in load_file(run.adapter / WEIGHTS).items()}
    save_file(tensors, run.adapter / WEIGHTS)

    (drift,) = measure_drifts(source_of(run), run.adapter, {run.release: 4}, held_out, "cpu")

    with pytest.raises(ReleaseError, match=r"model to publish \(4 bits\) is too far.*Train again"):
        drift.require_small(4, run.path)


def test_too_little_held_out_talk_is_no_drift(held_out):
    """Eight tokens can tell nothing: the line says so, and what to do."""
    require_enough(held_out)
    with pytest.raises(
        ReleaseError, match=r"Too little held-out talk .*\(\d+ tokens, 160 are needed\).*Export more"
    ):
        require_enough(held_out[:1])


@pytest.mark.parametrize(
    ("figures", "fine"),
    [
        ((0.05, 0.05), True),
        ((0.051, 0.0), False),
        ((0.0, 0.051), False),
        ((0.0, -1.0), True),
        ((float("nan"), 0.0), False),
    ],
)
def test_the_limits(figures, fine):
    """Divergence and loss have a limit each; a loss that fell is no fault, a figure that is no number is."""
    drift = Drift(*figures, agreement=0.9, greedy=0.5, tokens=100)
    if fine:
        drift.require_small(4, Path("runs/first"))
    else:
        with pytest.raises(ReleaseError):
            drift.require_small(4, Path("runs/first"))


def test_the_release_loads_in_four_bits_without_an_adapter(released):
    """transformers alone finds NF4 layers and applies nothing on top."""
    assert len(quantised_layers(load_published(released.release, 4, "cpu"))) == 14


def test_adapter_files_beside_the_weights_are_noticed(released, copy_of):
    """transformers would apply them a second time."""
    run = copy_of(released)
    for name in (WEIGHTS, CONFIG):
        shutil.copy(run.adapter / name, run.release / name)

    with pytest.raises(ReleaseError, match="twice"):
        load_published(run.release, 4, "cpu")


def test_weights_that_are_not_quantised_are_noticed(finished_run):
    """A folder of full weights is no merged release."""
    with pytest.raises(ReleaseError, match="4 bits"):
        load_published(finished_run.path.parents[1] / "tiny-qwen3", 4, "cpu")


def test_continuations_are_compared_up_to_their_end():
    """Tokens count until both have ended; what a model says after its own different words counts as it is."""
    import torch

    scores = torch.zeros(1, 3).log_softmax(-1)
    mine, theirs = (
        verify._Speech(scores, torch.tensor([0]), torch.tensor(ids))
        for ids in ([[5, 6, 2, 2], [5, 7, 8, 9]], [[5, 2, 2, 2], [5, 7, 8, 9]])
    )

    drift = verify._compare(mine, theirs, end_id=2)

    assert drift.greedy == pytest.approx(6 / 7)  # 5 6 . against 5 . : one of three differs
    assert (drift.kl, drift.agreement) == (0, 1)


def test_a_continuation_begins_where_the_last_reply_does():
    """What stands before the last labelled stretch is the prompt."""
    from array import array

    row = Row(array("i", [9, 1, 2, 8, 3, 4, 7]), array("i", [-100, 1, 2, -100, 3, 4, -100]))

    assert verify._before_last_reply(row) == [9, 1, 2, 8]


def test_what_is_scored_comes_from_all_over_and_fits(monkeypatch):
    """A long validation set is sampled evenly, and never beyond the memory set aside."""
    from array import array

    rows = [Row(array("i", [0, i]), array("i", [-100, i])) for i in range(100)]
    monkeypatch.setattr(verify, "KEPT_BYTES", 10 * 4 * 1000)

    sampled = verify.sample_rows(rows, verify.comparable(vocabulary=1000))

    assert [row.labels[1] for row in sampled] == list(range(0, 100, 10))


LOUD = 14.0  # a logit that leaves the others a millionth each


@pytest.mark.parametrize(
    ("trained", "published", "said", "kl", "rise"),
    [
        ({}, {}, 2, 0.0, 0.0),  # the same
        ({50: LOUD}, {}, 50, 0.0, 0.0),  # it was sure of what has no row: that is measured elsewhere
        ({}, {50: LOUD}, 2, LOUD - log(40), LOUD - log(40)),  # it says what has no row
        ({2: LOUD}, {3: LOUD}, 2, LOUD, LOUD),  # it is sure of something else
    ],
)
def test_a_short_head_is_held_against_the_tokens_it_has(trained, published, said, kl, rise):
    """Tokens from 40 on have no row. Nothing that a graph says of them counts as right."""
    import torch

    def speech(logits, floor):
        scores = torch.zeros(1, 90)
        scores[:, 40:] = floor
        for token, logit in logits.items():
            scores[:, token] = logit
        return verify._Speech(scores.log_softmax(-1), torch.tensor([said]), torch.tensor([[2]]))

    drift = verify._compare(speech(trained, 0.0), speech(published, -20.0), 2, Head(range(40), 90))

    assert drift.kl == pytest.approx(kl, abs=0.01)
    assert drift.nll_change == pytest.approx(rise, abs=0.01)
