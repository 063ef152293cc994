"""Take a release back: to an older one, with all its past, or altogether.

    roll_back("me/talk", "v2")          # main holds v2 again, and the Space that runs it too
    forget_older("me/talk", ask)        # one commit, one version: older weights are gone, their storage is free
    forget("me/talk", ask, runs=True)   # the repository, its Spaces, and what this machine has of it

Each can be interrupted and run again: what is done already is found done.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from persona_core.errors import HubError, PersonaError, SettingsError
from persona_core.hub import (
    Repository,
    RepositoryType,
    client,
    exists,
    hub_errors,
    keep_private,
    require_private,
    require_write_token,
)
from persona_core.manifest import FILE_NAME
from persona_core.texts import text
from trainer.progress import at_terminal, say
from trainer.release.pushing import HUBS_OWN, PUSHED, commit, find_version, same_files, telling, versions
from trainer.release.shelf import REVISION_VARIABLE, Pin, pins_of, set_variable
from trainer.run import RUNS, load_run, storage

Ask = Callable[[str], str]  # shows a question, gives what was typed
_CUT = re.compile(r"Release (v\d+)")  # the title of the commit without a past that `forget_older` leaves


def roll_back(repo_id: str, tag: str) -> None:
    """Make the main branch of ``repo_id`` hold what ``tag`` holds, by a new commit, and pin its Spaces to ``tag``.

    Nothing is deleted: a newer release stays at its own tag, and can be rolled forward to.

    Raises:
        HubError: no such version, or the Hub did not do it; the line before says what the repository holds.
        RepositoryIsPublic: everyone can see it.
    """
    require_write_token(repo_id)
    before = require_private(repo_id)
    tags = versions(repo_id)
    if tag not in tags:
        raise HubError("shelf.no_version", repo=repo_id, tag=tag, known=", ".join(tags) or "–")
    wanted = require_private(repo_id, tags[tag])
    if same_files(before, wanted):
        say("shelf.already_default", repo=repo_id, tag=tag)
    else:
        _restore(before, wanted, f"Roll back to {tag}")
        say("shelf.rolled_back", repo=repo_id, tag=tag)
    _pin(pins_of(repo_id), tags[tag], tag)


def _restore(before: Repository, wanted: Repository, title: str) -> None:
    """One commit that copies the files of ``wanted`` inside the Hub: no weight is sent."""
    from huggingface_hub import CommitOperationCopy, CommitOperationDelete

    there = {file.path: file.blob for file in before.files}
    changed = [file.path for file in wanted.files if there.get(file.path) != file.blob]
    stale = sorted(there.keys() - {file.path for file in wanted.files} - {HUBS_OWN})
    copies = [CommitOperationCopy(path, path, src_revision=wanted.commit) for path in changed]
    commit(
        [*copies, *map(CommitOperationDelete, stale)], before, title, lambda after: same_files(after, wanted)
    )


def _pin(pins: tuple[Pin, ...], revision: str, tag: str) -> None:
    """Have each Space run ``revision``, the commit of ``tag``. A changed variable restarts it, so what is right already is left alone."""
    for pin in pins:
        if pin.revision != revision:
            set_variable(pin.space, REVISION_VARIABLE, revision)
            say("shelf.pinned", space=pin.space, tag=tag)


def forget_older(repo_id: str, ask: Ask) -> None:
    """Keep the version that the main branch holds, and nothing from before: one commit, one version.

    Raises:
        SettingsError: the name was not typed, or a Space runs an older release.
        HubError: what main holds was never proved, so that it has no version; or the Hub did not do it.
    """
    require_write_token(repo_id)
    repository = require_private(repo_id)
    if FILE_NAME not in {file.path for file in repository.files}:
        raise HubError("shelf.no_release", repo=repo_id)
    tags, cut, pins = versions(repo_id), _cut_down_to(repo_id), pins_of(repo_id)
    kept = find_version(repository) or cut
    if not kept:
        raise HubError("shelf.unproved", repo=repo_id, known=", ".join(tags) or "–")
    current = {repository.commit, kept, tags.get(kept)}
    for pin in pins:
        if pin.revision not in current and not cut:
            raise SettingsError("shelf.space_needs_older", space=pin.space, repo=repo_id, tag=kept)
    _require_name(repo_id, ask, "shelf.ask_older", kept=kept)

    api = client()
    squash = partial(api.super_squash_history, repo_id, branch="main", commit_message=f"Release {kept}")
    with telling("shelf.half_forgotten_older", repo_id), hub_errors(repo_id):
        for tag in tags.keys() - {kept}:
            api.delete_tag(repo_id, tag=tag)
        if not cut:
            squash()  # its title says which version main holds while no tag does
        if kept in tags:  # it would hold its whole past
            api.delete_tag(repo_id, tag=kept)
        squash()  # only now nothing holds what is older, and its storage is freed
        squashed = keep_private(repo_id)
        api.create_tag(repo_id, tag=kept, revision=squashed.commit)
        _pin(pins, squashed.commit, kept)
    say("shelf.forgot_older", repo=repo_id, tag=kept, count=len(tags.keys() - {kept}))


def _cut_down_to(repo_id: str) -> str:
    """The version that `forget_older` has made the only commit there is, whether or not its tag followed; else empty."""
    api = client()
    with hub_errors(repo_id):
        titles = [commit.title for commit in api.list_repo_commits(repo_id)]
    match = _CUT.fullmatch(titles[0]) if len(titles) == 1 else None
    return match[1] if match else ""


def forget(repo_id: str, ask: Ask, *, runs: bool = False) -> None:
    """Delete the repository with its whole history and the Spaces that run it; with ``runs`` what is here as well.

    Raises:
        SettingsError: the name was not typed; nothing was deleted.
        HubError: there is nothing to delete, or the Hub did not do it; the same command goes on.
    """
    require_write_token(repo_id)
    is_there = exists(repo_id)
    doomed = [(repo_id, partial(_delete, repo_id))] if is_there else []  # the voice first
    doomed += [(pin.space, partial(_delete, pin.space, "space")) for pin in pins_of(repo_id)]
    pushed = list(_runs(repo_id)) if runs else []
    doomed += [(str(folder), partial(_remove, folder)) for folder in pushed]
    if runs and (copies := _copies(repo_id)).is_dir():
        doomed.append((text("shelf.copies", folder=copies), partial(_remove, copies)))
    if not doomed:
        raise HubError("shelf.nothing_there", repo=repo_id)
    if not is_there:
        say("shelf.not_there", repo=repo_id)
    _require_name(repo_id, ask, "shelf.ask_forget", what=", ".join(name for name, _ in doomed))

    _carry_out(doomed)
    say("shelf.forgot", what=", ".join(name for name, _ in doomed))
    if not runs:
        say("shelf.runs_stay", repo=repo_id)
    elif not pushed:
        say("shelf.no_runs", repo=repo_id, folder=RUNS.resolve())


def _delete(repo_id: str, repo_type: RepositoryType = "model") -> None:
    api = client()
    with hub_errors(repo_id):
        api.delete_repo(repo_id, repo_type=repo_type)


def _remove(folder: Path) -> None:
    with storage(folder):
        shutil.rmtree(folder)


def _carry_out(deletions: Sequence[tuple[str, Callable[[], None]]]) -> None:
    """One after the other; what stops it, Ctrl-C among it, is told with what is gone and what may still be there."""
    names = [name for name, _ in deletions]
    for done, (_, delete) in enumerate(deletions):
        try:
            delete()
        except (PersonaError, KeyboardInterrupt):
            gone, left = ", ".join(names[:done]) or "–", ", ".join(names[done:])
            say("shelf.half_forgotten", gone=gone, left=left)
            raise


def _require_name(repo_id: str, ask: Ask, key: str, **values: object) -> None:
    say(key, repo=repo_id, **values)
    try:
        typed = ask("shelf.type_name").strip()
    except EOFError:  # Ctrl-D: whoever closes the line has confirmed nothing
        typed = ""
    except KeyboardInterrupt:
        say("shelf.nothing_deleted", repo=repo_id)
        raise
    if not typed and not at_terminal():
        raise SettingsError("shelf.no_terminal", repo=repo_id)
    if typed != repo_id:
        raise SettingsError("shelf.not_confirmed", repo=repo_id)


def _runs(repo_id: str) -> Iterator[Path]:
    """The runs below runs/ that were pushed there."""
    for file in sorted(RUNS.glob("*/run.toml")):
        if load_run(file.parent).read_metrics().get(PUSHED, {}).get("repo") == repo_id:
            yield file.parent


def _copies(repo_id: str) -> Path:
    """What of it lies in the Hub's cache, if anything does."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo_id, repo_type="model")
