"""Reads every text format: blocks of text, parted into rows by a grammar, become messages.

    "\\r\\n2025년 12월 31일 오후 11:59, 이서연 : 자기야\\n새해다!!"
 -> Message(2025-12-31 23:59, "이서연", "자기야\\n새해다!!")

Where records end in CRLF, a header after a bare LF is a quotation inside a message. Where the file has lost its CRs (a
git checkout, an editor), every line that begins like a header with a legal time is one, unless it goes back in time and
the file does not (`timeline`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from sys import intern

from persona_core.errors import ExportError
from trainer.chatlog.clock import Clocks, read_day
from trainer.chatlog.encoding import Text
from trainer.chatlog.events import BOTS, is_bare_system, nobodys
from trainer.chatlog.grammar import Grammar, begun_separator, records
from trainer.chatlog.kinds import BEGINNINGS, LONGEST, NOT_ASCII, classify
from trainer.chatlog.lines import Lines
from trainer.chatlog.message import Kind, Message
from trainer.chatlog.names import Names
from trainer.chatlog.timeline import MOST_QUOTED, Timeline
from trainer.chatlog.title import is_head

MOST_INSIDE = 500  # lines that look like headers; a message holds 10,000 characters, so it quotes no more
MOST_NAMES = 10_000  # remembered; more than any room has members

_NO_DAY = ""  # the state in which no header can be dated


@dataclass(slots=True)
class _Rows:
    """Rows by column, each with a body: what follows until the next row.

    A separator has a date; a header has a clock, a sender unless it opens a system line, and a day where the grammar
    puts it there.
    """

    line: int  # on which row `counted` begins, from 1
    dates: Sequence[str | None]
    days: Sequence[str | None]
    clocks: Sequence[str | None]
    senders: Sequence[str | None]
    bodies: Sequence[str]
    counted: int = 0

    def line_of(self, index: int) -> int:
        """The line on which a row begins; counted only when asked for, on from the row asked for last."""
        for row in range(self.counted, index):
            self.line += 1 + self.bodies[row].count("\n") + (self.dates[row] or "").count("\n")
        self.counted = max(self.counted, index)
        return self.line


class Records:
    """The messages of one text in the file's order, in a list for each block.

    Raises (while it is read):
        ExportError: the time runs backwards, the last line is cut, or the file has lost its CRs half-way.
    """

    def __init__(
        self,
        text: Text,
        grammar: Grammar,
        room_title: str,
        *,
        unread: Lines,
        oversized: Lines,
        quoted: Lines,
    ) -> None:
        self._text = text
        self._grammar = grammar
        self._unread = unread
        self._oversized = oversized
        self._quoted = quoted
        self._break = "\r\n" if text.crlf else "\n"
        self._clocks = Clocks()
        self._timeline = Timeline(text.name, MOST_QUOTED)
        self._held: list[Message] = []  # the newest message: what goes back may belong to it
        self._waiting: list[str] = []  # the rows that wait in the timeline
        self._day: str | None = _NO_DAY  # as the header says it; None where only separators do
        self._midnight = datetime.min
        self._turned_at = 0  # the line of the last separator, if that does not go on from the one before
        self._turned = ""  # what it says, until a row under it waits
        self._names: dict[str | None, str] = {}  # senders, one string for each
        self._told = Names(room_title)

    def __iter__(self) -> Iterator[list[Message]]:
        yield from map(self._messages, self._rows())
        self._timeline.close()
        yield self._held

    # --- rows ---

    def _blocks(self) -> Iterator[str]:
        """The blocks of the text; one that ends where a separator may have begun leaves those lines to the next."""
        begun = begun_separator(self._grammar)
        left = ""
        for read in self._text:
            block = left + read
            found = begun.match(block, block.rfind("\n")) and begun.search(block)
            end = found.start() if found else len(block)
            left = block[end:]
            yield block[:end]
        yield left

    def _rows(self) -> Iterator[_Rows]:
        """The rows of each block. The last waits for its other lines, which may follow in the next block."""
        pattern = records(self._grammar, self._break)
        width = pattern.groups + 1
        held: list[str] = []
        tails: list[str] = []  # further lines of the held row
        begin = lines = 0  # the held row's line; how many lines all blocks before this one have
        for block in self._blocks():
            before, *pieces = pattern.split(block if held else self._first_in_line(block))
            if held:
                tails.append(before)
            else:
                self._read_head(before, lines)
                begin = lines + before.count("\n") + 1
            lines += block.count("\n")
            if pieces:
                pieces = _grown(held, tails) + pieces
                held, tails = pieces[-width:], []
                del pieces[-width:]
                yield self._columns(pieces, begin)
                begin = lines - sum(piece.count("\n") for piece in held if piece)
        if (last := self._text.unfinished) and not pattern.match(self._break + last):
            self._forbid_cut(last, lines)
        yield self._columns(_grown(held, tails), begin)

    def _first_in_line(self, block: str) -> str:
        """The head ends in LF even where records end in CRLF: what follows it gets the line break of a record."""
        first = records(self._grammar, "\n").search(block)
        if first is None or not self._text.crlf:
            return block
        record = block[first.start() :].lstrip("\r\n")
        return block[: -len(record)].removesuffix("\n").removesuffix("\r") + "\r\n" + record

    def _columns(self, pieces: list[str], line: int) -> _Rows:
        pattern = records(self._grammar, self._break)
        width, group = pattern.groups + 1, pattern.groupindex
        bodies = pieces[width - 1 :: width]
        dates, clocks, senders = (pieces[group[name] - 1 :: width] for name in ("date", "clock", "sender"))
        days = pieces[group["day"] - 1 :: width] if self._grammar.day_in_header else [None] * len(bodies)
        return _Rows(line, dates, days, clocks, senders, bodies)

    def _read_head(self, before: str, lines: int) -> None:
        """Title and date of saving come before the first record; anything else there is unread."""
        for number, line in enumerate(before.split("\n"), start=lines):
            if line.strip() and not is_head(line.strip()):
                self._unread.add(number)

    def _forbid_cut(self, last: str, line: int) -> None:
        if self._text.crlf and not (self._grammar.bare_system_lines and is_bare_system(last)):
            self._text.forbid_junk(line)
            raise ExportError("chatlog.cut", path=self._text.name, line=line)

    # --- messages ---

    def _messages(self, rows: _Rows) -> list[Message]:
        """One line of a known sender at a known clock on the same day: nearly every row. The others are `_unusual`."""
        messages = self._held
        names, clocks = self._names, self._clocks.known
        today, midnight, latest = self._day, self._midnight, self._latest()
        columns = zip(rows.days, rows.clocks, rows.senders, rows.bodies, strict=True)
        for index, (day, clock, sender, body) in enumerate(columns):
            name = names.get(sender)
            after_midnight = clocks.get(clock)
            if (
                name is None
                or after_midnight is None
                or day != today
                or "\n" in body
                or len(body) > LONGEST
                or (sent_at := midnight + after_midnight) < latest
            ):
                self._reached(latest)
                messages.extend(list(self._unusual(rows, index, messages)))
                today, midnight, latest = self._day, self._midnight, self._latest()
                continue
            latest = sent_at
            kind: Kind
            if body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == ".":
                kind, said = classify(body)
            else:
                kind, said = "text", body
            messages.append(Message(sent_at, name, said, kind))
        self._reached(latest)
        self._held = messages[-1:]
        del messages[-1:]
        return messages

    def _reached(self, latest: datetime) -> None:
        if not self._timeline.waiting:
            self._timeline.latest = latest

    def _latest(self) -> datetime:
        """What no usual row is earlier than; every row is unusual while others wait."""
        return datetime.max if self._timeline.waiting else self._timeline.latest

    def _unusual(self, rows: _Rows, index: int, before: list[Message]) -> Iterator[Message]:
        """A separator, the first row of a day, of a clock or of a sender, a system line, a message of several lines."""
        clock, day = rows.clocks[index], rows.days[index]
        if clock is None:
            yield from self._separator(rows, index, before)
            return
        if self._grammar.day_in_header and day != self._day:
            self._open_day(day or "", key=day)
        after_midnight = self._clocks.read(clock)
        if self._day == _NO_DAY or after_midnight is None:
            self._unread.add(rows.line_of(index))
            return
        sent_at, sender, body = self._midnight + after_midnight, rows.senders[index], rows.bodies[index]
        if not self._goes_on(sent_at, rows, index, before):
            return
        bare: list[str] = []
        if "\n" in body:
            body, bare = self._lines(rows, index)
        if sender is not None:
            sender, body = self._told.cut(sender, body)
        if sender is None or sender in BOTS:
            self._told.hear(body)
            yield nobodys(sent_at, body)
        else:
            if len(self._names) < MOST_NAMES and not self._told.is_open(sender):
                self._names[sender] = intern(sender)
            kind, said = classify(body)
            if kind == "oversized":
                self._oversized.add(rows.line_of(index))
            yield Message(sent_at, intern(sender), said, kind)
        for line in bare:
            yield nobodys(sent_at, line)

    def _goes_on(self, sent_at: datetime, rows: _Rows, index: int, before: list[Message]) -> bool:
        """Whether a row is a message; one that goes back waits, and is part of the message above when time goes on."""
        if not (self._grammar.day_in_header or self._turned_at or self._timeline.waiting):
            self._timeline.latest = sent_at  # the clock alone says nothing: some files lack a day's separator
            return True
        if not self._timeline.goes_on(sent_at, lambda: self._turned_at or rows.line_of(index)):
            if self._turned:
                self._waiting.append(self._turned)
                self._turned = ""
            day, clock, body = rows.days[index], rows.clocks[index] or "", rows.bodies[index].rstrip("\r\n")
            self._waiting.append(self._grammar.written(day, clock, rows.senders[index], body))
            self._quoted.add(rows.line_of(index))
            return False
        if self._waiting:
            kind, said = classify("\n".join([before[-1].text, *self._waiting]).replace("\r\n", "\n"))
            before[-1] = before[-1]._replace(text=said, kind=kind if before[-1].sender else before[-1].kind)
            self._waiting = []
        return True

    def _open_day(self, text: str, *, key: str | None) -> None:
        midnight = read_day(text)
        self._day = key if midnight else _NO_DAY
        self._midnight = midnight or datetime.min

    def _separator(self, rows: _Rows, index: int, before: list[Message]) -> Iterator[Message]:
        """A separator opens a day. Under it stand at most bare system lines; anything else is unread."""
        date = rows.dates[index] or ""
        if not self._grammar.day_in_header:
            self._open_day(date, key=None)
            turned = self._midnight < self._timeline.latest
            self._turned_at, self._turned = (rows.line_of(index), date.strip()) if turned else (0, "")
            if self._timeline.waiting and not turned:
                self._goes_on(self._midnight, rows, index, before)  # what waits was quoted above this line
        for number, line in enumerate(rows.bodies[index].split("\n"), start=date.count("\n")):
            if self._grammar.bare_system_lines and self._day != _NO_DAY and is_bare_system(line.rstrip("\r")):
                yield nobodys(self._midnight, line.rstrip("\r"))
            elif line.strip():
                self._unread.add(rows.line_of(index) + number)

    def _lines(self, rows: _Rows, index: int) -> tuple[str, list[str]]:
        """What was said in several lines, and the bare system lines after it, each with what is glued to it."""
        body = rows.bodies[index].rstrip("\r\n")
        if self._text.crlf and body.count("\n") > MOST_INSIDE:
            self._forbid_lost_breaks(body, rows, index)
        if not self._grammar.bare_system_lines:
            return body.replace("\r\n", "\n"), []
        first, *others = body.split(self._break)
        spoken, bare = [first], list[str]()
        for line in others:
            if is_bare_system(line):
                bare.append(line)
            elif bare:
                bare[-1] += "\n" + line
            else:
                spoken.append(line)
        return "\n".join(spoken), bare

    def _forbid_lost_breaks(self, body: str, rows: _Rows, index: int) -> None:
        if len(records(self._grammar, "\n").findall(body)) > MOST_INSIDE:
            raise ExportError("chatlog.mixed_breaks", path=self._text.name, line=rows.line_of(index))


def _grown(row: list[str], tails: list[str]) -> list[str]:
    """A row with its further lines."""
    return [*row[:-1], "".join([row[-1], *tails])] if row else []
