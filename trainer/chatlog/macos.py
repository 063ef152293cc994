"""macOS: a csv with the seconds, and nothing but its fields says who and when; quoted fields may hold line breaks.

    Date,User,Message
    2025-12-29 20:36:00,"이서연","ㅎㅇ ""인용"" 포함"
    ,"","메시지가 삭제되었습니다."

System lines carry the name of whom they are about. A row without date or user is a message deleted or hidden.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import StringIO
from sys import intern

from persona_core.errors import ExportError
from trainer.chatlog.clock import Clocks, read_day
from trainer.chatlog.encoding import Text
from trainer.chatlog.events import BOTS, is_row_of_nobody
from trainer.chatlog.kinds import BEGINNINGS, LONGEST, NOT_ASCII, classify
from trainer.chatlog.lines import Lines
from trainer.chatlog.message import Message
from trainer.chatlog.timeline import Timeline

HEAD = ["Date", "User", "Message"]
ROW = r"\"?\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?\"?,"
BATCH = 256  # messages in a list: few enough to stay in the processor's cache
MOST_NAMES = 10_000  # remembered; more than any room has members
_LONGEST_FIELD = 2**31 - 1  # characters; csv's own limit of 131,072 would refuse a long message


class Table:
    """The messages of one csv in the file's order, in lists.

    Raises (while it is read):
        ExportError: a quote is never closed or stands in the wrong place, the last row is cut, or the days run
            backwards.
    """

    def __init__(self, text: Text, unread: Lines, oversized: Lines) -> None:
        self._text = text
        self._unread = unread
        self._oversized = oversized
        self._clocks = Clocks()
        self._timeline = Timeline(text.name, most=0)  # a field is never taken for a row
        self._day = ""
        self._midnight: datetime | None = None  # None: no such day
        self._sent_at: datetime | None = None  # of the row before, if that had a time
        self._names: dict[str, str] = {}  # senders, one string for each

    def __iter__(self) -> Iterator[list[Message]]:
        """A row of a known sender at a known clock on the same day is made here; the others are `_unusual`."""
        messages: list[Message] = []
        names, clocks, timeline = self._names, self._clocks.known, self._timeline
        for line, (date, sender, body) in self._rows():
            day, _, clock = date.partition(" ")
            name = names.get(sender)
            after_midnight = clocks.get(clock)
            if name is None or after_midnight is None or day != self._day or self._midnight is None:
                messages += self._unusual(line, date, sender, body)
                continue
            self._sent_at = sent_at = self._midnight + after_midnight
            if sent_at < timeline.latest:
                timeline.goes_on(sent_at, partial(int, line))
            else:
                timeline.latest = sent_at
            if (
                body < NOT_ASCII
                or "." in body
                or body[:2] in BEGINNINGS
                or "\n" in body
                or len(body) > LONGEST
            ):
                messages.append(self._read(line, sent_at, name, body))
            else:
                messages.append(Message(sent_at, name, body))
            if len(messages) >= BATCH:
                yield messages
                messages = []
        yield messages

    def _unusual(self, line: int, date: str, sender: str, body: str) -> Iterator[Message]:
        """The first row of a day, of a clock or of a sender, and one without its date: that has the time before it."""
        if date:
            day, _, clock = date.partition(" ")
            if day != self._day:
                self._day, self._midnight = day, read_day(day)
            after_midnight = self._clocks.read(clock)
            if self._midnight is None or after_midnight is None:
                self._sent_at = None
            else:
                self._sent_at = self._midnight + after_midnight
                self._timeline.goes_on(self._sent_at, lambda: line)
        if self._sent_at is None:
            self._unread.add(line)
            return
        if sender and sender not in BOTS and len(self._names) < MOST_NAMES:
            self._names[sender] = intern(sender)
        yield self._read(line, self._sent_at, sender if date else "", body)

    def _read(self, line: int, sent_at: datetime, sender: str, body: str) -> Message:
        """System lines and hidden messages are nobody's."""
        if is_row_of_nobody(sender, body):
            return Message(sent_at, "", body, "system")
        if not sender:
            return Message(sent_at, "", body, "deleted")
        kind, said = classify(body)
        if kind == "oversized":
            self._oversized.add(line)
        return Message(sent_at, intern(sender), said, kind)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row of three fields with the number of its first line; other rows are unread."""
        csv.field_size_limit(_LONGEST_FIELD)
        reader = csv.reader(self._lines(), strict=True)
        line, row = 1, list[str]()
        try:
            for row in reader:
                if len(row) == len(HEAD):
                    if row != HEAD:
                        yield line, row
                elif row:
                    self._unread.add(line)
                line = reader.line_num + 1
        except csv.Error as error:
            self._text.forbid_junk(line)
            raise ExportError("chatlog.broken_quotes", path=self._text.name, line=line) from error
        if self._text.unfinished and len(row) < len(HEAD):
            self._text.forbid_junk(line - 1)
            raise ExportError("chatlog.cut", path=self._text.name, line=line - 1)

    def _lines(self) -> Iterator[str]:
        for block in self._text:
            yield from StringIO(block[1:] + "\n", newline="\n")  # split at "\n" alone
