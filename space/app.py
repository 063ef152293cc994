"""The start of the Space: read the settings, put the page up behind its doors, wake the model.

On a Space this file is run as it is; on a PC `persona chat` runs it with the same variables::

    PERSONA_FOLDER=runs/demo/release INVITE_SECRET=… python space/app.py

configuration.py reads the variables, access.py keeps the doors, waking.py loads the model, page.py is what she sees,
completions.py what programs ask, conversation.py speaks.
"""

import logging
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from access import Doors, Gate
from apology import cause
from assets import HERE, files, head
from completions import routes
from configuration import Settings
from conversation import AT_ONCE, Rhythm, Voice
from messenger import VISITORS
from page import build_page
from persona_core.engine import Engine, kinds_for, load_engine
from persona_core.hub import download_release
from persona_core.invite import SECRET_LENGTH
from persona_core.manifest import ArtefactKind, Generation, PersonaManifest
from persona_core.prompt import Turn
from persona_core.texts import text
from waking import AGAIN_S, Report, Sleeper

ZERO_REPLIES = (
    8  # at once on ZeroGPU, which gives each its own worker; elsewhere one model makes one reply at a time
)
NO_GPU = {"space.quota", "space.gpu_busy"}  # causes for which the CPU takes over
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
    folder = fetch(settings, kinds_for(settings.hardware, settings.weights), report)
    report("loading")
    engine = load_engine(folder, settings.hardware, settings.weights)
    return (
        OnZeroGPU(engine, spare_engine(settings, engine.manifest)) if settings.hardware == "zero" else engine
    )


def fetch(settings: Settings, kinds: Sequence[ArtefactKind], report: Report) -> Path:
    """The release with the first of ``kinds`` that it has."""
    if settings.folder:
        return settings.folder
    report("downloading")
    return download_release(
        settings.repo,
        settings.revision,
        kinds=kinds,
        progress=lambda part: report("downloading", int(100 * part)),
    )


def spare_engine(settings: Settings, manifest: PersonaManifest) -> Sleeper | None:
    """The engine for a CPU, already on the way; None where the release has none, or OpenVINO is not installed."""
    if manifest.best(kinds_for("cpu")) != "openvino":
        return None
    sleeper = Sleeper(lambda report: load_engine(fetch(settings, ("openvino",), report), "cpu"))
    threading.Thread(target=sleeper.wake, args=(AGAIN_S,), name="spare", daemon=True).start()
    return sleeper


class OnZeroGPU:
    """An engine whose replies are made on a GPU lent by the call; when none is lent, ``spare`` goes on with the talk."""

    def __init__(self, engine: Engine, spare: Sleeper | None = None) -> None:
        import spaces

        def stream(
            history: Sequence[Turn], seed: int | None, generation: Generation | None
        ) -> Iterator[list[str] | bool]:
            # What a generator returns does not leave the worker: it is yielded last.
            yield (yield from engine.stream(history, seed=seed, generation=generation))

        self.manifest = engine.manifest
        self._spare = spare
        self._stream: Callable[[Sequence[Turn], int | None, Generation | None], Iterator[list[str] | bool]]
        self._stream = spaces.GPU(stream, duration=GPU_SECONDS)

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Generator[list[str], None, bool]:
        """See `persona_core.engine.Engine.stream`."""
        begun = is_cut = False
        try:
            for bubbles in self._stream(history, seed, generation):
                if not isinstance(bubbles, list):
                    is_cut = bubbles
                    continue
                begun = True
                yield bubbles
        except gr.Error as error:
            spare = self._spare
            if begun or cause(error) not in NO_GPU or spare is None or spare.status.state == "failed":
                raise
            is_cut = yield from spare.stream(history, seed=seed, generation=generation)
        return is_cut


def voice_of(engine: Engine, settings: Settings) -> Voice:
    """The one voice that the page and programs share: whoever asks, replies are made one after the other."""
    return Voice(
        engine,
        settings.his_name,
        settings.her_name,
        settings.text("space.honest"),
        Rhythm() if settings.human_rhythm else AT_ONCE,
        ThreadPoolExecutor(ZERO_REPLIES if settings.hardware == "zero" else 1, thread_name_prefix="voice"),
    )


# --- the page ---


def prepare(settings: Settings) -> tuple[gr.Blocks, Sequence[BaseRoute], Sleeper]:
    """The page of these settings, the routes for programs, and the engine behind both, which sleeps yet."""
    if settings.hardware == "zero":
        import spaces  # noqa: F401  # before torch, which it makes ready for a GPU that comes and goes
    sleeper = Sleeper(lambda report: load(settings, report))
    voice = voice_of(sleeper, settings)
    page = build_page(voice, settings, lambda: sleeper.status)
    return page, routes(voice, sleeper, settings, lambda: sleeper.status), sleeper


def launch(
    page: gr.Blocks, settings: Settings, for_programs: Sequence[BaseRoute] = (), **options: Any
) -> str:
    """Serve ``page`` behind the doors and return its address. ``options`` go to gradio's launch."""
    doors = Doors(settings)
    # gradio would keep when which page asked, and sum it all up in pandas after every event: 60 KB a message.
    page._queue.ANALYTICS_MAX_EVENTS = 0
    page.space_id = (
        None  # with it the browser asks huggingface.co whether the Space is up, and shows nothing if not
    )
    _, url, _ = page.launch(
        auth_dependency=doors.guest,
        app_kwargs={
            "middleware": [Middleware(Gate, doors=doors)],
            "routes": [
                *(_file(path, *content) for path, content in files(settings).items()),
                *for_programs,
            ],
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
        theme=gr.themes.Base(font=FONTS, font_mono=["monospace"]),  # no fonts from elsewhere
        head=head(settings),
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
    doors.launched.set()
    return str(url)


def _file(path: str, content: bytes, media_type: str) -> Route:
    return Route(path, lambda _: Response(content, media_type=media_type))


def open_up(
    page: gr.Blocks, settings: Settings, for_programs: Sequence[BaseRoute], sleeper: Sleeper, **options: Any
) -> str:
    """`launch`, and wake ``sleeper``: before on ZeroGPU, which packs at launch what was loaded, else after.

    Torch's import would keep gradio from hearing its own server, to which it listens for five seconds.
    """
    if settings.hardware == "zero":
        sleeper.wake(AGAIN_S[:3])  # six minutes of the hour that README.md gives a Space to come up
        return launch(page, settings, for_programs, **options)
    url = launch(page, settings, for_programs, **options)
    threading.Thread(target=sleeper.wake, args=(AGAIN_S,), name="waking", daemon=True).start()
    return url


def main(page: gr.Blocks, settings: Settings, for_programs: Sequence[BaseRoute], sleeper: Sleeper) -> None:
    """Serve until interrupted; say in the log where, and what still keeps a door shut."""
    url = open_up(page, settings, for_programs, sleeper)
    if "PERSONA_LINK" not in os.environ:  # `persona chat` shows one that opens the door, too
        log.info("%s", text("space.open_at", url=url, hardware=settings.hardware))
    for problem in (*settings.door_problems(), *settings.key_problems()):
        log.warning("%s", text(problem, length=SECRET_LENGTH))
    page.block_thread()


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    configured = Settings.from_environment(os.environ)
    demo, programs, engine = prepare(configured)  # Spaces look for the name demo
    main(demo, configured, programs, engine)
