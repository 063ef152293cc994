"""A step knows what it foresaw, and which rows spoiled it."""

import math

import pytest

from trainer.tuning.tally import Tally


def ids(*numbers):
    import numpy as np

    return np.array(numbers, dtype=np.intc).tobytes()


@pytest.fixture
def batches():
    """Two packed rows and, in another batch, two padded ones."""
    import torch

    packed = {
        "input_ids": torch.tensor([[5, 6, 7, 8, 9]]),
        "position_ids": torch.tensor([[0, 1, 2, 0, 1]]),
    }
    padded = {
        "input_ids": torch.tensor([[1, 2, 0], [3, 4, 5]]),
        "attention_mask": torch.tensor([[1, 1, 0], [1, 1, 1]]),
    }
    return packed, padded


def tallied(batches, *losses):
    import torch

    tally = Tally()
    for inputs, loss in zip(batches, losses, strict=True):
        tally.add(inputs, torch.tensor(loss), torch.tensor(2), torch.tensor(3))
    return tally


def test_counts_are_summed_and_begin_anew(batches):
    """Over the micro-batches of a step, and of no other."""
    tally = tallied(batches, 1.0, 2.0)
    assert tally.counts() == (4, 6)
    tally.begin()
    assert tally.inputs == tally.losses == []


@pytest.mark.parametrize(
    ("losses", "rows"),
    [
        ((1.0, math.nan), {ids(1, 2), ids(3, 4, 5)}),
        ((math.inf, 1.0), {ids(5, 6, 7), ids(8, 9)}),
        ((1.0, 1.0), {ids(1, 2), ids(3, 4, 5), ids(5, 6, 7), ids(8, 9)}),  # the gradient was none
    ],
)
def test_the_rows_of_the_spoiled_batch_are_suspect(batches, losses, rows):
    """Packed or padded, each row by itself."""
    tally = tallied(batches, *losses)

    assert tally.suspects() == rows
    assert tally.is_finite() == all(map(math.isfinite, losses))
