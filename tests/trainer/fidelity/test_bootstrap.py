"""An interval holds its figure, narrows with more samples and repeats itself under a seed."""

from hypothesis import given
from hypothesis import strategies as st

from trainer.fidelity.bootstrap import Interval, share


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 9))
def test_an_interval_holds_its_figure(flags, seed):
    """Between 0 and 1, around the share itself."""
    found = share([float(flag) for flag in flags], seed)

    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == sum(flags) / len(flags)


def test_the_seed_decides():
    """The same seed draws the same interval."""
    flags = [1.0, 0.0, 1.0] * 7

    assert share(flags, 3) == share(flags, 3)


def test_more_samples_make_it_narrower():
    """Sixteen times as many: a quarter of the width, about."""
    few, many = (share([1.0, 0.0] * count, 0) for count in (8, 128))

    assert 0.4 < few.high - few.low < 0.6
    assert 0.1 < many.high - many.low < 0.15


def test_where_all_agree_certainty_is_not_claimed():
    """Thirty of thirty may still be nine in ten of all."""
    assert share([1.0] * 30, 0) == Interval(1.0, 0.9, 1.0)
    assert share([0.0] * 30, 0) == Interval(0.0, 0.0, 0.1)
    assert share([], 0) == Interval(0.0, 0.0, 1.0)
