"""Other people's placeholders, numbered anew in each conversation: ``[[NAME1]]`` is whoever is named first in it.

    "[[NAME31]]이랑 [[NAME7]] 왔어", "[[NAME31]]는 갔어"  ->  "[[NAME1]]이랑 [[NAME2]] 왔어", "[[NAME1]]는 갔어"

One person keeps one number as long as the conversation lasts, which is what a reply can hang on. A number that lasted
for years would tell who is meant, and would depend on which process met whom first.
"""

import re
from collections.abc import Iterable

_SOMEBODY = re.compile(r"\[\[NAME(\d+)\]\]")


def renumber(texts: Iterable[str]) -> list[str]:
    """The texts of one conversation with its people counted from 1, in order of appearance."""
    numbers: dict[str, int] = {}

    def anew(match: re.Match[str]) -> str:
        return f"[[NAME{numbers.setdefault(match[1], len(numbers) + 1)}]]"

    return [_SOMEBODY.sub(anew, text) if "[[NAME" in text else text for text in texts]
