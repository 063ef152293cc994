"""One job on Hugging Face Jobs: begun, found again, followed to its end. Its id lies in the run, as job.json.

{"id": "687fb701029421ae5549d998", "owner": "me", "flavour": "l4x1", "repo": "me/persona-job-1a2b3c4d5e"}
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from persona_core.errors import HubError, PersonaError, SettingsError
from persona_core.hub import client, hub_errors, hub_token
from persona_core.texts import language
from persona_core.waiting import interruptible
from trainer.progress import console
from trainer.remote import boot
from trainer.run import Run, write_whole

RECORD = "job.json"  # in the run folder, for as long as there is a job
IMAGE = f"python:{sys.version_info.major}.{sys.version_info.minor}"  # this Python; Debian with a C compiler for Triton
OWN_TOKEN = "PERSONA_JOB_TOKEN"  # noqa: S105 - a variable's name: a token that may do less, for the job alone
QUIET = {  # lines as they come, in UTF-8, and no bars: a log is no terminal
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
}
_GONE = 404


@dataclass(frozen=True, slots=True)
class Job:
    """A job that was begun for a run, the ``repo`` it works on, and the page that shows it."""

    id: str
    owner: str
    flavour: str
    repo: str
    url: str


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended: its stage, and the Hub's own words about it."""

    stage: str
    message: str = ""

    @property
    def timed_out(self) -> bool:
        return "timeout" in self.message.lower() or "timed out" in self.message.lower()


def read_job(run: Run) -> Job | None:
    """The job that ``run`` waits for.

    Raises:
        SettingsError: its record is damaged.
    """
    file = run.path / RECORD
    if not file.exists():
        return None
    try:
        return Job(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise SettingsError("jobs.unreadable", file=file) from error


def record_job(run: Run, job: Job) -> None:
    """From now on ``run`` waits for ``job``."""
    write_whole(run.path / RECORD, json.dumps(asdict(job), indent=1) + "\n")


def forget_job(run: Run) -> None:
    """``run`` waits for no job any more."""
    (run.path / RECORD).unlink(missing_ok=True)


def account() -> str:
    """Whose token this is: the owner of the job and of its repository."""
    api = client()
    with hub_errors("hf-jobs"):
        return str(api.whoami()["name"])


def job_token(repo: str) -> str:
    """The token the job gets as a secret: the one made for it, else the person's. It may write to ``repo``.

    Raises:
        NotAllowed, TokenMissing: it may not.
    """
    from huggingface_hub import HfApi

    token = os.environ.get(OWN_TOKEN) or hub_token()
    with hub_errors(repo):
        HfApi(token=token).auth_check(repo, write=True)
    return token


def begin_job(repo: str, commit: str, flavour: str, hours: int) -> Job:
    """Start training on the parcel that lies in ``repo`` at ``commit``; it is ended after ``hours``.

    Raises:
        NotAllowed: the token may not start jobs.
        HubError: no credit, or the Hub did not do it.
    """
    token = job_token(repo)
    owner, name = repo.split("/")
    program = Path(boot.__file__).read_text(encoding="utf-8")
    with job_errors(repo, flavour):
        info = interruptible(client().run_job)(
            image=IMAGE,
            command=[
                "python",
                "-c",
                program,
                repo,
                commit,
                f"huggingface_hub=={version('huggingface_hub')}",
            ],
            env={"PERSONA_LANG": language(), **QUIET},
            secrets={"HF_TOKEN": token},
            flavor=flavour,
            timeout=hours * 3600,
            name=name,
            namespace=owner,
        )
    return _job(info, repo)


def find_job(repo: str) -> Job | None:
    """The job that works on ``repo`` now: its id may have been lost with an answer of the Hub, or with a file."""
    api = client()
    owner, name = repo.split("/")
    with job_errors(repo, ""):
        living = api.list_jobs(status=["SCHEDULING", "RUNNING"], labels={"name": name}, namespace=owner)
        info = interruptible(next)(living, None)
        return _job(info, repo) if info else None


def follow(job: Job, show: Callable[[str], None] | None = None) -> End:
    """Print what the job prints, from its beginning, until it ends.

    Raises:
        HubError: the connection broke for good; the job goes on.
    """
    show = show or _print
    api = client()
    where = {"job_id": job.id, "namespace": job.owner}
    try:
        with job_errors(job.repo, job.flavour):
            lines = api.fetch_job_logs(**where, follow=True)
            while (line := interruptible(next)(lines, None)) is not None:
                show(line.rstrip("\n"))
            status = interruptible(api.inspect_job)(**where).status
    except HubError as error:
        if error.values.get("status") == _GONE:
            return End("DELETED")
        raise
    return End(status.stage, status.message or "")


@contextmanager
def job_errors(repo: str, flavour: str) -> Iterator[None]:
    """`hub_errors`, with what a refusal means for jobs."""
    try:
        with hub_errors(repo):
            yield
    except HubError as error:
        if key := {402: "jobs.no_credit", 403: "jobs.not_allowed"}.get(
            int(str(error.values.get("status", 0)))
        ):
            raise _again(error, key, flavour) from None
        raise


def _again(error: HubError, key: str, flavour: str) -> PersonaError:
    return type(error)(key, **{**error.values, "flavour": flavour})


def _job(info: Any, repo: str) -> Job:
    return Job(info.id, info.owner.name, str(info.flavor or ""), repo, info.url)


def _print(line: str) -> None:
    console().print(line, markup=False, soft_wrap=True)
