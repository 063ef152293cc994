"""The whole way from a pushed release to a page that answers, the way of the code alone, and the lock.

    deploy(Request("me/talk-space", "me/talk", invite=True))    # created or updated, watched, the link shown
    deploy(Request("me/talk-space", her_name="서연"))            # one change; it goes on with its model and version
    deploy(Request(…), dry_run=True)                            # the plan; nothing but reads
    sync_code("me/talk-space")                                  # one commit, with a token that may write its files only
    lock("me/talk-space")                                       # nobody comes in any more, whatever else is wrong

Whatever stops it, a line says what the Space is now, and the same command goes on from there.
"""

import tempfile
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from persona_core.errors import HubError, SettingsError
from persona_core.hub import exists, private_repository, repository_name
from persona_core.manifest import FileDigest, digest
from persona_core.privacy.display import is_nobody
from persona_core.texts import LANGUAGES
from trainer.deploy import door, read_token, terms
from trainer.deploy.outcome import give, show_changes, telling, untouched
from trainer.deploy.plan import Plan, Secret, Space, Wish, make_plan
from trainer.deploy.release import Release, find_release
from trainer.deploy.seal import Seal
from trainer.deploy.space import bring, read_space
from trainer.deploy.watch import wait_for_page
from trainer.progress import say
from trainer.release.pushing import patiently
from trainer.release.shelf import REPO_VARIABLE, REVISION_VARIABLE
from trainer.release.staging import LEAN, stage_space
from trainer.run import Run

