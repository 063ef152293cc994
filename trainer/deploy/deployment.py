"""The whole way from a pushed release to a page that answers, and the way of the code alone.

    deploy(Request("me/talk-space", "me/talk", invite=True))    # created or updated, watched, the link shown
    deploy(Request(…), dry_run=True)                            # the plan; nothing but reads
    sync_code("me/talk-space")                                  # one commit, with a token that may write its files only

Whatever stops it, a line says what the Space is now, and the same command goes on from there.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from persona_core.errors import HubError, PersonaError, SettingsError
from persona_core.hub import repository_name, require_private
from persona_core.manifest import FILE_NAME, FileDigest, digest
from persona_core.privacy.display import given_name, is_nobody
from persona_core.texts import LANGUAGES, language
from trainer.deploy import door, read_token, terms
from trainer.deploy.plan import Plan, Secret, Space, Wish, make_plan
from trainer.deploy.seal import Seal
from trainer.deploy.space import bring, page_of_settings, read_space
from trainer.deploy.watch import wait_for_page
from trainer.progress import console, say
from trainer.release.pushing import find_version, patiently, versions
from trainer.release.shelf import REPO_VARIABLE, REVISION_VARIABLE
from trainer.release.staging import stage_space
from trainer.run import Run

TOKEN, HIS_NAME, HER_NAME = "HF_TOKEN", "PERSONA_NAME", "PARTNER_NAME"
LANGUAGE_VARIABLE = "PERSONA_LANG"
QUIET = {  # no word to anybody, and no second server of gradio's in front of the door
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. Empty, or None: as it is, or the default of a new Space."""

    space: str
    model: str
    revision: str = ""  # a version or a full commit; empty: the version that main holds
    hardware: str = "auto"
    allow: tuple[str, ...] | None = None  # exactly these may sign in
    invite: bool = False
    new_invite: bool = False  # the links of before end
    lock: bool = False  # both doors shut
    his_name: str = field(default="", repr=False)
    her_name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """What the Space shall run: a commit, never a branch."""

    repo: str
    commit: str
    tag: str


def deploy(request: Request, *, dry_run: bool = False) -> None:
    """Create the Space or bring it up to date, wait until its page answers, and let in who is allowed.

    Raises:
        SettingsError: an option that cannot be.
        TokenMissing, NotAllowed: the token lacks a right; the text names it.
        RepositoryIsPublic: everyone can see the model.
        HubError: no release there, a Space of another kind, a plan that does not allow it, a page that does not come up.
    """
    request = _checked(request)
    with _untouched(request.space):
        account = patiently(lambda: terms.read_account(request.space))
        release = patiently(lambda: find_release(request.model, request.revision))
        there = patiently(lambda: read_space(request.space))
        held = there.hardware if there else ""
        hardware = patiently(lambda: terms.choose(request.hardware, account, held))
    terms.show(account, hardware)
    seal = Seal.of_this_machine()
    with _staged() as (folder, files):
        with _untouched(request.space):
            secrets = _secrets(request, there, seal, dry_run=dry_run)
        wish = Wish(
            request.space,
            folder,
            files,
            account.visibility,
            hardware,
            _variables(request, release, there),
            secrets,
            (door.INVITE, door.ALLOWED) if request.lock else (),
        )
        plan = make_plan(there, wish, seal)
        _show(plan, wish, there)
        if dry_run:
            say("deploy.dry_run")
            return
        with _telling(plan, wish, seal):
            commit = patiently(lambda: bring(wish, seal))
    page = _watch(request.space, commit)
    say("deploy.done", url=page, model=release.repo, version=release.tag or release.commit[:7])
    if request.invite or request.new_invite:
        if door.INVITE in secrets:
            door.show_link(page, secrets[door.INVITE])
        else:
            say("deploy.link_elsewhere")


def sync_code(space: str, *, dry_run: bool = False) -> None:
    """Make a Space of ours hold the present code by one commit; its settings are not even looked at.

    For a workflow whose token may write the repository's files and nothing else:
    ``persona deploy --space OWNER/NAME --code-only``.

    Raises:
        HubError: no such Space, one of another kind, or a page that does not come up.
        NotAllowed: the token may not write its files.
    """
    space = repository_name(space)
    with _untouched(space):
        there = patiently(lambda: read_space(space, with_settings=False))
        if there is None:
            raise HubError("deploy.no_space", space=space)
    with _staged() as (folder, files):
        wish = Wish(space, folder, files)
        plan = make_plan(there, wish)
        _show_changes(plan, space)
        if dry_run:
            say("deploy.dry_run")
            return
        with _telling(plan, wish, None):
            commit = patiently(lambda: bring(wish))
    say("deploy.synced", url=_watch(space, commit, may_rest=True))


def check_space(space: str) -> None:
    """Say before hours of training what would stop `deploy` after them. Nothing is created.

    Raises:
        TokenMissing, NotAllowed: no token, or the Space would be somebody else's.
        HubError: the Space runs something else.
    """
    space = repository_name(space)
    terms.read_account(space)
    read_space(space)


def deploy_run(run: Run, space: str, model: str) -> None:
    """Put the pushed ``run`` online under the two people's given names, and show an invite link."""
    names = (given_name(name) for name in (run.settings.me, run.settings.partner))
    his, hers = ("" if is_nobody(name) else name for name in names)
    deploy(Request(space, model, invite=True, his_name=his, her_name=hers))


