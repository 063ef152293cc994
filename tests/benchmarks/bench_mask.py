"""How fast chat lines are masked.

    python -m tests.benchmarks.bench_mask [--lines 200000]

Generates chat lines of invented words (12 characters in the mean, 7 % with digits, 1 % with personal data) and measures
megabytes of UTF-8 a second of processor time, best of three: the pattern pass alone, beside a plain peer that tries the
same patterns on every line one after the other; then names, and everything together.
"""

import argparse
import random
import time
from collections.abc import Callable

from persona_core.privacy import Masker, Names, patterns
from persona_core.privacy.digits import plain

BEST_OF = 3
WORDS = (
    "나 너 우리 오늘 내일 지금 아까 진짜 근데 그냥 이따 주말에 밥 커피 영화 회사 버스 과제 산책 먹었어 갔다올게 보고싶다 졸려 배고파"
    " 도착하면 연락해 알았어 그니까 어디야 뭐해 맛있겠다 미안 고마워 사랑해 잘자 조심히 들어가 늦을듯 끝났어"
).split()
SHORT = ("ㅇㅇ", "ㅋㅋㅋㅋㅋ", "ㅠㅠ", "헐", "응응", "오키", "ㅎㅎ 좋아", "잘자", "왜애")
WITH_DIGITS = (
    "{}시에 보자",
    "{}분만 기다려줘",
    "{}번 출구에서 만나",
    "{}000원 나왔어",
    "{}월에 여행 가자",
    "{}개만 사와",
)
PRIVATE = (
    "내 번호 010-0000-{:04}야",
    "카뱅 3333-01-{:07}로 보내줘",
    "비번 {:04} 누르고 와",
    "도윤아 서연이 왔어 {}",
)


def generate(count: int) -> list[str]:
    """``count`` lines, always the same ones."""
    dice = random.Random(0)
    return [_line(dice) for _ in range(count)]


def _line(dice: random.Random) -> str:
    roll = dice.random()
    if roll < 0.01:
        return dice.choice(PRIVATE).format(dice.randrange(1000))
    if roll < 0.07:
        return " ".join([dice.choice(WITH_DIGITS).format(dice.randrange(1, 12)), *dice.choices(WORDS, k=2)])
    if roll < 0.25:
        return dice.choice(SHORT)
    return " ".join(dice.choices(WORDS, k=dice.randrange(2, 7)))


def one_by_one(text: str) -> int:
    """The peer: every pattern on every line."""
    line = plain(text)
    return sum(
        1 for family in patterns.FAMILIES for rule in family.rules for _ in rule.pattern.finditer(line)
    )


def measure(name: str, work: Callable[[str], object], lines: list[str]) -> float:
    """Megabytes a second, printed."""
    size = sum(len(line.encode()) for line in lines) / 1e6
    seconds = min(_seconds(work, lines) for _ in range(BEST_OF))
    print(f"{name:36}{size / seconds:8.1f} MB/s{seconds / len(lines) * 1e6:9.2f} µs a line")
    return size / seconds


def _seconds(work: Callable[[str], object], lines: list[str]) -> float:
    started = time.process_time()
    for line in lines:
        work(line)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    lines = generate(parser.parse_args().lines)
    masker = Masker("김도윤", "이서연", ["꼬물이"], ["박민수"])
    digits = sum(any(char.isdigit() for char in line) for line in lines) / len(lines)
    print(
        f"{len(lines):,} lines, {sum(map(len, lines)) / len(lines):.1f} characters in the mean, {digits:.0%} with digits"
    )
    ours = measure("patterns", patterns.find, lines)
    peer = measure("patterns, one by one (peer)", one_by_one, lines[: len(lines) // 20])
    print(f"{'':36}{ours / peer:8.1f} times the peer")
    measure("names of the speakers", Names("김도윤", "이서연", ["꼬물이"]).find, lines)
    measure("everything", masker.mask, lines)
    sessions = ["\n".join(lines[i : i + 30]) for i in range(0, len(lines), 30)]
    measure(
        "everything, thirty bubbles together", lambda text: masker.mask_bubbles(text.split("\n")), sessions
    )


if __name__ == "__main__":
    main()
