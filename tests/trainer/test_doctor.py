"""`persona doctor` says what a machine can do and what to type next, and never hangs, installs or downloads."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from persona_core.texts import LANGUAGES, text_in
from tests.hub.faults import Fault
from trainer import doctor as room
from trainer.doctor import Disk, diagnose, findings_of
from trainer.settings import Settings
from trainer.tuning import account, machine
from trainer.tuning.account import Account, inspect_account
from trainer.tuning.machine import Gpu, Machine, inspect_machine

ROOT = Path(__file__).parents[2]
GIB = 2**30

HIS_PC = Machine(
    system="Windows 11",
    python="3.11.9",
    missing=(),
    torch="2.13.0",
    torch_works=True,
    torch_cuda="13.0",
    nvidia="NVIDIA GeForce RTX 3060 Ti",
    gpu=Gpu("NVIDIA GeForce RTX 3060 Ti", 8 * GIB, 7 * GIB, bf16=True),
    triton=True,
    four_bits=True,
    memory_total=16 * GIB,
    memory_free=9 * GIB,
)


def keys(found):
    return [(finding.key, finding.stops) for finding in findings_of(found)]


def test_on_a_good_machine_nothing_stops():
    """On Windows the spill into shared memory is explained; on Linux there is nothing to say."""
    assert keys(HIS_PC) == [("doctor.shared_memory", False)]
    assert keys(replace(HIS_PC, system="Linux 6.8")) == []


@pytest.mark.parametrize(("system", "key"), [("Windows 11", "windows"), ("Linux 6.8", "linux")])
def test_a_cpu_build_of_torch_beside_a_gpu_stops(system, key):
    """The GPU is named, and the command that installs the right build."""
    found = replace(HIS_PC, system=system, gpu=None, torch="2.13.0+cpu", torch_cuda="")
    (finding,) = findings_of(found)
    assert (finding.key, finding.stops) == (f"doctor.cpu_torch_{key}", True)
    assert "RTX 3060 Ti" in finding.text
    assert "-m pip install --force-reinstall torch==2.13.0" in finding.text


def test_the_torch_to_install_is_the_pinned_one():
    """The command and constraints.txt name one version."""
    assert room.TORCH in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_what_else_can_be_missing():
    """Libraries, a torch that does not load, 4 bits that are not computed, a driver that is too old, no GPU at all."""
    linux = replace(HIS_PC, system="Linux 6.8")
    assert keys(replace(linux, missing=("bitsandbytes",))) == [("tuning.missing_library", True)]
    assert keys(replace(linux, torch_works=False, gpu=None, nvidia="")) == [
        ("doctor.torch_broken", True),
        ("doctor.no_gpu", False),
    ]
    assert keys(replace(linux, four_bits=False)) == [("doctor.four_bits", True)]
    assert keys(replace(linux, gpu=None)) == [("doctor.cuda_unusable", True)]
    assert keys(replace(linux, gpu=None, nvidia="")) == [("doctor.no_gpu", False)]
    assert keys(replace(linux, gpu=replace(linux.gpu, bf16=False), triton=False)) == [
        ("doctor.no_bf16", False),
        ("doctor.no_triton", False),
    ]


def test_a_release_without_weights_for_cpus_is_seen_coming(monkeypatch):
    """What to install stands there before hours of training."""
    monkeypatch.setattr("trainer.release.openvino.is_possible", lambda: False)
    (finding,) = room._of_cpus()

    assert (finding.key, finding.stops) == ("release.no_openvino", False)
    assert '-m pip install -c constraints.txt -e ".[cpu]"' in finding.text


def test_this_machine_computes_in_4_bits():
    """The facts are tried: a product with NF4 weights, and its gradient."""
    found = inspect_machine()
    assert found.four_bits
    assert found.missing == ()
    assert found.memory_total >= found.memory_free > 0


def test_four_bits_that_come_out_wrong_are_noticed(monkeypatch):
    """A kernel that multiplies with other weights is as good as none."""
    from bitsandbytes.nn import Linear4bit

    right = Linear4bit.forward
    monkeypatch.setattr(Linear4bit, "forward", lambda self, x: right(self, x) * 1.5)
    assert not inspect_machine().four_bits


@pytest.fixture
def with_driver(tmp_path, monkeypatch):
    """A driver's nvidia-smi on the path that prints this and ends so."""

    def install(output, code=0):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\nprintf '{output}'\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install


@pytest.mark.skipif(sys.platform == "win32", reason="the driver is a shell script")
def test_a_gpu_is_known_by_its_driver(with_driver):
    """The first line names it, whatever torch can do."""
    with_driver("NVIDIA GeForce RTX 3060 Ti\\nNVIDIA T4\\n")
    assert machine.nvidia_gpu() == "NVIDIA GeForce RTX 3060 Ti"


@pytest.mark.skipif(
    sys.platform == "win32" or Path("/dev/nvidia0").exists(), reason="wants a machine without GPU"
)
def test_a_driver_without_a_gpu_is_no_gpu(with_driver):
    """A driver that was left behind fails when it is asked."""
    with_driver("NVIDIA-SMI has failed", 9)
    assert machine.nvidia_gpu() == ""


# --- the token ---


