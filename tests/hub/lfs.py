"""Large objects coming in: where to send them, whole or in parts, and proof that they arrived.

batch -> PUT to the storage origin -> verify
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.errors import HubError
from tests.hub.state import State, repo_of, state_of, web_routes
from tests.hub.store import Repo

LFS_JSON = "application/vnd.git-lfs+json"
PIECE = 1 << 20  # bytes read at a time when parts are joined


async def lfs_batch(request: Request) -> Response:
    """Where to send each object; one that is stored needs no sending."""
    state, repo = state_of(request), repo_of(request, "write")
    body = await request.json()
    missing = [o for o in body["objects"] if not repo.object_path(o["oid"]).exists()]
    state.check_quota(repo, sum(o["size"] for o in missing))
    multipart = "multipart" in body["transfers"] and any(
        o["size"] > state.multipart_threshold for o in missing
    )
    objects = []
    for wanted in body["objects"]:
        described = {**wanted, "authenticated": True}
        if wanted in missing:
            described["actions"] = _actions(state, repo, wanted["oid"], wanted["size"])
        objects.append(described)
    answer = {"transfer": "multipart" if multipart else "basic", "objects": objects}
    return JSONResponse(answer, media_type=LFS_JSON)


def _actions(state: State, repo: Repo, oid: str, size: int) -> dict[str, Any]:
    verify = {"href": f"{state.endpoint}{repo.web_path}.git/info/lfs/verify"}
    stored = f"/storage/{repo.key}/{oid}"
    if size <= state.multipart_threshold:
        upload: dict[str, Any] = {"href": state.signed(state.storage_origin, stored)}
        return {"upload": upload, "verify": verify}
    count = -(-size // state.multipart_chunk)
    parts = {str(n): state.signed(state.storage_origin, f"{stored}/part/{n}") for n in range(1, count + 1)}
    complete = f"{repo.web_path}.git/info/lfs/complete/{oid}"
    return {
        "upload": {
            "href": state.signed(state.endpoint, complete),
            "header": {"chunk_size": str(state.multipart_chunk), **parts},
        },
        "verify": verify,
    }


async def put_object(request: Request) -> Response:
    """The whole object in one body; nothing is kept unless its sha256 is the promised one."""
    repo, oid = _signed_object(request)
    await _keep(state_of(request), repo, oid, request.stream())
    return Response(headers={"ETag": f'"{oid}"'})


async def put_part(request: Request) -> Response:
    repo, oid = _signed_object(request)
    path = _part_path(state_of(request), repo, oid, request.path_params["number"])
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    digest = await _receive(request.stream(), temporary)
    temporary.replace(path)
    return Response(headers={"ETag": f'"{digest}"'})


async def complete_parts(request: Request) -> Response:
    """Join the parts in their order; the client proves with their ETags that it sent them all."""
    repo, oid = _signed_object(request)
    state = state_of(request)
    listed = (await request.json())["parts"]
    paths = [_part_path(state, repo, oid, part["partNumber"]) for part in listed]
    if not all(path.is_file() for path in paths):
        raise HubError(400, "InvalidPart")
    await _keep(state, repo, oid, _joined(paths))
    for path in paths:
        path.unlink()
    return JSONResponse({"success": True})


async def verify_object(request: Request) -> Response:
    repo = repo_of(request, "write")
    body = await request.json()
    path = repo.object_path(body["oid"])
    if not path.is_file() or path.stat().st_size != body["size"]:
        raise HubError(404, "Object does not exist or its size differs")
    return JSONResponse({"success": True})


def _signed_object(request: Request) -> tuple[Repo, str]:
    """The object in the path; its signature stands for the login."""
    state, params = state_of(request), request.path_params
    state.check_signature(request)
    kind, repo_id = params.get("kind", "models"), f"{params['owner']}/{params['name']}"
    repo = state.store.find(kind, repo_id)
    if repo is None:
        raise HubError(404, "NoSuchBucket")
    return repo, params["oid"]


def _part_path(state: State, repo: Repo, oid: str, number: int) -> Path:
    return state.store.scratch / f"{repo.key.replace('/', '--')}--{oid}.{number}"


async def _joined(paths: list[Path]) -> AsyncIterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


async def _keep(state: State, repo: Repo, oid: str, pieces: AsyncIterator[bytes]) -> None:
    temporary = state.store.scratch / f"{oid}.{secrets.token_hex(4)}"
    digest = await _receive(pieces, temporary)
    if digest != oid:
        temporary.unlink()
        raise HubError(400, "The content does not have the promised sha256")
    temporary.replace(repo.object_path(oid))


async def _receive(pieces: AsyncIterator[bytes], path: Path) -> str:
    """Write the pieces to `path`; returns their sha256. A body cut short leaves nothing."""
    digest = hashlib.sha256()
    try:
        with path.open("wb") as file:
            async for piece in pieces:
                digest.update(piece)
                file.write(piece)
    except ClientDisconnect:
        path.unlink()
        raise HubError(400, "RequestTimeout") from None
    return digest.hexdigest()


_OBJECT = "/storage/{kind:kind}/{owner}/{name}/{oid}"
routes = [
    Route(_OBJECT, put_object, methods=["PUT"]),
    Route(f"{_OBJECT}/part/{{number:int}}", put_part, methods=["PUT"]),
    *web_routes("/{owner}/{name}.git/info/lfs/objects/batch", lfs_batch, ["POST"]),
    *web_routes("/{owner}/{name}.git/info/lfs/verify", verify_object, ["POST"]),
    *web_routes("/{owner}/{name}.git/info/lfs/complete/{oid}", complete_parts, ["POST"]),
]
