"""Two samples of habits held against each other, feature by feature: 0 is the same, about 1 is somebody else.

    compare(his of training time, {"real": his held-out, "tuned": …})
    {"length": Feature(values={"real": 7.9, "tuned": 8.4}, distances={"real": 0.08, "tuned": 0.12}), …}

The person himself is the yardstick: what he wrote at the same moments, held against the same reference, is the natural
distance of two halves of one person, sample size and change over time included.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2, sqrt
from statistics import fmean, pstdev

from trainer.fidelity.habits import FEATURES, Observed

# Of a feature in words: the share of these, to be shown; of the others what is shown is the mean, or nothing.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "register": ("polite",),
    "emoji": ("yes",),
    "initials": ("yes",),
    "one_word": ("yes",),
}
ENDS_BARE = "none"  # of "final": what is shown is the share that ends otherwise


@dataclass(frozen=True, slots=True)
class Feature:
    """By contestant: the mean or share (None where no single number says it), and the distance from the person."""

    values: dict[str, float | None]
    distances: dict[str, float]


def compare(reference: Observed, contestants: Mapping[str, Observed]) -> dict[str, Feature]:
    """Every feature of each of ``contestants`` against ``reference``."""
    return {
        name: Feature(
            {who: _value(name, observed[name]) for who, observed in contestants.items()},
            {who: distance(reference[name], observed[name]) for who, observed in contestants.items()},
        )
        for name in FEATURES
    }


def distance(reference: Sequence[str | float], other: Sequence[str | float]) -> float:
    """Jensen-Shannon distance of words, Wasserstein distance of numbers in standard deviations of ``reference``.

    Who says nothing is as far as can be: 1.
    """
    if not reference or not other:
        return 1.0
    if isinstance(reference[0], str):
        return jensen_shannon(Counter(map(str, reference)), Counter(map(str, other)))
    ones, others = [float(value) for value in reference], [float(value) for value in other]
    return wasserstein(ones, others) / (pstdev(ones) or 1.0)


def jensen_shannon(ones: Counter[str], others: Counter[str]) -> float:
    """From 0 (the same shares) to 1 (nothing in common): the square root of the divergence in bits."""
    divergence = 0.0
    for word in sorted(ones.keys() | others.keys()):  # in one order: a sum of floats depends on it
        p, q = ones[word] / ones.total(), others[word] / others.total()
        middle = (p + q) / 2
        divergence += sum(share / 2 * log2(share / middle) for share in (p, q) if share)
    return sqrt(max(0.0, divergence))


def wasserstein(ones: Sequence[float], others: Sequence[float]) -> float:
    """How far, in their own unit, the values of one sample must be moved on average to become the other."""
    steps = sorted([*((x, 1 / len(ones)) for x in ones), *((x, -1 / len(others)) for x in others)])
    moved = ahead = 0.0
    for (x, weight), (following, _) in pairwise(steps):
        ahead += weight
        moved += abs(ahead) * (following - x)
    return moved


def _value(name: str, observed: Sequence[str | float]) -> float | None:
    if not observed or name == "ending":
        return None
    if name == "final":
        return sum(end != ENDS_BARE for end in observed) / len(observed)
    if name in SHOWN:
        return sum(word in SHOWN[name] for word in observed) / len(observed)
    return fmean(float(value) for value in observed)
