"""The page itself: a ChatInterface that looks and behaves like a Korean messenger.

    page = build_page(voice, settings)          # voice: see conversation.py

theme.css is the look, page.js what gradio does not do in the browser, persona_core/texts/space.toml every word.
"""

import html
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import gradio as gr

from apology import apology, cause
from configuration import Settings
from conversation import LONGEST_MESSAGE, Voice, turns_of
from messenger import UNHEARD, VISITORS, Message, Messenger, Shown, current, line, message, show
from persona_core.prompt import Turn
from waking import Status

QUEUE = 64  # events that wait to be looked at; more are only sent by programs
STATUS_EVERY_S = 2.0
READY = Status("ready")


class Page(gr.Blocks):  # type: ignore[misc]  # gradio is Any to mypy
    """Blocks that say for themselves whether gradio shall bring its sign-in routes and its signed session.

    gradio looks for a LoginButton instead, which makes the browser evaluate a string as a script.
    """

    expects_oauth = False


def build_page(voice: Voice, settings: Settings, status: Callable[[], Status] = lambda: READY) -> gr.Blocks:
    """The page for one persona. ``status`` says how far the engine is on its way."""
    say = settings.text
    under_way: set[object] = set()

    async def answer(chat: list[Message], request: gr.Request) -> AsyncGenerator[Shown]:
        """The chat -> the chat with his bubbles so far. Nothing is answered twice."""
        turns = turns_of(current(chat))
        if not turns or turns[-1].role != "partner":
            yield show(chat)
            return
        if len(under_way) >= VISITORS:
            yield show(chat, note=say("space.busy"))
            return
        under_way.add(reply := object())
        try:
            async with aclosing(reply_to(chat, turns, request.username or "")) as shown:
                async for screen in shown:
                    yield screen
        finally:
            under_way.remove(reply)

    async def reply_to(chat: list[Message], turns: tuple[Turn, ...], visitor: str) -> AsyncGenerator[Shown]:
        yield show(chat, typing=True)
        trouble = say("space.no_reply")
        try:
            async for bubble in voice.reply(turns, visitor=visitor):
                chat = [*chat, message("assistant", bubble)]
                trouble = ""
                yield show(chat, typing=True)
        except Exception as error:  # noqa: BLE001  # whatever it was, she gets words and the log gets no chat
            failed = status().error
            known = failed is not None and failed.key == cause(error)  # it stands above the chat already
            trouble = "" if known else apology(error, settings)  # a gr.Error would cover the page
        yield show(chat, note=trouble)

    def show_status() -> tuple[Any, Any]:
        now = status()
        return line(status_text(now, settings)), gr.Timer(active=now.state != "ready")

    with Page(title=say("space.title"), analytics_enabled=False, fill_height=True) as page:
        page.expects_oauth = settings.sign_in
        gr.Markdown(_header(settings), elem_id="header")
        started = gr.Markdown(visible=False, elem_classes="note")
        trouble = gr.Markdown(visible=False, elem_classes="note")
        timer = gr.Timer(STATUS_EVERY_S, active=False)
        new_chat = gr.Button(say("space.new_chat"), elem_id="new-chat")
        chat = Messenger(
            answer,
            chatbot=_chatbot(settings),
            textbox=_textbox(settings),
            flagging_mode="never",
            analytics_enabled=False,
            fill_height=True,
        )
        with chat.chatbot.parent:
            again = gr.Button(say("space.ask_again"), elem_id="ask-again", visible=False)
        chat.listen(page, trouble, new_chat, say("space.new_chat_line"), again)
        page.load(show_status, None, [started, timer], **UNHEARD)
        timer.tick(show_status, None, [started, timer], **UNHEARD)
    return page.queue(max_size=QUEUE, api_open=False)


# --- its parts ---


def _header(settings: Settings) -> str:
    name, badge = html.escape(settings.his_name), html.escape(settings.text("space.badge"))
    return f'<header><b class="face"></b><h1>{name}</h1><span class="badge">{badge}</span></header>'


def _chatbot(settings: Settings) -> gr.Chatbot:
    notice = html.escape(settings.text("space.notice")).replace("\n", "<br>")
    return gr.Chatbot(
        elem_id="chat",
        label=settings.his_name,
        show_label=False,
        placeholder=f"<p>{notice}</p>",  # a block of HTML: the one thing in a placeholder that is not read as Markdown
        layout="bubble",
        group_consecutive_messages=False,
        render_markdown=False,
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        height=None,
        scale=1,
    )


def _textbox(settings: Settings) -> gr.Textbox:
    return gr.Textbox(
        elem_id="message",
        label=settings.text("space.your_message"),
        show_label=False,
        placeholder=settings.text("space.your_message"),
        max_lines=5,
        max_length=LONGEST_MESSAGE,
        interactive=False,  # until her chat is back
        submit_btn=True,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
    )


# --- what it says when he does not ---


def status_text(now: Status, settings: Settings) -> str:
    """What the visitor reads until the engine is there; nothing when it is."""
    reason = apology(now.error, settings) if now.error else ""
    return (
        ""
        if now.state == "ready"
        else settings.text(f"space.{now.state}", reason=reason, percent=now.percent)
    )
