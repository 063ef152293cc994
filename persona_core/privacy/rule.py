"""One pattern and its judge, and families of them behind a cheap gate.

Rule(r"(?<![0-9])…", "PHONE")                          the match is one
Rule(r"비번\\D{0,8}(?P<value>\\d{4,8})", judge)          the group is, if the judge says so
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from persona_core.privacy.span import FILL, FILLED, KEPT, Kind, Span

Judge = Callable[[re.Match[str]], Kind | None]


def words(text: str) -> str:
    """A group of alternatives, from words (patterns without blanks) separated by blanks."""
    return "(?:" + "|".join(text.split()) + ")"


class Rule:
    """A pattern; the group ``value``, or else the whole match, is what gets masked.

    ``keep``: what the judge refuses is covered from all later rules instead of left to them.
    """

    def __init__(
        self, pattern: str, judge: Judge | Kind, *, keep: bool = False, flags: re.RegexFlag = re.NOFLAG
    ) -> None:
        self._source = pattern
        self._flags = flags
        self.judge = judge
        self.keep = keep
        self._group: str | int = "value" if "(?P<value>" in pattern else 0

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when the first line comes: all of them together take a fifth of a second."""
        return re.compile(self._source, self._flags)

    def find(self, plain: str, found: list[Span]) -> str:
        """Add what this rule finds to ``found``; the line with it blanked."""
        for match in self.pattern.finditer(plain):
            kind = self.judge(match) if callable(self.judge) else self.judge
            start, end = match.span(self._group)
            if kind is not None:
                found.append(Span(start, end, kind))
                plain = plain[:start] + FILL[kind] * (end - start) + plain[end:]
            elif self.keep:
                plain = plain[:start] + KEPT * (end - start) + plain[end:]
        return plain


_BLANKED = re.compile(f"[{FILLED}]")


def before(match: re.Match[str], reach: int) -> str:
    """Up to ``reach`` characters before the match, no further back than the last blanked stretch."""
    start = match.start("value") if "value" in match.re.groupindex else match.start()
    return _BLANKED.split(match.string[max(0, start - reach) : start])[-1]


def after(match: re.Match[str], reach: int) -> str:
    """Up to ``reach`` characters after the match, no further than the next blanked stretch."""
    end = match.end("value") if "value" in match.re.groupindex else match.end()
    return _BLANKED.split(match.string[end : end + reach])[0]


@dataclass(frozen=True, slots=True)
class Family:
    """Rules in order of precedence, tried only on lines in which the gate finds something."""

    gate: re.Pattern[str]
    rules: tuple[Rule, ...]

    def find(self, plain: str, found: list[Span]) -> str:
        """Add what the rules find to ``found``; the line with it blanked."""
        if self.gate.search(plain):
            for rule in self.rules:
                plain = rule.find(plain, found)
        return plain
