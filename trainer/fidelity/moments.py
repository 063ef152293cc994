"""Moments at which the persona answered: what stood before, and what was really written.

    Moment(history=(Turn("partner", ("밥 먹었어?",)),), reply=("ㅇㅇ", "너는?"))

From examples; each persona turn that carries loss is one moment, so that overlapping windows give none twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from persona_core.prompt import Turn
from trainer.dataset.example import Example

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """``history`` ends with the partner's turn that ``reply`` (bubbles) answers."""

    history: tuple[Turn, ...]
    reply: tuple[str, ...]

    @property
    def asked(self) -> tuple[str, ...]:
        """The partner's bubbles that are answered."""
        return self.history[-1].bubbles


def moments(examples: Iterable[Example]) -> Iterator[Moment]:
    """The moments of ``examples`` in their order; what the persona says first, unasked, is none."""
    for example in examples:
        trained = iter(example.trained)
        for index, turn in enumerate(example.turns):
            if turn.role == "persona" and next(trained) and index:
                yield Moment(example.turns[:index], turn.bubbles)


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most ``count`` of ``items``, evenly over them and in their order; the same every time."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]
