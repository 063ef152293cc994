"""The client's default transfer, served from a folder: `casUrl: local://…` needs no network.

The client writes chunks and shards there itself; a shard tells which Xet hash belongs to which
sha256 (format: huggingface.co/docs/xet/shard), and hf_xet rebuilds a file from its Xet hash.
"""

import secrets
import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.errors import HubError
from tests.hub.state import State, repo_of, state_of
from tests.hub.store import Store

TOKEN_LIFETIME = 3600  # seconds
SHARD_HEADER = SHARD_ENTRY = 48  # bytes
WITH_VERIFICATION, WITH_SHA256 = 1 << 31, 1 << 30
END_OF_FILES = b"\xff" * 32
INDEX = "global_dedup_lookup.redb"


async def write_token(request: Request) -> Response:
    state = _xet_state(request)
    repo_of(request, "write")
    state.store.xet_folder.mkdir(exist_ok=True)
    return _token(state.store.xet_folder)


async def read_token(request: Request) -> Response:
    state = _xet_state(request)
    repo_of(request)
    return _token(_snapshot(state.store))


def _xet_state(request: Request) -> State:
    state = state_of(request)
    if not state.xet:
        raise HubError(404, "Xet is switched off")
    return state


def _token(folder: Path) -> Response:
    url, access = f"local://{folder}", f"xet_{secrets.token_hex(8)}"
    expires = int(time.time()) + TOKEN_LIFETIME
    headers = {
        "X-Xet-Cas-Url": url,
        "X-Xet-Access-Token": access,
        "X-Xet-Token-Expiration": str(expires),
    }
    body = {"accessToken": access, "exp": expires, "casUrl": url}
    return JSONResponse(body, headers=headers)


def _snapshot(store: Store) -> Path:
    """The chunk store for one reader: links to its files, a copy of its index.

    The index is locked by the process that uploads for as long as it lives, so nobody could read.
    """
    source, copy = store.xet_folder / "xet" / "xorbs", store.scratch / f"cas.{secrets.token_hex(4)}"
    for name in ("xorbs", "shards"):
        shutil.copytree(source / name, copy / "xet" / "xorbs" / name, copy_function=_link)
    shutil.copy2(source / INDEX, copy / "xet" / "xorbs" / INDEX)
    return copy


def find_xet_hash(folder: Path, sha256: str) -> str | None:
    """The Xet hash of an uploaded file, None when no shard mentions it."""
    for shard in (folder / "xet" / "xorbs" / "shards").glob("*.mdb"):
        for xet_hash, found, _ in read_shard(shard.read_bytes()):
            if found == sha256:
                return xet_hash
    return None


def read_shard(raw: bytes) -> Iterator[tuple[str, str | None, int]]:
    """The files a shard describes: (Xet hash, sha256 when known, size in bytes)."""
    at = SHARD_HEADER
    while raw[at : at + 32] != END_OF_FILES:
        file_hash = raw[at : at + 32]
        flags, segments = struct.unpack_from("<II", raw, at + 32)
        at += SHARD_ENTRY
        # a segment: 32 bytes of chunk-store hash, 4 of flags, then its unpacked size
        size = sum(struct.unpack_from("<I", raw, at + n * SHARD_ENTRY + 36)[0] for n in range(segments))
        at += segments * SHARD_ENTRY * (2 if flags & WITH_VERIFICATION else 1)
        sha256 = None
        if flags & WITH_SHA256:
            sha256 = _hex(raw[at : at + 32])
            at += SHARD_ENTRY
        yield _hex(file_hash), sha256, size


def rebuild(store: Store, sha256: str, target: Path) -> None:
    """Write the file with this sha256 to `target`, for clients that download without Xet."""
    from hf_xet import XetFileInfo, XetSession  # type: ignore[import-untyped]

    copy = _snapshot(store)
    shards = (copy / "xet" / "xorbs" / "shards").glob("*.mdb")
    described = [entry for shard in shards for entry in read_shard(shard.read_bytes())]
    xet_hash, size = next((h, size) for h, found, size in described if found == sha256)
    temporary = store.scratch / f"{sha256}.{secrets.token_hex(4)}"
    with XetSession().new_file_download_group(endpoint=f"local://{copy}") as group:
        group.start_download_file(XetFileInfo(xet_hash, size), str(temporary))
    temporary.replace(target)
    shutil.rmtree(copy)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _hex(raw: bytes) -> str:
    """Xet writes a hash as four little-endian 64-bit numbers."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


routes = [
    Route("/api/{kind:kind}/{owner}/{name}/xet-read-token/{revision}", read_token),
    Route("/api/{kind:kind}/{owner}/{name}/xet-write-token/{revision}", write_token),
]
