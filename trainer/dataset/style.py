"""How someone writes, in a few numbers that can be counted at the speed of reading.

    Style(messages=1567, mean_length=7.9, bubbles_per_turn=2.0, laugh_share=0.31, …, polite_share=0.02)

Endings decide 존댓말 and 반말: the last syllables before ㅋㅋ, ~ and signs. What ends otherwise (지금 가는중)
is neither.
"""

import re
from dataclasses import dataclass

_TAIL = re.compile(r"[^가-힣]+$")
_POLITE = re.compile(r"(?:요|죠|니다|니까|십시오|[세어아해예에네가게지]용|슴다|니당)$")
_PLAIN = re.compile(
    r"(?:[어아해지네냐자래게줘돼봐와써워려켜져놔마라야데걸]|[한간된는갔했았었]다|이다|거다|[이하]니|까|음|임|함|됨|냥)$"
)


@dataclass(frozen=True, slots=True)
class Style:
    """One speaker's habits; shares are of their text messages, from 0 to 1."""

    messages: int
    mean_length: float  # characters of a message
    bubbles_per_turn: float
    laugh_share: float  # with ㅋ
    soft_laugh_share: float  # with ㅎ
    cry_share: float  # with ㅠ or ㅜ
    short_share: float  # of three characters or fewer: ㅇㅇ, 응, ㅋㅋㅋ
    polite_share: float  # 존댓말 among the messages that end as 존댓말 or 반말


class StyleCounter:
    """Counts one speaker's messages, one after the other."""

    def __init__(self) -> None:
        self._messages = self._characters = self._turns = 0
        self._laugh = self._soft_laugh = self._cry = self._short = self._polite = self._plain = 0

    def add(self, text: str, *, opens_turn: bool) -> None:
        """Count a message; ``opens_turn`` when someone else wrote before it, or nobody for long."""
        self._messages += 1
        self._characters += len(text)
        self._turns += opens_turn
        self._laugh += "ㅋ" in text
        self._soft_laugh += "ㅎ" in text
        self._cry += "ㅠ" in text or "ㅜ" in text
        self._short += len(text) <= 3
        said = _TAIL.sub("", text[-40:])
        if _POLITE.search(said):
            self._polite += 1
        elif _PLAIN.search(said):
            self._plain += 1

    def style(self) -> Style:
        """The numbers so far."""
        messages = max(1, self._messages)
        return Style(
            messages=self._messages,
            mean_length=round(self._characters / messages, 1),
            bubbles_per_turn=round(self._messages / max(1, self._turns), 2),
            laugh_share=round(self._laugh / messages, 3),
            soft_laugh_share=round(self._soft_laugh / messages, 3),
            cry_share=round(self._cry / messages, 3),
            short_share=round(self._short / messages, 3),
            polite_share=round(self._polite / max(1, self._polite + self._plain), 3),
        )
