"""Take a release back: to an older one, with all its past, or altogether.

    roll_back("me/talk", "v2")          # main holds v2 again, and the Space that runs it too
    forget_older("me/talk", ask)        # one commit, one version: older weights are gone, their storage is free
    forget("me/talk", ask, runs=True)   # the repository, its Spaces, and what this machine has of it

Each can be interrupted and run again: what is done already is found done.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from persona_core.errors import HubError, SettingsError
from persona_core.hub import (
    Repository,
    client,
    hub_errors,
    keep_private,
    require_private,
    require_write_token,
)
from persona_core.manifest import FILE_NAME
from trainer.progress import say
from trainer.release.pushing import HUBS_OWN, PUSHED, commit, find_version, same_files, versions
from trainer.release.shelf import REVISION_VARIABLE, Pin, pins_of
from trainer.run import RUNS, load_run

Ask = Callable[[str], str]  # shows a question, gives what was typed


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
    _pin(pins_of(repo_id), tags[tag])


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


def _pin(pins: tuple[Pin, ...], revision: str) -> None:
    """Have each Space run ``revision``. A changed variable restarts it, so what is right already is left alone."""
    api = client()
    for pin in pins:
        if pin.revision != revision:
            with hub_errors(pin.space):
                api.add_space_variable(pin.space, REVISION_VARIABLE, revision)
            say("shelf.pinned", space=pin.space, revision=revision[:7])


def forget_older(repo_id: str, ask: Ask) -> None:
    """Keep what the main branch holds, and nothing from before: one commit, one version.

    Raises:
        SettingsError: the name was not typed, or a Space runs an older release.
        HubError: the Hub did not do it.
    """
    require_write_token(repo_id)
    repository = require_private(repo_id)
    if FILE_NAME not in {file.path for file in repository.files}:
        raise HubError("shelf.no_release", repo=repo_id)
    tags, kept, pins = versions(repo_id), find_version(repository), pins_of(repo_id)
    current = {repository.commit, kept, tags.get(kept)}
    for pin in pins:
        if pin.revision not in current:
            raise SettingsError("shelf.space_needs_older", space=pin.space, repo=repo_id, tag=kept)
    _require_name(repo_id, ask, "shelf.ask_older", kept=kept or "main")

    name = kept or "v1"
    api = client()
    with hub_errors(repo_id):
        for tag in tags:  # the kept one too: it would hold its whole past
            api.delete_tag(repo_id, tag=tag)
        api.super_squash_history(repo_id, branch="main", commit_message=f"Release {name}")
        squashed = keep_private(repo_id)
        api.create_tag(repo_id, tag=name, revision=squashed.commit)
    _pin(pins, squashed.commit)
    say("shelf.forgot_older", repo=repo_id, tag=name, count=len(tags.keys() - {kept}))


def forget(repo_id: str, ask: Ask, *, runs: bool = False) -> None:
    """Delete the repository with its whole history and the Spaces that run it; with ``runs`` what is here as well.

    Raises:
        SettingsError: the name was not typed; nothing was deleted.
        HubError: the Hub did not do it; the same command goes on.
    """
    require_write_token(repo_id)
    pins, folders = pins_of(repo_id), list(_folders(repo_id)) if runs else []
    doomed = [repo_id, *(pin.space for pin in pins), *map(str, folders)]
    _require_name(repo_id, ask, "shelf.ask_forget", what=", ".join(doomed))

    api = client()
    with hub_errors(repo_id):
        api.delete_repo(repo_id, missing_ok=True)  # the voice first
    for pin in pins:
        with hub_errors(pin.space):
            api.delete_repo(pin.space, repo_type="space", missing_ok=True)
    for folder in folders:
        shutil.rmtree(folder)
    say("shelf.forgot", what=", ".join(doomed))
    if not runs:
        say("shelf.runs_stay", repo=repo_id)


def _require_name(repo_id: str, ask: Ask, key: str, **values: object) -> None:
    say(key, repo=repo_id, **values)
    if ask("shelf.type_name").strip() != repo_id:
        raise SettingsError("shelf.not_confirmed", repo=repo_id)


def _folders(repo_id: str) -> Iterator[Path]:
    """The runs below runs/ that were pushed there, and the copies in the Hub's cache."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    for file in sorted(RUNS.glob("*/run.toml")):
        if load_run(file.parent).read_metrics().get(PUSHED, {}).get("repo") == repo_id:
            yield file.parent
    cached = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo_id, repo_type="model")
    if cached.is_dir():
        yield cached
