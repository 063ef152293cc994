"""macOS: a csv with the seconds, and nothing but its fields says who and when; quoted fields may hold line breaks.

    Date,User,Message
    2025-12-29 20:36:00,"이서연","ㅎㅇ ""인용"" 포함"
    ,"","메시지가 삭제되었습니다."

System lines carry the name of whom they are about. A row without date or user is a message deleted or hidden.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from sys import intern

from persona_core.errors import ExportError
from trainer.chatlog.clock import Calendar
from trainer.chatlog.encoding import Text
from trainer.chatlog.kinds import BEGINNINGS, BOTS, NOT_ASCII, classify, is_english_event, is_system
from trainer.chatlog.message import Kind, Message
from trainer.chatlog.unread import UnreadLines

HEAD = ["Date", "User", "Message"]
ROW = r"\"?\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?\"?,"
BATCH = 256  # messages in a list: few enough to stay in the processor's cache
_LONGEST_FIELD = 2**31 - 1  # characters; csv's own limit of 131,072 would refuse a long message


class Table:
    """The messages of one csv in the file's order, in lists.

    Raises (while it is read):
        ExportError: a quote is never closed or stands in the wrong place, the last row is cut, or the days run
            backwards.
    """

    def __init__(self, text: Text, unread: UnreadLines) -> None:
        self._text = text
        self._unread = unread
        self._calendar = Calendar(text.name)

    def __iter__(self) -> Iterator[list[Message]]:
        messages: list[Message] = []
        midnight: datetime | None = None
        sent_at: datetime | None = None
        day = ""
        for line, (date, sender, body) in self._rows():
            if date:
                row_day, _, clock = date.partition(" ")
                if row_day != day:
                    day, midnight = row_day, self._open_day(row_day, line)
                after_midnight = self._calendar.clock(clock)
                sent_at = None if midnight is None or after_midnight is None else midnight + after_midnight
            if sent_at is None:  # no such time; or deleted, with no row before it to take the time from
                self._unread.add(line)
                continue
            messages.append(Message(sent_at, *_read(sender if date else "", body)))
            if len(messages) == BATCH:
                yield messages
                messages = []
        yield messages
        self._calendar.close()

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
            raise ExportError("chatlog.broken_quotes", path=self._text.name, line=line) from error
        if self._text.unfinished and len(row) < len(HEAD):
            raise ExportError("chatlog.cut", path=self._text.name, line=line - 1)

    def _lines(self) -> Iterator[str]:
        for block in self._text:
            yield from StringIO(block[1:] + "\n", newline="\n")  # split at "\n" alone

    def _open_day(self, text: str, line: int) -> datetime | None:
        return self._calendar.day(text, lambda: line)


def _read(sender: str, body: str) -> tuple[str, str, Kind]:
    """Sender, text and kind of a row; system lines and hidden messages are nobody's."""
    if is_system(body) or sender in BOTS or (is_english_event(body) and body.startswith(sender)):
        return "", body, "system"
    if not sender:
        return "", body, "deleted"
    kind: Kind = "text"
    if body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == "." or "\n" in body:
        kind, body = classify(body)
    return intern(sender), body, kind
