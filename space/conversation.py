"""From the page's history to his bubbles, at the pace of a person typing.

The history is gradio's (``{"role", "content"}``); it comes back from the browser and is therefore believed in nothing
but its words: other roles, files and excess are left out::

    turns = turns_of([{"role": "user", "content": "밥 먹었어?"}])    # (Turn("partner", ("밥 먹었어?",)),)
    async for bubble in voice.reply(turns):                        # "ㅇㅇ", then "자기는?"
        ...
"""

import asyncio
import contextvars
import html
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakValueDictionary

from honesty import Honesty
from persona_core.engine.speech import Speaker as Engine
from persona_core.engine.speech import speak
from persona_core.errors import EngineError
from persona_core.prompt import Role, Turn, alternate, clean_bubble

LONGEST_MESSAGE = 2_000  # characters: more than anyone types into a messenger
REMEMBERED_MESSAGES = 80  # the engine cuts to its context anyway; this bounds what is tokenised
# Seconds without a bubble. A message may wait 120 for a cold start; a slow reply, 160 tokens at two a second, takes 80.
# What is silent for longer hangs.
LONGEST_SILENCE_S = 180.0

HONEST_TURNS = 6  # so long after the honest answer, "it is me" takes it back

Sound = TypeVar("Sound")
_ROLE: dict[str, Role] = {"user": "partner", "assistant": "persona"}


# --- history ---


def turns_of(messages: object) -> tuple[Turn, ...]:
    """The last messages of the page as turns. Nothing but words of the two speakers gets through."""
    turns = []
    for message in messages[-REMEMBERED_MESSAGES:] if isinstance(messages, list) else ():
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            continue
        # Cut before it is looked into, long enough for a message whose every character was escaped ("&amp;").
        typed = html.unescape(words(message.get("content"))[: 5 * LONGEST_MESSAGE])
        # JSON can name half a character, which no tokenizer reads.
        text = clean_bubble(typed.encode(errors="replace").decode())[:LONGEST_MESSAGE].strip()
        if text:
            turns.append(Turn(_ROLE[message["role"]], (text,)))
    return alternate(turns)


def words(content: object) -> str:
    """The text of gradio's content: a string (from a program), or a list of parts (from the page)."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
    return "\n".join(part for part in parts if isinstance(part, str))


# --- reply ---


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long he takes to type a bubble, in seconds."""

    per_letter: float = 0.06  # a quick thumb: as people type, not so slow that anyone waits for the art of it
    shortest: float = 0.4
    longest: float = 2.0

    def pause(self, bubble: str) -> float:
        return min(self.longest, max(self.shortest, self.per_letter * len(bubble)))


AT_ONCE = Rhythm(per_letter=0, shortest=0, longest=0)


@dataclass(frozen=True, slots=True)
class Voice:
    """An engine that speaks with names, at a rhythm, on its own threads: as many replies at once as there are.

    ``honest`` is what he says when she wants to know who writes, and instead of a denial. ``silence_s`` is how long a
    reply may say nothing, or the line before it stand still, until it is given up.
    """

    engine: Engine
    persona_name: str
    partner_name: str
    honest: str
    rhythm: Rhythm
    threads: Executor
    silence_s: float = LONGEST_SILENCE_S
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary, repr=False)
    _line: set[asyncio.Timeout] = field(default_factory=set, repr=False)  # of those who wait for a thread

    async def reply(self, turns: Sequence[Turn], visitor: str = "") -> AsyncGenerator[str]:
        """His bubbles, each when it is his time to send it. Closing the generator stops the model.

        The time the model takes counts as typing, so a slow model is not made slower. ``visitor`` gets one reply at a
        time, in order of asking; "" is nobody in particular.

        Raises:
            EngineError: for too long nothing was said, or nobody's turn came; the model has been told to stop.
        """
        sent_at = time.monotonic()
        async with aclosing(self._honest(turns, visitor)) as spoken:
            async for bubble in spoken:
                await asyncio.sleep(max(0.0, sent_at + self.rhythm.pause(bubble) - time.monotonic()))
                yield bubble
                sent_at = time.monotonic()

    async def _honest(self, turns: Sequence[Turn], visitor: str) -> AsyncGenerator[str]:
        """What is said, and the honest answer, once, where it is asked for or would be denied."""
        honesty = Honesty(self.persona_name)
        told = [self.honest in turn.bubbles for turn in turns[-HONEST_TURNS:]]
        if any(honesty.asks(asked, told=any(told[-2:])) for asked in turns[-1].bubbles):
            yield self.honest
            return
        said_it = False
        async with aclosing(self._spoken(turns, visitor)) as spoken:
            async for bubble in spoken:
                if not honesty.denies(bubble, told=any(told)):
                    yield bubble
                elif not said_it:
                    said_it = True
                    yield self.honest

    async def _spoken(self, turns: Sequence[Turn], visitor: str) -> AsyncGenerator[str]:
        """What `speak` says, made on a thread ahead of being read."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Queue[str | None] = asyncio.Queue()
        begun, stopped = asyncio.Event(), threading.Event()
        turn = self._turns.setdefault(visitor, asyncio.Lock()) if visitor else asyncio.Lock()
        await self._soon(turn.acquire(), in_line=True)

        def work() -> None:
            loop.call_soon_threadsafe(begin)
            try:
                for bubble in speak(
                    self.engine, turns, self.persona_name, self.partner_name, stopped=stopped.is_set
                ):
                    loop.call_soon_threadsafe(ready.put_nowait, bubble)
            finally:
                loop.call_soon_threadsafe(end)

        def begin() -> None:
            begun.set()
            for patience in self._line:
                if not patience.expired():
                    patience.reschedule(loop.time() + self.silence_s)

        def end() -> None:
            turn.release()
            ready.put_nowait(None)

        # ZeroGPU finds the visitor's quota through the context of gradio's request.
        worker = self.threads.submit(contextvars.copy_context().run, work)
        try:
            await self._soon(begun.wait(), in_line=True)
            while (bubble := await self._soon(ready.get())) is not None:
                yield bubble
            await asyncio.wrap_future(worker)  # raises what went wrong
        finally:
            stopped.set()
            if worker.cancel():  # it had not begun, and never will
                turn.release()

    async def _soon(self, sound: Awaitable[Sound], *, in_line: bool = False) -> Sound:
        patience = asyncio.timeout(self.silence_s)  # wait_for of Python 3.11 may swallow a stop
        try:
            async with patience:
                if in_line:
                    self._line.add(patience)
                return await sound
        except TimeoutError:
            raise EngineError("space.too_long") from None
        finally:
            self._line.discard(patience)
