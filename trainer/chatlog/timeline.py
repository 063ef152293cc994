"""The order of an export: its time may stand still or slip a little, and what goes back is a quotation or an error.

    1:00  봐                    1:00  봐
    (the day before) 인용        (the day before) 하나
    1:01  응                    (the day before) 둘 … and so on
    a quotation                 two exports joined in one file: refused

Only what follows tells one from the other, so rows that go back wait until time goes on from where it was.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from persona_core.errors import ExportError

DISORDER = timedelta(
    hours=2
)  # taken as it stands: a clock set back in autumn (1 h), a phone that slept (minutes)
MOST_QUOTED = 5  # headers, one after the other: who quotes an export, quotes a few lines


class Timeline:
    """Hears every row that may be earlier than those before it. ``latest`` is the time that is not to be undercut.

    ``most`` is how many rows may be a quotation.
    """

    def __init__(self, path: str, most: int) -> None:
        self.latest = datetime.min
        self.waiting = 0  # rows that went back, one after the other
        self._path = path
        self._most = most
        self._first = (0, datetime.min)  # line and time of the first of them
        self._last = datetime.min

    def goes_on(self, at: datetime, line: Callable[[], int]) -> bool:
        """Whether a row at ``at`` is one of this chat; if not, it waits.

        Where it is one, those that wait were quoted. ``line`` tells its number, and is asked only when it is needed.

        Raises:
            ExportError: more went back than anybody quotes, or time crept on from there to where it had been.
        """
        if self.latest - at > (timedelta(0) if self.waiting else DISORDER):
            if not self.waiting:
                self._first = line(), at
            self.waiting, self._last = self.waiting + 1, at
            if self.waiting > self._most:
                self.close()
            return False
        if self.waiting and self.latest - self._last <= DISORDER:
            self.close()
        self.waiting = 0
        self.latest = max(self.latest, at)
        return True

    def close(self) -> None:
        """The export ends here, or might as well.

        Raises:
            ExportError: it has not come back to its own time.
        """
        if self.waiting:
            line, after = self._first
            shape = "%Y-%m-%d" if after.date() != self.latest.date() else "%Y-%m-%d %H:%M"
            raise ExportError(
                "chatlog.backwards",
                path=self._path,
                line=line,
                before=f"{self.latest:{shape}}",
                after=f"{after:{shape}}",
            )
