"""``--max-examples``: which examples teach most. Recent ones, varied ones, those rich in persona turns.

Each persona turn of an example counts 1 / (how often the persona says just that), so that ten different replies count
ten and ten times ㅇㅇ count little; and the oldest example of the chat counts a quarter of what the newest does,
because people change how they write.
"""

from array import array
from heapq import nlargest

from trainer.dataset.ledger import Ledger

OLDEST = 0.25  # what the oldest example's score is worth beside the newest's
_BUCKETS = (
    1 << 20
)  # replies are counted in 4 MB however many there are; a collision makes a rare one look less rare


def most_informative(ledger: Ledger, count: int) -> list[int]:
    """The indices of the ``count`` best examples, in order of time."""
    said = _reply_counts(ledger)
    last = max(1, len(ledger) - 1)

    def score(index: int) -> tuple[float, int]:
        variety = sum(1 / said[reply % _BUCKETS] for reply in ledger.replies(index))
        return variety * OLDEST ** (1 - index / last), index

    return sorted(nlargest(count, range(len(ledger)), key=score))


def _reply_counts(ledger: Ledger) -> "array[int]":
    counts = array("I", bytes(4 * _BUCKETS))
    for index in range(len(ledger)):
        for reply in ledger.replies(index):
            counts[reply % _BUCKETS] += 1
    return counts
