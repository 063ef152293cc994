"""Bring a release to its private repository: one commit, one tag, proved private before, during and after.

    push(run, "me/talk")        # Pushed("me/talk", commit="9f2c…", tag="v1", url="https://…/me/talk")

The weights are uploaded first as objects that no commit names; one commit then makes all files of the release visible
at once, so an interrupted push leaves the previous release. Pushing the same release again sends nothing.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_core.errors import HubError, RepositoryIsPublic
from persona_core.hub import (
    RemoteFile,
    Repository,
    client,
    exists,
    hub_errors,
    make_private,
    private_repository,
    repository_url,
    require_private,
    require_write_token,
)
from persona_core.manifest import FILE_NAME, FileDigest, PersonaManifest
from trainer.progress import say
from trainer.release.contents import machine_paths, read_contents
from trainer.release.licences import require_name
from trainer.run import Run

_HUBS_OWN = ".gitattributes"  # every repository has one; it says which files are large objects
_OF_A_NEW_REPOSITORY = {_HUBS_OWN, ".gitignore", "README.md", "LICENSE"}
_VERSION = re.compile(r"v(\d+)")


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where a release lies on the Hub."""

    repo_id: str
    commit: str
    tag: str
    url: str


def push(run: Run, repo_id: str) -> Pushed:
    """Put ``run.release`` into the private model repository ``repo_id`` (OWNER/NAME), and tag it.

    Raises:
        TokenMissing, NotAllowed: no token that may write there; nothing was sent.
        RepositoryIsPublic: the repository can be seen by everyone.
        ReleaseError: the release holds what must not leave the machine, or not what it says.
        HubError: the Hub did not take it; the repository holds the previous release.
    """
    release = read_contents(run.release, machine_paths(run))
    require_name(PersonaManifest.read(run.release).base, repo_id)
    require_write_token(repo_id)
    repository = private_repository(repo_id)
    _require_a_place_for_releases(repository)
    if _holds(repository, run.release, release):
        say("release.already_there", repo=repo_id)
    else:
        repository = _commit(run.release, release, repository)
    pushed = Pushed(repo_id, repository.commit, _tag(repository), repository_url(repo_id))
    say("release.pushed", repo=repo_id, tag=pushed.tag, url=pushed.url)
    return pushed


def check_destination(repo_id: str) -> None:
    """Say before hours of training what would stop `push` after them. Nothing is created.

    Raises:
        TokenMissing, NotAllowed: no token that may write.
        RepositoryIsPublic: it exists and everyone can see it.
        HubError: it holds something else.
    """
    require_write_token(repo_id)
    if exists(repo_id):
        _require_a_place_for_releases(require_private(repo_id))


def _require_a_place_for_releases(repository: Repository) -> None:
    """Refuse to replace what is not ours: a release is the whole repository."""
    names = {file.path for file in repository.files}
    if FILE_NAME not in names and not names <= _OF_A_NEW_REPOSITORY:
        raise HubError("release.other_repository", repo=repository.id)


def _commit(folder: Path, release: Sequence[FileDigest], before: Repository) -> Repository:
    """Make the repository hold ``release`` and nothing else, by one commit on top of ``before``."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    there = {file.path: file for file in before.files}
    changed = [file for file in release if not _same(folder, file, there.get(file.path))]
    stale = there.keys() - {file.path for file in release} - {_HUBS_OWN}
    megabytes = sum(file.size for file in changed) / 1e6
    say("release.sending", repo=before.id, files=len(changed), megabytes=f"{megabytes:,.1f}")

    api = client()
    additions = [CommitOperationAdd(file.path, folder / file.path) for file in changed]
    with hub_errors(before.id):
        api.preupload_lfs_files(before.id, additions)
    if require_private(before.id).commit != before.commit:
        raise HubError("hub.changed", repo=before.id)

    failure: HubError | None = None
    try:
        with hub_errors(before.id):
            api.create_commit(
                before.id,
                [*additions, *(CommitOperationDelete(path) for path in sorted(stale))],
                commit_message="Release a persona",
                parent_commit=before.commit,
            )
    except HubError as error:
        failure = error  # the commit may have landed and only its answer be lost: the repository knows
    after = _read_back(before.id)
    if not _holds(after, folder, release):
        raise failure or HubError("release.arrived_differently", repo=before.id)
    return after


def _read_back(repo_id: str) -> Repository:
    """What the repository holds now; if somebody opened it meanwhile it is closed before anything is said."""
    try:
        return require_private(repo_id)
    except RepositoryIsPublic:
        make_private(repo_id)
        raise RepositoryIsPublic("hub.became_public", repo=repo_id) from None


def _tag(repository: Repository) -> str:
    """The version tag of the repository's commit: the one it has, or the next."""
    api = client()
    with hub_errors(repository.id):
        tags: dict[str, str] = {tag.name: tag.target_commit for tag in api.list_repo_refs(repository.id).tags}
        versions = {name: int(match[1]) for name in tags if (match := _VERSION.fullmatch(name))}
        for name in versions:
            if tags[name] == repository.commit:
                return name
        name = f"v{max(versions.values(), default=0) + 1}"
        api.create_tag(repository.id, tag=name, revision=repository.commit)
    return name


# --- the same bytes here and there ---


def _holds(repository: Repository, folder: Path, release: Sequence[FileDigest]) -> bool:
    """Whether the repository holds exactly ``release``."""
    there = {file.path: file for file in repository.files if file.path != _HUBS_OWN}
    return there.keys() == {file.path for file in release} and all(
        _same(folder, file, there[file.path]) for file in release
    )


def _same(folder: Path, here: FileDigest, there: RemoteFile | None) -> bool:
    if there is None or there.size != here.size:
        return False
    if there.sha256 is not None:
        return there.sha256 == here.sha256
    return there.blob == _git_blob((folder / here.path).read_bytes())


def _git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
