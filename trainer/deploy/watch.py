"""A Space on its way up: its logs as they come, its stages, until the page answers or it is clear that it will not.

    page = wait_for_page("me/talk-space", commit="9f2c…")       # "https://me-talk-space.hf.space"

A page that answers is locked: a stranger gets 401. One that lets a stranger in is an error. Of a log no token, no invite
link and no known secret is shown; in a workflow, whose own log others read, only why a build failed.
"""

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from persona_core.errors import HubError
from persona_core.hub import client, hub_errors
from persona_core.texts import text
from trainer.deploy.plan import BROKEN, RESTING
from trainer.progress import console, say
from trainer.release.pushing import patiently

EVERY_S = 3.0  # between two looks; a build takes minutes
LONGEST_S = 45 * 60.0  # the Hub itself ends a start after 30 minutes, and a build goes before it
PULSE_S = 60.0  # between two words on what is seen while nothing new is
ANSWER_S = 15.0  # a page that is up answers within a second; a sleeping one is woken by the question
LAG_LOOKS = 10  # looks for which a Space may still show what was before the commit
ODD_LOOKS = 3  # in a row: the Hub's own pages flash up while it switches over
TAIL = 40  # lines of a log: a traceback, and what led to it
_OPEN, _LOCKED, _HIDDEN = 200, 401, 404  # what a stranger gets
_BUILDS = {"BUILDING", "RUNNING_BUILDING", "BUILD_ERROR", "CONFIG_ERROR"}
_STARTS = {"APP_STARTING", "RUNNING_APP_STARTING", "RUNTIME_ERROR"}
_TOKEN = re.compile(r"hf_[\w.-]+")  # a workflow's has dots and dashes
_LINK = re.compile(r"/invite/[^\s\"'<>]+")


@dataclass(frozen=True, slots=True)
class Look:
    """What a Space says of itself: the commit that runs and the ``reason`` of an error are empty where it does not."""

    stage: str
    commit: str
    reason: str


def wait_for_page(
    space: str, *, commit: str = "", code_only: bool = False, known: Collection[str] = ()
) -> str:
    """The address of the page, once it answers with what ``commit`` holds.

    With ``code_only`` a Space that stands still or sleeps is left so, and its logs are not shown. ``known`` are values
    that no log may show.

    Raises:
        KeyboardInterrupt: asked to stop; the Space goes on.
        HubError: it does not build, start or answer, or is open to everyone; its log was printed.
    """
    page = page_of(space)
    say("deploy.waiting", url=page)
    log, pulse = Log(space, known, is_shown=not code_only), Pulse(space)
    try:
        odd = empty = 0
        for look in _looks(space, commit, log):
            empty = empty + 1 if look.stage == "NO_APP_FILE" else 0
            if look.stage in BROKEN or look.stage == "DELETING" or empty > LAG_LOOKS:
                raise _failure(space, look, log)
            if look.stage in RESTING or (code_only and look.stage == "SLEEPING"):
                if not code_only:
                    raise HubError("deploy.resting", space=space, stage=look.stage)
                say("deploy.rests" if look.stage in RESTING else "deploy.sleeps", space=space)
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
            pulse.beat(look.stage, answer)
    except KeyboardInterrupt:
        say("deploy.goes_on", space=space)
        raise
    raise HubError("deploy.too_long", space=space, minutes=f"{LONGEST_S / 60:.0f}")


def _failure(space: str, look: Look, log: "Log") -> HubError:
    """Why it will not come up, with the log's reason if it may be told."""
    key = look.stage.lower() if log.is_shown or look.stage != "RUNTIME_ERROR" else "crashed_untold"
    return HubError(
        f"deploy.{key}",
        space=space,
        reason=f": {look.reason.rstrip('.')}" if look.reason else "",
        above=text("deploy.log_above") if log.was_shown else "",
    )


def page_of(space: str) -> str:
    """Where the page will be."""
    api = client()
    with hub_errors(space):
        info = api.space_info(space)
    return str(info.host or f"https://{info.subdomain}.hf.space")


def _looks(space: str, commit: str, log: "Log") -> Iterator[Look]:
    """One look after the other, each new stage and each new line of the ``log`` printed, until it takes too long."""
    stage = ""
    ends_at, settles_after = time.monotonic() + LONGEST_S, LAG_LOOKS
    while time.monotonic() < ends_at:
        look = patiently(lambda: _look(space))
        if look.stage != stage:
            stage = look.stage
            say("deploy.stage", stage=stage)
        last = log.show_new(stage)
        settles_after -= 1
        if look.commit in ("", commit) or not commit or settles_after < 0:
            yield Look(look.stage, look.commit, log.mask(look.reason) or last)
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


@dataclass(slots=True)
class Pulse:
    """Says every `PULSE_S` what is seen while nothing new is, so that nobody waits for what will not come."""

    space: str
    _begun_at: float = field(default_factory=time.monotonic)
    _said_at: float = field(default_factory=time.monotonic)

    def beat(self, stage: str, answer: int | None) -> None:
        """Say it, if it is time: the page's ``answer`` is a status, None where there was none."""
        now = time.monotonic()
        if now - self._said_at < PULSE_S:
            return
        self._said_at = now
        key = "deploy.still_answers" if answer else "deploy.still_waiting"
        minutes = f"{(now - self._begun_at) / 60:.0f}"
        say(key, space=self.space, stage=stage, answer=answer, minutes=minutes)


class Log:
    """The lines of a Space's two logs that were not shown yet, without what nobody else may know."""

    def __init__(self, space: str, known: Collection[str] = (), *, is_shown: bool = True) -> None:
        self.is_shown, self.was_shown = is_shown, False
        self._space = space
        self._known = sorted(filter(None, known), key=len, reverse=True)
        self._read: dict[bool, list[str]] = {True: [], False: []}

    def show_new(self, stage: str) -> str:
        """Print what is new in the log that goes with ``stage``; its last line that says something.

        A log that is not to be shown is read for why a build failed, and never for what the page says of itself.
        """
        if stage not in (_BUILDS | _STARTS if self.is_shown else _BUILDS):
            return ""
        is_build = stage in _BUILDS
        lines, before = self._fetch(is_build), self._read[is_build]
        new = (
            lines[len(before) :] if lines[: len(before)] == before else lines
        )  # a new build begins a new log
        for line in new[-TAIL:] if self.is_shown else ():
            console().print(f"  │ {line}", markup=False, soft_wrap=True)
            self.was_shown = True
        self._read[is_build] = lines
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def mask(self, line: str) -> str:
        """``line`` without tokens, invite links and the secrets this machine knows."""
        for value in self._known:
            line = line.replace(value, "…")
        return _LINK.sub("/invite/…", _TOKEN.sub("hf_…", line))

    def _fetch(self, is_build: bool) -> list[str]:  # noqa: FBT001 - one of two logs
        """What is there now. A token for the files alone may not see it, and that is no reason to stop."""
        api = client()
        try:
            with hub_errors(self._space):
                lines = api.fetch_space_logs(self._space, build=is_build)
                return [self.mask(line.rstrip("\n")) for line in lines]
        except HubError:
            return self._read[is_build]
