"""How files go out: listings of a tree, facts about paths, and downloads.

Small files come from the Hub itself; large ones by a redirect to the storage origin, as on the
real Hub, where the client drops its token on the way.
"""

import itertools
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from tests.hub.errors import HubError, entry_not_found
from tests.hub.repos import next_page
from tests.hub.state import repo_of, state_of, web_routes
from tests.hub.store import Commit, Entry, Repo, blob_oid
from tests.hub.xet import rebuild


async def tree(request: Request) -> Response:
    """Files and folders below a folder, in pages."""
    repo, params, query = repo_of(request), request.path_params, request.query_params
    commit = repo.resolve(params["revision"])
    folder = params.get("path", "").strip("/")
    prefix = f"{folder}/" if folder else ""
    below = [path for path in commit.files if path.startswith(prefix)]
    if folder and not below:
        raise entry_not_found(folder, commit=commit.sha)
    names = set(below) | set(_folders(below))
    recursive = query.get("recursive", "false").lower() == "true"
    shown = sorted(
        name
        for name in names
        if name.startswith(prefix) and (recursive or "/" not in name.removeprefix(prefix))
    )
    start = int(query.get("cursor", 0))
    end = start + min(int(query.get("limit", 1000)), state_of(request).page_size)
    expand = query.get("expand", "false").lower() == "true"
    entries = [_entry(repo, commit, name, expand=expand) for name in shown[start:end]]
    return JSONResponse(entries, headers=next_page(request, end) if end < len(shown) else {})


async def paths_info(request: Request) -> Response:
    """Facts about the asked paths; what is missing is left out."""
    repo = repo_of(request)
    commit = repo.resolve(request.path_params["revision"])
    form = parse_qs((await request.body()).decode())
    expand = form.get("expand", ["false"])[0].lower() == "true"
    known = set(commit.files) | set(_folders(commit.files))
    asked = [path.strip("/") for path in form.get("paths", [])]
    return JSONResponse([_entry(repo, commit, p, expand=expand) for p in asked if p in known])


def _folders(paths: Iterable[str]) -> set[str]:
    return {
        "/".join(parts[:depth])
        for parts in (path.split("/") for path in paths)
        for depth in range(1, len(parts))
    }


def _entry(repo: Repo, commit: Commit, path: str, *, expand: bool) -> dict[str, Any]:
    entry = commit.files.get(path)
    if entry is None:
        described = {"type": "directory", "oid": _folder_oid(commit, path), "size": 0, "path": path}
    else:
        described = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
        if entry.sha256:
            lfs = {"oid": entry.sha256, "size": entry.size, "pointerSize": entry.pointer_size}
            described["lfs"] = lfs
        if entry.xet:
            described["xetHash"] = entry.xet
    if expand:
        last = _last_change(repo, commit, path)
        described["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
    return described


def _folder_oid(commit: Commit, path: str) -> str:
    inside = (f"{p} {e.oid}\n" for p, e in sorted(commit.files.items()) if p.startswith(f"{path}/"))
    return blob_oid("".join(inside).encode())


def _last_change(repo: Repo, commit: Commit, path: str) -> Commit:
    def content(at: Commit) -> list[tuple[str, Entry]]:
        inside = [(p, e) for p, e in at.files.items() if p == path or p.startswith(f"{path}/")]
        return sorted(inside, key=lambda item: item[0])

    past = list(repo.history(commit.sha))
    for newer, older in itertools.pairwise(past):
        if content(newer) != content(older):
            return newer
    return past[-1]


# -- downloads


async def resolve(request: Request) -> Response:
    """A file at a revision: its bytes when small, where to find them when large."""
    state, repo, params = state_of(request), repo_of(request), request.path_params
    commit = repo.resolve(params["revision"])
    entry = commit.files.get(params["path"])
    if entry is None:
        raise entry_not_found(params["path"], commit=commit.sha)
    headers = {"X-Repo-Commit": commit.sha}
    if not entry.sha256:
        headers["ETag"] = f'"{entry.oid}"'
        return Response(repo.read_blob(entry), headers=headers, media_type="text/plain")
    headers["X-Linked-Size"] = str(entry.size)
    headers["X-Linked-ETag"] = f'"{entry.sha256}"'
    headers["Location"] = state.signed(state.storage_origin, f"/storage/{repo.key}/{entry.sha256}")
    if state.xet and entry.xet:
        token = f"{state.endpoint}/api/{repo.key}/xet-read-token/{commit.sha}"
        headers |= {"X-Xet-Hash": entry.xet, "Link": f'<{token}>; rel="xet-auth"'}
    return Response(status_code=302, headers=headers)


async def get_object(request: Request) -> Response:
    """A large object from the storage origin; the signature in its address is the permission."""
    state, params = state_of(request), request.path_params
    state.check_signature(request)
    repo = state.store.find(params["kind"], f"{params['owner']}/{params['name']}")
    if repo is None:
        raise HubError(404, "NoSuchBucket")
    path = repo.object_path(params["oid"])
    if not path.is_file():
        await run_in_threadpool(rebuild, state.store, params["oid"], path)
    return FileResponse(path, headers={"ETag": f'"{params["oid"]}"'})


_REPO = "/api/{kind:kind}/{owner}/{name}"
routes = [
    Route(f"{_REPO}/tree/{{revision}}", tree),
    Route(f"{_REPO}/tree/{{revision}}/{{path:path}}", tree),
    Route(f"{_REPO}/paths-info/{{revision}}", paths_info, methods=["POST"]),
    Route("/storage/{kind:kind}/{owner}/{name}/{oid}", get_object),
    *web_routes("/{owner}/{name}/resolve/{revision}/{path:path}", resolve, ["GET"]),
]
