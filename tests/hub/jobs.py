"""Jobs: programs the Hub runs for money. A job is really run, as a process of this machine in a folder of its own.

control.execute_jobs()                               # from now on their commands are executed
control.script_job("boom", stage="ERROR")            # or: the next one prints this and ends so
control.time_out_job("step 2")                       # the next one is told to end when it prints that

The image is this Python with everything installed: `pip install` finds what it looks for and needs no network.
"""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.hub.errors import HubError
from tests.hub.state import State, Visitor, state_of, visitor_of
from tests.hub.store import timestamp

DEFAULT_TIMEOUT = 1800  # seconds
OVER = ("COMPLETED", "CANCELED", "ERROR", "DELETED")
HARDWARE = {  # id -> (name, vCPU, RAM, GPU model, how many, GPU memory, USD an hour)
    "cpu-basic": ("CPU Basic", "2 vCPU", "16 GB", "", 0, "", 0.01),
    "cpu-upgrade": ("CPU Upgrade", "8 vCPU", "32 GB", "", 0, "", 0.03),
    "t4-small": ("Nvidia T4 - small", "4 vCPU", "15 GB", "T4", 1, "16 GB", 0.4),
    "l4x1": ("1x Nvidia L4", "8 vCPU", "30 GB", "L4", 1, "24 GB", 0.8),
    "a10g-largex2": ("2x Nvidia A10G - large", "24 vCPU", "92 GB", "A10G", 2, "48 GB", 3.0),
}
_KEPT = ("OMP_NUM_THREADS", "SYSTEMROOT")  # of our own environment; nothing of the caller's settings


@dataclass(frozen=True)
class Script:
    """What a job does instead of being run."""

    lines: tuple[str, ...]
    stage: str
    message: str | None


@dataclass
class Job:
    """One job; its secrets are kept apart from what the Hub tells of it."""

    id: str
    owner: str
    spec: dict[str, Any]
    created: str = field(default_factory=timestamp)
    stage: str = "SCHEDULING"
    message: str | None = None
    lines: list[dict[str, str]] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, line: str) -> None:
        self.lines.append({"data": line, "timestamp": timestamp()})
        self.tell()

    def end(self, stage: str, message: str | None = None) -> None:
        if self.stage not in OVER:
            self.stage, self.message = stage, message
        if self.process and self.process.returncode is None:
            with suppress(ProcessLookupError):  # it ended, and nobody has looked yet
                os.killpg(self.process.pid, signal.SIGKILL)
        self.tell()

    def tell(self) -> None:
        before, self.changed = self.changed, asyncio.Event()
        before.set()

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "createdAt": self.created,
            "dockerImage": self.spec.get("dockerImage"),
            "command": self.spec["command"],
            "arguments": self.spec["arguments"],
            "environment": self.spec["environment"],
            "secrets": dict.fromkeys(self.spec.get("secrets") or {}, ""),
            "flavor": self.spec["flavor"],
            "labels": self.spec.get("labels"),
            "status": {"stage": self.stage, "message": self.message},
            "owner": {"id": secrets.token_hex(12), "name": self.owner, "type": "user"},
        }


@dataclass
class Jobs:
    """Every job of one running server, and what the next one is to do."""

    known: dict[str, Job] = field(default_factory=dict)
    executes: bool = False
    script: Script | None = None
    cut_at: str | None = None  # a pattern: the next job is out of time when it prints that

    async def end_all(self) -> None:
        for job in self.known.values():
            job.end("CANCELED")
            if job.task:
                await job.task


async def start(request: Request) -> Response:
    """Rights first, then the hardware, then money."""
    state, visitor, owner = state_of(request), visitor_of(request), request.path_params["owner"]
    _require_jobs(visitor, owner)
    assert visitor.user is not None
    spec = await request.json()
    if spec["flavor"] not in HARDWARE:
        raise HubError(400, f"Invalid flavor: {spec['flavor']}")
    if not visitor.user.can_pay:
        raise HubError(
            402,
            "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.",
        )
    job = Job(secrets.token_hex(12), owner, spec)
    state.jobs.known[job.id] = job
    if state.jobs.executes:
        job.task = asyncio.create_task(_execute(state, job))
    elif script := state.jobs.script:
        for line in script.lines:
            job.write(line)
        job.end(script.stage, script.message)
    return JSONResponse(job.describe())


