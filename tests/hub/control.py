"""What a test may do behind the server's back: people, trust, faults, limits, Space scripts.

control.inject(Fault.answer(503, at=2))
control.script_space("minsu/talk-space", stages=["BUILDING", "BUILD_ERROR"], error="pip failed")
"""

import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar, Unpack

import pytest

from tests.hub.accounts import Grant, Role, User
from tests.hub.faults import Fault, Record, Where
from tests.hub.jobs import Job, Script
from tests.hub.runtime import log_lines
from tests.hub.state import State
from tests.hub.store import Repo

T = TypeVar("T")


class Control:
    """Works on the running server's own state, from the test's thread."""

    def __init__(self, state: State) -> None:
        self._state = state

    # -- people

    def add_user(self, user: User) -> None:
        """Add, or replace the one with this name: so a plan changes."""
        self._state.accounts.add_user(user)

    def issue_token(
        self, user: str, role: Role = "write", *, grants: Mapping[str, Grant] | None = None
    ) -> str:
        """`grants` is for fine-grained tokens: {"models/minsu/talk": "read"}."""
        return self._state.accounts.issue(user, role, grants=grants).value

    def revoke_token(self, value: str) -> None:
        self._state.accounts.revoke(value)

    def expire_token(self, value: str) -> None:
        self._state.accounts.expire(value)

    def set_quota(self, owner: str, size: int) -> None:
        """The bytes of private storage `owner` may fill."""
        self._state.quotas[owner] = size

    # -- trusted publishing

    def trust(self, resource: str, claims: Mapping[str, str]) -> None:
        """Let workflows with exactly these claims write `resource` (`spaces/minsu/talk-space`)."""
        self._state.accounts.trust(resource, claims)

    def mint_id_token(self, claims: Mapping[str, str]) -> str:
        """The identity token a workflow with these claims would get, for this Hub as audience."""
        audience = {"aud": self._state.endpoint}
        return self._state.accounts.mint_id_token({**audience, **claims})

    def as_workflow(self, claims: Mapping[str, str]) -> dict[str, str]:
        """The environment of a GitHub job with `id-token: write` and these claims."""
        request_token = secrets.token_hex(8)
        self._state.workflows[request_token] = dict(claims)
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self._state.endpoint}/github/id-token",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": request_token,
        }

    # -- traffic

    def inject(self, fault: Fault) -> None:
        self._state.traffic.inject(fault)

    @contextmanager
    def holding(self, work: Callable[[], T], **where: Unpack[Where]) -> Iterator[Future[T]]:
        """`work` is under way, and its first such request waits until the block ends; then `work` is done, too."""
        held = Fault.hold(**where)
        self.inject(held)
        with ThreadPoolExecutor() as threads:
            working = threads.submit(work)
            try:
                while not working.done() and not held.reached.wait(0.01):
                    pass
                yield working
            finally:
                held.released.set()

    def clear_faults(self) -> None:
        self._state.traffic.clear_faults()

    @property
    def requests(self) -> list[Record]:
        """Every request since the start or the last `clear_requests`."""
        return self._state.traffic.records

    def clear_requests(self) -> None:
        self._state.traffic.clear_records()

    @contextmanager
    def recording(self) -> Iterator[list[Record]]:
        """The requests made inside the block; the list is filled when it ends."""
        before = len(self.requests)
        recorded: list[Record] = []
        try:
            yield recorded
        finally:
            recorded += self.requests[before:]

    def keep_bodies(self, *, on: bool = True) -> None:
        """From now on a request's whole body is kept with its record."""
        self._state.traffic.keeps_bodies = on

    # -- jobs

    def execute_jobs(self) -> None:
        """From now on a job's command is really run; without this a job waits for ever."""
        if sys.platform == "win32":
            pytest.skip("a job is a Linux container")
        self._state.jobs.executes = True

    def script_job(self, *lines: str, stage: str = "COMPLETED", message: str | None = None) -> None:
        """From now on a job prints ``lines`` and ends so, without being run."""
        self._state.jobs.script = Script(lines, stage, message)

    def time_out_job(self, pattern: str) -> None:
        """The next job that is run gets SIGTERM when it prints a line like that, as one that takes too long."""
        self._state.jobs.cut_at = pattern

    @property
    def jobs(self) -> list[Job]:
        """Every job, oldest first, with its secrets."""
        return list(self._state.jobs.known.values())

    # -- transfers

    def offer_xet(self, *, on: bool = True) -> None:
        """The client must have been started without HF_HUB_DISABLE_XET to use it."""
        self._state.xet = on

    def set_multipart(self, *, threshold: int, chunk: int) -> None:
        """Objects above `threshold` bytes come in parts of `chunk` bytes."""
        self._state.multipart_threshold = threshold
        self._state.multipart_chunk = chunk

    def set_page_size(self, entries: int) -> None:
        self._state.page_size = entries

    # -- what lies on the disk

    def repo(self, repo_id: str, kind: str = "models") -> Repo:
        """The repository as stored; KeyError when there is none."""
        repo = self._state.store.find(kind, repo_id)
        if repo is None:
            raise KeyError(f"{kind}/{repo_id}")
        return repo

    def files(self, repo_id: str, kind: str = "models") -> dict[str, bytes]:
        """The whole content of main; objects that only exist in Xet form are left out."""
        repo = self.repo(repo_id, kind)
        contents = {}
        for path, entry in repo.resolve("main").files.items():
            if entry.sha256 is None:
                contents[path] = repo.read_blob(entry)
            elif repo.object_path(entry.sha256).is_file():
                contents[path] = repo.object_path(entry.sha256).read_bytes()
        return contents

    # -- Spaces

    def script_space(
        self,
        repo_id: str,
        *,
        stages: Sequence[str],
        error: str | None = None,
        build_log: Sequence[str] = (),
        run_log: Sequence[str] = (),
        logs_stay_open: bool = False,
    ) -> None:
        """From now on every start walks through `stages`, one look at the runtime each."""
        with self.repo(repo_id, "spaces").edit() as meta:
            meta["space"] |= {
                "stages": list(stages),
                "script": list(stages),
                "error": error,
                "logs": {"build": log_lines(build_log), "run": log_lines(run_log)},
                "logs_stay_open": logs_stay_open,
            }

    def host_new_spaces(self, url: str) -> None:
        """From now on a Space that is created is said to live at `url`: a page the test serves itself."""
        self._state.space_host = url

    def set_space_host(self, repo_id: str, url: str) -> None:
        """Where the Space's page is said to live: a page the test serves itself."""
        with self.repo(repo_id, "spaces").edit() as meta:
            meta["space"]["host"] = url

    def space_environment(self, repo_id: str) -> dict[str, str]:
        """What the platform would put into the Space's environment: variables and secrets."""
        space = self.repo(repo_id, "spaces").meta["space"]
        return {
            key: item["value"] for field in ("variables", "secrets") for key, item in space[field].items()
        }

    def space_events(self, repo_id: str) -> list[str]:
        """What happened to the Space, in order: created, commit, secrets: KEY, hardware, restart…"""
        return list(self.repo(repo_id, "spaces").meta["space"]["events"])
