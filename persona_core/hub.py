"""The private-repository rules: the token, proof of privacy, a pinned download, and the Hub's errors in plain words.

A couple's voice lies in these repositories, so nothing is believed that was not read back::

    private_repository("me/talk")              # made, or found; then proved private
    require_private("me/talk").commit          # "9f2c…": private at this moment, at this commit
    download_release("me/talk", "v2")          # a folder whose every file has the sha256 of its persona.json

The token stays inside the Hub's own client: it is in no error, no text and no file of ours.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
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
from persona_core.manifest import FILE_NAME, ArtefactKind, PersonaManifest
from persona_core.refusals import in_plain_words
from persona_core.waiting import bound_every_wait, interruptible, telling

RepositoryType = Literal["model", "space"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PAGE = re.compile(r"https?://[^/]+/(spaces/)?(?P<name>[^/]+/[^/]+)(/.*)?")  # of a repository


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
    """The token of ``HF_TOKEN``, of `hf auth login`, or what a workflow gets for its identity (trusted publishing).

    Raises:
        TokenMissing: there is none.
        NotAllowed: the repository named in ``HF_OIDC_RESOURCE`` does not trust this workflow.
    """
    from huggingface_hub import get_token
    from huggingface_hub.errors import OIDCError

    resource = os.environ.get("HF_OIDC_RESOURCE", "")
    try:
        with hub_errors(resource):
            token: str | None = get_token()
    except OIDCError as error:
        raise NotAllowed("hub.not_trusted", repo=resource, message=f"({error}) ") from None
    except HubError as error:
        if error.values.get("status") != HTTPStatus.BAD_REQUEST:
            raise
        raise NotAllowed("hub.not_trusted", **error.values) from None
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


def repository_name(typed: str) -> str:
    """OWNER/NAME as a person gives it: itself, or the address of its page, ``https://huggingface.co/me/talk``.

    Raises:
        HubError: it is neither.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    page = _PAGE.fullmatch(typed.strip())
    name = page["name"] if page else typed.strip()
    try:
        validate_repo_id(name)
    except HFValidationError:
        name = ""
    if name.count("/") != 1:
        raise HubError("hub.bad_name", repo=typed)
    return name


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
    repository_name(repo_id)
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


@interruptible
def download_release(
    repo_id: str,
    revision: str = "main",
    *,
    kinds: Sequence[ArtefactKind] = (),
    cache: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """The release at ``revision`` (branch, tag or commit) as a folder in the Hub's cache, proved by sha256.

    With ``kinds`` only persona.json and one artefact, the first of them that the release has. A commit that is already in
    the cache needs no Hub; ``cache`` is another folder to keep it in. ``progress`` hears which part of the bytes is here, 0.0 to 1.0.

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
        kind = manifest.best(kinds)
        if kinds and not kind:
            raise EngineError("engine.missing_artefact", kind=" / ".join(kinds))
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
                tqdm_class=telling(progress, sum(file.size for file in files)) if progress else None,
            )
        )
    for file in files:
        if not file.stands_in(folder):
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
    except (httpx2.HTTPError, OSError, RuntimeError, ValueError) as error:
        if mendable := in_plain_words(error, repo_id, revision):
            raise mendable from None  # its words are the server's: they could repeat a token
        raise