async def _execute(state: State, job: Job) -> None:
    """The command in a fresh folder, which is also its home, with nothing of the caller's but the interpreter."""
    folder = state.store.root / "jobs" / job.id
    folder.mkdir(parents=True)
    cut_at, state.jobs.cut_at = state.jobs.cut_at, None
    given = {key: str(value) for key, value in job.spec["environment"].items()}
    environment = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "HF_ENDPOINT": state.endpoint,
        "HF_HUB_DISABLE_XET": "0" if state.xet else "1",
        "PIP_NO_INDEX": "1",
        "JOB_ID": job.id,
        **given,
        **(job.spec.get("secrets") or {}),
    }
    job.process = await asyncio.create_subprocess_exec(
        *job.spec["command"],
        *job.spec["arguments"],
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    job.stage = "RUNNING"
    job.write(f"===== Job started at {job.created} =====")
    assert job.process.stdout is not None
    cut = False
    try:
        async with asyncio.timeout(job.spec.get("timeoutSeconds", DEFAULT_TIMEOUT)):
            async for raw in job.process.stdout:
                line = raw.decode(errors="replace").rstrip("\n")
                job.write(line)
                if cut_at and re.search(cut_at, line):
                    with suppress(ProcessLookupError):
                        os.killpg(job.process.pid, signal.SIGTERM)
                    cut = True
    except TimeoutError:
        job.end("ERROR", "Job timeout")
    code = await job.process.wait()
    if cut:
        job.end("ERROR", "Job timeout")
    job.end(
        "ERROR" if code else "COMPLETED",
        f"Job failed with exit code: {code}. Reason: Error" if code else None,
    )


def _require_jobs(visitor: Visitor, owner: str) -> None:
    """Jobs need a write token, or a narrow one that is granted them."""
    if visitor.user is None or visitor.token is None:
        raise HubError(401, "Invalid username or password.")
    granted = f"jobs/{owner}" in visitor.token.grants and visitor.belongs_to(owner)
    if not (granted or visitor.may_write_for(owner)):
        raise HubError(
            403,
            "This authentication method does not have sufficient permissions to call this method on behalf of"
            f" user {owner}, missing permissions: job.write",
        )


def _job_of(request: Request) -> Job:
    _require_jobs(visitor_of(request), request.path_params["owner"])
    job = state_of(request).jobs.known.get(request.path_params["job"])
    if job is None or job.owner != request.path_params["owner"]:
        raise HubError(404, "Job not found")
    return job


async def inspect(request: Request) -> Response:
    return JSONResponse(_job_of(request).describe())


async def listing(request: Request) -> Response:
    """Newest first; with `stage` and `label=key=value`, those alone."""
    owner, query = request.path_params["owner"], request.query_params
    _require_jobs(visitor_of(request), owner)
    labels = dict(label.split("=", 1) for label in query.getlist("label"))
    found = [
        job.describe()
        for job in reversed(state_of(request).jobs.known.values())
        if job.owner == owner
        and job.stage in (query.getlist("stage") or [job.stage])
        and labels.items() <= (job.spec.get("labels") or {}).items()
    ]
    return JSONResponse(found)


async def logs(request: Request) -> Response:
    """Server-sent events from the job's first line; the stream ends with the job."""
    job = _job_of(request)

    async def events() -> AsyncIterator[str]:
        told = 0
        while True:
            changed = job.changed
            for line in job.lines[told:]:
                yield f"data: {json.dumps(line)}\n\n"
            told = len(job.lines)
            if job.stage in OVER:
                return
            await changed.wait()

    return StreamingResponse(events(), media_type="text/event-stream")


async def cancel(request: Request) -> Response:
    job = _job_of(request)
    job.end("CANCELED")
    return JSONResponse(job.describe())


async def hardware(_: Request) -> Response:
    """The price list, which anyone may read."""
    listed = []
    for name, (title, cpu, ram, model, gpus, vram, hourly) in HARDWARE.items():
        gpu = {"type": "gpu", "model": model, "quantity": str(gpus), "vram": vram, "manufacturer": "Nvidia"}
        listed.append(
            {
                "name": name,
                "prettyName": title,
                "cpu": cpu,
                "ram": ram,
                "ephemeralStorage": "50 GB",
                "accelerator": gpu if gpus else None,
                "unitCostMicroUSD": round(hourly / 60 * 1e6),
                "unitCostUSD": hourly / 60,
                "unitLabel": "minute",
            }
        )
    return JSONResponse(listed)


_JOB = "/api/jobs/{owner}/{job}"
routes = [
    Route("/api/jobs/hardware", hardware),
    Route("/api/jobs/{owner}", start, methods=["POST"]),
    Route("/api/jobs/{owner}", listing),
    Route(_JOB, inspect),
    Route(f"{_JOB}/logs", logs),
    Route(f"{_JOB}/cancel", cancel, methods=["POST"]),
]
