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
from trainer.chatlog.clock import Calendar, Day
from trainer.chatlog.encoding import Text
from trainer.chatlog.kinds import BOTS, classify, is_english_event, is_system
from trainer.chatlog.message import Kind, Message
from trainer.chatlog.unread import UnreadLines

HEAD = ["Date", "User", "Message"]
ROW = r"\"?\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?\"?,"
_LONGEST_FIELD = 2**31 - 1  # characters; csv's own limit of 131,072 would refuse a long message


class Rows:
    """The messages of one csv, in the file's order.

    Raises (while it is read):
        ExportError: a quote is never closed or stands in the wrong place, the last row is cut, or the days run
            backwards.
    """

    def __init__(self, text: Text, unread: UnreadLines) -> None:
        self._text = text
        self._unread = unread
        self._calendar = Calendar(text.name)

    def __iter__(self) -> Iterator[Message]:
        day_text, day = "", Day(None)
        sent_at: datetime | None = None
        for line, row in self._rows():
            if not row or row == HEAD:
                continue
            if len(row) != len(HEAD):
                self._unread.add(line)
                continue
            date, sender, body = row
            row_day, _, clock = date.partition(" ")
            if date and row_day != day_text:
                day_text, day = row_day, self._open_day(row_day, line)
            try:
                sent_at = day[clock] if date else sent_at
            except KeyError:
                self._unread.add(line)
                continue
            if sent_at is None:  # deleted, with nothing before it to take the time from
                self._unread.add(line)
                continue
            sender, kind, said = _read(sender if date else "", body)
            yield Message(sent_at, sender, said, kind)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its first line."""
        csv.field_size_limit(_LONGEST_FIELD)
        reader = csv.reader(self._lines(), strict=True)
        line, row = 1, []
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise ExportError("chatlog.broken_quotes", path=self._text.name, line=line) from error
        if self._text.unfinished and len(row) < len(HEAD):
            raise ExportError("chatlog.cut", path=self._text.name, line=line - 1)

    def _lines(self) -> Iterator[str]:
        for block in self._text:
            yield from StringIO(block[1:] + "\n", newline="\n")  # split at "\n" alone

    def _open_day(self, text: str, line: int) -> Day:
        return self._calendar.open(text, lambda: line)


def _read(sender: str, body: str) -> tuple[str, Kind, str]:
    """Sender, kind and text of a row; system lines and hidden messages are nobody's."""
    if is_system(body) or sender in BOTS or (is_english_event(body) and body.startswith(sender)):
        return "", "system", body
    if not sender:
        return "", "deleted", body
    kind, said = classify(body)
    return intern(sender), kind, said
