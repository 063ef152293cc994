"""The private-repository rules: the token, proof of privacy, a pinned download, and the Hub's errors in plain words.

A couple's voice lies in these repositories, so nothing is believed that was not read back::

    private_repository("me/talk")              # made, or found; then proved private
    require_private("me/talk").commit          # "9f2c…": private at this moment, at this commit
    download_release("me/talk", "v2")          # a folder whose every file has the sha256 of its persona.json

The token stays inside the Hub's own client: it is in no error, no text and no file of ours.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from persona_core.errors import (
    EngineError,
    HubError,
    NotAllowed,
    PersonaError,
    RepositoryIsPublic,
    TokenMissing,
)
from persona_core.manifest import FILE_NAME, ArtefactKind, PersonaManifest, digest
from persona_core.refusals import in_plain_words

RepositoryType = Literal["model", "space"]

CONNECT_SECONDS = 15.0  # a host that does not answer by then is not there
SILENCE_SECONDS = 120.0  # the longest the Hub takes over one answer: a commit of several gigabytes
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as the Hub knows it: ``sha256`` when its bytes lie in the object store, else git's ``blob`` id."""

    path: str
    size: int
    sha256: str | None
    blob: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit, read back from the Hub."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]
    is_private: bool = True


# --- the client ---


def hub_token() -> str:
    """The token of ``HF_TOKEN``, or of `hf auth login`.

    Raises:
        TokenMissing: there is none.
    """
    from huggingface_hub import get_token

    token: str | None = get_token()
    if not token:
        raise TokenMissing("hub.token_missing")
    if not token.isascii():  # a header could not even carry it
        raise TokenMissing("hub.token_refused", message="")
    return token


def client() -> Any:
    """The Hub's own client with the person's token, and with an end to every wait.

    Raises:
        TokenMissing: there is no token.
    """
    from huggingface_hub import HfApi

    bound_every_wait()
    return HfApi(token=hub_token())


@cache
def bound_every_wait() -> None:
    """Give the Hub's client an end to every wait: left alone it asks many of its calls to wait for ever.

    Its warnings are silenced: they repeat the signed addresses of objects, and a line of ours says what went wrong.
    """
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def bounded() -> Any:
        session = default_client_factory()
        session.event_hooks["request"].append(_bound)
        return session

    set_client_factory(bounded)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)


def _bound(request: Any) -> None:
    waits = request.extensions["timeout"]
    limits = {
        "connect": CONNECT_SECONDS,
        "read": SILENCE_SECONDS,
        "write": SILENCE_SECONDS,
        "pool": SILENCE_SECONDS,
    }
    request.extensions["timeout"] = {name: waits.get(name) or limit for name, limit in limits.items()}


def require_write_token(repo_id: str) -> None:
    """Ask the Hub whose token this is, before anything is sent to ``repo_id``.

    Raises:
        TokenMissing: there is no token, or the Hub does not accept it.
        NotAllowed: it can only read.
    """
    api = client()
    with hub_errors(repo_id):
        identity = api.whoami()
    # A fine-grained token tells its rights only when it is used: `private_repository` asks for them there.
    if identity["auth"].get("accessToken", {}).get("role") == "read":
        raise NotAllowed("hub.read_only_token", repo=repo_id)