def test_without_a_token_nobody_is_asked(hub, monkeypatch):
    """No request is made."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    before = len(hub.control.requests)
    assert inspect_account() == Account(token=False)
    assert len(hub.control.requests) == before


def test_a_token_is_told_by_name_and_right(hub, monkeypatch):
    """Whose it is, what it is called, whether it may write; the token itself is nowhere."""
    monkeypatch.setenv("HF_TOKEN", hub.read_token)
    found = inspect_account()
    assert (found.user, found.role, found.reached) == ("minsu", "read", True)
    assert hub.read_token not in repr(found)


def test_a_token_that_is_refused_is_told(hub, monkeypatch):
    """The Hub answered, and does not know it."""
    monkeypatch.setenv("HF_TOKEN", "hf_invented")
    assert inspect_account() == Account(token=True, reached=True)


def test_a_hub_that_never_answers_is_not_waited_for(hub, monkeypatch):
    """The rest of the diagnosis comes without it."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(account, "PATIENCE", 0.2)
    hub.control.inject(Fault.silence(path="whoami", times=None))
    assert inspect_account() == Account(token=True)


def test_an_endpoint_that_is_no_address_is_told_with_or_without_a_token():
    """Nothing can be asked there; the line says what to change."""
    for token in (True, False):
        found = next(room._of_account(Account(token=token, endpoint="nonsense")))
        assert (found.key, found.stops) == ("doctor.endpoint", False)
        assert "HF_ENDPOINT" in found.text
        assert "nonsense" in found.text


# --- the whole diagnosis ---


def test_a_base_that_is_known_is_planned_without_a_network(hub, monkeypatch):
    """No request is made for the plan of a base in the table."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    before = len(hub.control.requests)
    found = diagnose(Settings(device="cpu"), "Qwen/Qwen3-0.6B")
    assert len(hub.control.requests) == before
    assert (found.base, found.plan.batch, found.plan.accumulation) == ("Qwen/Qwen3-0.6B", 1, 8)


def test_what_to_type_next_trains_what_was_looked_at(hub, monkeypatch):
    """The base, the rank and the length that were asked about are in the command; defaults are not."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    asked = diagnose(Settings(device="cpu", rank=8), "Qwen/Qwen3-0.6B")
    assert " --base Qwen/Qwen3-0.6B --rank 8 " in asked.next
    assert "--" not in diagnose(Settings(device="cpu"), None).next.partition("--me")[2].partition("(")[0]


@pytest.mark.parametrize(
    ("base", "settings", "key"),
    [
        ("minsu/none", Settings(device="cpu"), "tuning.unknown_base"),
        ("Qwen/Qwen3-0.6B", Settings(device="cpu", max_length=50_000), "tuning.too_long"),
        (None, Settings(device="cpu", max_length=10_000_000), "tuning.too_long"),
        ("Qwen/Qwen3-14B", Settings(device="cpu", max_length=32_000), "memory.length_too_big"),
    ],
)
def test_what_cannot_be_trained_is_said_and_stops(hub, monkeypatch, base, settings, key):
    """An unknown base, a length beyond the model's, a length beyond the memory: the next thing to type is in it."""
    from trainer.tuning import memory

    monkeypatch.setattr(memory, "free_bytes", lambda _device: 16 * GIB)
    found = diagnose(settings, base)
    assert not found.ready
    assert found.findings[-1].key == key
    assert found.next == next(finding.text for finding in found.findings if finding.stops)


def test_a_gated_base_says_where_to_accept(hub, monkeypatch):
    """The address of its page."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.api().create_repo("minsu/gated", private=True)
    hub.control.inject(Fault.answer(403, headers={"X-Error-Code": "GatedRepo"}, path="/resolve/", times=None))
    found = diagnose(Settings(device="cpu"), "minsu/gated")
    assert "https://huggingface.co/minsu/gated" in found.next


def test_a_hub_that_is_down_is_no_transfer_that_goes_on(hub, capfd, monkeypatch):
    """What is missing is said once, and a base that needs no network is offered."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    monkeypatch.setenv("COLUMNS", "400")
    hub.control.inject(Fault.answer(503, path="minsu/none", times=None))
    assert not room.doctor(Settings(device="cpu"), "minsu/none", as_json=False)
    said = capfd.readouterr().err
    assert said.count("minsu/none could not be looked at") == 1
    assert "goes on from here" not in said
    assert "--base Qwen/Qwen3-0.6B" in said.splitlines()[-1]


def test_little_disk_is_advice(monkeypatch, hub):
    """A small base may still fit."""
    (finding,) = room._of_disk(Disk(cache_free=12 * GIB, runs_free=90 * GIB))
    assert (finding.key, finding.stops) == ("doctor.disk", False)
    assert "12 GiB" in finding.text


def persona_doctor(folder, *words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "trainer.cli", "doctor", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_command_prints_one_json_document(tmp_path):
    """Nothing else is on stdout, and nothing is left in the folder."""
    done = persona_doctor(
        tmp_path, "--json", "--base", "Qwen/Qwen3-0.6B", "--max-length", "128", "--rank", "8"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["ready"] is True
    assert (found["plan"]["length"], found["plan"]["rank"]) == (128, 8)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the driver is a shell script")
def test_a_machine_that_wastes_its_gpu_is_told_in_its_language(with_driver, tmp_path):
    """Exit code 2, and the last line is the command to type."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this torch uses the GPU")
    with_driver("NVIDIA GeForce RTX 3060 Ti")
    for language in LANGUAGES:
        done = persona_doctor(tmp_path, PERSONA_LANG=language, COLUMNS="400")
        assert (done.returncode, done.stdout) == (2, "")
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith(text_in(language, "doctor.not_ready", next=""))
        assert "pip install --force-reinstall torch==2.13.0" in last


def test_a_rank_of_0_is_refused(tmp_path):
    """By the same line as in training."""
    done = persona_doctor(tmp_path, "--rank", "0")
    assert done.returncode == 2
    assert "--rank" in done.stderr
    assert "Traceback" not in done.stderr
