"""How long the whole `persona prepare` takes, and in how much memory: parse, curate, mask, split, write, report.

    python -m tests.benchmarks.bench_prepare [--mb 93] [--keep FOLDER]
    python -m tests.benchmarks.bench_prepare --mb 93 930        and how time and memory grow

Writes an Android export of invented words to a temporary folder (sessions, bursts, 28 % short replies, private facts in
1.5 % of the messages, as measured in real chats) and prepares it in a fresh process. Memory is that of the process and
of all its children together, at its highest. The targets are 60 seconds and 1 GB for 93 MB on two cores, and at most 11 times the time in the same memory for
930 MB.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

MEGABYTE = 10**6
SENDERS = ("김도윤", "이서연")
SHORT = (
    "ㅇㅇ",
    "ㅋㅋㅋ",
    "ㅋㅋㅋㅋㅋ",
    "응",
    "헐",
    "잘자",
    "사랑해",
    "ㅎㅎ",
    "웅웅",
    "굿모닝",
    "왜애",
    "오키",
    "배고파",
)
OTHER = (
    "사진",
    "이모티콘",
    "사진 2장",
    "보이스톡 24:11",
    "https://example.com/a1",
    "삭제된 메시지입니다.",
    "동영상",
)
FACTS = (
    "번호 바꿨어 010-0000-{four}",
    "택배 {four}번지 101동 {three}호로 보내줘",
    "카카오뱅크 3333-00-000{four}으로 보내면 돼",
    "메일은 someone{four}@example.com",
    "서연아 민수랑 {hour}시에 본대",
    "비번 {four}이야",
)


def words() -> list[str]:
    """Every word of the demo's chat, each as often as it is there."""
    texts = files("trainer.demo").joinpath("dialogue").iterdir()
    lines = [line for text in sorted(texts, key=str) for line in text.read_text("utf-8").splitlines()]
    return [
        word for line in lines if line[:2] in ("D:", "S:") for word in line[2:].replace("\\n", " ").split()
    ]


def body(chance: random.Random, vocabulary: list[str]) -> str:
    kind = chance.random()
    if kind < 0.28:
        return chance.choice(SHORT)
    if kind < 0.33:
        return chance.choice(OTHER)
    if kind < 0.345:
        numbers = {"four": f"{chance.randrange(10_000):04}", "three": chance.randrange(101, 2000)}
        return chance.choice(FACTS).format(**numbers, hour=chance.randrange(1, 12))
    separator = "\n" if kind < 0.36 else " "
    return separator.join(chance.choices(vocabulary, k=chance.choice((2, 3, 3, 4, 4, 5, 6))))


def stamp(at: datetime) -> str:
    half = "오전" if at.hour < 12 else "오후"
    return f"{at.year}년 {at.month}월 {at.day}일 {half} {(at.hour - 1) % 12 + 1}:{at.minute:02}"


def records(chance: random.Random) -> Iterator[str]:
    """Messages without end: bursts of one to four, sessions of some twenty messages, hours between them."""
    vocabulary, at, day = words(), datetime(2016, 3, 1, 8, 0), None
    while True:
        for _ in range(chance.randrange(4, 18)):
            sender = chance.choice(SENDERS)
            for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
                if at.date() != day:
                    day = at.date()
                    yield f"\r\n{stamp(at)}\r\n"
                yield f"{stamp(at)}, {sender} : {body(chance, vocabulary)}\r\n"
            at += timedelta(minutes=chance.choice((0, 0, 1, 1, 2, 4)))
        at += timedelta(minutes=chance.randrange(61, 200))


def write_export(path: Path, size: int) -> None:
    """Write at least ``size`` bytes, deterministic."""
    written = 0
    with path.open("wb") as file:
        file.write("\ufeff이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 2월 16일 오후 4:45\n\n".encode())
        for record in records(random.Random(1)):
            written += file.write(record.encode())
            if written >= size:
                return


def measure(export: Path, folder: Path) -> None:
    """Prepare in this process and print the report's counts as JSON."""
    from trainer.dataset.preparation import prepare_files
    from trainer.settings import Settings

    prepare_files(Settings(exports=(str(export),), me=SENDERS[0], partner=SENDERS[1]), folder, "messages")
    report = json.loads((folder / "report.json").read_text("utf-8"))
    names = ("messages", "persona_turns", "examples", "masked", "dropped")
    print(json.dumps({name: report[name] for name in names} | {"cpu_seconds": cpu_seconds()}))


def cpu_seconds() -> float:
    """Of this process and of those it has waited for: what the cores must do, whoever else uses them."""
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def memory_of(process: subprocess.Popen[str]) -> int:
    """Resident bytes of a process and its children; memory they share is counted once for each, so from above."""
    import psutil

    try:
        root = psutil.Process(process.pid)
        return sum(member.memory_info().rss for member in (root, *root.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What preparing one export took; memory is that of all processes together, at its highest."""

    megabytes: float
    seconds: float
    cpu_seconds: float
    peak: float  # MB


def prepare(megabytes: float, folder: Path) -> Figures:
    """Write an export into ``folder``, prepare it in a fresh process and print what that took."""
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "KakaoTalkChats.txt"
    write_export(export, int(megabytes * MEGABYTE))
    size = export.stat().st_size / MEGABYTE
    module = ("-m", "tests.benchmarks.bench_prepare")
    command = [sys.executable, *module, "--measure", export, folder / "data"]
    begin, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, memory_of(process))
            time.sleep(0.1)
        seconds = time.perf_counter() - begin
        assert process.stdout
        counts = json.loads(process.stdout.read())
    figures = Figures(size, seconds, counts.pop("cpu_seconds"), peak / MEGABYTE)
    print(f"{size:.1f} MB, {counts['messages']:,} messages, Python {sys.version.split()[0]}")
    print(f"{seconds:.1f} s, {size / seconds:.2f} MB/s, {counts['messages'] / seconds:,.0f} messages/s")
    print(
        f"{figures.cpu_seconds:.1f} s of CPU: {figures.cpu_seconds / 2:.0f} s on two cores with nothing else to do"
    )
    print(f"peak {figures.peak:.0f} MB, all processes together")
    print(json.dumps(counts, ensure_ascii=False, indent=1), flush=True)
    return figures


def growth(first: Figures, last: Figures) -> str:
    """How many times the size, the time and the memory of the first export the last one has."""
    return (
        f"{last.megabytes / first.megabytes:.1f} times the size: {last.seconds / first.seconds:.1f} times the time, "
        f"{last.cpu_seconds / first.cpu_seconds:.1f} times the CPU, {last.peak / first.peak:.2f} times the memory"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--mb", type=float, nargs="+", default=[93], help="sizes of the exports, in 10^6 bytes (default: 93)"
    )
    parser.add_argument(
        "--keep", type=Path, help="leave the last export and what is made of it in this folder"
    )
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    with tempfile.TemporaryDirectory() as temporary:
        figures = [prepare(megabytes, options.keep or Path(temporary)) for megabytes in options.mb]
    for larger in figures[1:]:
        print(growth(figures[0], larger))


if __name__ == "__main__":
    main()
