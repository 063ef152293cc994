"""How somebody types, observed message by message.

    observe([("밥 먹음?", "ㅋㅋㅋ")])  ->  {"ending": ["ᆷ", ""], "register": ["plain", "none"], "length": [5, 3],
                                           "laugh": [0, 3], "bubbles": [2], …}

Words are told from endings by kiwipiepy: on 17 styles of SmileStyle its endings name 존댓말 and 반말 rightly for 96 to 99 %.
ㅋㅋ, ㅠㅠ, ㅇㅇ and signs are read from the surface, where it is weak.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from persona_core.privacy.span import PLACEHOLDER

Observed = Mapping[str, Sequence[str | float]]

SOMEBODY = "누구"  # stands for every placeholder: two syllables, as most given names have

_POLITE = re.compile(r"(?:요|니다|니까|세요|시오|죠|[요용염욤])$")
_ENDS = ("EF", "ETN")  # 먹었어; 먹었음, which the analyser takes for a noun when a sign follows
_LAUGH, _SOFT, _CRY = re.compile("ㅋ+"), re.compile("ㅎ+"), re.compile("[ㅠㅜ]+")
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")
_FINAL = re.compile(r"(\.\.+|;;+|\^\^+|!\?|[.?!~;…])\s*$")
_INITIALS = re.compile(r"(?![ㅋㅎ ]*$)[ㄱ-ㅎ ]+[.?!~]*$")
_MOOD = re.compile(r"[\sㅋㅎㅠㅜ]+$")


def _run(signs: re.Pattern[str]) -> Callable[[str], float]:
    return lambda bubble: max((len(found) for found in signs.findall(bubble)), default=0)


def _final(bubble: str) -> str:
    found = _FINAL.search(_MOOD.sub("", bubble) or bubble)
    return found[1][:2] if found else "none"


def _flag(condition: object) -> str:
    return "yes" if condition else "no"


# One observation of each bubble. A number is held against numbers (Wasserstein), a word against words (Jensen-Shannon).
OF_BUBBLES: Mapping[str, Callable[[str], str | float]] = {
    "length": len,
    "spacing": lambda bubble: bubble.count(" ") / len(bubble),
    "laugh": _run(_LAUGH),
    "soft_laugh": _run(_SOFT),
    "cry": _run(_CRY),
    "emoji": lambda bubble: _flag(_EMOJI.search(bubble)),
    "final": _final,
    "initials": lambda bubble: _flag(_INITIALS.match(bubble)),
}
# One of each turn.
OF_TURNS: Mapping[str, Callable[[tuple[str, ...]], str | float]] = {
    "bubbles": len,
    "one_word": lambda reply: _flag(len(reply) == 1 and " " not in reply[0]),
}
FEATURES = ("ending", "register", *OF_BUBBLES, *OF_TURNS)


class Observer:
    """Looks at replies; loads the analyser once (two seconds, half a gigabyte)."""

    def __init__(self) -> None:
        from kiwipiepy import Kiwi

        self._kiwi: Any = Kiwi(num_workers=1)

    def observe(self, replies: Iterable[tuple[str, ...]]) -> Observed:
        """Every feature of ``replies``: a list with an entry a bubble, or a turn for `OF_TURNS`."""
        turns = [tuple(PLACEHOLDER.sub(SOMEBODY, bubble) for bubble in reply) for reply in replies if reply]
        said = [bubble for turn in turns for bubble in turn]
        endings = [_ending(tokens) for tokens in self._kiwi.tokenize(said)]
        return {
            "ending": [form for form, _ in endings],
            "register": [register for _, register in endings],
            **{name: [look(bubble) for bubble in said] for name, look in OF_BUBBLES.items()},
            **{name: [look(turn) for turn in turns] for name, look in OF_TURNS.items()},
        }


def _ending(tokens: Sequence[Any]) -> tuple[str, str]:
    """The last sentence ending of a bubble, and whether it is polite, plain, or none there."""
    words = [token for token in tokens if not token.tag.startswith(("S", "W", "Z"))]
    if words and words[-1].tag == "JX" and words[-1].form in ("요", "용"):
        return words[-1].form, "polite"
    form = next((token.form for token in reversed(words) if token.tag in _ENDS), "")
    if not form:
        return "", "none"
    return form, "polite" if _POLITE.search(form) else "plain"
