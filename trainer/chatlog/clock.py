"""The days and clocks of an export as times, with integers and no strptime, which alone would take 7 s for 93 MB.

    2025년 12월 31일 + 오후 11:59       Jul 9, 2015 + 8:34 PM       2022. 6. 19. + 23:59

A day stands in hundreds of lines that follow each other, and a day has few clocks: `Calendar` reads each once.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from persona_core.errors import ExportError

# A clock set back in autumn, a phone that slept: such disorder stays as the file has it. More means that two exports
# were joined in one file, whose sessions would run into each other.
JUMP_BACK = timedelta(days=1)

SECONDS_A_DAY = 86_400  # and so many clocks are remembered; a phone's export has 1,440

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


class Calendar:
    """The days and clocks of one export, each text read once; its days may not run backwards."""

    def __init__(self, path: str) -> None:
        self.clocks: dict[str | None, timedelta] = {}
        self._path = path
        self._latest = datetime.min

    def day(self, text: str, line: Callable[[], int]) -> datetime | None:
        """Midnight of the day that ``text`` names; ``line`` tells its line number when it must be refused.

        Raises:
            ExportError: the day is more than `JUMP_BACK` before the latest one.
        """
        midnight = read_day(text)
        if midnight is None:
            return None
        if self._latest - midnight > JUMP_BACK:
            before, after = (f"{day:%Y-%m-%d}" for day in (self._latest, midnight))
            raise ExportError("chatlog.backwards", path=self._path, line=line(), before=before, after=after)
        self._latest = max(self._latest, midnight)
        return midnight

    def clock(self, text: str) -> timedelta | None:
        """How long after midnight ``text`` is, remembered in ``clocks``."""
        known = self.clocks.get(text)
        if known is None and (known := read_clock(text)) is not None and len(self.clocks) < SECONDS_A_DAY:
            self.clocks[text] = known
        return known
