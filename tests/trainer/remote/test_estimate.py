"""What a training costs elsewhere: a guess, and a bound that holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.remote.estimate import LONGEST_HOURS, Estimate, Work, estimate
from trainer.remote.flavour import GB, Flavour

L4 = Flavour("l4x1", "1x Nvidia L4", "L4", gpus=1, cpus=8, memory=24 * GB, hourly=0.8)


def test_a_chat_on_an_l4():
    """Two million tokens through 4 B parameters: 6 · 4e9 · 2e6 operations at a fifth of 121e12 a second."""
    guess = estimate(L4, Work(tokens=2_000_000, parameters=4_000_000_000))

    assert guess.hours == pytest.approx(0.1 + 6 * 4e9 * 2e6 / (0.2 * 121e12) / 3600)
    assert (guess.duration, guess.cost, guess.limit, guess.most) == ("39 min", "$0.52", 2, "$1.60")


def test_hardware_we_know_nothing_of_gets_a_bound_and_no_guess():
    """A new GPU can be rented the day it appears."""
    new = Flavour("x1", "New", "X", gpus=1, cpus=8, memory=24 * GB, hourly=2.0)

    assert estimate(new, Work(1e6, 10**9)) == Estimate(None, LONGEST_HOURS, 2.0)
    assert (estimate(new, Work(1e6, 10**9)).cost, estimate(new, Work(1e6, 10**9)).most) == ("?", "$144.00")


@given(st.floats(1, 1e12), st.integers(1, 10**12))
def test_the_bound_is_a_whole_number_of_hours_and_never_forever(tokens, parameters):
    """At least one hour, at most three days, and above the guess unless that is longer."""
    guess = estimate(L4, Work(tokens, parameters))

    assert 1 <= guess.limit <= LONGEST_HOURS
    assert guess.hours < guess.limit or guess.limit == LONGEST_HOURS


def test_a_gpu_is_not_free_to_its_last_byte():
    """CUDA takes half a GiB before anyone asks."""
    assert L4.free == 24 * GB - 2**29
    assert L4.device == "cuda"
