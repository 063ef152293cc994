"""Those who wait for their turn: a line that moves is no silence, one that does not is."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from conversation import AT_ONCE, Voice
from persona_core.errors import EngineError
from persona_core.prompt import Turn

HELLO = (Turn("partner", ("하이",)),)


def voice(engine, silence_s):
    return Voice(engine, "도윤", "서연", "나는 AI야.", AT_ONCE, ThreadPoolExecutor(1), silence_s)


def test_who_stands_in_line_is_not_told_that_it_takes_too_long(clock):
    """Each of four replies takes less than a reply may say nothing, all of them together more."""
    heard = threading.Semaphore(0)

    class Slow:
        def stream(self, history, *, seed=None):
            clock.now += 100
            yield ["ㅇㅇ"]
            assert heard.acquire(timeout=60)

    shared = voice(Slow(), 180)

    async def ask():
        said = []
        async for bubble in shared.reply(HELLO):
            said.append(bubble)
            heard.release()
        return said

    async def everyone():
        asyncio.get_running_loop().time = clock
        return await asyncio.gather(*(ask() for _ in range(4)))

    assert asyncio.run(everyone()) == [["ㅇㅇ"]] * 4


def test_who_stands_in_a_line_that_does_not_move_is_told():
    """A model that hangs hangs for everybody."""
    over = threading.Event()

    class Hung:
        def stream(self, history, *, seed=None):
            over.wait(60)
            yield ["ㅇㅇ"]

    shared = voice(Hung(), 0.01)

    async def ask():
        try:
            async for _ in shared.reply(HELLO):
                pass
        except EngineError as error:
            return error.key

    async def everyone():
        told = await asyncio.gather(ask(), ask())
        over.set()
        return told

    assert asyncio.run(everyone()) == ["space.too_long"] * 2
