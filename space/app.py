"""The page she opens: a messenger in which his bubbles arrive one by one.

On a Space this file is started as it is; on a PC `persona chat` starts it with the same variables::

    PERSONA_FOLDER=runs/demo/release INVITE_SECRET=… python space/app.py

configuration.py reads the variables, access.py keeps the doors, waking.py loads the model, conversation.py speaks.
"""

import html
import json
import logging
import os
import threading
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from access import Doors, Gate
from configuration import Settings
from conversation import AT_ONCE, LONGEST_MESSAGE, Engine, Rhythm, Voice, turns_of
from honesty import asks_whether_ai, denies_being_ai
from persona_core.engine import load_engine
from persona_core.errors import PersonaError
from persona_core.hub import download_release
from persona_core.invite import SECRET_LENGTH
from persona_core.prompt import Turn
from persona_core.texts import text_in
from waking import Report, Sleeper, Status

HERE = Path(__file__).parent
GPU_SECONDS = 20  # ZeroGPU counts what is asked for, not what is used, against a few minutes a day
ZERO_REPLIES = (
    8  # at once on ZeroGPU, which gives each its own worker; elsewhere one model makes one reply at a time
)
VISITORS = 32  # conversations in flight; more wait in the queue
QUEUE = 64  # and more than these are told to come back
STATUS_EVERY_S = 2.0
KEPT_MESSAGES = 400  # what her browser remembers of the chat
FONTS = (
    "system-ui",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "sans-serif",
)

Message = dict[str, Any]
READY = Status("ready")
log = logging.getLogger("persona")


class Messenger(gr.ChatInterface):  # type: ignore[misc]  # gradio is Any to mypy
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
        self, index: int | None, conversation: list[Message], saved: list[Message]
    ) -> tuple[int | None, list[Message]]:
        return index, conversation[-KEPT_MESSAGES:]

    def _delete_conversation(
        self, index: int | None, saved: list[Message]
    ) -> tuple[int | None, list[Message]]:
        return index, []


# --- the page ---


def build_page(engine: Engine, settings: Settings, status: Callable[[], Status] = lambda: READY) -> gr.Blocks:
    """The page for one persona. ``status`` says how far the engine is; launch it with `launch`."""
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

    with gr.Blocks(title=say("space.title"), analytics_enabled=False, fill_height=True) as page:
        gr.Markdown(header(settings), elem_id="header")
        notes = gr.Markdown(visible=False, elem_id="status")
        timer = gr.Timer(STATUS_EVERY_S, active=False)
        if settings.sign_in:
            gr.LoginButton(visible=False)  # brings gradio's sign-in routes and its signed session
        chat = Messenger(
            answer,
            chatbot=chatbot(settings),
            textbox=textbox(settings),
            additional_outputs=notes,
            api_visibility="private",
            concurrency_limit=VISITORS,
            show_progress="hidden",
            flagging_mode="never",
            analytics_enabled=False,
            fill_height=True,
        )
        remember(chat, page)
        events = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        page.load(show_status, None, [notes, timer], **events)
        timer.tick(show_status, None, [notes, timer], **events)
    return page.queue(max_size=QUEUE, api_open=False)


def remember(chat: Messenger, page: gr.Blocks) -> None:
    """Bring back what her browser kept of the chat."""
    # gradio scrambles it with a secret that travels to the browser anyway; a fixed one survives restarts.
    chat.saved_conversations.storage_key = chat.saved_conversations.secret = "persona-chat"
    page.load(
        lambda messages: (messages, messages),
        chat.saved_conversations,
        [chat.chatbot, chat.chatbot_state],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def chatbot(settings: Settings) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        show_label=False,
        label=settings.his_name,
        placeholder=notice(settings),
        layout="bubble",
        group_consecutive_messages=False,
        render_markdown=False,
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        allow_file_downloads=False,
        height=None,
        scale=1,
    )


def textbox(settings: Settings) -> gr.Textbox:
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


def header(settings: Settings) -> str:
    name, badge = html.escape(settings.his_name), html.escape(settings.text("space.badge"))
    return f'<header><b class="face" aria-hidden="true"></b><h1>{name}</h1><span class="badge">{badge}</span></header>'


