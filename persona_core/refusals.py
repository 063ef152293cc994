"""What the Hub's client raises, in plain words: which error a person can mend stands behind it.

    in_plain_words(HfHubHTTPError(503), "me/talk", "main")      # HubError("hub.down", repo="me/talk", status=503, …)

The Hub's own words are passed on where they help, with anything like a token taken out.
"""

import errno
import json
import re
from typing import Any

from persona_core.errors import HubError, NotAllowed, PersonaError, StorageError, TokenMissing

# A trouble of the Hub or the line that passes by itself: what it stopped may be tried again.
PASSING = frozenset({"hub.down", "hub.busy", "hub.unreachable", "hub.wait"})

_TOKEN = re.compile(r"hf_[\w.-]+")
_OBJECT = re.compile(r"LFS batch API returned errors:.*?`(.*?)`", re.DOTALL)  # the client has no class for it


def in_plain_words(error: BaseException | None, repo_id: str, revision: str) -> PersonaError | None:
    """The error a person can mend behind ``error`` or behind what caused it; None when there is no such."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, XetDownloadError

    while error is not None:
        match error:
            case PersonaError():  # of ours, out of a thread of the client's
                return error
            case HfHubHTTPError():
                return _refusal(error, repo_id, revision)
            case ValueError(args=(str() as words,)) if refused := _OBJECT.search(words):
                key = "hub.quota" if _is_of_storage(refused[1]) else "hub.object_refused"
                return HubError(key, repo=repo_id, message=_said(refused[1]))
            case OSError(errno=errno.ENOSPC | errno.EDQUOT):
                return StorageError("hub.disk_full")
            case (
                httpx2.TransportError()
                | ConnectionError()
                | TimeoutError()
                | XetDownloadError()
                | LocalEntryNotFoundError(__cause__=None)  # not in the cache, and told to stay offline
                | json.JSONDecodeError()  # a network's page to sign in at
            ):
                return HubError("hub.unreachable", repo=repo_id)
        # transformers raises errors of its own while it handles one, and names no cause
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def _refusal(error: Any, repo_id: str, revision: str) -> PersonaError:
    """What an answer of the Hub with an error status means."""
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RevisionNotFoundError

    status: int = error.response.status_code
    reason = error.server_message or ""
    kind, key = _MEANING.get(status, (HubError, "hub.down" if status >= 500 else "hub.rejected"))
    if isinstance(error, GatedRepoError):
        kind, key = NotAllowed, "hub.gated"
    elif isinstance(error, RevisionNotFoundError):
        key = "hub.no_revision"
    elif isinstance(error, EntryNotFoundError):
        key = "hub.no_file"
    elif status == 403 and _is_of_storage(reason):
        kind, key = HubError, "hub.quota"
    return kind(key, repo=repo_id, revision=revision, status=status, message=_said(reason))


def _is_of_storage(reason: str) -> bool:
    return "storage" in reason.lower()


def _said(reason: str) -> str:
    """The Hub's own words, to stand within a line of ours."""
    return f"({_TOKEN.sub('hf_…', '; '.join(reason.splitlines()))}) " if reason else ""


_MEANING: dict[int, tuple[type[HubError], str]] = {
    401: (TokenMissing, "hub.token_refused"),
    402: (HubError, "hub.payment"),
    403: (NotAllowed, "hub.not_allowed"),
    404: (HubError, "hub.no_repository"),
    408: (HubError, "hub.down"),
    409: (HubError, "hub.conflict"),
    412: (HubError, "hub.changed"),
    429: (HubError, "hub.busy"),
}
