"""How often somebody is taken for the persona.

    Likeness(bundles=26, taken=Interval(0.96, 0.88, 1.0), auc=Interval(0.99, …), told_apart=Interval(0.61, …))

``auc`` ranks him against the partner: 1 when each of his bundles looks more like the persona than any of hers.
``told_apart`` ranks the real person against him: one half when nobody could say which is which, 1 when each real bundle
looks more real. Of the real person himself it is one half by definition.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.fidelity.bootstrap import Interval, bootstrap, share
from trainer.fidelity.judge import TAKEN


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the judge says of one contestant's bundles."""

    bundles: int
    taken: Interval
    auc: Interval
    told_apart: Interval


def likeness(scores: Sequence[float], real: Sequence[float], partner: Sequence[float], seed: int) -> Likeness:
    """Of a contestant's ``scores``; ``real`` and ``partner`` (not empty) are those of the held-out bundles of both.

    Who says too little for a bundle is never taken for anybody.
    """
    taken = share([float(score > TAKEN) for score in scores], seed)
    against = scores or [0.0]
    return Likeness(
        len(scores), taken, bootstrap(auc, [against, partner], seed), bootstrap(auc, [real, against], seed)
    )


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """How likely one of ``ones`` is above one of ``others``; a tie counts half."""
    below = sorted(others)
    ranks = sum(bisect_left(below, one) + bisect_right(below, one) for one in ones)
    return ranks / (2 * len(ones) * len(others))
