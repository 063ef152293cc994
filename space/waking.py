"""The engine while it wakes up: the page opens at once and says what it is waiting for.

A `Sleeper` is an engine from its first moment. What she sends before the real one is there is answered when it is; if
that takes too long, an error says so in words she can read::

    sleeper = Sleeper(lambda report: load(report))
    threading.Thread(target=sleeper.wake, daemon=True).start()
    sleeper.status       # Status("downloading", percent=40), then "loading", then "ready", or "failed" with the error
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from persona_core.engine import Engine
from persona_core.errors import EngineError, PersonaError
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn
from persona_core.refusals import PASSING
from persona_core.texts import text

AGAIN_S = (
    15.0,
    60.0,
    300.0,
    900.0,
    3600.0,
)  # until a Hub that was down is asked again: an evening's outage passes
PATIENCE_S = 120.0  # a message waits so long for a cold start's loading; then she is told

State = Literal["waking", "downloading", "loading", "ready", "failed"]


class Report(Protocol):
    """Says how far the loading is; ``percent`` where that is known."""

    def __call__(self, state: State, percent: int = 0) -> None: ...


log = logging.getLogger("persona")


@dataclass(frozen=True, slots=True)
class Status:
    """How far it is; ``percent`` of a download, ``error`` when it failed."""

    state: State
    percent: int = 0
    error: PersonaError | None = None


class Sleeper:
    """An engine that may not be there yet. ``load`` makes the real one and reports how far it is."""

    def __init__(self, load: Callable[[Report], Engine], patience_s: float = PATIENCE_S) -> None:
        self.status = Status("waking")
        self._load = load
        self._patience_s = patience_s
        self._awake = threading.Event()
        self._engine: Engine | None = None

    def wake(self, pauses_s: Iterable[float] = ()) -> None:
        """Load the engine. What goes wrong is kept for whoever asks, never raised.

        What a passing trouble of the Hub stopped is tried again after each of ``pauses_s``; after that, no more.
        """
        self._try()
        for pause in pauses_s:
            if not self._may_pass():
                return
            time.sleep(pause)
            self._try()
        if self._may_pass():
            self._fail(EngineError("space.not_loaded"))

    def _may_pass(self) -> bool:
        return self.status.error is not None and self.status.error.key in PASSING

    def _try(self) -> None:
        try:
            self._engine = self._load(self._report)
        except PersonaError as error:
            self._fail(error)
        except Exception:  # a library's own error: its words are for the log, not for her
            log.exception("loading failed")  # nobody has said anything yet: this traceback holds no chat
            self._fail(EngineError("space.not_loaded"))
        else:
            self._report("ready")
        finally:
            self._awake.set()

    @property
    def manifest(self) -> PersonaManifest:
        """See `persona_core.engine.Engine`; waits and raises as `stream` does."""
        return self._real().manifest

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Generator[list[str], None, bool]:
        """See `persona_core.engine.Engine.stream`.

        Raises:
            PersonaError: still not awake after ``patience_s``, or it will not wake.
        """
        return self._real().stream(history, seed=seed, generation=generation)

    def _real(self) -> Engine:
        self._awake.wait(self._patience_s)
        if error := self.status.error:  # raised itself, it would remember every question it was raised for
            raise type(error)(error.key, **error.values)
        if self._engine is None:
            raise EngineError("space.not_ready")
        return self._engine

    def _report(self, state: State, percent: int = 0) -> None:
        if state != self.status.state:
            log.info("%s", text(f"space.{state}", percent=percent))
        self.status = Status(state, percent)

    def _fail(self, error: PersonaError) -> None:
        self.status = Status("failed", error=error)
        log.error("%s", error)
