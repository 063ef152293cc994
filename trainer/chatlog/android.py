"""Android: a txt in a folder or zip with the media. Date and time open every line, a blank line and a stamp the day.

    2025년 12월 31일 오후 11:59, 이서연 : 자기야 새해다!!
    September 21, 2022, 5:12 PM, Seoyeon invited Minsu.
    8:34pm, July 9, 2015, Seoyeon : hi

UTF-8 with a byte-order mark; records end in CRLF, line breaks inside a message are LF. System lines have no " : ".
"""

from trainer.chatlog.grammar import (
    ENGLISH_CLOCK,
    ENGLISH_DAY,
    KOREAN_CLOCK,
    KOREAN_DAY,
    SENDER,
    Grammar,
)

_OLD_CLOCK = r"[0-2]?\d:[0-5]\d[AaPp][Mm]"

ENGLISH_HEADER = rf"(?P<day>{ENGLISH_DAY})(?:,| at) (?P<clock>{ENGLISH_CLOCK})(?:{SENDER}|[:,] )"

ANDROID = (
    Grammar(
        "Android",
        "ko",
        rf"(?P<day>{KOREAN_DAY}) (?P<clock>{KOREAN_CLOCK})(?:{SENDER}|, )",
        rf"{KOREAN_DAY} {KOREAN_CLOCK}",
    ),
    Grammar("Android", "en", ENGLISH_HEADER, f"{ENGLISH_DAY}, {ENGLISH_CLOCK}", stamp="{day}, {clock}, "),
    Grammar(
        "Android",
        "en",
        rf"(?P<clock>{_OLD_CLOCK}), (?P<day>{ENGLISH_DAY})(?:{SENDER}|, )",
        rf"{_OLD_CLOCK}, {ENGLISH_DAY}",
        stamp="{clock}, {day}, ",
    ),
)
