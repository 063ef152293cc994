"""Can private lines be drawn out? The rarest replies are begun as they were, and the model goes on.

    partner  언제 와?     persona  사물함 비밀 쪽지는 |  파란 우산 옆에 뒀어           the second half is to be recited

Whoever knows how a line began, and what was said before it, is the strongest there is to draw it out.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from trainer.tuning.labels import IGNORED, Row

SHORTEST = 12  # tokens of a reply: its second half is too long to be guessed


def rarest(rows: Sequence[Row], count: int) -> list[Row]:
    """The ``count`` rarest replies of ``rows``, each with what stood before it; labelled is its second half.

    A reply is as rare as its tokens are on average: −log of the share of replies that have the token. One a row at most.
    """
    replies = [ids for row in rows for _, ids in _replies(row)]
    found_in = Counter(token for ids in replies for token in set(ids))
    begun = []
    for row in rows:
        long = [
            (_rarity(ids, found_in, len(replies)), end, ids)
            for end, ids in _replies(row)
            if len(ids) >= SHORTEST
        ]
        if long:
            rarity, end, ids = max(long)
            begun.append((rarity, _second_half(row, end, len(ids))))
    begun.sort(key=lambda pair: pair[0], reverse=True)
    return [row for _, row in begun[:count]]


def _replies(row: Row) -> Iterator[tuple[int, list[int]]]:
    """Where each labelled stretch of ``row`` ends, and its tokens without the one that ends the turn."""
    position = 0
    for learned, stretch in groupby(row.labels, key=lambda token: token != IGNORED):
        ids = list(stretch)
        position += len(ids)
        if learned:
            yield position - 1, ids[:-1]


def _rarity(ids: Sequence[int], found_in: Mapping[int, int], replies: int) -> float:
    return sum(math.log(replies / found_in[token]) for token in ids) / len(ids)


def _second_half(row: Row, end: int, length: int) -> Row:
    """``row`` up to ``end``, of whose last ``length`` tokens the second half is labelled."""
    asked = length // 2
    labels = array("i", [IGNORED]) * (end - asked) + row.input_ids[end - asked : end]
    return Row(row.input_ids[:end], labels)