TOKEN, HIS_NAME, HER_NAME = "HF_TOKEN", "PERSONA_NAME", "PARTNER_NAME"
LANGUAGE_VARIABLE = "PERSONA_LANG"  # Korean where it is not set
LONGEST_NAME = 40  # characters; a KakaoTalk profile has at most 20
QUIET = {  # no word to anybody, and no second server of gradio's in front of the door
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SSR_MODE": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. None, or empty: as it is, or the default of a new Space."""

    space: str
    model: str = ""  # empty: what the Space runs, and the version it runs
    revision: str = ""  # a version or a full commit; empty: the version that main holds
    hardware: str = "auto"
    allow: tuple[str, ...] | None = None  # exactly these may sign in; none of them: nobody
    invite: bool = False
    new_invite: bool = False  # the links of before end
    his_name: str | None = field(default=None, repr=False)  # empty: none any more
    her_name: str | None = field(default=None, repr=False)
    language: str = ""
    token: str = field(
        default="", repr=False
    )  # for the Space to read the model with, where it is known already


def deploy(request: Request, *, dry_run: bool = False) -> None:
    """Create the Space or bring it up to date, wait until its page answers, and let in who is allowed.

    Raises:
        SettingsError: an option that cannot be.
        TokenMissing, NotAllowed: the token lacks a right; the text names it.
        RepositoryIsPublic: everyone can see the model.
        HubError: no release there, a Space of another kind, a plan that does not allow it, a page that does not come up.
        StorageError: this machine's key, without which no secret is set, is damaged or cannot be written.
    """
    _check(request)
    asked = replace(request, space=repository_name(request.space))
    with untouched(asked.space):
        account = patiently(lambda: terms.read_account(asked.space))
        there = patiently(lambda: read_space(asked.space))
        whole = _completed(asked, there)
        release = patiently(lambda: find_release(whole.model, whole.revision))
        held = there.hardware if there else ""
        hardware = patiently(lambda: terms.choose(whole.hardware, account, held))
    terms.show(account, hardware)
    with _staged(lean=hardware.is_cpu and release.has_graph) as (folder, files):
        with untouched(whole.space):
            seal = Seal.of_this_machine()
            secrets, removed = _secrets(whole, there, seal, dry_run=dry_run)
        variables = _variables(whole, release)
        wish = Wish(whole.space, folder, files, account.visibility, hardware, variables, secrets, removed)
        plan = make_plan(there, wish, seal)
        named = ({*(there.secrets if there else ())} | secrets.keys()) - set(removed)
        _show(plan, whole.space, release, named)
        if dry_run:
            say("deploy.dry_run")
            return
        if secrets:
            with untouched(whole.space):
                seal.keep()
        with telling(plan, wish, seal):
            commit = patiently(lambda: bring(wish, seal))
    page = _watch(whole.space, commit, known=_values(whole.space, there, secrets, seal))
    say("deploy.done", url=page, model=release.repo, version=release.tag or release.commit[:7])
    if not named & {*door.DOORS}:
        say("deploy.locked", space=whole.space)
    if not (whole.invite or whole.new_invite):
        give(page)
    elif door.INVITE in secrets:
        give(door.show_link(page, secrets[door.INVITE]))
    else:
        say("deploy.link_elsewhere")
        give(page)


def lock(space: str, *, dry_run: bool = False) -> None:
    """Let nobody in any more: take the secrets of both doors from a Space of ours, and touch nothing else.

    Raises:
        HubError: no such Space, one of another kind, or the Hub did not do it; a line before said that it is open.
        TokenMissing, NotAllowed: the token may not change its settings.
    """
    space = repository_name(space)
    wish = Wish(space, removed=door.DOORS)
    with untouched(space, locks=True):
        there = patiently(lambda: read_space(space))
    if there is None:
        raise HubError("deploy.nothing_to_lock", space=space)
    plan = make_plan(there, wish)
    if not plan.is_empty:
        show_changes(plan, space)
        if dry_run:
            say("deploy.dry_run")
            return
        with telling(plan, wish):
            patiently(lambda: bring(wish))
    say("deploy.was_locked" if plan.is_empty else "deploy.now_locked", space=space)
    if door.API_KEY in there.secrets:
        say("deploy.key_stays", space=space, name=door.API_KEY)


def sync_code(space: str, *, dry_run: bool = False) -> None:
    """Make a Space of ours hold the present code by one commit; its settings are not even looked at.

    For a workflow whose token may write the repository's files and nothing else:
    ``persona deploy --space OWNER/NAME --code-only``.

    Raises:
        HubError: no such Space, one of another kind, or a page that does not come up.
        NotAllowed: the token may not write its files.
    """
    space = repository_name(space)
    with untouched(space):
        there = patiently(lambda: read_space(space, with_settings=False))
        if there is None:
            raise HubError("deploy.no_space", space=space)
    is_lean = LEAN in {file.path for file in there.repository.files}
    with _staged(lean=is_lean) as (folder, files):
        wish = Wish(space, folder, files)
        plan = make_plan(there, wish)
        show_changes(plan, space)
        if dry_run:
            say("deploy.dry_run")
            return
        with telling(plan, wish):
            commit = patiently(lambda: bring(wish))
    page = _watch(space, commit, code_only=True)
    say("deploy.synced", url=page)
    give(page)


def get_ready(space: str, model: str) -> Request:
    """Say before hours of training what would stop `deploy` after them; what `deploy_run` is to be given then.

    The token of the Space is asked for now and kept in memory alone. A token can only be made for a repository that is
    there, so ``model`` is made where it is not, private and empty.

    Raises:
        TokenMissing, NotAllowed: no token, or the Space would be somebody else's.
        SettingsError: no token for the Space, or one that does not do.
        HubError: the Space runs something else.
    """
    space = repository_name(space)
    terms.read_account(space)
    if _reads(model, read_space(space)) and not read_token.is_given():
        return Request(space, model, invite=True)
    if not exists(model):
        private_repository(model)
        say("deploy.repository_made", repo=model)
    return Request(space, model, invite=True, token=read_token.read_token(model))


def deploy_run(run: Run, request: Request) -> None:
    """Put the pushed ``run`` online under the two people's given names, as `get_ready` prepared it."""
    names = (run.settings.his_name, run.settings.her_name)
    his, hers = (None if is_nobody(name) or not _can_be_said(name) else name for name in names)
    deploy(replace(request, his_name=his, her_name=hers))


# --- what it shall be ---


def _check(request: Request) -> None:
    if request.language not in ("", *LANGUAGES):
        raise SettingsError(
            "settings.out_of_range", flag="--language", value=request.language, allowed=", ".join(LANGUAGES)
        )
    for flag, name in (("--his-name", request.his_name), ("--her-name", request.her_name)):
        if not _can_be_said(name or ""):
            raise SettingsError("deploy.bad_name", flag=flag, longest=LONGEST_NAME)


def _can_be_said(name: str) -> bool:
    """Whether the page can show it: of one line, and not too long."""
    is_one_line = all(unicodedata.category(sign) not in ("Cc", "Zl", "Zp") for sign in name)
    return is_one_line and len(name) <= LONGEST_NAME


def _completed(request: Request, there: Space | None) -> Request:
    """``request`` with its model: a Space that is there goes on with what it runs, in the version it runs."""
    if request.model:
        return replace(request, model=repository_name(request.model))
    runs = there.variables if there else {}
    if not runs.get(REPO_VARIABLE):
        raise SettingsError("deploy.no_model", space=request.space)
    return replace(
        request, model=runs[REPO_VARIABLE], revision=request.revision or runs.get(REVISION_VARIABLE, "")
    )


@contextmanager
def _staged(*, lean: bool) -> Iterator[tuple[Path, tuple[FileDigest, ...]]]:
    """The Space's files in a folder for as long as the block runs."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "space"
        stage_space(folder, lean=lean)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        yield folder, tuple(digest(folder, path) for path in paths)


def _variables(request: Request, release: Release) -> dict[str, str]:
    variables = {REPO_VARIABLE: release.repo, REVISION_VARIABLE: release.commit, **QUIET}
    return variables | ({LANGUAGE_VARIABLE: request.language} if request.language else {})


def _secrets(
    request: Request, there: Space | None, seal: Seal, *, dry_run: bool
) -> tuple[dict[str, Secret], tuple[str, ...]]:
    """Those to set, which were named or a Space cannot do without, and those named empty, which shall not be there."""
    named = {HIS_NAME: request.his_name, HER_NAME: request.her_name}
    if request.allow is not None:
        named[door.ALLOWED] = patiently(lambda: door.guests(request.allow or ()))
    values = {name: value for name, value in named.items() if value}
    secrets: dict[str, Secret] = {}
    is_given = bool(request.token) or read_token.is_given()
    if dry_run and not (is_given or _reads(request.model, there)):
        say("deploy.token_missing", repo=request.model)
        secrets[TOKEN] = Secret("", "")  # the real run knows it
    elif is_given or not _reads(request.model, there):
        values[TOKEN] = read_token.read_token(request.model, request.token)
    for name, value in values.items():
        secrets[name] = Secret(value, seal.mark(request.space, name, value))
    if request.invite or request.new_invite:
        secret = door.invite_secret(there, request.space, seal, anew=request.new_invite)
        secrets |= {door.INVITE: secret} if secret else {}
    return secrets, tuple(name for name, value in named.items() if value == "")


def _reads(model: str, there: Space | None) -> bool:
    """Whether the Space has a token for ``model`` already."""
    return there is not None and TOKEN in there.secrets and there.variables.get(REPO_VARIABLE) == model


# --- what is said ---


def _show(plan: Plan, space: str, release: Release, named: Collection[str]) -> None:
    """The changes, and what will be so after them: who sees it, who is let in, whether she is called by name."""
    show_changes(plan, space)
    if plan.creates:
        say(f"deploy.visible_{plan.visibility}", model=release.repo)
    if not {*door.DOORS} & {*named}:
        say("deploy.will_be_locked")
    if not {HIS_NAME, HER_NAME} <= {*named}:
        say("deploy.nameless")


def _values(space: str, there: Space | None, secrets: dict[str, Secret], seal: Seal) -> tuple[str, ...]:
    """The values of the Space's secrets that this machine knows: no log shall show them."""
    invite = door.invite_secret(there, space, seal, anew=False) if there else None
    return tuple(secret.value for secret in (*secrets.values(), *((invite,) if invite else ())))


def _watch(space: str, commit: str, *, code_only: bool = False, known: Collection[str] = ()) -> str:
    """Wait for the page of what the Space holds now."""
    try:
        return wait_for_page(space, commit=commit, code_only=code_only, known=known)
    except HubError as error:
        if error.key.startswith("hub."):  # the look failed, not the Space
            say("deploy.all_new", space=space)
        raise
