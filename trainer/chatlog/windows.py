"""Windows: a txt with the day on a ruled line, name and time in brackets, system lines bare and without a time.

    --------------- 2026년 1월 1일 목요일 ---------------
    [이[서]연] [오후 1:00] 이름에 괄호
    김도윤님이 이서연님을 초대했습니다.

UTF-8 without a byte-order mark; records end in CRLF. The clock may be 오후 1:00, 13:00, 1:00 PM or PM 1:00.
"""

from trainer.chatlog.grammar import LONGEST_NAME, Grammar

_CLOCK = r"(?:(?:오[전후]|[AP]M) )?[0-2]?\d:[0-5]\d(?: ?[AaPp][Mm])?"

WINDOWS = (
    Grammar(
        "Windows",
        "",
        rf"\[(?P<sender>.{{0,{LONGEST_NAME}}}?)\] \[(?P<clock>{_CLOCK})\] ",
        r"-{15,} .{6,60}? -{15,}",
        stamp="[{sender}] [{clock}] ",
        bare_system_lines=True,
    ),
)
