"""The days and clocks of an export as times, with integers and no strptime, which alone would take 7 s for 93 MB.

    2025년 12월 31일 + 오후 11:59       Jul 9, 2015 + 8:34 PM       2022. 6. 19. + 23:59

A day stands in hundreds of lines that follow each other, and a day has few clocks: `Calendar` reads each once.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from persona_core.errors import ExportError

# Within a day any order is taken as it stands (a clock set back in autumn, a phone that slept). What lies on an earlier
# day than the lines before it is quoted from another export, and the file soon comes back to its own time; where it
# does not, two exports were joined in one file, and their sessions would run into each other.
MOST_STRAY = 100  # headers, one after the other

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


class Calendar:
    """The days and clocks of one export, each text read once; its days may not run backwards."""

    def __init__(self, path: str) -> None:
        self.clocks: dict[str | None, timedelta] = {}
        self._path = path
        self._latest = datetime.min
        self._stray = 0
        self._first_stray = (0, datetime.min)  # line and day

    def day(self, text: str, line: Callable[[], int]) -> datetime | None:
        """Midnight of the day that ``text`` names; None where it is no day, or one before the latest.

        ``line`` tells the number of the line, and is asked only when that is needed.

        Raises:
            ExportError: too many days before the latest follow each other.
        """
        midnight = read_day(text)
        if midnight is None:
            return None
        if midnight < self._latest:
            if not self._stray:
                self._first_stray = line(), midnight
            self._stray += 1
            if self._stray > MOST_STRAY:
                self.close()
            return None
        self._latest, self._stray = midnight, 0
        return midnight

    def clock(self, text: str) -> timedelta | None:
        """How long after midnight ``text`` is, remembered in ``clocks``."""
        known = self.clocks.get(text)
        if known is None and (known := read_clock(text)) is not None and len(self.clocks) < SECONDS_A_DAY:
            self.clocks[text] = known
        return known

    def close(self) -> None:
        """The export ends here.

        Raises:
            ExportError: it has not come back to its own time.
        """
        if self._stray:
            line, day = self._first_stray
            before, after = f"{self._latest:%Y-%m-%d}", f"{day:%Y-%m-%d}"
            raise ExportError("chatlog.backwards", path=self._path, line=line, before=before, after=after)
