"""Five messages in a row, disguised: what the judge reads. A single message tells too little about who wrote it.

    bundles([("ㅇㅇ", "7시에 봐"), ("[[PARTNER]]야",), …])  ->  ["\\nㅇㅇ\\n0시에 봐\\n○야\\n…\\n"]   (in jamo)

On four real couples the two sides are told apart with AUC 0.78 to 0.88 by one message and 0.94 to 0.99 by five.
Placeholders become one mark and digits become 0, so that nobody is known by whom or what he names; syllables come
apart into jamo, where 했어 and 했엉 differ in one letter.
"""

import re
from collections.abc import Iterable
from itertools import chain
from unicodedata import normalize

from persona_core.privacy.span import PLACEHOLDER
from persona_core.prompt import OPENING

SIZE = 5  # messages
_MARK = "○"
_DIGIT = re.compile(r"\d")


def bundles(replies: Iterable[tuple[str, ...]]) -> list[str]:
    """The bubbles of ``replies`` cut into bundles of `SIZE`; fewer at the end are left out.

    So is what stands for no words: a photo of hers is written as `persona_core.prompt.OPENING`, one of his not at all.
    """
    said = [disguise(bubble) for bubble in chain.from_iterable(replies) if bubble != OPENING]
    whole = range(0, len(said) - SIZE + 1, SIZE)
    return ["\n".join(["", *said[first : first + SIZE], ""]) for first in whole]


def disguise(bubble: str) -> str:
    """``bubble`` in jamo, without names and numbers."""
    return normalize("NFD", _DIGIT.sub("0", PLACEHOLDER.sub(_MARK, bubble)))
