"""Refusals as the Hub words them: a status, a JSON body, and the headers the client decides by.

raise entry_not_found("adapter/config.json")   # 404, X-Error-Code: EntryNotFound
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class HubError(Exception):
    """A request the Hub refuses; `extra` joins the JSON body beside `error`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}
        self.extra = extra


def repo_not_found(*, anonymous: bool) -> HubError:
    """What does not exist and what one may not see look alike; who is nobody is asked to log in.

    The code is sent with the 401 too: over plain http the client would not recognise it bare.
    """
    if anonymous:
        return HubError(401, "Invalid username or password.", code="RepoNotFound")
    return HubError(404, "Repository not found", code="RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", code="RevisionNotFound")


def entry_not_found(path: str, *, commit: str | None = None) -> HubError:
    """The client remembers in its cache that `commit` has no such file."""
    headers = {"X-Repo-Commit": commit} if commit else {}
    return HubError(404, f"Entry not found: {path}", code="EntryNotFound", headers=headers)


async def refuse(request: Request, error: Exception) -> Response:
    """Starlette's handler for HubError."""
    assert isinstance(error, HubError)
    headers = {"X-Error-Message": _header_safe(error.message), **error.headers}
    if error.code:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message, **error.extra}, error.status, headers)


def _header_safe(text: str) -> str:
    """Headers carry latin-1 on one line; a Korean file name must not break the answer."""
    return text.replace("\n", " ").encode("ascii", "replace").decode()
