"""`persona doctor`: what this machine can do, what is missing, what to type next.

    {"ready": true, "machine": {"torch": "2.13.0", "gpu": {"name": "NVIDIA …", "total": 8589934592, …}, …},
     "disk": {"cache_free": 81604378624, "runs_free": 81604378624}, "account": {"user": "minsu", "role": "write", …},
     "base": "Qwen/Qwen3-4B-Instruct-2507", "plan": {"batch": 2, "accumulation": 4, "peak": {…}, …},
     "would_fit": ["Qwen/Qwen3-4B-Instruct-2507", …],
     "findings": [{"key": "doctor.no_gpu", "stops": false, "text": "…"}], "next": "persona-train …"}

Nothing is installed, downloaded or written. What stops a training makes `ready` false.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_core.errors import PersonaError
from persona_core.refusals import PASSING
from persona_core.texts import text
from trainer.progress import say
from trainer.run import RUNS
from trainer.settings import Settings

if TYPE_CHECKING:
    from trainer.tuning.account import Account
    from trainer.tuning.machine import Machine
    from trainer.tuning.memory import Plan

GIB = 2**30
ROOM = 30 * GIB  # of disk: the largest base of the ladder in bfloat16, a run with its checkpoints, a release
TORCH = "torch==2.13.0"  # the pin of constraints.txt


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. ``stops``: nothing can be trained until it is mended."""

    key: str
    stops: bool
    text: str


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes free where downloaded bases lie, and where runs will."""

    cache_free: int
    runs_free: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found."""

    machine: "Machine"
    disk: Disk
    account: "Account"
    base: str
    flags: str  # that a training needs for what was asked of here
    plan: "Plan | None"
    would_fit: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        return not any(finding.stops for finding in self.findings)

    @property
    def next(self) -> str:
        """What to do now: mend the first thing that stops, else train."""
        return next((f.text for f in self.findings if f.stops), text("doctor.train", flags=self.flags))


def doctor(settings: Settings, base: str | None, *, as_json: bool) -> bool:
    """Look at this machine and tell: on stderr, or as one JSON document on stdout. Whether it can train.

    ``base``: the one to plan for; ``None``: the one a run would choose.
    """
    diagnosis = diagnose(settings, base)
    if as_json:
        sys.stdout.write(json.dumps(_document(diagnosis), ensure_ascii=False, indent=2) + "\n")
    else:
        _tell(diagnosis, settings)
    return diagnosis.ready


def diagnose(settings: Settings, base: str | None) -> Diagnosis:
    """Look at everything. Takes seconds: torch is imported, and the Hub is asked who we are."""
    from trainer.tuning.account import inspect_account
    from trainer.tuning.machine import cache_folder, inspect_machine
    from trainer.tuning.memory import bases_that_fit

    machine, account = inspect_machine(), inspect_account()
    usual = Settings()
    chosen = (
        ("base", base, None),
        ("rank", settings.rank, usual.rank),
        ("max-length", settings.max_length, usual.max_length),
    )
    flags = "".join(f" --{name} {value}" for name, value, default in chosen if value != default)
    disk = Disk(_free(cache_folder()), _free(RUNS))
    findings = [*findings_of(machine), *_of_disk(disk), *_of_account(account), *_of_cpus()]
    if not (machine.torch_works and not machine.missing):
        return Diagnosis(machine, disk, account, base or "", flags, None, (), tuple(findings))
    plan, refused = _plan(settings, base)
    if refused:
        findings.append(refused)
    free = machine.gpu.free if machine.gpu else machine.memory_free
    fitting = bases_that_fit(settings, machine.device, free)
    planned = plan.base if plan else base or ""
    return Diagnosis(machine, disk, account, planned, flags, plan, tuple(fitting), tuple(findings))


def _plan(settings: Settings, base: str | None) -> "tuple[Plan | None, Finding | None]":
    """The plan for ``base``, or why there is none. A base whose shape is known needs no network."""
    from trainer.tuning.base import choose_device
    from trainer.tuning.memory import choose_base, plan, plan_for
    from trainer.tuning.shapes import BASES
    from trainer.tuning.source import find_source

    name = base or ""
    try:
        name = name or choose_base(settings)
        device = choose_device(settings.device)
        if name in BASES:
            return plan_for(name, BASES[name], settings, device), None
        return plan(settings, find_source(name), device), None
    except PersonaError as error:
        if error.key in PASSING:  # their texts are of a transfer that goes on
            return None, _finding("doctor.base_unasked", base=name)
        return None, Finding(error.key, stops=True, text=str(error))


