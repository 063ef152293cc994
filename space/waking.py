"""The engine while it wakes up: the page opens at once and says what it is waiting for.

A `Sleeper` is an engine from its first moment; until the real one is there, asking it something raises an error
whose words the visitor can read::

    sleeper = Sleeper(lambda report: load(report))
    threading.Thread(target=sleeper.wake, daemon=True).start()
    sleeper.status       # Status("downloading"), then "loading", then "ready", or "failed" with the error
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from conversation import Engine
from persona_core.errors import EngineError, PersonaError
from persona_core.prompt import Turn

State = Literal["waking", "downloading", "loading", "ready", "failed"]
Report = Callable[[State], None]

log = logging.getLogger("persona")


@dataclass(frozen=True, slots=True)
class Status:
    """How far it is; ``error`` when it failed."""

    state: State
    error: PersonaError | None = None


class Sleeper:
    """An engine that may not be there yet. ``load`` makes the real one and reports how far it is."""

    def __init__(self, load: Callable[[Report], Engine]) -> None:
        self.status = Status("waking")
        self._load = load
        self._engine: Engine | None = None

    def wake(self) -> None:
        """Load the engine. What goes wrong is kept for whoever asks, never raised."""
        try:
            self._engine = self._load(self._report)
        except PersonaError as error:
            self._fail(error)
        except Exception:  # a library's own error: its words are for the log, not for her
            log.exception("loading failed")  # nobody has said anything yet: this traceback holds no chat
            self._fail(EngineError("space.not_loaded"))
        else:
            self._report("ready")

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]:
        """See `persona_core.engine.Engine.stream`.

        Raises:
            PersonaError: not awake yet, or it will not wake.
        """
        if self.status.error:
            raise self.status.error
        if self._engine is None:
            raise EngineError("space.not_ready")
        return self._engine.stream(history, seed=seed)

    def _report(self, state: State) -> None:
        self.status = Status(state)
        log.info("%s", state)

    def _fail(self, error: PersonaError) -> None:
        self.status = Status("failed", error)
        log.error("%s", error)
