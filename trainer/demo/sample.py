"""The demo's chat, rendered as KakaoTalk on an Android phone would export it.

From: `dialogue/*.txt` beside this module, written by hand; both people, every number and address are invented.
Sample of that notation (a literal ``\\n`` is a line break inside one message)::

    # 2025-06-02 07:48
    ! 김도윤님이 이서연님을 초대했습니다.
    S: 밥 먹었어?
    +25
    D: ㅇㅇ

`#` opens a session at a time, `!` is a system line, `S:` and `D:` are one message of the partner and of the persona,
`+25` lets 25 minutes pass before the next message. Other gaps come from a seeded generator.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

PERSONA = "김도윤"
PARTNER = "이서연"
PARTNER_NAMES = ("써니",)  # what the persona calls her

_SPEAKERS = {"D": PERSONA, "S": PARTNER}
_SEED = 20250602  # the first day of the chat; any number would do, as long as it stays
_SAVED_AT = datetime(2025, 12, 1, 9, 0)  # the morning after the last message

# Minutes before the next message, as in measured couples' chats: most follow-ups come within the same minute.
_GAPS_SAME_SPEAKER = (0, 0, 0, 1)
_GAPS_OTHER_SPEAKER = (0, 1, 1, 2, 3)


@dataclass(frozen=True)
class Line:
    """One line of the chat; `sender` is None for a system line, `text` may hold line feeds."""

    at: datetime
    sender: str | None
    text: str


def sample_lines() -> tuple[Line, ...]:
    """Read every line of the demo's chat, in order of time; the same on every call."""
    gaps = random.Random(_SEED)
    months = sorted(
        (entry for entry in files(__package__).joinpath("dialogue").iterdir() if entry.name.endswith(".txt")),
        key=lambda entry: entry.name,
    )
    return tuple(line for month in months for line in _read_month(month.read_text("utf-8"), gaps))


def sample_export() -> str:
    """Render the chat as one Android-Korean export: byte-order mark, CRLF records, LF inside a message."""
    head = f"\ufeff{PARTNER} 님과 카카오톡 대화\r\n저장한 날짜 : {_clock(_SAVED_AT)}\n\n"
    records: list[str] = []
    day = None
    for line in sample_lines():
        if line.at.date() != day:
            day = line.at.date()
            records += ["", _clock(line.at)]
        author = f"{line.sender} : " if line.sender else ""
        records.append(f"{_clock(line.at)}, {author}{line.text}")
    return head + "".join(f"{record}\r\n" for record in records)


def write_sample_export(path: Path) -> None:
    """Write the export to `path` as UTF-8; the file appears whole or not at all."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(sample_export().encode("utf-8"))
    unfinished.replace(path)


def _read_month(source: str, gaps: random.Random) -> Iterator[Line]:
    at = _SAVED_AT
    last: str | None = None
    wait: int | None = 0  # minutes before the next message; None draws them
    for row in filter(None, source.splitlines()):
        mark, _, rest = row.partition(" ")
        if mark == "#":
            at, last, wait = datetime.strptime(rest, "%Y-%m-%d %H:%M"), None, 0
        elif mark.startswith("+"):
            wait = int(mark)
        elif mark == "!":
            yield Line(at, None, rest)
        else:
            sender = _SPEAKERS[mark.removesuffix(":")]
            choices = _GAPS_SAME_SPEAKER if sender == last else _GAPS_OTHER_SPEAKER
            at += timedelta(minutes=gaps.choice(choices) if wait is None else wait)
            yield Line(at, sender, rest.replace("\\n", "\n"))
            last, wait = sender, None


def _clock(at: datetime) -> str:
    """Write a time the Korean way: 2025년 6월 2일 오전 7:48 (midnight and noon are 12)."""
    half = "오전" if at.hour < 12 else "오후"
    return f"{at.year}년 {at.month}월 {at.day}일 {half} {at.hour % 12 or 12}:{at.minute:02}"
