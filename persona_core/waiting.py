"""Waiting for the Hub: every wait has an end, a long one has a line, and Ctrl-C ends any.

    bound_every_wait()                                       # the Hub's own client, from now on
    interruptible(api.preupload_lfs_files)("me/talk", …)     # Ctrl-C is answered at once
    snapshot_download(…, tqdm_class=telling(progress, total))     # how much is here

Left alone, the client waits for ever, or repeats what failed for minutes and says nothing.
"""

import logging
import math
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import cache, wraps
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from persona_core.errors import HubError
from persona_core.texts import text

CONNECT_SECONDS = 15.0  # a host that does not answer by then is not there
ANSWER_SECONDS = 10.0  # for a question; what the Hub's own client gives a download
SILENCE_SECONDS = 60.0  # for work: the longest the Hub takes over one answer, a commit of several gigabytes
NOTICED_SECONDS = 5  # a person wonders what goes on when nothing does for longer
PATIENCE_SECONDS = 60  # what the Hub asks to wait beyond that, nobody sits through
WAKE_SECONDS = 0.2  # Windows hands over a Ctrl-C only between two waits
_QUESTIONS = ("GET", "HEAD")

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("persona")


@cache
def bound_every_wait() -> None:
    """Give the Hub's client an end to every wait.

    Its warnings are silenced: they repeat the signed addresses of objects, and a line of ours says what went wrong or
    what is waited for. Nor does it tell the Hub which torch, or whose agent, it works for.
    """
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def bounded() -> Any:
        session = default_client_factory()
        session.event_hooks["request"].append(_bound)
        session.event_hooks["response"].append(_heed)
        return session

    set_client_factory(bounded)
    constants.HF_HUB_DISABLE_TELEMETRY = True  # not by the environment: the client may be imported already
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Not enough free disk space")


def _bound(request: Any) -> None:
    """Bound the waits of a request that has no bounds; what runs into one is not tried again in silence."""
    waits = request.extensions["timeout"]
    limits = {
        "connect": CONNECT_SECONDS,
        "read": ANSWER_SECONDS if request.method in _QUESTIONS else SILENCE_SECONDS,
        "write": SILENCE_SECONDS,
        "pool": SILENCE_SECONDS,
    }
    request.extensions["timeout"] = {name: waits.get(name) or limit for name, limit in limits.items()}
    if waits.get("read") is None:
        request.extensions["trace"] = _give_up


def _give_up(event: str, about: Mapping[str, Any]) -> None:
    """Turn a time-out of the connection into one that the client does not know: its own it answers with five more."""
    import httpcore2

    if isinstance(about.get("exception"), httpcore2.TimeoutException):
        raise TimeoutError(event)


def _heed(response: Any) -> None:
    """Say for how long the Hub asks to wait, which its client then does in silence; a long wait is left to the person.

    Raises:
        HubError: it is longer than `PATIENCE_SECONDS`.
    """
    from huggingface_hub.utils._http import parse_ratelimit_headers

    if not response.is_error:
        return
    limit, after = parse_ratelimit_headers(response.headers), response.headers.get("retry-after", "")
    seconds = (
        limit.reset_in_seconds if limit and not limit.remaining else int(after) if after.isdigit() else 0
    )
    if seconds > PATIENCE_SECONDS:
        raise HubError("hub.wait", minutes=math.ceil(seconds / 60))
    if seconds >= NOTICED_SECONDS:
        log.warning(text("hub.waits", seconds=seconds))


def interruptible(call: Callable[P, T]) -> Callable[P, T]:
    """``call``, but Ctrl-C ends the wait for it at once, where the Hub's client would wait for its threads first.

    The call itself goes on until the program ends: whoever is interrupted has to reckon with that.
    """

    @wraps(call)
    def waited_for(*args: P.args, **options: P.kwargs) -> T:
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(call(*args, **options))
            except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
                outcome.set_exception(error)

        Thread(target=run, daemon=True).start()
        while not outcome.done():
            wait([outcome], WAKE_SECONDS)
        return outcome.result()

    return waited_for


def telling(progress: Callable[[float], None], total: int) -> Any:
    """A progress bar for the Hub's client that draws nothing and tells ``progress`` of every step to ``total`` bytes.

    The client makes three of it: for bytes received, for bytes written, which are counted, and for whole files.
    """
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._counts = options.get("name") == "huggingface_hub.snapshot_download"
            self._written = 0
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            if self._counts:
                self._written += int(n or 0)
                progress(min(1.0, self._written / max(1, total)))

    return Bar
