"""Repositories on disk: commits, blobs, LFS objects and references, one folder per repository.

store = Store(Path("storage"))
repo = store.create("models", "minsu/talk", visibility="private", author="minsu", first={})
repo.commit("main", {"a.txt": repo.put_blob(b"hi")}, author="minsu", title="first words")
"""

import hashlib
import json
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.hub.errors import HubError, revision_not_found

KINDS = ("models", "datasets", "spaces")


@dataclass(frozen=True)
class Entry:
    """One file of a commit. `oid` is git's; `sha256` is set when its bytes are an LFS object."""

    oid: str
    size: int
    sha256: str | None = None
    xet: str | None = None

    @property
    def pointer_size(self) -> int:
        assert self.sha256 is not None
        return len(_pointer(self.sha256, self.size))


@dataclass(frozen=True)
class Commit:
    sha: str
    parent: str | None
    title: str
    message: str
    author: str
    date: str
    files: dict[str, Entry] = field(default_factory=dict)


class Repo:
    """One repository; every change is one atomic rename, so a killed server leaves a whole one."""

    def __init__(self, folder: Path, kind: str, repo_id: str, lock: threading.RLock) -> None:
        self.folder = folder
        self.kind = kind
        self.id = repo_id
        self.owner, self.name = repo_id.split("/")
        self._lock = lock

    @property
    def key(self) -> str:
        """`models/minsu/talk`: how grants, quotas and signed addresses name it."""
        return f"{self.kind}/{self.id}"

    @property
    def web_path(self) -> str:
        """Its path outside /api, where models carry no prefix."""
        return f"/{self.id}" if self.kind == "models" else f"/{self.kind}/{self.id}"

    @property
    def meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = json.loads((self.folder / "repo.json").read_bytes())
        return meta

    @contextmanager
    def edit(self) -> Iterator[dict[str, Any]]:
        """Read, change, write back; the test's thread and the server's take turns."""
        with self._lock:
            meta = self.meta
            yield meta
            write_json(self.folder / "repo.json", meta)

    # -- history

    def resolve(self, revision: str) -> Commit:
        """A branch, a tag or a full commit id. Raises RevisionNotFound."""
        meta = self.meta
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        sha = meta["branches"].get(name) or meta["tags"].get(name) or revision
        path = self.folder / "commits" / f"{sha}.json"
        if not sha.isalnum() or not path.is_file():
            raise revision_not_found(revision)
        raw = json.loads(path.read_bytes())
        files = {name: Entry(**entry) for name, entry in raw.pop("files").items()}
        return Commit(**raw, files=files)

    def history(self, sha: str | None) -> Iterator[Commit]:
        """From `sha` back to the first commit."""
        while sha:
            commit = self.resolve(sha)
            yield commit
            sha = commit.parent

    def commit(
        self, branch: str, files: dict[str, Entry], *, author: str, title: str, message: str = ""
    ) -> Commit:
        """Make `files` the whole content of `branch`."""
        parent = self.meta["branches"].get(branch)
        return self._record(branch, parent, files, author=author, title=title, message=message)

    def squash(self, branch: str, *, author: str, title: str) -> Commit:
        """One commit without a past; what no reference reaches any more is deleted for good."""
        files = self.resolve(branch).files
        commit = self._record(branch, None, files, author=author, title=title, message="")
        self._collect_garbage()
        return commit

    def drop_objects(self, oids: set[str]) -> None:
        """Delete LFS objects (by git id) and rewrite every commit that mentions them."""
        with self.edit() as meta:
            renamed: dict[str, str] = {}
            for refs in (meta["branches"], meta["tags"]):
                for name, head in refs.items():
                    for commit in reversed(list(self.history(head))):
                        kept = {p: e for p, e in commit.files.items() if e.oid not in oids}
                        renamed[commit.sha] = self._write(
                            parent=renamed.get(commit.parent or ""), files=kept, commit=commit
                        )
                    refs[name] = renamed[head]
        self._collect_garbage()

    def _record(self, branch: str, parent: str | None, files: dict[str, Entry], **words: str) -> Commit:
        draft = Commit(sha="", parent=parent, date=timestamp(), files=files, **words)
        with self.edit() as meta:
            sha = self._write(parent=parent, files=files, commit=draft)
            meta["branches"][branch] = sha
        return self.resolve(sha)

    def _write(self, *, parent: str | None, files: dict[str, Entry], commit: Commit) -> str:
        raw = {**asdict(commit), "parent": parent, "files": {p: asdict(files[p]) for p in files}}
        del raw["sha"]
        sha = hashlib.sha1(json.dumps(raw, sort_keys=True).encode()).hexdigest()
        write_json(self.folder / "commits" / f"{sha}.json", {"sha": sha, **raw})
        return sha

    def _collect_garbage(self) -> None:
        meta = self.meta
        heads = {*meta["branches"].values(), *meta["tags"].values()}
        alive = {commit.sha: commit for head in heads for commit in self.history(head)}
        entries = [entry for commit in alive.values() for entry in commit.files.values()]
        keep = {"commits": {f"{sha}.json" for sha in alive}}
        keep["blobs"] = {entry.oid for entry in entries}
        keep["lfs"] = {entry.sha256 for entry in entries if entry.sha256}
        for folder, names in keep.items():
            for path in (self.folder / folder).iterdir():
                if path.name not in names:
                    path.unlink()

    # -- contents

    def put_blob(self, content: bytes) -> Entry:
        oid = blob_oid(content)
        path = self.folder / "blobs" / oid
        if not path.exists():
            write_bytes(path, content)
        return Entry(oid, len(content))

    def read_blob(self, entry: Entry) -> bytes:
        return (self.folder / "blobs" / entry.oid).read_bytes()

    def object_path(self, sha256: str) -> Path:
        """Where the LFS object lies, or would lie."""
        return self.folder / "lfs" / sha256

    def stored_bytes(self) -> int:
        """What counts against the owner's quota: every object any living commit brought."""
        sizes = {path.name: path.stat().st_size for path in (self.folder / "lfs").iterdir()}
        for path in (self.folder / "commits").iterdir():
            for entry in json.loads(path.read_bytes())["files"].values():
                if entry["sha256"]:
                    sizes[entry["sha256"]] = entry["size"]
        return sum(sizes.values())


