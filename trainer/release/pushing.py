"""Bring a release to its private repository: one commit, one tag, proved private before, during and after.

    push(run, "me/talk")        # Pushed("me/talk", commit="9f2c…", tag="v1", url="https://…/me/talk")

The weights are uploaded first as objects that no commit names; one commit then makes all files of the release visible
at once, so an interrupted push leaves the previous release. A tag is given to what was fetched back and answered, so
an interruption after the commit is made good by the next push. Pushing the same release again sends nothing.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from persona_core.errors import HubError, PersonaError
from persona_core.hub import (
    RemoteFile,
    Repository,
    client,
    exists,
    hub_errors,
    keep_private,
    private_repository,
    read_repository,
    repository_url,
    require_private,
    require_write_token,
)
from persona_core.manifest import FILE_NAME, FileDigest, PersonaManifest
from persona_core.texts import text
from persona_core.waiting import interruptible
from trainer.progress import say
from trainer.release.arrival import answer, require_arrived
from trainer.release.contents import read_contents
from trainer.release.licences import require_duties
from trainer.release.scanning import Privacy
from trainer.release.size import size_in_words
from trainer.run import Run

PAUSES_S = (
    5.0,
    30.0,
)  # before trying again what a passing trouble stopped; a restart of a server takes about as long
PUSHED = "pushed"  # section of the run's metrics: where it was sent to
_PASSING = {  # and what is said of it while nobody has to do anything
    "hub.down": "release.down",
    "hub.busy": "release.busy",
    "hub.unreachable": "release.unreachable",
}
HUBS_OWN = ".gitattributes"  # every repository has one; it says which files are large objects
_OF_A_NEW_REPOSITORY = {HUBS_OWN, ".gitignore", "README.md", "LICENSE"}
_VERSION = re.compile(r"v(\d+)")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where a release lies on the Hub."""

    repo_id: str
    commit: str
    tag: str
    url: str


def push(run: Run, repo_id: str, try_out: Callable[[Path], None] = answer) -> Pushed:
    """Put ``run.release`` into the private model repository ``repo_id`` (OWNER/NAME), prove it there, and tag it.

    What a passing trouble of the Hub or the line stops is tried again, twice. ``try_out`` gets the fetched folder.

    Raises:
        TokenMissing, NotAllowed: no token that may write there; nothing was sent.
        RepositoryIsPublic: the repository can be seen by everyone.
        ReleaseError: the release holds what must not leave the machine, or not what it says, or lacks what the licence
            of its base asks for; or it does not answer.
        HubError: the Hub did not take it; a line before said which release the repository holds.
    """
    release = read_contents(run.release, Privacy.of(run))
    require_duties(run, PersonaManifest.read(run.release).base, repo_id)
    return patiently(lambda: _push(run, release, repo_id, try_out))


def patiently(step: Callable[[], T]) -> T:
    """What ``step`` gives; it is tried again when a passing trouble stops it, and has to find what it did before."""
    for pause in PAUSES_S:
        try:
            return step()
        except HubError as error:
            if error.key not in _PASSING:
                raise
            trouble = text(_PASSING[error.key], **error.values)
            say("release.again", trouble=trouble, seconds=f"{pause:.0f}")
        time.sleep(pause)
    return step()


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


def _push(run: Run, release: Sequence[FileDigest], repo_id: str, try_out: Callable[[Path], None]) -> Pushed:
    """The whole way once; every step of it finds what an earlier try has done."""
    with telling("release.nothing_sent", repo_id):
        require_write_token(repo_id)
        repository = private_repository(repo_id)
        _require_a_place_for_releases(repository)
    if not _holds(repository, run.release, release):
        repository = _send(run.release, release, repository)
        tag = ""
    else:
        tag = find_version(repository)
        say("release.already_there", repo=repo_id)
    if not tag:
        with telling("release.not_proved", repo_id):
            require_arrived(run, repo_id, repository.commit, try_out)
            tag = find_version(repository) or _tag(repository)
            keep_private(repo_id)
    pushed = Pushed(repo_id, repository.commit, tag, repository_url(repo_id))
    run.add_metrics(PUSHED, {"repo": repo_id, "tag": tag, "commit": repository.commit})
    say("release.pushed", repo=repo_id, tag=tag, url=pushed.url)
    return pushed


@contextmanager
def telling(key: str, repo_id: str) -> Iterator[None]:
    """When the block fails or is interrupted, say what the repository holds; what to type follows it."""
    try:
        yield
    except (PersonaError, KeyboardInterrupt):
        say(key, repo=repo_id)
        raise


