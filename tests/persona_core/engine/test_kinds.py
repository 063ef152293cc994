"""Which weights suit a machine, before anything is downloaded."""

import sys

import pytest

from persona_core import engine
from persona_core.engine import kinds_for


@pytest.mark.parametrize(
    ("hardware", "weights", "kinds"),
    [
        ("cpu", "merged", ("openvino", "merged")),
        ("cuda", "merged", ("merged",)),
        ("zero", "merged", ("merged",)),
        ("cpu", "adapter", ("adapter",)),
    ],
)
def test_a_cpu_runs_openvinos_where_they_are(hardware, weights, kinds):
    """A GPU runs the merged ones; whoever asks for the adapter gets the adapter."""
    assert kinds_for(hardware, weights) == kinds


def test_a_machine_without_torch_has_no_gpu_to_be_found(monkeypatch):
    """A Space on a CPU does not install it."""
    monkeypatch.setitem(sys.modules, "torch", None)

    assert kinds_for("auto") == ("openvino", "merged")


@pytest.mark.parametrize("missing", ["library", "avx2"])
def test_without_openvino_or_a_cpu_for_it_torch_does_what_it_can(missing, monkeypatch):
    """An old PC, or one where only torch is installed, still answers."""
    if missing == "library":
        monkeypatch.setitem(sys.modules, "openvino", None)
    else:
        monkeypatch.setattr(engine, "has_avx2", lambda: False)

    assert kinds_for("cpu") == ("merged",)
