"""Small chats as a phone exports them, and the settings to prepare them."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from trainer.settings import Settings

ME, YOU = "김도윤", "이서연"
START = datetime(2026, 1, 1, 9, 0)


def stamp(at: datetime) -> str:
    half = "오전" if at.hour < 12 else "오후"
    return f"{at.year}년 {at.month}월 {at.day}일 {half} {at.hour % 12 or 12}:{at.minute:02}"


def export_of(said: list[tuple[datetime, str, str]]) -> str:
    """An Android export of (time, sender, text); a sender of "" writes a system line."""
    records = [f"{stamp(at)}, {f'{sender} : ' if sender else ''}{text}\r\n" for at, sender, text in said]
    return (
        f"\ufeff{YOU} 님과 카카오톡 대화\r\n저장한 날짜 : {stamp(START)}\n\n\r\n{stamp(START)}\r\n"
        + "".join(records)
    )


def chat_in(folder: Path, *said: tuple[int, str, str], **settings: Any) -> Settings:
    """Write a chat given as ("minutes later", sender, text) into ``folder``; the settings to prepare it."""
    at, timed = START, []
    for minutes, sender, text in said:
        at += timedelta(minutes=minutes)
        timed.append((at, sender, text))
    path = folder / "KakaoTalkChats.txt"
    path.write_bytes(export_of(timed).encode())
    return Settings(exports=(str(path),), me=ME, partner=YOU, **settings)


@pytest.fixture
def write_chat(tmp_path):
    """`chat_in` the folder of one test."""
    return partial(chat_in, tmp_path)


def days(count: int) -> list[tuple[int, str, str]]:
    """As many sessions of one exchange, each about something else."""
    return [
        line
        for number in range(count)
        for line in (
            (24 * 60, YOU, f"{_thing(number)} 어땠어?"),
            (1, ME, f"{_thing(number)} 좋았음"),
            (0, ME, "ㅋㅋㅋ"),
        )
    ]


def _thing(number: int) -> str:
    """A word for each number, without a digit."""
    return "".join(chr(ord("가") + 588 * ((number // 19**i) % 19) + 28 * i) for i in range(3))
