"""iOS: numbered txt parts. A dotted or English date opens every line; in some files the time alone, under its day.

    2026. 2. 1. 오후 8:29, 이서연 : 첫줄
    Dec 31, 2025 at 19:12: Doyun invited Seoyeon .
    오후 8:36, 이서연 : ㅎㅇ

UTF-8 with a byte-order mark; records end in CRLF. System lines have a colon right after the time.
"""

from trainer.chatlog.android import ENGLISH_HEADER
from trainer.chatlog.grammar import ENGLISH_DAY, KOREAN_CLOCK, KOREAN_DAY, SENDER, WEEKDAY, Grammar

_DOTTED_DAY = r"\d{4}\. ?\d{1,2}\. ?\d{1,2}\."
_KOREAN_SEPARATOR = f"(?:{KOREAN_DAY}|{_DOTTED_DAY}) {WEEKDAY}"

IOS = (
    Grammar(
        "iOS",
        "ko",
        rf"(?P<day>{_DOTTED_DAY}) (?P<clock>{KOREAN_CLOCK})(?:{SENDER}|[:,] )",
        _KOREAN_SEPARATOR,
    ),
    Grammar(
        "iOS",
        "en",
        ENGLISH_HEADER,
        f"[A-Z][a-z]{{2,5}}day, {ENGLISH_DAY}",
        stamp="{day} at {clock}, ",
    ),
    Grammar(
        "iOS",
        "ko",
        rf"(?P<clock>{KOREAN_CLOCK})(?:{SENDER}|, )",
        _KOREAN_SEPARATOR,
        stamp="{clock}, ",
    ),
)
