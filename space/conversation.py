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
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from persona_core.manifest import Placeholders
from persona_core.privacy import Names, restore, scrub
from persona_core.prompt import Role, Turn, alternate, clean_bubble

LONGEST_MESSAGE = 2_000  # characters: more than anyone types into a messenger
REMEMBERED_MESSAGES = 80  # the engine cuts to its context anyway; this bounds what is tokenised

_ROLE: dict[object, Role] = {"user": "partner", "assistant": "persona"}
_PLACEHOLDER = {"PERSONA": Placeholders().persona, "PARTNER": Placeholders().partner}


class Engine(Protocol):
    """What the page needs of an engine. See `persona_core.engine.Engine`."""

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]: ...


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


TRIES = 3  # replies drawn until one has something she may read

AT_ONCE = Rhythm(per_letter=0, shortest=0, longest=0)


def without(names: Names, text: str) -> str:
    """``text`` with placeholders for the two names."""
    for span, who in reversed(names.find(text)):
        text = text[: span.start] + _PLACEHOLDER[who] + text[span.end :]
    return text


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

        The model reads the two names as it learned them, as placeholders, and what it writes gets them back.

        A reply of which nothing may be shown is drawn again.

        The time the model takes counts as typing, so a slow model is not made slower.
        """
        names = Names(self.persona_name, self.partner_name)
        unnamed = [
            Turn(turn.role, tuple(without(names, bubble) for bubble in turn.bubbles)) for turn in turns
        ]
        sent_at = time.monotonic()
        for _ in range(TRIES):
            spoke = False
            async with aclosing(self._generate(unnamed)) as generated:
                async for raw in generated:
                    if bubble := self._shown(raw):
                        await asyncio.sleep(max(0.0, sent_at + self.rhythm.pause(bubble) - time.monotonic()))
                        yield bubble
                        sent_at = time.monotonic()
                        spoke = True
            if spoke:
                return

    def _shown(self, bubble: str) -> str:
        """``bubble`` as she may read it; empty when nothing of it is fit to be shown."""
        return clean_bubble(restore(scrub(bubble), self.persona_name, self.partner_name))

    async def _generate(self, turns: Sequence[Turn]) -> AsyncGenerator[str]:
        """The engine's bubbles, made on a thread ahead of being read."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Queue[list[str] | None] = asyncio.Queue()
        stopped = threading.Event()

        def work() -> None:
            try:
                for so_far in self.engine.stream(turns):
                    if stopped.is_set():
                        break
                    loop.call_soon_threadsafe(ready.put_nowait, so_far)
            finally:
                loop.call_soon_threadsafe(ready.put_nowait, None)

        # ZeroGPU finds the visitor's quota through the context of gradio's request.
        worker = loop.run_in_executor(self.threads, contextvars.copy_context().run, work)
        count = 0
        try:
            while (so_far := await ready.get()) is not None:
                for bubble in so_far[count:]:
                    yield bubble
                count = len(so_far)
            await worker  # raises what went wrong
        finally:
            stopped.set()
            worker.cancel()  # one that has not begun never will
