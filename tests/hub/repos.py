"""Repositories as a whole: create, delete, settings, information, references, history."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.hub.cards import card_tags, read_card
from tests.hub.errors import HubError, repo_not_found
from tests.hub.runtime import check_hardware, new_space, runtime
from tests.hub.state import State, repo_of, state_of, visitor_of
from tests.hub.store import Commit, Entry, Repo

LARGE = """
*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy
*.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/*
*.tar.* *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*
"""
GIT_ATTRIBUTES = "".join(f"{p} filter=lfs diff=lfs merge=lfs -text\n" for p in LARGE.split())
SPACE_CARD = """---
title: {name}
emoji: 💬
colorFrom: blue
colorTo: pink
sdk: {sdk}
app_file: app.py
---
"""
BRIEF = [
    "_id",
    "id",
    "modelId",
    "private",
    "likes",
    "downloads",
    "tags",
    "createdAt",
    "library_name",
    "pipeline_tag",
    "sdk",
]


async def create(request: Request) -> Response:
    """Rights first, then money, then whether the name is taken: so the order the client expects."""
    state, visitor = state_of(request), visitor_of(request)
    body = await request.json()
    kind = f"{body.get('type', 'model')}s"
    owner = body.get("organization") or (visitor.user.name if visitor.user else "")
    if visitor.user is None:
        raise HubError(401, "Invalid username or password.")
    if not visitor.may_write_for(owner):
        raise HubError(
            403,
            f'You don\'t have the rights to create a {kind.removesuffix("s")} under the namespace "{owner}"',
        )
    visibility = body.get("visibility", "public")
    _check_visibility(kind, visibility, visitor.user.plan)
    repo_id = f"{owner}/{body['name']}"
    first = {".gitattributes": GIT_ATTRIBUTES.encode()}
    if kind == "spaces":
        hardware = body.get("hardware") or "cpu-basic"
        check_hardware(state, visitor.user, body["sdk"], hardware)
        first["README.md"] = SPACE_CARD.format(name=body["name"], sdk=body["sdk"]).encode()
    url = f"{state.endpoint}/{repo_id if kind == 'models' else f'{kind}/{repo_id}'}"
    try:
        repo = state.store.create(kind, repo_id, visibility=visibility, author=visitor.name, first=first)
    except HubError as error:
        error.extra = {"url": url}
        raise
    if kind == "spaces":
        with repo.edit() as meta:
            meta["space"] = new_space(repo, body)
            meta["space"]["host"] = state.space_host or meta["space"]["host"]
    return JSONResponse({"url": url, "name": repo_id, "id": repo.meta["_id"]})


async def delete(request: Request) -> Response:
    state, visitor = state_of(request), visitor_of(request)
    body = await request.json()
    owner = body.get("organization") or (visitor.user.name if visitor.user else "")
    repo = state.store.find(f"{body.get('type', 'model')}s", f"{owner}/{body['name']}")
    if repo is None or not visitor.may("read", repo):
        raise repo_not_found(anonymous=visitor.user is None)
    if not visitor.may_write_for(owner):
        raise HubError(403, f"You don't have the rights to delete {repo.id}")
    state.store.delete(repo)
    return PlainTextResponse("OK")


async def change_settings(request: Request) -> Response:
    repo = repo_of(request, "write")
    visitor = visitor_of(request)
    if not visitor.may_write_for(repo.owner) or visitor.user is None:
        raise HubError(403, f"You don't have the rights to change the settings of {repo.id}")
    changes = await request.json()
    if "visibility" in changes:
        _check_visibility(repo.kind, changes["visibility"], visitor.user.plan)
    with repo.edit() as meta:
        meta.update({key: changes[key] for key in ("visibility", "gated") if key in changes})
    return JSONResponse(changes)


def _check_visibility(kind: str, visibility: str, plan: str) -> None:
    allowed = ("public", "private", "protected") if kind == "spaces" else ("public", "private")
    if visibility not in allowed:
        raise HubError(400, f'"visibility" must be one of {", ".join(allowed)}')
    if visibility == "protected" and plan != "pro":
        raise HubError(402, "Protected Spaces are reserved to PRO subscribers")


async def auth_check(request: Request) -> Response:
    repo_of(request, "write" if request.url.path.endswith("/write") else "read")
    return JSONResponse({})


# -- information


async def info(request: Request) -> Response:
    repo = repo_of(request)
    query = request.query_params
    commit = repo.resolve(request.path_params.get("revision", "main"))
    full = describe(state_of(request), repo, commit, blobs=query.get("blobs") == "true")
    return JSONResponse(_only(full, query.getlist("expand") + query.getlist("expand[]")))


async def listing(request: Request) -> Response:
    """What the visitor may see, newest first; the brief form unless more is asked for."""
    state, visitor, query = state_of(request), visitor_of(request), request.query_params
    kind = request.path_params["kind"]
    wanted = set(query.getlist("filter"))
    found = []
    for repo in state.store.all(kind):
        if query.get("author", repo.owner) != repo.owner or not visitor.may("read", repo):
            continue
        if query.get("search", "").lower() not in repo.id.lower():
            continue
        full = describe(state, repo, repo.resolve("main"), blobs=False)
        if wanted <= set(full["tags"]):
            found.append(full)
    found.sort(key=lambda full: full["createdAt"], reverse=True)
    start = int(query.get("cursor", 0))
    end = start + min(int(query.get("limit", state.page_size)), state.page_size)
    keys = query.getlist("expand") + query.getlist("expand[]")
    if not keys and not query.get("full"):
        keys = [*BRIEF, *(["cardData"] if query.get("cardData") else [])]
    page = [_only(full, keys) for full in found[start:end]]
    headers = next_page(request, end) if end < len(found) else {}
    return JSONResponse(page, headers=headers)


def next_page(request: Request, cursor: int) -> dict[str, str]:
    """The Link header that leads the client on."""
    query = request.url.include_query_params(cursor=cursor).query
    url = f"{state_of(request).endpoint}{request.scope['path']}?{query}"
    return {"Link": f'<{url}>; rel="next"'}


def _only(full: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    wanted = {"_id", "id", "modelId", *keys}
    return {key: full[key] for key in full if key in wanted} if keys else full


def describe(state: State, repo: Repo, commit: Commit, *, blobs: bool) -> dict[str, Any]:
    """Everything the Hub tells about a repository at one commit."""
    meta = repo.meta
    card = _card(repo, commit)
    head = repo.resolve("main")
    described: dict[str, Any] = {
        "_id": meta["_id"],
        "id": repo.id,
        "author": repo.owner,
        "sha": commit.sha,
        "lastModified": head.date,
        "createdAt": meta["createdAt"],
        "private": meta["visibility"] != "public",  # protected too: its source code is
        "disabled": False,
        "gated": meta["gated"],
        "downloads": 0,
        "likes": 0,
        "tags": card_tags(card),
        "usedStorage": repo.stored_bytes(),
        "cardData": card,
        "siblings": [_sibling(path, commit.files[path], blobs=blobs) for path in commit.files],
    }
    if repo.kind == "models":
        described["modelId"] = repo.id
        described |= {k: card[k] for k in ("library_name", "pipeline_tag") if k in card}
    if repo.kind == "spaces":
        subdomain = f"{repo.owner}-{repo.name}".lower().replace("_", "-").replace(".", "-")
        described |= {"sdk": meta["space"]["sdk"], "subdomain": subdomain}
        described |= {"host": meta["space"]["host"], "runtime": runtime(meta["space"])}
    return described


def _card(repo: Repo, commit: Commit) -> dict[str, Any]:
    readme = commit.files.get("README.md")
    if readme is None or readme.sha256:
        return {}
    try:
        return read_card(repo.read_blob(readme).decode())
    except ValueError:
        return {}


def _sibling(path: str, entry: Entry, *, blobs: bool) -> dict[str, Any]:
    sibling: dict[str, Any] = {"rfilename": path}
    if blobs:
        sibling |= {"size": entry.size, "blobId": entry.oid}
        if entry.sha256:
            lfs = {"sha256": entry.sha256, "size": entry.size, "pointerSize": entry.pointer_size}
            sibling["lfs"] = lfs
    return sibling


routes = [
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/repos/delete", delete, methods=["DELETE"]),
    Route("/api/{kind:kind}", listing),
    Route("/api/{kind:kind}/{owner}/{name}", info),
    Route("/api/{kind:kind}/{owner}/{name}/revision/{revision}", info),
    Route("/api/{kind:kind}/{owner}/{name}/settings", change_settings, methods=["PUT"]),
    Route("/api/{kind:kind}/{owner}/{name}/auth-check", auth_check),
    Route("/api/{kind:kind}/{owner}/{name}/auth-check/write", auth_check),
]