class Store:
    """All repositories under one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.RLock()
        self.scratch.mkdir(parents=True, exist_ok=True)

    @property
    def scratch(self) -> Path:
        """Uploads on their way; on the same disk as the repositories, so that moving is renaming."""
        return self.root / "scratch"

    @property
    def xet_folder(self) -> Path:
        return self.root / "xet-cas"

    def find(self, kind: str, repo_id: str) -> Repo | None:
        folder = self.root / "repos" / kind / repo_id
        if not (folder / "repo.json").is_file():
            return None
        return Repo(folder, kind, repo_id, self._lock)

    def all(self, kind: str) -> list[Repo]:
        found = sorted((self.root / "repos" / kind).glob("*/*/repo.json"))
        return [Repo(p.parent, kind, f"{p.parent.parent.name}/{p.parent.name}", self._lock) for p in found]

    def create(
        self, kind: str, repo_id: str, *, visibility: str, author: str, first: dict[str, bytes]
    ) -> Repo:
        """A repository whose first commit holds `first`. Raises 409 when the name is taken."""
        if self.find(kind, repo_id):
            raise HubError(409, f"You already created this {kind.removesuffix('s')} repo")
        folder = self.root / "repos" / kind / repo_id
        for name in ("commits", "blobs", "lfs"):
            (folder / name).mkdir(parents=True)
        meta = {
            "_id": secrets.token_hex(12),
            "createdAt": timestamp(),
            "visibility": visibility,
            "gated": False,
            "branches": {},
            "tags": {},
        }
        write_json(folder / "repo.json", meta)
        repo = Repo(folder, kind, repo_id, self._lock)
        files = {path: repo.put_blob(content) for path, content in first.items()}
        repo.commit("main", files, author=author, title="initial commit")
        return repo

    def delete(self, repo: Repo) -> None:
        shutil.rmtree(repo.folder)


def lfs_entry(sha256: str, size: int, *, xet: str | None = None) -> Entry:
    """The entry of an LFS file; git keeps only its pointer."""
    return Entry(blob_oid(_pointer(sha256, size)), size, sha256, xet)


def blob_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def timestamp() -> str:
    """Now, as the Hub writes it; to the microsecond, so that no two commits are the same."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def write_json(path: Path, value: Any) -> None:
    write_bytes(path, json.dumps(value, ensure_ascii=False, indent=1).encode())


def write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_bytes(content)
    temporary.replace(path)


def _pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
