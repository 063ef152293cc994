"""From a conversation to his bubbles: one reply at a time, in his rhythm, honest and stopped when nobody listens."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from types import SimpleNamespace

import pytest

import app
from configuration import Settings
from conversation import AT_ONCE, Rhythm, Voice
from persona_core.errors import EngineError
from persona_core.prompt import Turn

HELLO = (Turn("partner", ("하이",)),)
HONEST = "나는 AI야."


class Script:
    """An engine that says its lines; it notes whether it was stopped."""

    def __init__(self, *bubbles):
        self.bubbles = bubbles
        self.closed = threading.Event()
        self.heard = []

    def stream(self, history, *, seed=None):
        self.heard.append(history)
        try:
            for count in range(1, len(self.bubbles) + 1):
                yield list(self.bubbles[:count])
        finally:
            self.closed.set()


def voice(engine, threads=1, **options):
    return Voice(engine, "도윤", "서연", HONEST, AT_ONCE, ThreadPoolExecutor(threads), **options)


def said(engine):
    async def listen():
        return [bubble async for bubble in voice(engine).reply(HELLO)]

    return asyncio.run(listen())


def test_bubbles_come_one_by_one_with_names_in_place_of_placeholders():
    """She is called by her name, with the particle her name takes."""
    assert said(Script("[[PARTNER]]아", "나 [[PERSONA]]이야", "ㅋㅋ")) == ["서연아", "나 도윤이야", "ㅋㅋ"]


def test_the_model_reads_names_as_it_learned_them():
    """What either of them wrote by name reaches the model as placeholders."""
    engine = Script("ㅇㅇ")
    asyncio.run(anext(voice(engine).reply((Turn("partner", ("도윤아 나 서연이야",)),))))

    assert engine.heard[0] == [Turn("partner", ("[[PERSONA]]아 나 [[PARTNER]]이야",))]


def test_what_is_not_for_her_eyes_is_not_a_bubble():
    """Unknown placeholders and personal data are taken out; a bubble of nothing else disappears."""
    assert said(Script("[[PHONE]]", "ㅇㅇ", "010-0000-0000")) == ["ㅇㅇ"]


def test_a_reply_with_nothing_she_may_read_is_drawn_again():
    """The first reply that has something to show is shown; after three empty ones there is none."""

    class SecondThought(Script):
        def stream(self, history, *, seed=None):
            yield from ([["[[PHONE]]"]] if not self.heard else [["ㅇㅇ"]])
            self.heard.append(history)

    engine = Script("[[PHONE]]")

    assert said(SecondThought()) == ["ㅇㅇ"]
    assert said(engine) == []
    assert len(engine.heard) == 3


def reply(engine, *turns):
    """What is said to a conversation."""

    async def listen():
        return [bubble async for bubble in voice(engine).reply(turns)]

    return asyncio.run(listen())


def test_asked_what_he_is_he_says_so_and_the_model_is_not_asked():
    """His name in the question is known; so is doubt right after the answer."""
    engine = Script("ㅇㅇ 맞음")
    asked = Turn("partner", ("지금 도윤이가 직접 쓰는 거야?",))
    doubted = (asked, Turn("persona", (HONEST,)), Turn("partner", ("에이 거짓말",)))

    assert reply(engine, asked) == reply(engine, *doubted) == [HONEST]
    assert engine.heard == []
    assert reply(engine, doubted[-1]) == ["ㅇㅇ 맞음"]


def test_a_denial_is_replaced_by_the_honest_answer_once():
    """And what takes an honest answer back is a denial."""
    told = (Turn("partner", ("너 AI야?",)), Turn("persona", (HONEST,)), Turn("partner", ("보고싶다",)))

    assert said(Script("나 AI 아니야", "왜", "진짜 사람이야")) == [HONEST, "왜"]
    assert reply(Script("나야 나", "ㅇㅇ 나야"), *told) == [HONEST]
    assert said(Script("ㅇㅇ 나야")) == ["ㅇㅇ 나야"]


def test_what_goes_wrong_reaches_the_page():
    """Errors of the engine are raised where the page can put them into words."""

    class Broken:
        def stream(self, history, *, seed=None):
            yield ["ㅇㅇ"]
            raise EngineError("engine.empty_history")

    with pytest.raises(EngineError):
        said(Broken())


class Endless(Script):
    """Never gets to the end of its first bubble, but gives a sign of life at every token."""

    def stream(self, history, *, seed=None):
        self.heard.append(history)
        try:
            yield from itertools.repeat(["ㅋ"])
        finally:
            self.closed.set()


def test_closing_a_reply_stops_the_engine():
    """A pressed stop button is not paid for by the next visitor, even in the middle of a bubble."""
    engine = Endless()

    async def first_bubble():
        async with aclosing(voice(engine).reply(HELLO)) as reply:
            return await anext(reply)

    assert asyncio.run(first_bubble()) == "ㅋ"
    assert engine.closed.wait(timeout=60)


def test_a_reply_that_says_nothing_for_too_long_ends_in_words():
    """She is told, and the thread is, too: it stops at its next token."""
    engine = Endless()

    async def listen():
        async for _ in voice(engine, silence_s=0.01).reply(HELLO):
            pass

    with pytest.raises(EngineError) as caught:
        asyncio.run(listen())

    assert caught.value.key == "space.too_long"
    assert engine.closed.wait(timeout=60)


def test_one_visitor_gets_one_reply_at_a_time():
    """Two threads could answer her twice at once; the second question waits, another visitor's does not."""
    together = threading.Barrier(2, timeout=60)
    begun = []

    class Meeting:
        def stream(self, history, *, seed=None):
            name = history[-1].bubbles[0]
            begun.append(name)
            if name in ("하나", "남"):
                together.wait()
            yield [name]

    shared = voice(Meeting(), threads=3)

    async def ask(name, visitor):
        return [bubble async for bubble in shared.reply((Turn("partner", (name,)),), visitor)]

    async def everyone():
        return await asyncio.gather(ask("하나", "서연"), ask("둘", "서연"), ask("남", "친구"))

    assert asyncio.run(everyone()) == [["하나"], ["둘"], ["남"]]
    assert begun.index("둘") == 2


