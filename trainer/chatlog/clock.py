"""The days and times of an export as datetimes, with integers and no strptime: each day is read once.

    2025년 12월 31일 + 오후 11:59       Jul 9, 2015 + 8:34 PM       2022. 6. 19. + 23:59

A minute has many messages and a day has few minutes, so `Day` remembers what it has read; the next day starts anew,
which keeps memory even.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from persona_core.errors import ExportError

# A clock set back in autumn, a phone that slept: such disorder stays as the file has it. More means that two exports
# were joined in one file, whose sessions would run into each other.
JUMP_BACK = timedelta(days=1)

_NUMBER = re.compile(r"\d{1,4}")
_MONTH = re.compile("Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec")
_MONTHS = {name: month for month, name in enumerate(_MONTH.pattern.split("|"), start=1)}
_MARKER = re.compile("(오전|[Aa][Mm]|a\\.m\\.)|(오후|[Pp][Mm]|p\\.m\\.)")


def read_day(text: str) -> datetime | None:
    """Midnight of the day that ``text`` names, whatever stands around it; None when there is no such day."""
    numbers = [int(number) for number in _NUMBER.findall(text)[:3]]
    if name := _MONTH.search(text):
        day, year, month = (*numbers, 0, 0)[:2] + (_MONTHS[name[0]],)
    else:
        year, month, day = (*numbers, 0, 0, 0)[:3]
    try:
        return datetime(year, month, day)
    except ValueError:
        return None


def read_clock(text: str) -> timedelta | None:
    """How long after midnight ``text`` is: 오후 1:05, 13:05, 1:05 PM, PM 1:05 or 1:05 p.m.; None for 25:00."""
    hour, minute, second = (*map(int, _NUMBER.findall(text)), 0)[:3]
    if hour > 23 or minute > 59 or second > 59:
        return None
    if marker := _MARKER.search(text):
        hour = hour % 12 + (12 if marker[2] else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def has_marker(clock: str) -> bool:
    """Whether ``clock`` is of the 12-hour kind."""
    return _MARKER.search(clock) is not None


class Day(dict[str, datetime]):
    """The times of one day by the text of their clock, each read when first asked for.

    Raises:
        KeyError: the day or the clock is none that exists.
    """

    def __init__(self, midnight: datetime | None) -> None:
        super().__init__()
        self.midnight = midnight

    def __missing__(self, clock: str) -> datetime:
        after_midnight = read_clock(clock)
        if self.midnight is None or after_midnight is None:
            raise KeyError(clock)
        sent_at = self[clock] = self.midnight + after_midnight
        return sent_at


class Calendar:
    """Opens the days of one export, which may not run backwards."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._latest = datetime.min

    def open(self, text: str, line: Callable[[], int]) -> Day:
        """The day that ``text`` names; ``line`` is asked for its line number when it cannot follow the days before.

        Raises:
            ExportError: it is more than `JUMP_BACK` before the latest.
        """
        midnight = read_day(text)
        if midnight is None:
            return Day(None)
        if midnight < self._latest - JUMP_BACK:
            before, after = (f"{day:%Y-%m-%d}" for day in (self._latest, midnight))
            raise ExportError("chatlog.backwards", path=self._path, line=line(), before=before, after=after)
        self._latest = max(self._latest, midnight)
        return Day(midnight)
