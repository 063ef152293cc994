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
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from persona_core.engine.speech import Speaker as Engine
from persona_core.engine.speech import speak
from persona_core.prompt import Role, Turn, alternate, clean_bubble

LONGEST_MESSAGE = 2_000  # characters: more than anyone types into a messenger
REMEMBERED_MESSAGES = 80  # the engine cuts to its context anyway; this bounds what is tokenised

_ROLE: dict[object, Role] = {"user": "partner", "assistant": "persona"}


# --- history ---


def turns_of(messages: Sequence[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """The last messages of the page as turns. Nothing but words of the two speakers gets through."""
    turns = []
    for message in messages[-REMEMBERED_MESSAGES:]:
        role = _ROLE.get(message.get("role"))
        text = clean_bubble(html.unescape(_words(message.get("content"))))[:LONGEST_MESSAGE]
        if role and text:
            turns.append(Turn(role, (text,)))
    return alternate(turns)


def _words(content: object) -> str:
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
    """An engine that speaks with names, at a rhythm, on its own threads: as many replies at once as there are."""

    engine: Engine
    persona_name: str
    partner_name: str
    rhythm: Rhythm
    threads: Executor

    async def reply(self, turns: Sequence[Turn]) -> AsyncGenerator[str]:
        """His bubbles, each when it is his time to send it. Closing the generator stops the model.

        The time the model takes counts as typing, so a slow model is not made slower.
        """
        sent_at = time.monotonic()
        async with aclosing(self._spoken(turns)) as spoken:
            async for bubble in spoken:
                await asyncio.sleep(max(0.0, sent_at + self.rhythm.pause(bubble) - time.monotonic()))
                yield bubble
                sent_at = time.monotonic()

    async def _spoken(self, turns: Sequence[Turn]) -> AsyncGenerator[str]:
        """What `speak` says, made on a thread ahead of being read."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Queue[str | None] = asyncio.Queue()
        stopped = threading.Event()

        def work() -> None:
            try:
                for bubble in speak(self.engine, turns, self.persona_name, self.partner_name):
                    if stopped.is_set():
                        break
                    loop.call_soon_threadsafe(ready.put_nowait, bubble)
            finally:
                loop.call_soon_threadsafe(ready.put_nowait, None)

        # ZeroGPU finds the visitor's quota through the context of gradio's request.
        worker = loop.run_in_executor(self.threads, contextvars.copy_context().run, work)
        try:
            while (bubble := await ready.get()) is not None:
                yield bubble
            await worker  # raises what went wrong
        finally:
            stopped.set()
            worker.cancel()  # one that has not begun never will
