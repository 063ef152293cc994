"""Reads every text format: blocks of text, parted by a grammar, become messages.

    "\\r\\n2025년 12월 31일 오후 11:59, 이서연 : 자기야\\n새해다!!"
 -> Message(2025-12-31 23:59, "이서연", "자기야\\n새해다!!")

Where records end in CRLF, a header after a bare LF is a quotation inside a message. Where the file has lost its CRs (a
git checkout, an editor), every line that begins like a header with a legal time is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import repeat
from sys import intern

from persona_core.errors import ExportError
from trainer.chatlog.clock import Calendar
from trainer.chatlog.encoding import Text
from trainer.chatlog.grammar import Grammar, records
from trainer.chatlog.kinds import (
    BEGINNINGS,
    BOTS,
    FIXED,
    NOT_ASCII,
    classify,
    is_english_event,
    is_system,
)
from trainer.chatlog.message import Kind, Message
from trainer.chatlog.title import is_head
from trainer.chatlog.unread import UnreadLines

MOST_QUOTED = 500  # lines that look like headers; a message holds 10,000 characters, so it quotes no more
MOST_NAMES = 10_000  # remembered; more than any room has members

_NO_DAY = ""  # no header says this


@dataclass(slots=True)
class _Rows:
    """The rows of a block, by column. A separator has a date; a header has a clock, a body and, unless it is a system
    line, a sender; and a day where the grammar puts it into the header."""

    line: int  # of row `counted`, from 1
    dates: list[str | None]
    days: Sequence[str | None]
    clocks: list[str | None]
    senders: list[str | None]
    bodies: list[str]
    counted: int = 0

    def line_of(self, index: int) -> int:
        """Counted only when somebody asks, on from the row asked for last: in all, every row once."""
        self.line += sum(self.height(row) for row in range(self.counted, index))
        self.counted = index
        return self.line

    def height(self, index: int) -> int:
        """How many lines a row takes."""
        return 1 + self.bodies[index].count("\n") + (self.dates[index] or "").count("\n")

    def pop(self, line: int) -> "_Rows":
        """The last row, alone, which begins on ``line``."""
        columns = (column.pop() for column in (self.dates, self.clocks, self.senders, self.bodies))
        raise NotImplementedError


class Records:
    pass
