"""What the page takes beside the bare engine: until it first answers, for each reply, and in memory.

    python -m tests.benchmarks.bench_page runs/demo/release [--replies 40] [--starts 3]

Starts `space/app.py` as a Space does, weights in a folder, human rhythm off, and speaks to it as her browser does. The
first line is the time from the start of the process to the first bubble of the first message. Then page and bare engine
(`speak`, in the process of the benchmark) answer the same messages in turn, at temperature 0, so that both say the same;
"added" is the median of what the page took longer, until the first bubble and until the last. It may be 100 ms; more
ends with code 1.

The demo's release on two cores, with other work on both (a load of 3 to 4):

    from the start of the process, median of 2: page open 4.1 s, first answer 9.8 s
    until, ms        engine     page    added     90 %   median of 40
    first bubble       14.2     34.4     19.6     49.9
    last bubble        36.8     67.1     25.9     72.7
    memory of the page's process: 609 MB warm, 611 MB after 40 more replies

What is added: two requests (join the queue, then open its stream), gradio's pass over the chat before and after each
bubble, and the pass that shows the three dots before the model begins.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "space"
sys.path.insert(0, str(SPACE))  # its modules stand there side by side, as on a Space

import httpx2  # noqa: E402

from persona_core.engine import Engine, load_engine  # noqa: E402
from persona_core.engine.speech import speak  # noqa: E402
from persona_core.manifest import PersonaManifest  # noqa: E402
from persona_core.prompt import Turn  # noqa: E402
from tests.space.served import SECRET, SETTINGS, free_port  # noqa: E402
from tests.space.visitor import Visitor  # noqa: E402

GOAL_MS = 100.0  # added to a reply
PATIENCE_S = 120.0  # for a start
SAID = (
    "밥 먹었어?",
    "지금 뭐 해?",
    "오늘 너무 힘들었어",
    "주말에 뭐 할까?",
    "보고 싶다",
    "집에 언제 가?",
    "잘 자",
    "사진 봤어?",
)


@dataclass(frozen=True)
class Answer:
    first_ms: float
    last_ms: float
    bubbles: tuple[str, ...]


def greedy(release: Path, folder: Path) -> Path:
    """The release in ``folder``, at temperature 0."""
    folder.mkdir()
    for path in release.iterdir():
        (folder / path.name).symlink_to(path.resolve())
    manifest = PersonaManifest.read(release)
    (folder / "persona.json").unlink()
    replace(manifest, generation=replace(manifest.generation, temperature=0.0)).write(folder)
    return folder


@contextmanager
def page(release: Path) -> Iterator[tuple[psutil.Popen, str]]:
    """The page as a process of its own, which may not listen yet, and its address."""
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PERSONA_", "GRADIO_", "SPACE"))}
    environment = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PERSONA_FOLDER": str(release),
        "PERSONA_NAME": SETTINGS.persona_name,
        "PARTNER_NAME": SETTINGS.partner_name,
        "PERSONA_RHYTHM": "off",
        "INVITE_SECRET": SECRET,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    process = psutil.Popen([sys.executable, SPACE / "app.py"], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def opened(url: str) -> Visitor:
    """Her page, as soon as it opens."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Visitor(url)
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def from_page(visitor: Visitor, text: str) -> Answer:
    visitor.reload()

    def steps() -> Iterator[list[str]]:
        for bubbles, note in visitor.hear(text):
            if note:
                raise SystemExit(f"the page says: {note}")
            yield bubbles

    return timed(steps())


def from_engine(engine: Engine, text: str) -> Answer:
    said: list[str] = []
    turns = [Turn("partner", (text,))]
    spoken = speak(engine, turns, SETTINGS.persona_name, SETTINGS.partner_name)
    return timed((said := [*said, bubble]) for bubble in spoken)


def timed(steps: Iterator[list[str]]) -> Answer:
    """When the first and the last bubble came."""
    begin, moments, bubbles = time.perf_counter(), [], []
    for so_far in steps:
        if len(so_far) > len(bubbles):
            bubbles = so_far
            moments.append(1000 * (time.perf_counter() - begin))
    assert moments, "the persona says nothing to one of the messages"
    return Answer(moments[0], moments[-1], tuple(bubbles))


def memory(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6


def starts(release: Path, count: int) -> None:
    seconds = []
    for _ in range(count):
        begin = time.perf_counter()
        with page(release) as (_, url), opened(url) as visitor:
            until_open = time.perf_counter() - begin
            from_page(visitor, SAID[0])
            seconds.append((until_open, time.perf_counter() - begin))
    opens, answers = (statistics.median(column) for column in zip(*seconds, strict=True))
    print(
        f"from the start of the process, median of {count}: page open {opens:.1f} s, first answer {answers:.1f} s"
    )


def compare(release: Path, replies: int) -> bool:
    """Whether the page adds no more than it may."""
    engine = load_engine(release)
    with page(release) as (process, url), opened(url) as visitor:
        for text in SAID:  # warm
            from_page(visitor, text), from_engine(engine, text)
        before = memory(process)
        pairs = []
        for at in range(replies):
            text = SAID[at % len(SAID)]
            pairs.append((from_page(visitor, text), from_engine(engine, text)))
        after = memory(process)
    if any(paged.bubbles != bare.bubbles for paged, bare in pairs):
        raise SystemExit("page and engine said different things")
    print(f"{'until, ms':14} {'engine':>8} {'page':>8} {'added':>8} {'90 %':>8}   median of {replies}")
    added = []
    for name, key in (("first bubble", "first_ms"), ("last bubble", "last_ms")):
        of_page, of_engine = ([vars(one)[key] for one in side] for side in zip(*pairs, strict=True))
        longer = [ours - bare for ours, bare in zip(of_page, of_engine, strict=True)]
        added.append(statistics.median(longer))
        print(
            f"{name:14} {statistics.median(of_engine):8.1f} {statistics.median(of_page):8.1f} {added[-1]:8.1f}"
            f" {statistics.quantiles(longer, n=10)[-1]:8.1f}"
        )
    print(f"memory of the page's process: {before:.0f} MB warm, {after:.0f} MB after {replies} more replies")
    return max(added) <= GOAL_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("release", type=Path)
    parser.add_argument("--replies", type=int, default=40)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        release = greedy(options.release, Path(scratch) / "release")
        starts(release, options.starts)
        if not compare(release, options.replies):
            sys.exit(f"the page adds more than {GOAL_MS:.0f} ms")


if __name__ == "__main__":
    main()
