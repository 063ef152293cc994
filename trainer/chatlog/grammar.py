"""What the text formats have in common: records that begin at a line start with a date, a name or both.

A grammar is two regular expressions. ``header`` stands at the start of a message or system line and names the groups
``clock``, ``sender`` (missing in a system line) and, where the header says it, ``day``. ``separator`` is the line that
opens a day. The body of a record is all that follows until the next header or separator.

Both are tried only where a line begins, and "line" means "\\n": a message may hold U+000B, U+0085 or U+2028.
"""

import re
from dataclasses import dataclass
from functools import cache

from persona_core.texts import text

LONGEST_NAME = 60  # characters; KakaoTalk allows 20 to a name, 50 to an open-chat profile

KOREAN_CLOCK = r"(?:오[전후] )?[0-2]?\d:[0-5]\d"
ENGLISH_CLOCK = r"[0-2]?\d:[0-5]\d(?:[ \u202f\u00a0]?(?:[AaPp][Mm]|[ap]\.m\.))?"
KOREAN_DAY = r"\d{4}년 \d{1,2}월 \d{1,2}일"
ENGLISH_DAY = r"[A-Z][a-z]{2,8} \d{1,2}, \d{4}"
WEEKDAY = "[월화수목금토일]요일"

# After the clock: ", name : " or, for accounts no longer known, ", : " without a name. The first " : " ends the name,
# unless the export tells of a name that has one in it (`names`).
SENDER = rf",(?:(?= : )| )(?P<sender>.{{0,{LONGEST_NAME}}}?) : "


@dataclass(frozen=True, slots=True)
class Format:
    """What `detect` found: the platform, the language ("ko", "en", "" for any) and the clock (12 or 24 hours)."""

    platform: str
    language: str
    clock_hours: int

    def __str__(self) -> str:
        parts = [self.platform]
        if self.language:
            parts.append(text(f"chatlog.language_{self.language}"))
        parts.append(text(f"chatlog.clock_{self.clock_hours}"))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one platform writes records. ``language`` is empty where the separators tell it.

    ``stamp`` puts together again what a header begins with.
    """

    platform: str
    language: str
    header: str
    separator: str
    stamp: str = "{day} {clock}, "
    bare_system_lines: bool = False  # Windows: who came and went stands on lines without a time

    @property
    def day_in_header(self) -> bool:
        return "(?P<day>" in self.header

    def written(self, day: str | None, clock: str, sender: str | None, body: str) -> str:
        """A record as it stands in the file."""
        if "{sender}" in self.stamp:
            return self.stamp.format(sender=sender, clock=clock) + body
        return self.stamp.format(day=day, clock=clock) + ("" if sender is None else f"{sender} : ") + body


@cache
def records(grammar: Grammar, line_break: str) -> re.Pattern[str]:
    """The pattern that parts a text into records; ``line_break`` is a regular expression.

    The literal line break in front lets the engine skip from line to line. A separator takes the blank line before it,
    which belongs to the export, and the rules of dashes some exports draw around it.
    """
    separator = rf"(?P<date>(?:{line_break})?{_ruled(grammar)})(?=\r?\n|\Z)"
    return re.compile(f"{line_break}(?:{grammar.header}|{separator})")


@cache
def begun_separator(grammar: Grammar) -> re.Pattern[str]:
    """The lines at the end of a text that may be part of a separator which goes on after it; the last alone may be, too."""
    return re.compile(rf"(?:\r\n|\n)(?:\r?\n)?(?:-{{3,}}|{_ruled(grammar)})?\Z")


def _ruled(grammar: Grammar) -> str:
    return rf"(?:-{{3,}}\r?\n)?{grammar.separator}(?:\r?\n-{{3,}})?"
