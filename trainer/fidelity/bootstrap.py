"""How sure a figure is: its interval over samples drawn again, with a seed.

share([True, True, False, True], seed=0)  ->  Interval(0.75, 0.25, 1.0)
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

DRAWS = 1000  # the ends of the interval move by less than a hundredth from seed to seed
TAIL = 0.025  # left out on either side: 95 % intervals
RULE_OF_THREE = 3  # where all of n agree, at most 3/n of all others differ (95 %)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and between which values 95 % of the redrawn ones lie."""

    value: float
    low: float
    high: float


def bootstrap(
    statistic: Callable[..., float], samples: Sequence[Sequence[float]], seed: int, draws: int = DRAWS
) -> Interval:
    """``statistic(*samples)`` and its interval; each of ``samples`` (not empty) is drawn anew by itself."""
    dice = random.Random(seed)
    redrawn = sorted(
        statistic(*(dice.choices(sample, k=len(sample)) for sample in samples)) for _ in range(draws)
    )
    cut = int(draws * TAIL)
    return Interval(statistic(*samples), redrawn[cut], redrawn[-1 - cut])


def share(flags: Sequence[float], seed: int) -> Interval:
    """The mean of ``flags`` (0 to 1), 0 of none; where all agree, which redrawing takes for certain, by the rule of three."""
    if not flags:
        return Interval(0.0, 0.0, 1.0)
    found = bootstrap(_mean, [flags], seed)
    reach = min(1.0, RULE_OF_THREE / len(flags))
    if min(flags) == 1:
        return Interval(1.0, 1 - reach, 1.0)
    if max(flags) == 0:
        return Interval(0.0, 0.0, reach)
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
