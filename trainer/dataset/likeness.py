"""Which examples say nearly the same: a sketch of each one's trigrams, and an index that finds its like.

The sketch of a text is the 32 smallest hashes of its character trigrams (a bottom-k sketch): the share that two
sketches have in common estimates the share of trigrams that the texts have in common (their Jaccard index)::

    "내일 여섯시에 강남역에서 봐"  "내일 여섯시에 강남역에서 봐ㅋㅋ"      0.9: near copies
    "내일 여섯시에 강남역에서 봐"  "내일 뭐해? 여섯시에 시간 돼?"        0.1: a new example

Only whole examples are compared, and none whose replies are but a few short messages: ㅇㅇ a thousand times is style.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from persona_core.prompt import Turn
from trainer.dataset.recent import Recent

NEAR = 0.8  # of the trigrams in common: the same text with a word or two changed
SHORTEST = 40  # characters: a shorter example is a copy only when it is the same to the letter
# Characters of a message that people write again and again without copying: in the demo's chat 50 different messages
# are written more than once, 49 of them with eight characters or fewer, none with more than twelve.
SHORT = 12
NEW = -1  # instead of the fingerprint of what is never a copy; others are not negative
REMEMBERED = 50_000  # examples that a new one is compared with: about one export of 100 MB
_WIDTH = 32  # hashes in a sketch; the estimate is off by about 1 / sqrt(32) at worst, by half that near 0.8
_BAND = 5  # smallest hashes by which near copies find each other
_CROWD = 8  # examples remembered under one pair of hashes, the newest: time stays linear whatever is common

_NOT_WORDS = re.compile(r"[\W_ㅋㅎㅠㅜ]+")  # signs, spaces, laughing and crying of any length


def fingerprint(text: str) -> int:
    """A 63-bit number, the same in every process and on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def exchange(turns: Sequence[Turn]) -> int:
    """The fingerprint of what is said: equal for turns that differ only in spaces, signs and ㅋㅋㅋ."""
    return fingerprint("\n".join(_NOT_WORDS.sub("", "".join(turn.bubbles)) for turn in turns))


def is_short(replies: Iterable[Turn]) -> bool:
    """Whether the replies that an example trains are short messages alone, and few: saying them again is no copy."""
    lengths = [len(bubble) for turn in replies for bubble in turn.bubbles]
    return max(lengths) <= SHORT and sum(lengths) < SHORTEST


def sketch(turns: Sequence[Turn]) -> bytes:
    """The sketch of an example: 32 numbers of 4 bytes, or nothing when it is too short to be like another."""
    said = _NOT_WORDS.sub("", "".join(bubble for turn in turns for bubble in turn.bubbles))
    if len(said) < SHORTEST:
        return b""
    units = said.encode("utf-16-le", "surrogatepass")
    hashes = {crc32(units[i : i + 6]) for i in range(0, len(units) - 4, 2)}
    return array("I", sorted(hashes)[:_WIDTH]).tobytes()


def likeness(one: bytes, other: bytes) -> float:
    """About how much of their trigrams two sketched texts share, from 0 to 1."""
    mine, theirs = set(array("I", one)), set(array("I", other))
    smallest = sorted(mine | theirs)[:_WIDTH]
    return sum(number in mine and number in theirs for number in smallest) / len(smallest)


class Copies:
    """The examples seen so far; says whether the next one repeats one of them."""

    def __init__(self) -> None:
        self._same: Recent[int] = Recent(REMEMBERED)
        self._like: Recent[list[bytes]] = Recent(REMEMBERED * (_BAND - 1))

    def rule(self, identity: int, drawn: bytes) -> str:
        """``same_example``, ``near_copy``, or nothing for a new example, which is remembered.

        ``identity`` is equal for equal examples, and `NEW` for one that cannot be a copy; ``drawn`` is its `sketch`.
        """
        if identity == NEW:
            return ""
        if self._same.get(identity):
            return "same_example"
        self._same.put(identity, 1)
        if not drawn:
            return ""
        keys = _keys(drawn)
        if any(likeness(drawn, old) >= NEAR for old in self._candidates(keys)):
            return "near_copy"
        for key in keys:
            self._like.put(key, [*(self._like.get(key) or ()), drawn][-_CROWD:])
        return ""

    def _candidates(self, keys: Sequence[int]) -> set[bytes]:
        return {old for key in keys for old in self._like.get(key) or ()}


def _keys(drawn: bytes) -> list[int]:
    """Neighbours among the smallest hashes, two at a time: one alone may be a trigram that everyone uses."""
    smallest = array("I", drawn)[:_BAND]
    return [first << 32 | second for first, second in pairwise(smallest)]
