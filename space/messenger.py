"""What happens to the chat when she sends, asks anew, begins again, stops or erases.

The whole chat is one list of gradio's messages. It lives in her browser: every request brings it and every answer
takes it back, so the server keeps none of it::

    sent("뭐해? <3", [])     # [{"role": "user", "content": "뭐해? &lt;3"}]

What she sends comes as a letter, "MARK TEXT", from the outbox of page.js. Its mark stays with the message: a letter that
comes again, because nobody knew whether it had arrived, changes nothing, and page.js learns which ones it may forget.
"""

import asyncio
import html
from collections.abc import AsyncGenerator, Callable
from typing import Any

import gradio as gr

from conversation import LONGEST_MESSAGE, words
from persona_core.prompt import clean_bubble

KEPT_MESSAGES = 400  # what her browser remembers of the chat
NEW_CHAT = (
    "\u2063"  # begins the line between two conversations: invisible, and taken out of whatever anyone says
)
VISITORS = 32  # replies under way; who comes after them is told to come back
TOLD = 32  # of those at once
MARKS = 50  # letters whose arrival is told: more than she writes until the page hears of it

Message = dict[str, Any]
Shown = tuple[list[Message], list[Message], Any, Any, Any]
SESSIONS = 4_096  # open pages remembered at once

UNHEARD: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


# --- the chat as a list ---


def message(role: str, text: str) -> Message:
    """One bubble of a "user" or an "assistant". gradio renders HTML even with Markdown switched off."""
    return {"role": role, "content": html.escape(text, quote=False)}


def sent(text: str, chat: list[Message]) -> list[Message]:
    """The chat after she sent ``text``; nothing but blanks is not sent."""
    clean = clean_bubble(text)[:LONGEST_MESSAGE]
    return [*chat, message("user", clean)] if clean else chat


def received(chat: list[Message], letter: str) -> list[Message]:
    """The chat after a ``letter`` of hers; it changes nothing the second time."""
    mark, _, text = letter.partition(" ")
    if mark in marks(chat) or (after := sent(text, chat)) is chat:
        return chat
    return [*chat, {**after[-1], "metadata": {"id": mark}}]


def marks(chat: list[Message]) -> list[str]:
    """Of the letters that are in the chat."""
    kept = (said.get("metadata") or {} for said in chat[-KEPT_MESSAGES:] if said["role"] == "user")
    return [str(metadata["id"]) for metadata in kept if metadata.get("id")]


def unanswered(chat: list[Message]) -> list[Message]:
    """The chat up to her last message: he shall answer it anew."""
    last = max((i for i, said in enumerate(chat) if said["role"] == "user"), default=-1)
    return chat[: last + 1]


def begun_again(chat: list[Message], line: str) -> list[Message]:
    """The chat with a ``line`` below which he knows nothing of what stands above it."""
    return [*chat, message("assistant", NEW_CHAT + line)] if current(chat) else chat


def current(chat: list[Message]) -> list[Message]:
    """What belongs to the conversation under way."""
    lines = [i for i, said in enumerate(chat) if words(said["content"]).startswith(NEW_CHAT)]
    return chat[lines[-1] + 1 :] if lines else chat


def show(chat: list[Message], *, typing: bool = False, note: str = "") -> Shown:
    """What the page shows and her browser keeps: the chat, whether he is typing, and a ``note`` above it.

    Where her message is left without an answer, a button asks for one; gradio has that only below his.
    """
    waits = bool(chat) and chat[-1]["role"] == "user" and not typing
    box = gr.Textbox(stop_btn=typing, interactive=True)
    return chat, chat[-KEPT_MESSAGES:], line(note), box, gr.Button(visible=waits)


def line(text: str) -> gr.Markdown:
    """The line above the chat; without words it is not there."""
    return gr.Markdown(f'<p role="status">{html.escape(text)}</p>', visible=bool(text))


def arrivals(chat: list[Message], *letters: str) -> str:
    """What page.js reads: the marks of the letters in the chat, and of those that said nothing."""
    handled = [*marks(chat)[-MARKS:], *(letter.partition(" ")[0] for letter in letters)]
    return html.escape(" ".join([".", *handled]))  # a point even without any: the chat is back


# --- the component ---


class Messenger(gr.ChatInterface):  # type: ignore[misc]  # gradio is Any to mypy
    """A ChatInterface with a messenger's events; its own lock the box during a reply and keep the chat on the server.

    ``fn`` is an asynchronous generator: the chat and its request -> what to `show` of it and of his answer, again and again.

    Whatever she does while he types ends that reply with the bubbles it has; the next one answers to all she sent
    since. Everything shown comes through gradio's queue, one stream per visitor, so nothing old covers what is new.
    """

    def _setup_events(self) -> None:
        """None yet: see `listen`."""

    def listen(
        self, page: gr.Blocks, trouble: gr.Markdown, new_chat: gr.Button, between: str, again: gr.Button
    ) -> None:
        """Bring back what her browser kept, and answer. ``between`` stands where ``new_chat`` begins again."""
        chat, saved = self.chatbot, self.saved_conversations
        # gradio scrambles it with a secret that travels to the browser anyway; a fixed one survives restarts.
        saved.storage_key = saved.secret = "persona-chat"  # noqa: S105
        arrived = gr.Markdown(visible="hidden", elem_id="arrived", sanitize_html=True)
        self._screen = [chat, saved, trouble, self.textbox, again, arrived]
        self._under_way: dict[str, asyncio.Event] = {}  # by gradio's session: what ends the reply
        outbox = gr.Textbox(
            visible="hidden", elem_id="outbox"
        )  # page.js sends through it: she may be typing on
        self._on(page.load, lambda kept: kept, saved)
        self._on(outbox.submit, received, chat, outbox)
        self._on(chat.retry, unanswered, chat)
        self._on(again.click, unanswered, chat)
        self._on(chat.clear, lambda _: [], chat)
        self._on(new_chat.click, lambda chat: begun_again(chat, between), chat)
        self._on(self.textbox.stop, lambda chat: chat, chat, answer=False)

    def _on(
        self, event: Any, change: Callable[..., list[Message]], *inputs: gr.Component, answer: bool = True
    ) -> None:
        """At ``event``, end the reply under way, ``change`` the chat, and answer to it."""

        async def act(request: gr.Request, *given: Any) -> AsyncGenerator[tuple[Any, ...]]:
            ended = self._end(request.session_hash)
            chat = change(*given)
            heard = arrivals(chat, *given[1:])
            if not answer:
                yield (*show(chat), heard)
                return
            async for shown in until(ended, self.fn(chat, request)):
                yield (*shown, heard)

        event(
            act,
            list(inputs),
            self._screen,
            concurrency_limit=VISITORS + TOLD,
            trigger_mode="multiple",
            show_progress="hidden",
            api_visibility="private",
        )

    def _end(self, session: str) -> asyncio.Event:
        """End the reply of ``session``; the event that will end the one which begins now."""
        if before := self._under_way.pop(session, None):
            before.set()
        self._under_way[session] = ended = asyncio.Event()
        if len(self._under_way) > SESSIONS:
            del self._under_way[next(iter(self._under_way))]
        return ended


async def until(ended: asyncio.Event, source: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """What ``source`` yields, and not a thing more once ``ended`` is set."""
    end = asyncio.ensure_future(ended.wait())
    try:
        while True:
            step = asyncio.ensure_future(anext(source, None))
            try:
                await asyncio.wait({step, end}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not step.done():
                    step.cancel()
                    await asyncio.wait({step})
            if end.done() or step.result() is None:
                return
            yield step.result()
    finally:
        end.cancel()
        await source.aclose()
