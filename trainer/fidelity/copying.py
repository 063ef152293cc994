"""How much of what was said is repeated from training in long runs, and which run is the longest.

    copied(["오늘 진짜 피곤해서 일찍 잘게"], training, n=8)  ->  Copied(share=0.63, longest=10)

A text is any string: of letters, or of tokens, each written as one character (`as_text`). A run counts from ``n``
characters on, and only where fewer than `STOCK` training texts have it: what somebody says again and again is style.
People repeat themselves, too; the yardstick is how much of their own held-out talk is in training.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

STOCK = 3  # training texts with the same run: from here on it is a phrase of the person's, not a line


@dataclass(frozen=True, slots=True)
class Copied:
    """``share`` of all characters that stand in copied runs, and the length of the longest run."""

    share: float
    longest: int


def copied(texts: Sequence[str], training: Iterable[str], n: int) -> Copied:
    """How far ``texts`` are made of runs of ``n`` and more characters that are rare in ``training``, read once."""
    (found,) = copied_each([texts], training, n)
    return found


def copied_each(groups: Sequence[Sequence[str]], training: Iterable[str], n: int) -> list[Copied]:
    """`copied` for several groups of texts in one reading of ``training``.

    Only the windows of ``groups`` are kept in memory, whatever the length of ``training``.
    """
    wanted = {window for text in chain.from_iterable(groups) for window in _windows(text, n)}
    seen: Counter[str] = Counter()
    for text in training:
        seen.update(wanted.intersection(_windows(text, n)))
    rare = {window for window, count in seen.items() if count < STOCK}
    return [_copied(texts, rare, n) for texts in groups]


def as_text(ids: Iterable[int]) -> str:
    """Token ids as a string of one character each."""
    return "".join(map(chr, ids))


def _copied(texts: Sequence[str], rare: set[str], n: int) -> Copied:
    covered, longest = 0, 0
    for text in texts:
        marks = bytearray(len(text))
        matches = [window in rare for window in _windows(text, n)]
        for start, match in enumerate(matches):
            if match:
                marks[start : start + n] = b"\1" * n
        covered += sum(marks)
        runs = (sum(1 for _ in run) + n - 1 for match, run in groupby(matches) if match)
        longest = max(longest, *runs, 0)
    return Copied(covered / max(1, sum(map(len, texts))), longest)


def _windows(text: str, n: int) -> Iterator[str]:
    return (text[i : i + n] for i in range(len(text) - n + 1))