def find_release(model: str, revision: str) -> Release:
    """The release of ``model`` at ``revision`` (a version or a full commit), or the version that main holds.

    Raises:
        RepositoryIsPublic: everyone can see it.
        HubError: it cannot be read, holds no release, or has no such version.
    """
    main = require_private(model)
    tags = versions(model)
    tag = revision or find_version(main)
    commit = tags.get(tag) or (revision if len(revision) == len(main.commit) else "")
    if not commit:
        raise HubError("deploy.no_version", repo=model, tag=tag or "–", known=", ".join(tags) or "–")
    pinned = require_private(model, commit)
    if FILE_NAME not in {file.path for file in pinned.files}:
        raise HubError("deploy.no_release", repo=model)
    name = next((name for name in tags if tags[name] == pinned.commit), "")
    return Release(model, pinned.commit, name)


# --- what it shall be ---


def _checked(request: Request) -> Request:
    if request.language not in ("", *LANGUAGES):
        raise SettingsError(
            "settings.out_of_range", flag="--language", value=request.language, allowed=", ".join(LANGUAGES)
        )
    if request.lock and (request.allow or request.invite or request.new_invite):
        raise SettingsError("deploy.lock_or_open")
    return replace(request, space=repository_name(request.space), model=repository_name(request.model))


@contextmanager
def _staged() -> Iterator[tuple[Path, tuple[FileDigest, ...]]]:
    """The Space's files in a folder for as long as the block runs."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "space"
        stage_space(folder)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        yield folder, tuple(digest(folder, path) for path in paths)


def _variables(request: Request, release: Release, there: Space | None) -> dict[str, str]:
    variables = {REPO_VARIABLE: release.repo, REVISION_VARIABLE: release.commit, **QUIET}
    if request.language or there is None:
        variables[LANGUAGE_VARIABLE] = request.language or language()
    return variables


def _secrets(request: Request, there: Space | None, seal: Seal, *, dry_run: bool) -> dict[str, Secret]:
    """Those that were named, and those a Space cannot do without."""
    values = {HIS_NAME: request.his_name, HER_NAME: request.her_name}
    if request.allow:
        values[door.ALLOWED] = patiently(lambda: door.guests(request.allow or ()))
    reads_it = (
        there is not None and TOKEN in there.secrets and there.variables.get(REPO_VARIABLE) == request.model
    )
    if read_token.is_given() or not (reads_it or dry_run):
        values[TOKEN] = read_token.read_token(request.model)
    elif not reads_it:
        say("deploy.token_missing", repo=request.model)
    secrets = {
        name: Secret(value, seal.mark(request.space, name, value)) for name, value in values.items() if value
    }
    if request.invite or request.new_invite:
        secret = door.invite_secret(there, request.space, seal, anew=request.new_invite)
        secrets |= {door.INVITE: secret} if secret else {}
    return secrets


# --- what is said ---


def _show(plan: Plan, wish: Wish, there: Space | None) -> None:
    """The changes, and what will be so after them: who is let in, and whether she is called by name."""
    _show_changes(plan, wish.space)
    if plan.creates:
        say(f"deploy.visible_{plan.visibility}")
    after = ({*(there.secrets if there else ())} | wish.secrets.keys()) - set(wish.removed)
    if not after & {door.INVITE, door.ALLOWED}:
        say("deploy.locked")
    if not {HIS_NAME, HER_NAME} <= after:
        say("deploy.nameless")


def _show_changes(plan: Plan, space: str) -> None:
    say("deploy.unchanged" if plan.is_empty else "deploy.changes", space=space)
    for line in plan.lines:
        console().print(f"  • {line}", markup=False, soft_wrap=True)


@contextmanager
def _untouched(space: str) -> Iterator[None]:
    """Say of what fails or is interrupted inside the block that it changed nothing."""
    try:
        yield
    except (PersonaError, KeyboardInterrupt):
        say("deploy.untouched", space=space)
        raise


@contextmanager
def _telling(first: Plan, wish: Wish, seal: Seal | None) -> Iterator[None]:
    """When the block fails or is interrupted, look what the Space is now, and say it before the reason."""
    try:
        yield
    except (PersonaError, KeyboardInterrupt):
        _tell_state(first, wish, seal)
        raise


def _tell_state(first: Plan, wish: Wish, seal: Seal | None) -> None:
    try:
        left = make_plan(read_space(wish.space, with_settings=seal is not None), wish, seal)
    except PersonaError:
        say("deploy.either", space=wish.space, url=page_of_settings(wish.space))
        return
    if left.is_empty:
        say("deploy.all_new", space=wish.space)
    elif left.lines == first.lines:
        say("deploy.all_old", space=wish.space)
    else:
        say("deploy.half", space=wish.space, left="; ".join(left.lines))


def _watch(space: str, commit: str, *, may_rest: bool = False) -> str:
    """Wait for the page of what the Space holds now."""
    try:
        return wait_for_page(space, commit=commit, may_rest=may_rest)
    except HubError as error:
        if error.key.startswith("hub."):  # the look failed, not the Space
            say("deploy.all_new", space=space)
        raise
