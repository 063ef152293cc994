"""Train and validation: the newest sessions are held out, and what was said before in the same words leaves them."""

import re
from collections.abc import Sequence

from persona_core.prompt import Turn
from trainer.dataset.example import Example

_NOT_WORDS = re.compile(r"[\W_]+")
_RUN = re.compile(r"(.)\1{2,}")


def fingerprint(turns: Sequence[Turn]) -> int:
    """Equal for turns that say nearly the same: spacing, signs and the length of ㅋㅋㅋ do not count."""
    said = "\n".join("".join(turn.bubbles) for turn in turns)
    return hash(_RUN.sub(r"\1\1", _NOT_WORDS.sub("", said)))


def last_exchange(example: Example) -> int:
    """The fingerprint of the last reply and of what it answers."""
    return fingerprint(example.turns[-2:])


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
