"""Curves are read from the log and keep their ends."""

from hypothesis import given
from hypothesis import strategies as some

from trainer.tuning.log import thinned


@given(some.lists(some.floats(0, 9), min_size=1, max_size=900), some.integers(1, 200))
def test_a_thinned_curve_keeps_its_ends_and_its_order(values, most):
    """At most as many points as asked for and the last; all of them points of the curve, oldest first."""
    curve = list(enumerate(values))
    kept = thinned(curve, most)

    assert (kept[0], kept[-1]) == (curve[0], curve[-1])
    assert len(kept) <= most + 1
    assert kept == sorted(set(kept))
    assert set(kept) <= set(curve)
