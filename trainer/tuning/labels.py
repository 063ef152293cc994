"""Example -> token ids and labels: loss on the persona's words and their end-of-turn token, and on nothing else.

    input_ids   <|im_start|> assistant \\n ㅇ ㅇ <|im_end|> \\n <|im_start|> user …
    labels      -100         -100      -100 ㅇ ㅇ <|im_end|> -100 -100      -100 …

The ids are those of `persona_core.prompt.encode`, so what stands before a reply in training is, token for token, what
the engine sends when it asks for one.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from persona_core.errors import DataError
from persona_core.prompt import ChatFormat, alternate, encode, end_of_turn_id
from trainer.dataset.example import Example, read_examples

IGNORED = -100  # the label that torch's and trl's losses skip


@dataclass(frozen=True, slots=True)
class Row:
    """One example in tokens; ``labels`` repeats the ids that carry loss and is `IGNORED` elsewhere.

    Arrays of 4-byte numbers: years of chat are millions of tokens, and Python's integers would take ten times that.
    """

    input_ids: "array[int]"
    labels: "array[int]"

    @property
    def supervised(self) -> int:
        """How many tokens carry loss."""
        return sum(label != IGNORED for label in self.labels)


@dataclass(frozen=True, slots=True)
class Rows:
    """A data file in tokens, and what did not fit."""

    rows: tuple[Row, ...]
    shortened: int  # examples that lost their oldest turns
    left_out: int  # examples whose newest exchange alone is too long

    @property
    def tokens(self) -> int:
        return sum(len(row.input_ids) for row in self.rows)

    @property
    def supervised(self) -> int:
        """Tokens that carry loss."""
        return sum(row.supervised for row in self.rows)


def read_rows(tokenizer: Any, path: Path, chat_format: ChatFormat, max_length: int) -> Rows:
    """The examples of ``path`` in at most ``max_length`` tokens each.

    Raises:
        DataError: no example is left, one has nothing to learn, or an end of turn would not be learned.
    """
    end_id = end_of_turn_id(tokenizer, chat_format)
    rows: list[Row] = []
    shortened = left_out = 0
    for example in read_examples(path, chat_format):
        row, dropped = label(tokenizer, example, chat_format, max_length)
        if row is None:
            left_out += 1
            continue
        check(row, end_id)
        rows.append(row)
        shortened += dropped > 0
    if not rows:
        raise DataError("tuning.no_rows", file=path.name)
    return Rows(tuple(rows), shortened, left_out)


def label(
    tokenizer: Any, example: Example, chat_format: ChatFormat, max_length: int
) -> tuple[Row | None, int]:
    """``example`` in tokens, and how many of its oldest exchanges had to go to fit ``max_length``.

    The newest exchange and the system prompt always stay; where they alone are too long, or nothing that is left is
    trained, there is no row. An exchange is a partner turn and its reply, which is how the engine forgets, too.

    Raises:
        DataError: the example has nothing to learn, or its ``trained`` does not match its persona turns.
    """
    turns, trained = alternate(example.turns), example.trained
    if 2 * len(trained) != len(turns) or not any(trained):
        raise DataError("tuning.no_label")
    dropped = 0
    while len((encoded := encode(tokenizer, turns, chat_format)).ids) > max_length:
        turns, trained, dropped = turns[2:], trained[1:], dropped + 1
        if not any(trained):
            return None, dropped
    labels = array("i")
    replies = iter(trained)
    for is_reply, tokens in groupby(
        zip(encoded.ids, encoded.is_reply, strict=True), key=lambda pair: pair[1]
    ):
        ids = [token for token, _ in tokens]
        labels.extend(ids if is_reply and next(replies) else [IGNORED] * len(ids))
    return Row(array("i", encoded.ids), labels), dropped


def check(row: Row, end_id: int) -> None:
    """Refuse a row that would teach nothing, or would not teach where a reply ends.

    Raises:
        DataError: no token has a label, or a labelled reply does not end in ``end_id``.
    """
    ends = list(_ends(row))
    if not ends:
        raise DataError("tuning.no_label")
    if any(end != end_id for end in ends):
        raise DataError("tuning.unlabelled_end")


def _ends(row: Row) -> Iterator[int]:
    """The last label of each labelled stretch."""
    for this, following in zip(row.labels, [*row.labels[1:], IGNORED], strict=True):
        if this != IGNORED and following == IGNORED:
            yield this
