"""Which release a Space shall run: a commit that holds one, never a branch.

    find_release("me/talk", "")         # Release("me/talk", commit="9f2c…", tag="v2", …): the version that main holds

The Space's variables pin it, and what it holds decides what the Space installs.
"""

from dataclasses import dataclass

from persona_core.errors import HubError
from persona_core.hub import Repository, require_private
from persona_core.manifest import FILE_NAME, OPENVINO_FOLDER
from trainer.release.pushing import find_version, versions


@dataclass(frozen=True, slots=True)
class Release:
    """A commit of ``repo``; ``tag`` is its version, empty where it has none. With a graph it runs on a CPU without torch."""

    repo: str
    commit: str
    tag: str
    has_graph: bool


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
    if revision and tags and not commit:
        raise HubError("deploy.no_version", repo=model, tag=revision, known=", ".join(tags))
    if not commit:
        raise HubError("deploy.unfinished" if _holds_one(main) else "deploy.no_release", repo=model)
    pinned = require_private(model, commit)
    if not _holds_one(pinned):
        raise HubError("deploy.no_release", repo=model)
    name = next((name for name in tags if tags[name] == pinned.commit), "")
    has_graph = any(file.path.startswith(f"{OPENVINO_FOLDER}/") for file in pinned.files)
    return Release(model, pinned.commit, name, has_graph)


def _holds_one(repository: Repository) -> bool:
    return FILE_NAME in {file.path for file in repository.files}
