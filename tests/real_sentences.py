"""A chat export built from question and answer pairs, one side rewritten in a marked style: learning must show.

    python -m tests.real_sentences PAIRS.csv export.txt     # CSV with the columns Q,A

The pairs are somebody else's sentences (songys/Chatbot_data fits) and stay out of the repository; this file only
knows how to turn them into an Android export, so that the real command can be tried on real Korean.
"""

import csv
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

PERSONA, PARTNER = "김도윤", "이서연"
_BEGIN = datetime(2024, 1, 1, 9, 0)
_POLITE = (
    (re.compile(r"(이에요|예요|입니다)[.!]?$"), "임"),
    (re.compile(r"(하세요|해요|합니다)[.!]?$"), "함"),
    (re.compile(r"(있어요|있습니다)[.!]?$"), "있음"),
    (re.compile(r"(거예요|거에요|겁니다)[.!]?$"), "듯"),
    (re.compile(r"(네요|군요|죠|어요|아요|세요|요)[.!]?$"), "ㅇㅇ"),
    (re.compile(r"[.!]$"), ""),
)


def styled(answer: str, number: int) -> list[str]:
    """The answer as the persona texts: clipped endings, two bubbles, laughter that grows."""
    for pattern, ending in _POLITE:
        if pattern.search(answer):
            answer = pattern.sub(ending, answer)
            break
    head, _, tail = answer.partition(". ")
    bubbles = [head, *([tail] if tail else []), "ㅋ" * (2 + number % 4)]
    return [bubble for bubble in bubbles if bubble]


def records(pairs: list[tuple[str, str]]) -> Iterator[str]:
    """The lines of the export: five exchanges a session, one session every two hours."""
    at = _BEGIN
    for number, (question, answer) in enumerate(pairs):
        at += timedelta(hours=2) if number % 5 == 0 else timedelta(minutes=1)
        yield _record(at, PARTNER, question)
        for bubble in styled(answer, number):
            yield _record(at, PERSONA, bubble)


def _record(at: datetime, sender: str, text: str) -> str:
    half, hour = ("오전", at.hour) if at.hour < 12 else ("오후", at.hour - 12)
    return f"{at.year}년 {at.month}월 {at.day}일 {half} {hour or 12}:{at.minute:02}, {sender} : {text}\r\n"


def main(source: str, target: str) -> None:
    with Path(source).open(encoding="utf-8", newline="") as file:
        pairs = [(row["Q"], row["A"]) for row in csv.DictReader(file)]
    head = f"\ufeff{PARTNER} 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 1월 1일 오전 9:00\r\n\r\n\r\n"
    Path(target).write_text(head + "".join(records(pairs)), encoding="utf-8", newline="")


if __name__ == "__main__":
    main(*sys.argv[1:])
