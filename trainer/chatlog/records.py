"""Reads every text format: blocks of text, parted by a grammar, become messages.

    "\\r\\n2025년 12월 31일 오후 11:59, 이서연 : 자기야\\n새해다!!"
 -> Message(2025-12-31 23:59, "이서연", "자기야\\n새해다!!")

Where records end in CRLF, a header after a bare LF is a quotation inside a message. Where the file has lost its CRs (a
git checkout, an editor), every line that begins like a header with a legal time is one.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import repeat
from sys import intern

from persona_core.errors import ExportError
from trainer.chatlog.clock import Calendar, Day
from trainer.chatlog.encoding import Text
from trainer.chatlog.grammar import Grammar, records
from trainer.chatlog.kinds import BOTS, FIXED, classify, is_english_event, is_system
from trainer.chatlog.message import Message
from trainer.chatlog.title import is_head
from trainer.chatlog.unread import UnreadLines

# A message holds 10,000 characters, so it quotes at most this many lines that look like headers.
MOST_QUOTED = 500

# date (only of a separator), day (where the header has it), clock, sender (None: a system line), body
_Row = tuple[str | None, str | None, str, str | None, str]


class Records:
    """The messages of one text, in the file's order.

    Raises (while it is read):
        ExportError: the days run backwards, the last line is cut, or the file has lost its CRs half-way.
    """

    def __init__(self, text: Text, grammar: Grammar, unread: UnreadLines) -> None:
        self._text = text
        self._grammar = grammar
        self._unread = unread
        self._break = "\r\n" if text.crlf else "\n"
        self._calendar = Calendar(text.name)
        self._index, self._line = 0, 0  # a row of the block at hand, and the line it begins on

    def __iter__(self) -> Iterator[Message]:
        """A message of several lines, or of nobody, takes `_lines`; the others, nearly all, are made here."""
        day_text: str | None = None
        day = Day(None)
        for rows in self._rows():
            for index, (date, row_day, clock, sender, body) in enumerate(rows):
                if date is not None:
                    if not self._grammar.day_in_header:
                        day = self._open_day(date, rows, index)
                    if body:
                        yield from self._after_separator(day, rows, index)
                    continue
                if row_day != day_text:
                    day_text, day = row_day, self._open_day(row_day or "", rows, index)
                try:
                    sent_at = day[clock]
                except KeyError:
                    self._unread.add(self._line_of(rows, index))
                    continue
                if sender is None or "\n" in body or sender in BOTS:
                    yield from self._lines(sent_at, rows, index)
                else:
                    kind, said = classify(body)
                    yield Message(sent_at, intern(sender), said, kind)

    # --- rows ---

    def _rows(self) -> Iterator[list[_Row]]:
        """The rows of each block. The last waits for its other lines, which may follow in the next block."""
        pattern = records(self._grammar, self._break)
        columns = [pattern.groupindex.get(name, 0) for name in ("date", "day", "clock", "sender")]
        width = pattern.groups + 1
        held: _Row | None = None
        tails: list[str] = []
        line = lines = 0  # of the held row; of all blocks before this one
        for block in self._text:
            before, *pieces = pattern.split(block)
            if held:
                tails.append(before)
            else:
                self._read_head(before, lines)
            if self._text.unfinished and not pieces:
                self._forbid_cut(before, lines + block.count("\n"))
            if pieces:
                if held:
                    self._index, self._line = 0, line
                    yield [_longer(held, tails)]
                groups = (pieces[group - 1 :: width] if group else repeat(None) for group in columns)
                rows: list[_Row] = list(zip(*groups, pieces[width - 1 :: width], strict=False))
                held, tails = rows.pop(), []
                self._index, self._line = 0, lines + before.count("\n") + 1
                line = lines + block.count("\n") - _height(held) + 1
                yield rows
            lines += block.count("\n")
        if held:
            self._index, self._line = 0, line
            yield [_longer(held, tails)]

    def _line_of(self, rows: list[_Row], index: int) -> int:
        """Counted only when somebody asks, from the row that was asked for last."""
        self._line += sum(map(_height, rows[self._index : index]))
        self._index = index
        return self._line

    def _read_head(self, before: str, lines: int) -> None:
        """Title and date of saving come before the first record; anything else there is unread."""
        for number, line in enumerate(before.split("\n"), start=lines):
            if line.strip() and not is_head(line.strip()):
                self._unread.add(number)

    def _forbid_cut(self, last: str, line: int) -> None:
        if self._text.crlf and not (self._grammar.bare_system_lines and _is_bare(last.strip("\r\n"))):
            raise ExportError("chatlog.cut", path=self._text.name, line=line)

    # --- what a row says ---

    def _open_day(self, text: str, rows: list[_Row], index: int) -> Day:
        return self._calendar.open(text, partial(self._line_of, rows, index))

    def _lines(self, sent_at: datetime, rows: list[_Row], index: int) -> Iterator[Message]:
        """A message of several lines or of nobody, and the bare system lines that follow it."""
        *_, sender, body = rows[index]
        spoken, bare = body.rstrip("\r\n"), list[str]()
        if self._text.crlf and spoken.count("\n") > MOST_QUOTED:
            self._forbid_lost_breaks(spoken, rows, index)
        if self._grammar.bare_system_lines:
            spoken, bare = self._part_bare(spoken)
        spoken = spoken.replace("\r\n", "\n")
        if sender is None or sender in BOTS:
            yield _nobodys(sent_at, spoken)
        else:
            kind, said = classify(spoken)
            yield Message(sent_at, intern(sender), said, kind)
        for line in bare:
            yield _nobodys(sent_at, line)

    def _part_bare(self, body: str) -> tuple[str, list[str]]:
        """What was said, and each bare system line with what is glued to it."""
        first, *others = body.split(self._break)
        spoken, bare = [first], []
        for line in others:
            if _is_bare(line):
                bare.append(line)
            elif bare:
                bare[-1] += "\n" + line
            else:
                spoken.append(line)
        return "\n".join(spoken), bare

    def _after_separator(self, day: Day, rows: list[_Row], index: int) -> Iterator[Message]:
        """Under the line that opens a day stand at most bare system lines; anything else is unread."""
        line = self._line_of(rows, index)
        for number, text in enumerate(rows[index][-1].split("\n"), start=line):
            text = text.rstrip("\r")
            if self._grammar.bare_system_lines and day.midnight and _is_bare(text):
                yield _nobodys(day.midnight, text)
            elif text.strip():
                self._unread.add(number)

    def _forbid_lost_breaks(self, body: str, rows: list[_Row], index: int) -> None:
        if len(records(self._grammar, "\n").findall(body)) > MOST_QUOTED:
            raise ExportError("chatlog.mixed_breaks", path=self._text.name, line=self._line_of(rows, index))


def _height(row: _Row) -> int:
    """How many lines a row takes."""
    return 1 + row[-1].count("\n") + (row[0] or "").count("\n")


def _longer(row: _Row, tails: list[str]) -> _Row:
    *fields, body = row
    return (*fields, "".join([body, *tails]))  # type: ignore[return-value]  # mypy loses count of *fields


def _is_bare(line: str) -> bool:
    return FIXED.get(line) == "deleted" or is_system(line) or is_english_event(line)


def _nobodys(sent_at: datetime, text: str) -> Message:
    return Message(sent_at, "", text, "deleted" if FIXED.get(text) == "deleted" else "system")
