"""The page itself: a ChatInterface that looks and behaves like a Korean messenger.

    page = build_page(engine, settings)         # engine: anything with stream(history)

theme.css is the look, page.js what gradio does not do in the browser, persona_core/texts/space.toml every word.
"""

import html
import json
import logging
import traceback
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr

from configuration import Settings
from conversation import AT_ONCE, LONGEST_MESSAGE, Engine, Rhythm, Voice, turns_of
from honesty import asks_whether_ai, denies_being_ai
from persona_core.errors import PersonaError
from persona_core.texts import text_in
from waking import Status

HERE = Path(__file__).parent
VISITORS = 32  # conversations in flight; more wait in the queue
QUEUE = 64  # and more than these are told to come back
ZERO_REPLIES = (
    8  # at once on ZeroGPU, which gives each its own worker; elsewhere one model makes one reply at a time
)
STATUS_EVERY_S = 2.0
KEPT_MESSAGES = 400  # what her browser remembers of the chat

Message = dict[str, Any]
READY = Status("ready")
_UNHEARD: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
log = logging.getLogger("persona")


class Page(gr.Blocks):  # type: ignore[misc]  # gradio is Any to mypy
    """Blocks that say for themselves whether gradio shall bring its sign-in routes and its signed session.

    gradio looks for a LoginButton instead, which makes the browser evaluate a string as a script.
    """

    expects_oauth = False


class Messenger(gr.ChatInterface):  # type: ignore[misc]
    """A ChatInterface that shows every word as it was written.

    gradio renders HTML in messages even with Markdown switched off; so they are escaped where they become messages,
    and given back as typed when one is taken back. The one conversation there is stays in her browser, and nowhere
    else, until she clears it.
    """

    def _message_as_message_dict(self, message: Any, role: str) -> list[Message]:
        texts = message if isinstance(message, list) else [message]
        return [{"role": role, "content": html.escape(text, quote=False)} for text in texts]

    def _pop_last_user_message(self, history: list[Message]) -> tuple[list[Message], str]:
        kept, message = super()._pop_last_user_message(history)
        return kept, html.unescape(message)

    def _save_conversation(
        self, index: Any, conversation: list[Message], _: list[Message]
    ) -> tuple[Any, list[Message]]:
        return index, conversation[-KEPT_MESSAGES:]

    def _delete_conversation(self, index: Any, _: list[Message]) -> tuple[Any, list[Message]]:
        return index, []


def build_page(engine: Engine, settings: Settings, status: Callable[[], Status] = lambda: READY) -> gr.Blocks:
    """The page for one persona. ``status`` says how far the engine is on its way."""
    say = settings.text
    voice = Voice(
        engine,
        settings.his_name,
        settings.her_name,
        Rhythm() if settings.human_rhythm else AT_ONCE,
        ThreadPoolExecutor(ZERO_REPLIES if settings.hardware == "zero" else 1, thread_name_prefix="voice"),
    )

    async def answer(message: str, history: list[Message]) -> AsyncGenerator[tuple[list[str], Any]]:
        """Her message, and what was said before -> his bubbles so far, and what the line above the chat says."""
        if asks_whether_ai(message):
            yield [say("space.honest")], line("")
            return
        said: list[str] = []
        try:
            async for bubble in voice.reply(turns_of([*history, {"role": "user", "content": message}])):
                said.append(say("space.honest") if denies_being_ai(bubble) else bubble)
                yield list(said), line("")
            trouble = "" if said else say("space.no_reply")
        except Exception as error:  # noqa: BLE001  # whatever it was, she gets words and the log gets no chat
            trouble = apology(
                error, settings
            )  # a gr.Error would cover the page and leave the message box locked
        yield said, line(trouble)

    def show_status() -> tuple[Any, Any]:
        now = status()
        return line(status_text(now, settings)), gr.Timer(
            active=now.state in ("waking", "downloading", "loading")
        )

    with Page(title=say("space.title"), analytics_enabled=False, fill_height=True) as page:
        page.expects_oauth = settings.sign_in
        gr.Markdown(_header(settings), elem_id="header")
        notes = gr.Markdown(visible=False, elem_id="status")
        timer = gr.Timer(STATUS_EVERY_S, active=False)
        chat = Messenger(
            answer,
            chatbot=_chatbot(settings),
            textbox=_textbox(settings),
            additional_outputs=notes,
            api_visibility="private",
            concurrency_limit=VISITORS,
            show_progress="hidden",
            flagging_mode="never",
            analytics_enabled=False,
            fill_height=True,
        )
        _bring_back(chat, page)
        page.load(show_status, None, [notes, timer], **_UNHEARD)
        timer.tick(show_status, None, [notes, timer], **_UNHEARD)
    return page.queue(max_size=QUEUE, api_open=False)


def _bring_back(chat: Messenger, page: gr.Blocks) -> None:
    """Show what her browser kept of the chat."""
    # gradio scrambles it with a secret that travels to the browser anyway; a fixed one survives restarts.
    saved = chat.saved_conversations
    saved.storage_key = saved.secret = "persona-chat"  # noqa: S105
    page.load(lambda messages: (messages, messages), saved, [chat.chatbot, chat.chatbot_state], **_UNHEARD)


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
        max_lines=5,
        max_length=LONGEST_MESSAGE,
        submit_btn=True,
        stop_btn=True,
        autofocus=True,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
    )


# --- what it says when he does not ---


def line(text: str) -> gr.Markdown:
    """The line above the chat; without words it is not there."""
    return gr.Markdown(f'<p role="status">{html.escape(text)}</p>', visible=bool(text))


def status_text(now: Status, settings: Settings) -> str:
    """What the visitor reads until the engine is there; nothing when it is."""
    reason = apology(now.error, settings) if now.error else ""
    return "" if now.state == "ready" else settings.text(f"space.{now.state}", reason=reason)


def apology(error: Exception, settings: Settings) -> str:
    """What the visitor reads. The log gets the kind of error and where it happened, without its message."""
    if isinstance(error, PersonaError):
        return text_in(settings.language, error.key, **error.values)
    log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    if isinstance(error, gr.Error) and settings.hardware == "zero":
        return settings.text("space.quota")
    return settings.text("space.trouble")


# --- the look ---


def stylesheet(settings: Settings) -> str:
    """theme.css with his name. (gradio's own ``css`` argument rewrites shorthands and loses half of them.)"""
    names = {"--his-name": settings.his_name, "--his-initial": settings.his_name[:1]}
    variables = "".join(f"{key}:{_css_string(value)};" for key, value in names.items())
    return f":root{{{variables}}}\n{(HERE / 'theme.css').read_text(encoding='utf-8')}"


def _css_string(text: str) -> str:
    """``text`` as a CSS string: every character that is no plain letter is written by its number."""
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'


def script(settings: Settings) -> str:
    """page.js with the words it says."""
    words = {
        "language": settings.language,
        **{word: settings.text(f"space.{word}") for word in ("send", "stop")},
    }
    return (HERE / "page.js").read_text(encoding="utf-8").replace("$words", json.dumps(words))
