"""What is there against what shall be: the smallest set of changes, to be shown and then made.

    plan = make_plan(there, wish, seal)
    plan.lines          # ("variable PERSONA_REVISION", "2 files to send, 0 to remove")
    plan.is_empty       # True on the second run: nothing is sent, nothing restarts

No line holds the value of a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from persona_core.hub import Repository
from persona_core.manifest import FileDigest
from persona_core.texts import text
from trainer.deploy.seal import Seal
from trainer.deploy.terms import Offer
from trainer.release.pushing import HUBS_OWN, same_bytes

RESTING = {"PAUSED", "STOPPED"}  # nothing but a restart wakes it
BROKEN = {"BUILD_ERROR", "CONFIG_ERROR", "RUNTIME_ERROR"}


@dataclass(frozen=True, slots=True)
class Space:
    """A Space as the Hub knows it. ``secrets`` are descriptions by name: their values are never told."""

    repository: Repository
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    hardware: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value for the Space alone, and the mark by which it is recognised later."""

    value: str = field(repr=False)
    mark: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Space shall be. What is not named stays as it is: each setting, and the code without ``files`` in ``folder``."""

    space: str
    folder: Path = Path()
    files: tuple[FileDigest, ...] | None = None
    visibility: str = "public"  # of a new one
    hardware: Offer | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    removed: tuple[str, ...] = ()  # secrets that shall not be there

    @property
    def names_settings(self) -> bool:
        """Whether it is about settings at all: a token for the files alone may not even see them."""
        return bool(self.hardware or self.variables or self.secrets or self.removed)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes. Every one but ``creates`` restarts a Space that runs."""

    creates: bool
    visibility: str
    hardware: Offer | None
    variables: Mapping[str, str]
    secrets: Mapping[str, Secret]
    removed: tuple[str, ...]
    sent: tuple[FileDigest, ...]
    deleted: tuple[str, ...]
    restarts: Offer | None  # of a Space that stands still: the hardware it starts on again

    @property
    def lines(self) -> tuple[str, ...]:
        """Each change in the reader's language, without any value."""
        lines = [text("deploy.creates", visibility=self.visibility)] if self.creates else []
        lines += [text("deploy.sets_secret", name=name) for name in self.secrets]
        lines += [text("deploy.removes_secret", name=name) for name in self.removed]
        lines += [text("deploy.sets_variable", name=n, value=v) for n, v in self.variables.items()]
        if self.hardware:
            lines.append(text("deploy.sets_hardware", hardware=self.hardware.name))
        if self.sent or self.deleted:
            lines.append(text("deploy.sends", sent=len(self.sent), deleted=len(self.deleted)))
        if self.restarts:
            key = "deploy.restarts_paid" if self.restarts.hourly else "deploy.restarts"
            lines.append(text(key, price=f"${self.restarts.hourly:.2f}"))
        return tuple(lines)

    @property
    def is_empty(self) -> bool:
        return not self.lines


def make_plan(there: Space | None, wish: Wish, seal: Seal | None = None) -> Plan:
    """The changes that make ``there`` (None: no Space yet) what ``wish`` says; a ``seal`` tells which secrets are new."""
    now = there or Space(Repository(wish.space, "", ()))
    sent, deleted = _files(now, wish)
    variables = {n: v for n, v in wish.variables.items() if now.variables.get(n) != v}
    secrets = {
        name: secret
        for name, secret in wish.secrets.items()
        if seal and not seal.fits(wish.space, name, secret.value, now.secrets.get(name, ""))
    }
    removed = tuple(name for name in wish.removed if name in now.secrets)
    hardware = wish.hardware if wish.hardware and wish.hardware.name != now.hardware else None
    changes = bool(sent or deleted or variables or secrets or removed or hardware)
    stands_still = now.stage in RESTING or (now.stage in BROKEN and not changes)
    return Plan(
        creates=there is None,
        visibility=wish.visibility,
        hardware=hardware,
        variables=variables,
        secrets=secrets,
        removed=removed,
        sent=sent,
        deleted=deleted,
        restarts=wish.hardware if stands_still else None,
    )


def _files(now: Space, wish: Wish) -> tuple[tuple[FileDigest, ...], tuple[str, ...]]:
    """What is sent and what is deleted so that ``now`` holds exactly the files of ``wish``."""
    if wish.files is None:
        return (), ()
    there = {file.path: file for file in now.repository.files}
    sent = tuple(file for file in wish.files if not same_bytes(wish.folder, file, there.get(file.path)))
    return sent, tuple(sorted(there.keys() - {file.path for file in wish.files} - {HUBS_OWN}))
