"""Train and validation: the newest sessions are held out, and what training has seen leaves them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from persona_core.errors import DataError
from trainer.dataset.ledger import Ledger
from trainer.dataset.likeness import NEW

KNOWN = 0.5  # of an example's exchanges: when training has this many of them, it can no longer judge


@dataclass(frozen=True, slots=True)
class Parts:
    """The examples of each part, by their place in the ledger; ``copies`` were held out and repeat what is trained."""

    train: Sequence[int]
    validation: Sequence[int]
    copies: frozenset[int]


def split(ledger: Ledger, chosen: Sequence[int], share: float, source: str = "") -> Parts:
    """Deal the ``chosen`` examples, which are in order of time; ``source`` names their files in an error.

    Raises:
        DataError: one part would be empty.
    """
    cut = split_by_time([ledger.session[index] for index in chosen], share)
    train, newest = chosen[:cut], chosen[cut:]
    copies = near_copies(ledger, train, newest)
    validation = [index for index in newest if index not in copies]
    if not train or not validation:
        raise DataError("dataset.too_little", path=source, count=len(chosen))
    return Parts(train, validation, frozenset(copies))


def split_by_time(session_of: Sequence[int], share: float) -> int:
    """The index of the first held-out example.

    ``session_of`` gives each example's session, in order of time. Whole sessions are held out, the newest, until
    they hold at least ``share`` of the examples; at least one session stays on either side when there are two.
    """
    count = len(session_of)
    cut = count - max(1, round(count * share))
    while cut > 0 and session_of[cut] == session_of[cut - 1]:
        cut -= 1
    if cut > 0:
        return cut
    # One session reaches back to the beginning: hold out what follows it.
    return next((i for i in range(count) if session_of[i] != session_of[0]), count)


def near_copies(ledger: Ledger, train: Iterable[int], held_out: Sequence[int]) -> set[int]:
    """The held-out examples of which training knows at least half the exchanges, nearly word for word.

    That a short reply comes again is no sign of a copy.
    """
    asked = {fingerprint for index in held_out for fingerprint in ledger.exchanges(index)}
    asked.discard(NEW)
    known = {
        fingerprint for index in train for fingerprint in ledger.exchanges(index) if fingerprint in asked
    }
    return {
        index
        for index in held_out
        if sum(fingerprint in known for fingerprint in ledger.exchanges(index)) >= KNOWN * ledger.turns[index]
    }
