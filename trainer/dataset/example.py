"""The unit of training: alternating turns that end in a persona turn. As JSON it is a line of ``messages``."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from persona_core.errors import DataError
from persona_core.prompt import ChatFormat, Turn
from persona_core.texts import text
from trainer.chatlog.source import find_sources
from trainer.dataset.formats import dump, from_row, to_rows


@dataclass(frozen=True, slots=True)
class Example:
    """Masked turns, oldest first, the last one the persona's.

    ``trained`` says for each persona turn, in order, whether it carries loss here: windows of a long session overlap
    as context, and every persona turn is trained exactly once.
    """

    turns: tuple[Turn, ...]
    trained: tuple[bool, ...]

    @property
    def learned(self) -> tuple[Turn, ...]:
        """The persona turns that carry loss."""
        replies = (turn for turn in self.turns if turn.role == "persona")
        return tuple(turn for turn, trained in zip(replies, self.trained, strict=True) if trained)

    def to_json(self, chat_format: ChatFormat) -> str:
        """One line: ``{"messages": […], "trained": […]}``."""
        return dump(to_rows(self.turns, self.trained, "messages", chat_format)[0])

    @classmethod
    def from_json(cls, line: str, chat_format: ChatFormat) -> "Example":
        """The inverse of `to_json`, and of every other format; where nothing is said of ``trained``, every turn is.

        Raises:
            ValueError: the name of the broken rule; ``row_no_json`` when it is not even JSON.
        """
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError("row_no_json") from error
        return cls(*from_row(row, chat_format))


def write_examples(path: Path, examples: Iterable[Example], chat_format: ChatFormat) -> None:
    """Write one example a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for example in examples:
            file.write(example.to_json(chat_format) + "\n")


def read_examples(path: Path, chat_format: ChatFormat) -> Iterator[Example]:
    """Read what `write_examples` wrote, or rows of any format `persona prepare` writes; blank lines are passed over.

    Raises:
        ExportError: the file cannot be opened.
        DataError: a line is no example; its number and the broken rule are named.
    """
    (source,) = find_sources(path)
    with source.open() as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield Example.from_json(line.decode("utf-8-sig"), chat_format)
            except ValueError as error:
                rule = "row_no_json" if isinstance(error, UnicodeDecodeError) else str(error)
                reason = text(f"dataset.{rule}")
                raise DataError("dataset.bad_row", path=path, line=number, reason=reason) from error
