"""How files come in: preupload, large objects (whole or in parts), and the commit that names them.

preupload -> LFS batch -> PUT to the storage origin -> verify -> commit
"""

import base64
import fnmatch
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.cards import SPACE_SDKS, read_card
from tests.hub.errors import HubError, entry_not_found, revision_not_found
from tests.hub.runtime import code_changed
from tests.hub.state import State, repo_of, state_of, visitor_of
from tests.hub.store import Entry, Repo, lfs_entry
from tests.hub.xet import find_xet_hash

REGULAR_LIMIT = 10 * 1024 * 1024  # bytes; git blobs above this are refused
STALE_PARENT = "The branch was updated since you opened this page. Please refresh and try again."


async def preupload(request: Request) -> Response:
    """For each file: does it go in as a git blob or as a large object, and is it there already?"""
    repo = repo_of(request, "write")
    body = await request.json()
    commit = repo.resolve(request.path_params["revision"])
    attributes = commit.files.get(".gitattributes")
    large = _lfs_patterns(repo.read_blob(attributes).decode()) if attributes else []
    ignored = _ignore_patterns(body.get("gitIgnore", ""))
    files = []
    for file in body["files"]:
        path, present = file["path"], commit.files.get(file["path"])
        is_large = file["size"] > REGULAR_LIMIT or _matches(path, large)
        plan = {
            "path": path,
            "uploadMode": "lfs" if is_large else "regular",
            "shouldIgnore": _matches(path, ignored),
        }
        if present is not None:
            plan["oid"] = present.sha256 or present.oid
        files.append(plan)
    return JSONResponse({"files": files, "commitOid": commit.sha})


def _lfs_patterns(attributes: str) -> list[str]:
    return [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]


def _ignore_patterns(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "!"))]


def _matches(path: str, patterns: list[str]) -> bool:
    """git's rule in short: a pattern without a slash fits a name at any depth, else the path."""
    parts = path.split("/")
    for pattern in patterns:
        bare = pattern.strip("/")
        if "/" in pattern.rstrip("/"):
            if fnmatch.fnmatch(path, bare) or fnmatch.fnmatch(path, f"{bare}/*"):
                return True
        elif any(fnmatch.fnmatch(part, bare) for part in parts):
            return True
    return False


# -- the commit


async def commit(request: Request) -> Response:
    """One request, one commit: all its operations or none."""
    state, repo = state_of(request), repo_of(request, "write")
    branch = request.path_params["revision"]
    lines = [json.loads(line) for line in (await request.body()).splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    if branch not in repo.meta["branches"]:
        raise revision_not_found(branch)
    head = repo.resolve(branch)
    if header.get("parentCommit") not in (None, "", head.sha):
        raise HubError(412, STALE_PARENT)
    files = dict(head.files)
    for line in lines:
        _apply(state, repo, files, line["key"], line["value"])
    if repo.kind == "spaces":
        _check_space_card(repo, files)
    made = repo.commit(
        branch,
        files,
        author=visitor_of(request).name,
        title=header["summary"],
        message=header.get("description", ""),
    )
    if repo.kind == "spaces":
        code_changed(repo)
    return JSONResponse(
        {
            "success": True,
            "commitOid": made.sha,
            "commitUrl": f"{state.endpoint}{repo.web_path}/commit/{made.sha}",
            "hookOutput": "",
        }
    )


def _apply(state: State, repo: Repo, files: dict[str, Entry], key: str, value: dict[str, Any]) -> None:
    """One line of the commit's body, onto the files so far."""
    path = value.get("path", "")
    match key:
        case "header":
            return
        case "file":
            content = base64.b64decode(value["content"])
            if len(content) > REGULAR_LIMIT:
                raise HubError(400, f"{path} is larger than 10 MiB: it must be a large object")
            files[_checked(path)] = repo.put_blob(content)
        case "lfsFile":
            files[_checked(path)] = _large(state, repo, value)
        case "deletedFile":
            if files.pop(path, None) is None:
                raise _nothing_there(path)
        case "deletedFolder":
            inside = [name for name in files if name.startswith(f"{path.rstrip('/')}/")]
            if not inside:
                raise _nothing_there(path)
            for name in inside:
                del files[name]
        case _:
            raise HubError(400, f"Unknown operation: {key}")


def _checked(path: str) -> str:
    if not path or re.search(r"(^|/)(\.\.?|\.git)?(/|$)", path) or "\\" in path:
        raise HubError(400, f"Invalid path: {path}")
    return path


def _large(state: State, repo: Repo, value: dict[str, Any]) -> Entry:
    """The object must have arrived before, one way or the other."""
    oid: str = value["oid"]
    stored = repo.object_path(oid)
    xet = find_xet_hash(state.store.xet_folder, oid) if state.xet else None
    if stored.is_file():
        return lfs_entry(oid, stored.stat().st_size, xet=xet)
    if xet is None:
        raise HubError(400, f"LFS pointer pointed to a file that does not exist: {value['path']}")
    state.check_quota(repo, value["size"])
    return lfs_entry(oid, value["size"], xet=xet)


def _check_space_card(repo: Repo, files: dict[str, Entry]) -> None:
    readme = files.get("README.md")
    card = read_card(repo.read_blob(readme).decode()) if readme else {}
    if card.get("sdk") not in SPACE_SDKS:
        raise HubError(400, 'Missing configuration in README: "sdk" is required')


def _nothing_there(path: str) -> HubError:
    error = entry_not_found(path)
    error.message = f"A file with this name doesn't exist: {path}"
    return error


_REPO = "/api/{kind:kind}/{owner}/{name}"
routes = [
    Route(f"{_REPO}/preupload/{{revision}}", preupload, methods=["POST"]),
    Route(f"{_REPO}/commit/{{revision}}", commit, methods=["POST"]),
]