def notice(settings: Settings) -> str:
    lines = html.escape(settings.text("space.notice")).replace("\n", "<br>")
    return f"<p>{lines}</p>"  # a block of HTML: the one thing in a placeholder that is not read as Markdown


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
    """theme.css with his name: gradio's own ``css`` argument rewrites shorthands and loses half of them."""
    names = {"--his-name": settings.his_name, "--his-initial": settings.his_name[:1]}
    variables = "".join(f"{key}:{css_string(value)};" for key, value in names.items())
    return f":root{{{variables}}}\n{(HERE / 'theme.css').read_text(encoding='utf-8')}"


def script(settings: Settings) -> str:
    """page.js with the words it says."""
    words = {
        "language": settings.language,
        **{word: settings.text(f"space.{word}") for word in ("send", "stop")},
    }
    return (HERE / "page.js").read_text(encoding="utf-8").replace("$words", json.dumps(words))


def css_string(text: str) -> str:
    """``text`` as a CSS string: every character that is no plain letter is written by its number."""
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'


def served(path: str, text: str, media_type: str) -> Route:
    return Route(path, lambda _: Response(text, media_type=media_type))


# --- start ---


def load(settings: Settings, report: Report) -> Engine:
    """The engine these settings name.

    Raises:
        PersonaError: no model named, or it cannot be fetched or loaded.
    """
    settings.check_model()
    folder = settings.folder
    if folder is None:
        report("downloading")
        folder = download_release(settings.repo, settings.revision, kind="merged")
    report("loading")
    engine = load_engine(folder, settings.hardware)
    return OnZeroGPU(engine) if settings.hardware == "zero" else engine


class OnZeroGPU:
    """An engine whose replies are made on a GPU lent by the call."""

    def __init__(self, engine: Engine) -> None:
        import spaces

        @spaces.GPU(duration=GPU_SECONDS)
        def stream(history: Sequence[Turn], seed: int | None) -> Iterator[list[str]]:
            yield from engine.stream(history, seed=seed)

        self._stream = stream

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]:
        """See `persona_core.engine.Engine.stream`."""
        return self._stream(tuple(history), seed)


def launch(page: gr.Blocks, settings: Settings, **options: Any) -> tuple[Any, str, str]:
    """Serve ``page`` behind the doors. ``options`` go to gradio's launch; returns what that returns."""
    doors = Doors(settings)
    return page.launch(
        auth_dependency=doors.guest,
        app_kwargs={
            "middleware": [Middleware(Gate, doors=doors)],
            "routes": [
                served("/page.css", stylesheet(settings), "text/css"),
                served("/page.js", script(settings), "text/javascript"),
            ],
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
        favicon_path=HERE / "icon.svg",
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        max_file_size=1,
        state_session_capacity=4 * VISITORS,
        share=False,
        ssr_mode=False,
        pwa=True,
        show_error=False,
        quiet=True,
        theme=gr.themes.Base(font=FONTS, font_mono=["monospace"]),  # no fonts from elsewhere
        head='<link rel="stylesheet" href="/page.css"><script src="/page.js"></script>',
        **options,
    )


def wake(settings: Settings) -> gr.Blocks:
    """The page of these settings, its engine already on the way."""
    if settings.hardware == "zero":
        import spaces  # noqa: F401  # before torch, which it makes ready for a GPU that comes and goes
    sleeper = Sleeper(lambda report: load(settings, report))
    page = build_page(sleeper, settings, lambda: sleeper.status)
    if settings.hardware == "zero":
        sleeper.wake()  # ZeroGPU packs at launch what was loaded before
    else:
        threading.Thread(target=sleeper.wake, name="waking", daemon=True).start()
    return page


def main(page: gr.Blocks, settings: Settings) -> None:
    """Serve until interrupted; say in the log where, and what still keeps a door shut."""
    _, url, _ = launch(page, settings, prevent_thread_lock=True)
    log.info("%s", settings.text("space.open_at", url=url, hardware=settings.hardware))
    for problem in settings.door_problems():
        log.warning("%s", text_in(settings.language, problem, length=SECRET_LENGTH))
    page.block_thread()


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    configured = Settings.from_environment(os.environ)
    demo = wake(configured)
    main(demo, configured)