# --- what is not as it should be ---


def findings_of(machine: "Machine") -> Iterator[Finding]:
    if machine.missing:
        yield _finding("tuning.missing_library", libraries=", ".join(machine.missing))
    elif not machine.torch_works:
        yield _finding("doctor.torch_broken", version=machine.torch)
    elif not machine.four_bits:
        yield _finding("doctor.four_bits", device=machine.device)
    if machine.torch_ignores_the_gpu:
        cpu_build = "doctor.cpu_torch_windows" if machine.is_windows else "doctor.cpu_torch_linux"
        key = "doctor.cuda_unusable" if machine.torch_cuda else cpu_build
        yield _finding(key, gpu=machine.nvidia, torch=TORCH, build=machine.torch_cuda)
    elif not machine.gpu:
        yield _finding("doctor.no_gpu", stops=False)
    elif machine.is_windows:
        yield _finding("doctor.shared_memory", stops=False)
    if machine.gpu and not machine.gpu.bf16:
        yield _finding("doctor.no_bf16", stops=False, gpu=machine.gpu.name)
    if machine.gpu and not machine.triton:
        yield _finding("doctor.no_triton", stops=False)


def _of_disk(disk: Disk) -> Iterator[Finding]:
    least = min(disk.cache_free, disk.runs_free)
    if least < ROOM:
        yield _finding("doctor.disk", stops=False, free=f"{least / GIB:.0f}", need=ROOM // GIB)


def _of_account(account: "Account") -> Iterator[Finding]:
    if not account.endpoint.startswith(("https://", "http://")):
        yield _finding("doctor.endpoint", stops=False, endpoint=account.endpoint)
    if not account.token:
        yield _finding("doctor.no_token", stops=False)
    elif account.reached and not account.user:
        yield _finding("doctor.token_refused", stops=False)
    elif account.role == "read":
        yield _finding("doctor.read_token", stops=False, name=account.name)


def _of_cpus() -> Iterator[Finding]:
    from trainer.release.openvino import is_possible

    if not is_possible():
        yield _finding("release.no_openvino", stops=False)


def _finding(key: str, *, stops: bool = True, **values: object) -> Finding:
    return Finding(key, stops, text(key, **values))


# --- where things lie ---


def _free(folder: Path) -> int:
    """Bytes free on the disk where ``folder`` is, or will be."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


# --- telling ---


def _document(diagnosis: Diagnosis) -> dict[str, Any]:
    found = asdict(diagnosis)
    return {"ready": diagnosis.ready, **found, "next": diagnosis.next}


def _tell(diagnosis: Diagnosis, settings: Settings) -> None:
    from trainer.tuning.memory import tell_plan

    machine, account, disk = diagnosis.machine, diagnosis.account, diagnosis.disk
    say("doctor.system", system=machine.system, python=machine.python)
    if machine.torch:
        say(
            "doctor.torch",
            version=machine.torch,
            build=f"CUDA {machine.torch_cuda}" if machine.torch_cuda else "CPU",
        )
    if machine.gpu:
        gpu = machine.gpu
        say("doctor.gpu", name=gpu.name, total=_gib(gpu.total), free=_gib(gpu.free), bf16=_yes(gpu.bf16))
        say("doctor.libraries", four_bits=_yes(machine.four_bits), triton=_yes(machine.triton))
    if machine.memory_total:
        say("doctor.memory", total=_gib(machine.memory_total), free=_gib(machine.memory_free))
    say("doctor.disks", cache=_gib(disk.cache_free), runs=_gib(disk.runs_free))
    if account.user:
        who = ", ".join((account.user, *account.organisations))
        say("doctor.account", accounts=who, name=account.name or "-", role=account.role or "-")
    elif account.token and not account.reached:
        say("doctor.account_unasked")
    if diagnosis.plan:
        tell_plan(diagnosis.plan, settings)
    for finding in diagnosis.findings:
        if finding.text == diagnosis.next:
            continue  # the last line is about it
        say("doctor.stops" if finding.stops else "doctor.advice", text=finding.text)
    say("doctor.ready" if diagnosis.ready else "doctor.not_ready", next=diagnosis.next)


def _gib(size: int) -> str:
    return f"{size / GIB:.1f}"


def _yes(fact: bool) -> str:  # noqa: FBT001
    return text("doctor.yes" if fact else "doctor.no")
