"""The unit of training: alternating turns that end in a persona turn. As JSON it is a line of ``messages``."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from persona_core.prompt import ChatFormat, Turn, from_messages, to_messages


@dataclass(frozen=True, slots=True)
class Example:
    """Masked turns, oldest first, the last one the persona's.

    ``trained`` says for each persona turn, in order, whether it carries loss here: windows of a long session overlap
    as context, and every persona turn is trained exactly once.
    """

    turns: tuple[Turn, ...]
    trained: tuple[bool, ...]

    def to_json(self, chat_format: ChatFormat) -> str:
        """One line: ``{"messages": […], "trained": […]}``."""
        row = {"messages": to_messages(self.turns, chat_format), "trained": list(self.trained)}
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str, chat_format: ChatFormat) -> "Example":
        """The inverse of `to_json`; without ``trained`` every persona turn is."""
        row = json.loads(line)
        turns = from_messages(row["messages"], chat_format.bubble_separator)
        personas = sum(turn.role == "persona" for turn in turns)
        return cls(turns, tuple(row.get("trained") or [True] * personas))


def write_examples(path: Path, examples: Iterable[Example], chat_format: ChatFormat) -> None:
    """Write one example a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for example in examples:
            file.write(example.to_json(chat_format) + "\n")


def read_examples(path: Path, chat_format: ChatFormat) -> Iterator[Example]:
    """Read what `write_examples` wrote."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield Example.from_json(line, chat_format)
