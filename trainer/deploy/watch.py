"""A Space on its way up: its logs as they come, its stages, until the page answers or it is clear that it will not.

    page = wait_for_page("me/talk-space", commit="9f2c…")       # "https://me-talk-space.hf.space"

A page that answers is locked: a stranger gets 401. One that lets a stranger in is an error.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from persona_core.errors import HubError
from persona_core.hub import client, hub_errors
from trainer.deploy.plan import BROKEN, RESTING
from trainer.progress import console, say
from trainer.release.pushing import patiently

EVERY_S = 3.0  # between two looks; a build takes minutes
LONGEST_S = 45 * 60.0  # the Hub itself ends a start after 30 minutes, and a build goes before it
ANSWER_S = 15.0  # a page that is up answers within a second; a sleeping one is woken by the question
LAG_LOOKS = 10  # looks for which a Space may still show what ran before the commit
ODD_LOOKS = 3  # in a row: the Hub's own pages flash up while it switches over
TAIL = 40  # lines of a log: a traceback, and what led to it
_OPEN, _LOCKED, _HIDDEN = 200, 401, 404  # what a stranger gets
_BUILDS = {"BUILDING", "RUNNING_BUILDING", "BUILD_ERROR", "CONFIG_ERROR"}
_STARTS = {"APP_STARTING", "RUNNING_APP_STARTING", "RUNTIME_ERROR"}


@dataclass(frozen=True, slots=True)
class Look:
    """What a Space says of itself: the commit that runs and the ``reason`` of an error are empty where it does not."""

    stage: str
    commit: str
    reason: str


def wait_for_page(space: str, *, commit: str = "", may_rest: bool = False) -> str:
    """The address of the page, once it answers with what ``commit`` holds.

    With ``may_rest`` a Space that its owner paused is left so.

    Raises:
        KeyboardInterrupt: asked to stop; the Space goes on.
        HubError: it does not build, start or answer, or is open to everyone; its log was printed.
    """
    page = page_of(space)
    say("deploy.waiting", url=page)
    try:
        odd = 0
        for look in _looks(space, commit):
            if look.stage in BROKEN:
                raise HubError(f"deploy.{look.stage.lower()}", space=space, reason=look.reason or "–")
            if look.stage in RESTING:
                if not may_rest:
                    raise HubError("deploy.resting", space=space, stage=look.stage)
                say("deploy.rests", space=space)
                return page
            answer = _answer(page) if look.stage in ("RUNNING", "SLEEPING") else None
            if answer == _LOCKED and look.stage == "RUNNING":
                return page
            odd = odd + 1 if answer in (_OPEN, _HIDDEN) and look.stage == "RUNNING" else 0
            if odd == ODD_LOOKS:
                if answer == _OPEN:
                    raise HubError("deploy.open_to_all", space=space, url=page)
                say("deploy.hidden", space=space)
                return page
    except KeyboardInterrupt:
        say("deploy.goes_on", space=space)
        raise
    raise HubError("deploy.too_long", space=space, minutes=f"{LONGEST_S / 60:.0f}")


def page_of(space: str) -> str:
    """Where the page will be."""
    api = client()
    with hub_errors(space):
        info = api.space_info(space)
    return str(info.host or f"https://{info.subdomain}.hf.space")


def _looks(space: str, commit: str) -> Iterator[Look]:
    """One look after the other, each new stage and each new line of the logs printed, until it takes too long."""
    log, stage = Log(space), ""
    ends_at, settles_after = time.monotonic() + LONGEST_S, LAG_LOOKS
    while time.monotonic() < ends_at:
        look = patiently(lambda: _look(space))
        if look.stage != stage:
            stage = look.stage
            say("deploy.stage", stage=stage)
        last = log.show_new(stage)
        settles_after -= 1
        if look.commit in ("", commit) or not commit or settles_after < 0:
            yield Look(look.stage, look.commit, look.reason or last)
        time.sleep(EVERY_S)


def _look(space: str) -> Look:
    api = client()
    with hub_errors(space):
        runtime = api.get_space_runtime(space)
    raw: dict[str, Any] = runtime.raw
    return Look(str(runtime.stage), raw.get("sha") or "", raw.get("errorMessage") or "")


def _answer(page: str) -> int | None:
    """What a stranger's GET gets; None when nothing answers."""
    import httpx2

    try:
        return httpx2.get(page, timeout=ANSWER_S).status_code
    except httpx2.TransportError:
        return None


class Log:
    """The lines of a Space's two logs that were not shown yet."""

    def __init__(self, space: str) -> None:
        self._space = space
        self._shown: dict[bool, list[str]] = {True: [], False: []}

    def show_new(self, stage: str) -> str:
        """Print what is new in the log that goes with ``stage``; its last line that says something."""
        if stage not in _BUILDS | _STARTS:
            return ""
        is_build = stage in _BUILDS
        lines, before = self._read(is_build), self._shown[is_build]
        new = (
            lines[len(before) :] if lines[: len(before)] == before else lines
        )  # a new build begins a new log
        for line in new[-TAIL:]:
            console().print(f"  │ {line}", markup=False, soft_wrap=True)
        self._shown[is_build] = lines
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _read(self, is_build: bool) -> list[str]:  # noqa: FBT001 - one of two logs
        """What is there now. A token for the files alone may not see it, and that is no reason to stop."""
        api = client()
        try:
            with hub_errors(self._space):
                return [line.rstrip("\n") for line in api.fetch_space_logs(self._space, build=is_build)]
        except HubError:
            return self._shown[is_build]
