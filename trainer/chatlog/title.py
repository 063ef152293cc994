"""The first two lines of a txt export: whose room it is, and when it was saved.

    이서연 님과 카카오톡 대화                  저장한 날짜 : 2026년 2월 16일 오후 4:45
    KakaoTalk Chats with Seoyeon             Date Saved : January 22, 2026, 11:00 PM
    Talk_2026.2.10 08:50-1.txt               (iOS writes the file's own name)

Neither is part of the chat.
"""

import re
from pathlib import Path

_COUNT = r"(?: \(?\d+(?:명| people)?\)?)?"
_TITLES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<room>.*?){_COUNT} ?(?:님과|과)? 카카오톡  ?대화(?:-\d+)?(?:\.txt)?",
        rf"KakaoTalk Chats with (?P<room>.*?){_COUNT}(?:-\d+)?(?:\.txt)?",
        r"(?P<room>.*) with KakaoTalk Chats",
        r"(?P<room>)Talk_\d{4}\.\d{1,2}\.\d{1,2} \d{1,2}[:_]\d{2}(?:-\d+)?\.txt",
    )
)
_SAVED = re.compile(r"(?:저장한 날짜|Date Saved) ?: ?")
_MACOS_FILE = re.compile(r"KakaoTalk_Chat_(?P<room>.+?)_[\d_-]+")


def room_title(first_line: str, path: Path) -> str:
    """The room's name as the head of a txt or the file name of a macOS csv gives it; empty where neither does."""
    for title in _TITLES:
        if found := title.fullmatch(first_line):
            return found["room"].strip()
    if found := _MACOS_FILE.fullmatch(path.stem):
        return found["room"]
    return ""


def is_head(line: str) -> bool:
    """Whether ``line`` is one of the two."""
    return _SAVED.match(line) is not None or any(title.fullmatch(line) for title in _TITLES)