@pytest.mark.parametrize("ending", ["stopped", "broken", "unheard"])
def test_a_visitor_is_served_again_whatever_became_of_the_last_reply(ending):
    """Stopped, failed, or given up before its thread had begun: nothing stays locked."""

    class Moody(Endless):
        def stream(self, history, *, seed=None):
            if len(self.heard) and ending != "unheard":
                return iter([["ㅇㅇ"]])
            if ending == "broken":
                self.heard.append(history)
                raise EngineError("engine.empty_history")
            return super().stream(history)

    engine, pool = Moody(), ThreadPoolExecutor(1)
    shared = Voice(engine, "도윤", "서연", HONEST, AT_ONCE, pool)
    release = threading.Event()

    async def ask():
        return [bubble async for bubble in shared.reply(HELLO, "서연")]

    async def stop_the_first():
        async with aclosing(shared.reply(HELLO, "서연")) as reply:
            await anext(reply)

    async def give_up_waiting():
        pool.submit(release.wait, 60)
        first = asyncio.ensure_future(ask())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        release.set()

    async def twice():
        if ending == "stopped":
            await stop_the_first()
        elif ending == "broken":
            with pytest.raises(EngineError):
                await ask()
        else:
            await give_up_waiting()
        async with aclosing(shared.reply(HELLO, "서연")) as reply:
            return await asyncio.wait_for(anext(reply), 60)

    assert asyncio.run(twice()) == ("ㅋ" if ending == "unheard" else "ㅇㅇ")


def test_one_model_makes_one_reply_at_a_time_in_order_of_arrival():
    """Several conversations share a model without mixing."""
    engine = Script("하나", "둘")
    shared = voice(engine)

    async def talk(name):
        return [bubble async for bubble in shared.reply((Turn("partner", (name,)),))]

    async def everyone():
        return await asyncio.gather(*(talk(str(number)) for number in range(10)))

    assert asyncio.run(everyone()) == [["하나", "둘"]] * 10
    assert [turns[0].bubbles[0] for turns in engine.heard] == [str(number) for number in range(10)]


def test_the_models_time_is_part_of_typing(monkeypatch, clock):
    """Of the second that his first bubble takes the model took three quarters; the next one begins when that is sent."""
    clock.now, pauses = 0.0, []

    class Slow(Script):
        def stream(self, history, *, seed=None):
            clock.now += 0.75
            return super().stream(history)

    async def sleep(seconds):
        pauses.append(seconds)
        clock.now += seconds

    async def listen():
        slow = Voice(
            Slow("ㅋ" * 10, "ㅋ"), "도윤", "서연", HONEST, Rhythm(0.1, 0.5, 2.0), ThreadPoolExecutor(1)
        )
        return [(bubble, clock.now) async for bubble in slow.reply(HELLO)]

    monkeypatch.setattr("conversation.time", SimpleNamespace(monotonic=clock))
    # Here alone: other tests' servers may still sleep in their threads.
    monkeypatch.setattr("conversation.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))

    assert asyncio.run(listen()) == [("ㅋ" * 10, 1.0), ("ㅋ", 1.5)]
    assert pauses == [0.25, 0.5]


def test_a_longer_bubble_takes_longer_up_to_a_limit_unless_told_not_to():
    """The rhythm is that of a thumb, 0.06 s a letter, and nobody waits for a novel."""
    human, at_once = (app.voice_of(Script(), Settings(human_rhythm=human)).rhythm for human in (True, False))

    assert [human.pause("ㅋ" * length) for length in (1, 10, 1_000)] == [0.4, 0.6, 2.0]
    assert [at_once.pause("ㅋ" * length) for length in (1, 10, 1_000)] == [0, 0, 0]