def repository_url(repo_id: str) -> str:
    """Where a person looks at it."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{repo_id}"


# --- private or not at all ---


def private_repository(repo_id: str) -> Repository:
    """Create the model repository unless it exists, prove it private, and return what it holds.

    Raises:
        RepositoryIsPublic: it exists and everyone can see it; nothing was changed.
        NotAllowed: the token may not write to it.
        HubError: the Hub did not do it.
    """
    if repo_id.count("/") != 1:
        raise HubError("hub.bad_name", repo=repo_id)
    api = client()
    with hub_errors(repo_id):
        # An existing repository keeps its visibility whatever `private` says here, hence the proof.
        api.create_repo(repo_id, private=True, exist_ok=True)
    repository = require_private(repo_id)
    with hub_errors(repo_id):
        api.auth_check(repo_id, write=True)
    return repository


def exists(repo_id: str) -> bool:
    """Whether there is such a model repository that this token may see."""
    api = client()
    with hub_errors(repo_id):
        return bool(api.repo_exists(repo_id))


def make_private(repo_id: str) -> None:
    """Take a repository that became public out of sight."""
    api = client()
    with hub_errors(repo_id):
        api.update_repo_settings(repo_id, private=True)


def keep_private(repo_id: str) -> Repository:
    """`require_private` of a repository that was private a moment ago: one that was opened since is closed again.

    Raises:
        RepositoryIsPublic: it had become public; the text says whether it still is.
        HubError: it cannot be read.
    """
    try:
        return require_private(repo_id)
    except RepositoryIsPublic:
        pass
    try:
        make_private(repo_id)
        require_private(repo_id)
    except HubError:
        raise RepositoryIsPublic("hub.still_public", repo=repo_id) from None
    raise RepositoryIsPublic("hub.became_public", repo=repo_id)


def require_private(
    repo_id: str, revision: str = "main", *, repo_type: RepositoryType = "model"
) -> Repository:
    """`read_repository`, of a private one.

    Raises:
        RepositoryIsPublic: everyone can see it.
        HubError: it cannot be read.
    """
    repository = read_repository(repo_id, revision, repo_type=repo_type)
    if not repository.is_private:
        raise RepositoryIsPublic("hub.public", repo=repo_id)
    return repository


def read_repository(
    repo_id: str, revision: str = "main", *, repo_type: RepositoryType = "model"
) -> Repository:
    """Read the repository back, and what it holds at ``revision`` (branch, tag or commit).

    Raises:
        HubError: it cannot be read.
    """
    api = client()
    pinned = None if revision == "main" else revision
    with hub_errors(repo_id, revision):
        info = api.repo_info(repo_id, repo_type=repo_type, revision=pinned, files_metadata=True)
    files = tuple(
        RemoteFile(file.rfilename, file.size, file.lfs and file.lfs.sha256, file.blob_id)
        for file in info.siblings
    )
    return Repository(repo_id, info.sha, files, info.private is True)


# --- a pinned, verified download ---


def download_release(
    repo_id: str, revision: str = "main", *, kind: ArtefactKind | None = None, cache: Path | None = None
) -> Path:
    """The release at ``revision`` (branch, tag or commit) as a folder in the Hub's cache, proved by sha256.

    With ``kind`` only that artefact and persona.json. A commit that is already in the cache needs no Hub; ``cache`` is
    another folder to keep it in.

    Raises:
        HubError: the token, the repository or the revision does not do, or the bytes are not the released ones.
        EngineError: the repository holds no release of ours, or no such artefact.
    """
    from huggingface_hub import snapshot_download

    api = client()
    with hub_errors(repo_id, revision):
        # A branch or tag is resolved aloud: the client would quietly serve an old copy of it when the Hub is down.
        commit = revision if _COMMIT.fullmatch(revision) else api.repo_info(repo_id, revision=revision).sha
        manifest = PersonaManifest.read(
            Path(api.hf_hub_download(repo_id, FILE_NAME, revision=commit, cache_dir=cache)).parent
        )
        if kind and not manifest.artefact(kind):
            raise EngineError("engine.missing_artefact", kind=kind)
        files = [
            file
            for artefact in manifest.artefacts
            if kind in (None, artefact.kind)
            for file in artefact.files
        ]
        folder = Path(
            snapshot_download(
                repo_id,
                revision=commit,
                allow_patterns=[FILE_NAME, *(file.path for file in files)],
                token=api.token,
                cache_dir=cache,
            )
        )
    for file in files:
        path = folder / file.path
        if not path.is_file() or digest(folder, path) != file:
            raise HubError("hub.damaged", repo=repo_id, path=file.path)
    return folder


# --- the Hub's errors in plain words ---


@contextmanager
def hub_errors(repo_id: str, revision: str = "main") -> Iterator[None]:
    """Turn what the Hub's client raises inside the block into a `HubError` that says what to do next."""
    import httpx2
    from huggingface_hub.errors import HFValidationError

    try:
        yield
    except PersonaError:
        raise
    except HFValidationError:
        raise HubError("hub.bad_name", repo=repo_id) from None
    except (httpx2.HTTPError, OSError, RuntimeError) as error:
        if mendable := in_plain_words(error, repo_id, revision):
            raise mendable from None  # its words are the server's: they could repeat a token
        raise
