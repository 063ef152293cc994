"""The start of the Space: read the settings, put the page up behind its doors, wake the model.

On a Space this file is run as it is; on a PC `persona chat` runs it with the same variables::

    PERSONA_FOLDER=runs/demo/release INVITE_SECRET=… python space/app.py

configuration.py reads the variables, access.py keeps the doors, waking.py loads the model, page.py is what she sees,
conversation.py speaks.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from access import Doors, Gate
from configuration import Settings
from conversation import Engine
from page import HERE, VISITORS, build_page, script, stylesheet
from persona_core.engine import load_engine
from persona_core.hub import download_release
from persona_core.invite import SECRET_LENGTH
from persona_core.prompt import Turn
from persona_core.texts import text_in
from waking import Report, Sleeper

GPU_SECONDS = 20  # ZeroGPU counts what is asked for, not what is used, against a few minutes a day
FONTS = (
    "system-ui",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "sans-serif",
)

log = logging.getLogger("persona")


# --- the model ---


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

        def stream(history: Sequence[Turn], seed: int | None) -> Iterator[list[str]]:
            yield from engine.stream(history, seed=seed)

        self._stream: Callable[[Sequence[Turn], int | None], Iterator[list[str]]]
        self._stream = spaces.GPU(stream, duration=GPU_SECONDS)

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]:
        """See `persona_core.engine.Engine.stream`."""
        return self._stream(history, seed)


# --- the page ---


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


def launch(page: gr.Blocks, settings: Settings, **options: Any) -> str:
    """Serve ``page`` behind the doors and return its address. ``options`` go to gradio's launch."""
    doors = Doors(settings)
    page.space_id = (
        None  # with it the browser asks huggingface.co whether the Space is up, and shows nothing if not
    )
    _, url, _ = page.launch(
        auth_dependency=doors.guest,
        app_kwargs={
            "middleware": [Middleware(Gate, doors=doors)],
            "routes": [
                _file("/page.css", stylesheet(settings), "text/css"),
                _file("/page.js", script(settings), "text/javascript"),
            ],
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
        theme=gr.themes.Base(font=FONTS, font_mono=["monospace"]),  # no fonts from elsewhere
        head='<link rel="stylesheet" href="/page.css"><script src="/page.js"></script>',
        favicon_path=HERE / "icon.svg",
        pwa=True,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        max_file_size=1,  # byte: nothing is uploaded
        state_session_capacity=4 * VISITORS,
        share=False,
        ssr_mode=False,
        show_error=False,
        quiet=True,
        prevent_thread_lock=True,
        **options,
    )
    return str(url)


def _file(path: str, text: str, media_type: str) -> Route:
    return Route(path, lambda _: Response(text, media_type=media_type))


def main(page: gr.Blocks, settings: Settings) -> None:
    """Serve until interrupted; say in the log where, and what still keeps a door shut."""
    url = launch(page, settings)
    log.info("%s", settings.text("space.open_at", url=url, hardware=settings.hardware))
    for problem in settings.door_problems():
        log.warning("%s", text_in(settings.language, problem, length=SECRET_LENGTH))
    page.block_thread()


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    configured = Settings.from_environment(os.environ)
    demo = wake(configured)  # Spaces look for this name
    main(demo, configured)
