"""The days and clocks of an export as times, with integers and no strptime, which alone would take 7 s for 93 MB.

    2025년 12월 31일 + 오후 11:59       Jul 9, 2015 + 8:34 PM       2022. 6. 19. + 23:59

A day has few clocks: `Clocks` reads each once.
"""

import re
from datetime import datetime, timedelta

SECONDS_A_DAY = 86_400  # and so many clocks are remembered; a phone's export has 1,440

_NUMBER = re.compile(r"\d{1,4}")
_MONTH = re.compile("Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
_MONTHS = {name: month for month, name in enumerate(_MONTH.pattern.split("|"), start=1)}
_MARKER = re.compile("(오전|[Aa][Mm]|a\\.m\\.)|(오후|[Pp][Mm]|p\\.m\\.)")


def read_day(text: str) -> datetime | None:
    """Midnight of the day that ``text`` names, whatever stands around it; None when there is no such day."""
    numbers = [int(number) for number in _NUMBER.findall(text)[:3]]
    if name := _MONTH.search(text):
        day, year, month = *(*numbers, 0, 0)[:2], _MONTHS[name[0]]
    else:
        year, month, day = (*numbers, 0, 0, 0)[:3]
    try:
        return datetime(year, month, day)
    except ValueError:
        return None


def read_clock(text: str) -> timedelta | None:
    """How long after midnight ``text`` is: 오후 1:05, 13:05, 1:05 PM, PM 1:05 or 1:05 p.m.; None for 25:00 or 13."""
    numbers = [int(number) for number in _NUMBER.findall(text)]
    if len(numbers) < 2:
        return None
    hour, minute, second = (*numbers, 0)[:3]
    if hour > 23 or minute > 59 or second > 59:
        return None
    if marker := _MARKER.search(text):
        hour = hour % 12 + (12 if marker[2] else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def has_marker(clock: str) -> bool:
    """Whether ``clock`` is of the 12-hour kind."""
    return _MARKER.search(clock) is not None


class Clocks:
    """The clocks of one export, each text read once."""

    def __init__(self) -> None:
        self.known: dict[str | None, timedelta] = {}

    def read(self, text: str) -> timedelta | None:
        """How long after midnight ``text`` is, remembered in ``known``."""
        clock = self.known.get(text)
        if clock is None and (clock := read_clock(text)) is not None and len(self.known) < SECONDS_A_DAY:
            self.known[text] = clock
        return clock
