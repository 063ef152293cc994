"""Small exports, written where a test wants them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.chatlog import Message, open_export

ANDROID_HEAD = "\ufeff이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 3월 9일 오후 4:45\n\n\r\n2026년 3월 3일 오후 1:00\r\n"


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write text as UTF-8, or bytes, to a file of that name."""

    def write(content: str | bytes, name: str = "chat.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def read(write) -> Callable[..., list[Message]]:
    """The messages of an export with that content."""

    def read(content: str | bytes, name: str = "chat.txt") -> list[Message]:
        return list(open_export(write(content, name)).messages())

    return read


@pytest.fixture
def android(write) -> Callable[..., Path]:
    """An Android export of 3 March 2026: records are "1:01, 이서연 : 안녕"; day and 오후 are put before them."""

    def android(*records: str, name: str = "chat.txt", line_break: str = "\r\n") -> Path:
        lines = [f"2026년 3월 3일 오후 {record}" if record[:1].isdigit() else record for record in records]
        return write(ANDROID_HEAD + "".join(line + line_break for line in lines), name)

    return android


@pytest.fixture
def speech() -> Callable[[Path], list[tuple[str, str]]]:
    """Who said what in an export, without times and kinds."""
    return lambda path: [(message.sender, message.text) for message in open_export(path).messages()]


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    """Texts are compared in one language."""
    monkeypatch.setenv("PERSONA_LANG", "en")
