"""What a run was made with is recorded, whatever of it can be asked."""

import sys

import pytest

from trainer.tuning import machine
from trainer.tuning.environment import environment

GPU = "NVIDIA GeForce RTX 3060 Ti"


@pytest.fixture
def named(tmp_path, monkeypatch):
    """The GPU and its driver as they are recorded where nvidia-smi is this shell script."""
    import torch

    def record(script):
        if script:
            program = tmp_path / "nvidia-smi"
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            program.chmod(0o755)
        found = environment("cuda")
        return found["gpu"], found["driver"]

    if sys.platform == "win32":
        pytest.skip("the driver is a shell script")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: GPU)
    return record


@pytest.mark.parametrize(
    ("script", "driver"),
    [
        ("printf '560.94\\n560.94\\n'", "560.94"),
        ("printf 'Failed to initialize NVML'; exit 18", ""),
        ("", ""),
    ],
    ids=["two GPUs", "a driver that fails", "no program, as in a container that may only compute"],
)
def test_the_driver_is_recorded_where_it_says_its_version(named, script, driver):
    """Where it does not, the record of an evaluation is not lost for it."""
    assert named(script) == (GPU, driver)


def test_a_driver_that_never_answers_is_not_waited_for(named, monkeypatch):
    """Training goes on without its version."""
    monkeypatch.setattr(machine, "ANSWER_SECONDS", 0.1)
    assert named("while :; do :; done") == (GPU, "")
