"""What lies on the Hub: the personas of this account, their releases, and the Spaces that run them.

    {"repo": "me/talk", "private": true, "default": "v2", "unfinished": false, "storage": 5012345678,
     "releases": [{"tag": "v1", "commit": "9f2c…", "base": "Qwen/Qwen3-4B-Instruct-2507", "created_at": "2026-11-01T…",
                   "size": 2506172839, "likeness": 0.41, "drift": 0.0012, "spaces": ["me/talk-space"]}, …]}

Everything is read from the Hub itself: there is no list of ours that could be wrong. A Space is recognised by its
variables PERSONA_REPO and PERSONA_REVISION, which pin what it runs.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from persona_core.errors import EngineError, NotAllowed
from persona_core.hub import client, hub_errors, read_repository
from persona_core.manifest import FILE_NAME, PersonaManifest
from persona_core.texts import text
from trainer.progress import console, say
from trainer.release.card import TAGS
from trainer.release.pushing import find_version, versions
from trainer.release.size import size_in_words

REPO_VARIABLE, REVISION_VARIABLE = (
    "PERSONA_REPO",
    "PERSONA_REVISION",
)  # of a Space; see space/configuration.py
_LIKENESS, _DRIFT = "taken_tuned", "drift_kl"  # in a release's evaluation


@dataclass(frozen=True, slots=True)
class Pin:
    """A Space, and the release its variables pin: ``revision`` is a tag, a commit, or empty."""

    space: str
    repo: str
    revision: str


@dataclass(frozen=True, slots=True)
class Release:
    """One version. ``size`` in bytes, ``likeness`` a share, ``drift`` in nats per token; None where not measured."""

    tag: str
    commit: str
    base: str
    created_at: str
    size: int
    likeness: float | None
    drift: float | None
    spaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Persona:
    """A repository of releases. ``default`` is the version that its main branch holds; empty when it has none.

    ``unfinished``: what the main branch holds was pushed but never proved, so it has no version. ``storage`` is what the
    Hub counts for it, in bytes.
    """

    repo: str
    private: bool
    default: str
    unfinished: bool
    storage: int
    releases: tuple[Release, ...]


def show(*, as_json: bool) -> None:
    """`persona list`: a table on stderr, or one JSON document on stdout.

    Raises:
        TokenMissing, HubError: the Hub does not tell.
    """
    personas = find_personas()
    if as_json:
        sys.stdout.write(json.dumps([asdict(p) for p in personas], ensure_ascii=False, indent=2) + "\n")
    elif not personas:
        say("shelf.empty")
    for persona in () if as_json else personas:
        _show(persona)


def find_personas() -> tuple[Persona, ...]:
    """Every repository of releases that this token's owner, or an organisation of theirs, has; newest first.

    It has a persona.json, or the card that lay beside one: either may have been lost.
    """
    api, owners = client(), _owners()
    found = []
    for owner in owners:
        with hub_errors(owner):
            for model in api.list_models(author=owner, full=True):
                if TAGS[0] in model.tags or FILE_NAME in {file.rfilename for file in model.siblings}:
                    found.append(model.id)
    pins = find_pins(owners) if found else ()
    personas = (read_persona(repo, pins) for repo in found)
    return tuple(persona for persona in personas if persona.releases or persona.unfinished)


def read_persona(repo_id: str, pins: Sequence[Pin] = ()) -> Persona:
    """The releases of one repository, the newest first.

    Raises:
        HubError: it cannot be read.
    """
    api = client()
    repository = read_repository(repo_id)
    with hub_errors(repo_id):
        storage = api.repo_info(repo_id, expand=["usedStorage"]).used_storage or 0
    tags = versions(repo_id)
    releases = [_read_release(repo_id, tag, tags[tag], pins) for tag in reversed(tags)]
    default = find_version(repository)
    is_unfinished = (
        not default
        and FILE_NAME in {file.path for file in repository.files}
        and _read_release(repo_id, "main", repository.commit, pins) is not None
    )
    return Persona(
        repo_id,
        repository.is_private,
        default,
        is_unfinished,
        storage,
        tuple(release for release in releases if release),
    )


def _read_release(repo_id: str, tag: str, commit: str, pins: Sequence[Pin]) -> Release | None:
    """What persona.json says at ``commit``; None when it is of another version of this program."""
    api = client()
    with hub_errors(repo_id, tag):
        file = Path(api.hf_hub_download(repo_id, FILE_NAME, revision=commit))
    try:
        manifest = PersonaManifest.read(file.parent)
    except EngineError:
        return None
    return Release(
        tag,
        commit,
        manifest.base.id,
        manifest.created_at,
        sum(artefact.size for artefact in manifest.artefacts),
        manifest.evaluation.get(_LIKENESS),
        manifest.evaluation.get(_DRIFT),
        tuple(pin.space for pin in pins if pin.repo == repo_id and pin.revision in (tag, commit)),
    )


# --- Spaces ---


def pins_of(repo_id: str) -> tuple[Pin, ...]:
    """The Spaces that run ``repo_id``, whichever release of it."""
    return tuple(pin for pin in find_pins(_owners()) if pin.repo == repo_id)


def find_pins(owners: Sequence[str]) -> tuple[Pin, ...]:
    """Every Space of ``owners`` that runs a persona, as far as this token may see its variables."""
    return tuple(pin for owner in owners for pin in _pins(owner))


def _pins(owner: str) -> Iterator[Pin]:
    api = client()
    with hub_errors(owner):
        spaces = [space.id for space in api.list_spaces(author=owner)]
    for space in spaces:
        try:
            variables = read_variables(space)
        except NotAllowed:
            continue
        if REPO_VARIABLE in variables:
            yield Pin(space, variables[REPO_VARIABLE], variables.get(REVISION_VARIABLE, ""))


def read_variables(space: str) -> dict[str, str]:
    """The variables of a Space; only who manages it may see them."""
    api = client()
    with hub_errors(space):
        return {name: variable.value or "" for name, variable in api.get_space_variables(space).items()}


def set_variable(space: str, name: str, value: str) -> None:
    """Each call restarts a Space that runs."""
    api = client()
    with hub_errors(space):
        api.add_space_variable(space, name, value)


def _owners() -> tuple[str, ...]:
    api = client()
    with hub_errors("whoami"):
        identity = api.whoami()
    return (identity["name"], *(organisation["name"] for organisation in identity.get("orgs", ())))


# --- showing ---


def _show(persona: Persona) -> None:
    seen = text("shelf.private" if persona.private else "shelf.public")
    say("shelf.persona", repo=persona.repo, visibility=seen, size=size_in_words(persona.storage))
    if persona.releases:
        console().print(_table(persona))
    if not persona.private:
        say("shelf.make_private", repo=persona.repo)
    if persona.unfinished:
        say("shelf.unfinished", repo=persona.repo)
    _hint(persona)


def _table(persona: Persona) -> Table:
    table = Table(box=box.SIMPLE)
    for column in ("version", "made", "base", "size", "likeness", "drift", "runs_in"):
        table.add_column(text(f"shelf.{column}"))
    for release in persona.releases:
        mark = " ←" if release.tag == persona.default else ""
        table.add_row(
            f"{release.tag}{mark}",
            release.created_at[:10],
            release.base,
            size_in_words(release.size),
            "–" if release.likeness is None else f"{release.likeness:.0%}",
            "–" if release.drift is None else f"{release.drift:.4f}",
            ", ".join(release.spaces) or "–",
        )
    return table


def _hint(persona: Persona) -> None:
    """What to type to go back or on to the next version, and to keep the default alone."""
    tags = [release.tag for release in persona.releases]
    if persona.default not in tags:
        return
    place = tags.index(persona.default)
    newer, older = tags[:place], tags[place + 1 :]
    if older:
        say("shelf.back", repo=persona.repo, tag=older[0])
    if newer:
        say("shelf.forward", repo=persona.repo, tag=newer[0])
    if newer or older:
        say("shelf.keep_one", repo=persona.repo, tag=persona.default)
