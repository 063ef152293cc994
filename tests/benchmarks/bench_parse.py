"""How fast an export is read, and in how much memory.

    python -m tests.benchmarks.bench_parse [--mb 93]

Writes an Android export of invented sentences to a temporary folder, then reads it in a fresh process each: with
`trainer.chatlog`, and with the plainest loop there is, which reads the file whole, splits it into lines and matches the
header, but knows no dates, kinds, senders, lines that belong together, or other formats.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

MEGABYTE = 10**6
BEST_OF = 3
SENDERS = ("김도윤", "이서연")
OPENINGS = ("나", "우리", "오늘", "이따", "지금", "근데", "아니", "내일", "그럼", "아까", "주말에", "진짜")
MIDDLES = (
    "밥",
    "영화",
    "카페",
    "집",
    "회사",
    "버스",
    "커피",
    "산책",
    "과제",
    "운동",
    "빨래",
    "여행",
    "치킨",
    "잠",
)
ENDINGS = (
    "먹었어?",
    "가는 중이야",
    "갈까",
    "좋다",
    "어때??",
    "보고 싶다",
    "했어 ㅋㅋ",
    "끝났당",
    "ㅠㅠ",
    "가자!!",
)
SHORT = ("ㅇㅇ", "ㅋㅋㅋㅋ", "응", "헐", "잘자", "사랑해", "ㅎㅎ", "웅웅", "굿모닝", "왜애", "오키", "배고파")
OTHER = (
    "사진",
    "이모티콘",
    "사진 2장",
    "보이스톡 24:11",
    "https://example.com/a1",
    "삭제된 메시지입니다.",
    "동영상",
)


def body(chance: random.Random) -> str:
    """A message as long as measured chats have it: 11.6 characters in the mean, 5 % of them in several lines."""
    kind = chance.random()
    if kind < 0.28:
        return chance.choice(SHORT)
    if kind < 0.33:
        return chance.choice(OTHER)
    sentence = f"{chance.choice(OPENINGS)} {chance.choice(MIDDLES)} {chance.choice(ENDINGS)}"
    if kind < 0.38:
        return f"{sentence}\n{body(chance)}"
    return sentence if kind < 0.8 else f"{sentence} {chance.choice(MIDDLES)} {chance.choice(ENDINGS)}"


def stamp(at: datetime) -> str:
    half = "오전" if at.hour < 12 else "오후"
    return f"{at.year}년 {at.month}월 {at.day}일 {half} {(at.hour - 1) % 12 + 1}:{at.minute:02}"


def write_export(path: Path, size: int) -> None:
    """Write at least ``size`` bytes, deterministic."""
    chance, at, day, written = random.Random(1), datetime(2016, 3, 1, 8, 0), None, 0
    with path.open("wb") as file:
        file.write("\ufeff이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 2월 16일 오후 4:45\n\n".encode())
        while written < size:
            at += timedelta(minutes=chance.choice((0, 0, 0, 0, 1, 1, 2, 4, 30)))
            record = f"{stamp(at)}, {chance.choice(SENDERS)} : {body(chance)}\r\n"
            if at.date() != day:
                day = at.date()
                record = f"\r\n{stamp(at)}\r\n{record}"
            written += file.write(record.encode())


# --- the two readers, each in its own process ---


def ours(path: Path) -> int:
    from trainer.chatlog import open_export

    return sum(1 for _ in open_export(path).messages())


def plain_loop(path: Path) -> int:
    header = re.compile(r"(\d{4})년 (\d{1,2})월 (\d{1,2})일 (오전|오후) (\d{1,2}):(\d{2}), (.{0,60}?) : (.*)")
    return sum(header.match(line) is not None for line in path.read_text("utf-8-sig").split("\n"))


READERS = {"trainer.chatlog": ours, "read, split, match": plain_loop}


def measure(reader: str, path: Path) -> None:
    """Print seconds, messages and peak resident bytes as JSON."""
    from resource import RUSAGE_SELF, getrusage

    begin = time.process_time()  # of this process alone: another one on the machine makes no difference
    messages = READERS[reader](path)
    seconds = time.process_time() - begin
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere
    peak = getrusage(RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "messages": messages, "peak": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--mb", type=float, default=93, help="size of the export, in 10^6 bytes (default: 93)"
    )
    parser.add_argument("--measure", nargs=2, metavar=("READER", "EXPORT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "KakaoTalkChats.txt"
        write_export(export, int(options.mb * MEGABYTE))
        size = export.stat().st_size / MEGABYTE
        print(f"{size:.1f} MB, best of {BEST_OF}, seconds of one core, Python {sys.version.split()[0]}")
        print(f"{'':20}{'seconds':>9}{'MB/s':>8}{'messages/s':>13}{'peak MB':>9}")
        for reader in READERS:
            command = [sys.executable, "-m", "tests.benchmarks.bench_parse", "--measure", reader, str(export)]
            runs = [json.loads(subprocess.check_output(command)) for _ in range(BEST_OF)]
            best = min(runs, key=lambda run: run["seconds"])
            rate, speed = best["messages"] / best["seconds"], size / best["seconds"]
            peak = best["peak"] / MEGABYTE
            print(f"{reader:20}{best['seconds']:9.2f}{speed:8.1f}{rate:13,.0f}{peak:9.0f}")


if __name__ == "__main__":
    main()
