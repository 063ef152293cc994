"""Thirty conversations at once through the real page, and two thousand messages: nobody hears another's words, nothing grows."""

import multiprocessing
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest

from messenger import VISITORS
from persona_core.engine.prefix import KEPT_BYTES
from persona_core.engine.pytorch import TorchEngine
from persona_core.engine.speech import speak
from persona_core.manifest import Base, Generation, PersonaManifest
from persona_core.prompt import Turn, alternate
from tests.space.served import SETTINGS, ScriptedEngine, served
from tests.space.visitor import Visitor
from trainer.demo import base_path

pytestmark = pytest.mark.slow

AT_ONCE = 30
MESSAGES = 3  # of each before she opens the page anew
# Two thousand messages take 2 to 4 MB: what gradio keeps of each open page (5 kB, of 2,000 pages at most). What the
# test is for took 80 MB: a table of all events, made anew after each.
GROWTH_MB = 12


class Echo:
    """Says whose words it was given, how many messages of hers, and how many of its replies to them are under way."""

    manifest = SimpleNamespace(generation=Generation())

    def __init__(self):
        self._under_way = Counter()
        self._lock = threading.Lock()

    def stream(self, history, *, seed=None, generation=None):
        hers = [bubble for turn in history if turn.role == "partner" for bubble in turn.bubbles]
        heard = {who for turn in history for bubble in turn.bubbles for who in re.findall(r"\d+번", bubble)}
        whose = " ".join(sorted(heard))
        with self._lock:
            self._under_way[whose] += 1
        try:
            yield [whose]
            yield [whose, f"{len(hers)}개"]
            yield [whose, f"{len(hers)}개", f"{self._under_way[whose]}명"]
        finally:
            with self._lock:
                self._under_way[whose] -= 1


def serve_echo(pipe):
    """The page in a process of its own, with a thread for each of several replies, until the pipe says enough."""
    with served(Echo(), replace(SETTINGS, hardware="zero")) as url:
        pipe.send(url)
        pipe.recv()


@contextmanager
def in_its_own_process() -> Iterator[tuple[psutil.Process, str]]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve_echo, args=(there,), daemon=True)
    process.start()
    there.close()  # or a child that fails would be waited for
    yield psutil.Process(process.pid), here.recv()
    here.close()
    process.join(timeout=20)
    if process.is_alive():
        process.kill()


@pytest.fixture(scope="module")
def echo():
    with in_its_own_process() as served_echo:
        yield served_echo


@contextmanager
def visitors(url) -> Iterator[tuple[list[Visitor], ThreadPoolExecutor]]:
    """Thirty open pages and a thread for each."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        pages = [*threads.map(lambda _: Visitor(url), range(AT_ONCE))]
        yield pages, threads
        for page in pages:
            page.close()


def talk(me, page):
    """A conversation from its beginning -> his replies."""
    page.reload()
    return [page.say(f"{me}번 손님이야 {count}") for count in range(1, MESSAGES + 1)]


def test_thirty_conversations_at_once_are_thirty_conversations(echo):
    """Each hears its own words and all of them, in order, one reply at a time; several may be answered at once."""
    with visitors(echo[1]) as (pages, threads):
        replies = [*threads.map(talk, range(AT_ONCE), pages)]

    assert replies == [
        [[f"{me}번", f"{count}개", "1명"] for count in range(1, MESSAGES + 1)] for me in range(AT_ONCE)
    ]
    assert {page.note for page in pages} == {""}


def test_memory_is_flat_over_two_thousand_messages(echo):
    """From 500 messages on, when threads and sessions are all there, the process grows by no more than its bound."""
    process, url = echo

    with visitors(url) as (pages, threads):

        def after(messages):
            for _ in range(0, messages, AT_ONCE * MESSAGES):
                assert len([*threads.map(talk, range(AT_ONCE), pages)]) == AT_ONCE
            return process.memory_info().rss / 1e6

        early = after(500)
        late = after(1_500)

    assert late - early < GROWTH_MB


def test_who_comes_after_all_the_others_is_told_so_and_welcome_later():
    """Replies under way are bounded; who waits is answered, the last one too, and then there is room again."""
    engine = ScriptedEngine(["ㅇㅇ"])
    engine.hold = True
    with served(engine) as url, Visitor(url) as visitor:
        waiting = [another(visitor) for _ in range(VISITORS)]
        visitor.reload()

        assert visitor.say("뭐해?") == []
        assert visitor.note == SETTINGS.text("space.busy")
        engine.hold = False
        engine.permits.release(len(waiting))
        visitor.reload()
        visitor.session = waiting[-1]
        *_, (last, _) = visitor.listen()
        assert last == ["ㅇㅇ"]
        assert visitor.say("이제 돼?") == ["ㅇㅇ"]


def another(visitor):
    """Ask as another page -> that page."""
    visitor.reload()
    visitor.send("뭐해?")
    return visitor.session


def test_thirty_conversations_with_the_model_say_what_each_would_say_alone(tmp_path):
    """The demo's model, in full precision and at temperature 0: what it has read for one is never used for another."""
    alone, shared = engines(tmp_path / "release")
    openings = [
        f"{what} {when}"
        for what in ("밥 먹었어?", "뭐 해?", "집이야?", "잘 잤어?", "보고 싶어")
        for when in WHEN
    ]
    expected = [conversation(alone, opening) for opening in openings]

    with served(shared) as url, visitors(url) as (pages, threads):

        def talk(opening, page):
            return [page.say(opening), page.say("왜?")]

        replies = [*threads.map(talk, openings, pages)]

    assert replies == expected
    assert len({*map(str, replies)}) > AT_ONCE / 2  # they can be told apart


WHEN = ("오늘", "지금", "아까", "어제", "주말에", "ㅋㅋㅋ")


def engines(folder):
    """Two of the demo's untrained model: one that reads everything anew, one that keeps what it has read."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shutil.copytree(base_path(), folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chosen = Generation(temperature=0, max_new_tokens=8, max_context_tokens=256)
    manifest = PersonaManifest(Base("tiny-korean"), "2026-01-01", 2, generation=chosen)
    return TorchEngine(model, tokenizer, manifest), TorchEngine(model, tokenizer, manifest, KEPT_BYTES)


def conversation(engine, opening):
    """The replies of a conversation that nobody shares."""
    history, replies = [], []
    for text in (opening, "왜?"):
        history.append(Turn("partner", (text,)))
        said = [*speak(engine, alternate(history), SETTINGS.persona_name, SETTINGS.partner_name)]
        history.extend([Turn("persona", tuple(said))] if said else [])
        replies.append(said)
    return replies