def _require_a_place_for_releases(repository: Repository) -> None:
    """Refuse to replace what is not ours: a release is the whole repository."""
    names = {file.path for file in repository.files}
    if FILE_NAME not in names and not names <= _OF_A_NEW_REPOSITORY:
        raise HubError("release.other_repository", repo=repository.id)


# --- one commit ---


def _send(folder: Path, release: Sequence[FileDigest], before: Repository) -> Repository:
    """Make the repository hold ``release`` and nothing else: the objects first, then all at once."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    there = {file.path: file for file in before.files}
    changed = [file for file in release if not same_bytes(folder, file, there.get(file.path))]
    stale = sorted(there.keys() - {file.path for file in release} - {HUBS_OWN})
    size = size_in_words(sum(file.size for file in changed))
    say("release.sending", repo=before.id, files=len(changed), size=size)

    additions = [CommitOperationAdd(file.path, folder / file.path) for file in changed]
    for file, addition in zip(changed, additions, strict=True):
        addition.upload_info.sha256 = bytes.fromhex(file.sha256)  # the client would read gigabytes once more
    with telling("release.unchanged", before.id):
        api = client()
        with hub_errors(before.id):
            interruptible(api.preupload_lfs_files)(before.id, additions)
        if keep_private(before.id).commit != before.commit:
            raise HubError("hub.changed", repo=before.id)
    return commit(
        [*additions, *map(CommitOperationDelete, stale)],
        before,
        "Release a persona",
        lambda after: _holds(after, folder, release),
    )


def commit(
    operations: Sequence[Any], before: Repository, title: str, is_done: Callable[[Repository], bool]
) -> Repository:
    """One commit on top of ``before``, or none; what the repository then holds is read back and decides.

    Raises:
        HubError: it did not land, or somebody else was quicker.
        RepositoryIsPublic: it was opened meanwhile, and is closed again.
    """
    failure: HubError | None = None
    api = client()
    with telling("release.either", before.id):
        try:
            with hub_errors(before.id):
                interruptible(api.create_commit)(
                    before.id, operations, commit_message=title, parent_commit=before.commit
                )
        except HubError as error:
            failure = error  # it may have landed and only its answer be lost: the repository knows
        after = keep_private(before.id)
    if not is_done(after):
        say("release.unchanged", repo=before.id)
        raise failure or HubError("release.arrived_differently", repo=before.id)
    return after


# --- versions ---


def versions(repo_id: str) -> dict[str, str]:
    """The commit of every version tag, v1 first."""
    api = client()
    with hub_errors(repo_id):
        tags: dict[str, str] = {tag.name: tag.target_commit for tag in api.list_repo_refs(repo_id).tags}
    ours = sorted((int(match[1]), name) for name in tags if (match := _VERSION.fullmatch(name)))
    return {name: tags[name] for _, name in ours}


def find_version(repository: Repository) -> str:
    """The newest version tag with just these files; empty when there is none yet."""
    tags = versions(repository.id)
    for name in reversed(tags):
        commit = tags[name]
        if commit == repository.commit or same_files(repository, read_repository(repository.id, commit)):
            return name
    return ""


def same_files(one: Repository, other: Repository) -> bool:
    """Whether two commits hold the same, the Hub's own file apart."""
    a, b = ({file.path: file.blob for file in side.files if file.path != HUBS_OWN} for side in (one, other))
    return a == b


def _tag(repository: Repository) -> str:
    """Give the commit of ``repository`` the next version."""
    newest = max((int(name[1:]) for name in versions(repository.id)), default=0)
    api = client()
    with hub_errors(repository.id):
        api.create_tag(repository.id, tag=f"v{newest + 1}", revision=repository.commit)
    return f"v{newest + 1}"


# --- the same bytes here and there ---


def _holds(repository: Repository, folder: Path, release: Sequence[FileDigest]) -> bool:
    """Whether the repository holds exactly ``release``."""
    there = {file.path: file for file in repository.files if file.path != HUBS_OWN}
    return there.keys() == {file.path for file in release} and all(
        same_bytes(folder, file, there[file.path]) for file in release
    )


def same_bytes(folder: Path, here: FileDigest, there: RemoteFile | None) -> bool:
    """Whether the file ``here`` in ``folder`` is what the Hub has as ``there``."""
    if there is None or there.size != here.size:
        return False
    if there.sha256 is not None:
        return there.sha256 == here.sha256
    return there.blob == _git_blob((folder / here.path).read_bytes())


def _git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
