"""What kind of CPU this is, read from files as Linux writes them."""

import os
import platform

import pytest

from persona_core.engine.processor import cores, has_avx2


@pytest.fixture
def said(tmp_path):
    """A file that says what a test wants."""

    def write(words):
        (tmp_path / "said").write_text(words)
        return tmp_path / "said"

    return write


def test_a_quota_of_a_container_counts_as_so_many_cores(said, monkeypatch):
    """Rounded down, and never none."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    shares = ["200000 100000", "250000 100000", "50000 100000", "max 100000", "9900000 100000"]

    assert [cores(said(share)) for share in shares] == [2, 2, 1, 64, 64]


def test_without_a_quota_every_core_is_ours(tmp_path):
    """A PC, or a system that has no such file."""
    assert cores(tmp_path / "none") >= 1


@pytest.mark.parametrize(
    ("machine", "flags", "has"),
    [
        ("x86_64", "flags : fpu avx avx2 bmi1", True),
        ("x86_64", "flags : fpu avx bmi1", False),
        ("aarch64", "Features : fp asimd", True),
    ],
)
def test_avx2_is_read_from_the_flags(machine, flags, has, said, monkeypatch):
    """Of an x86; another has instructions of its own."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr("sys.platform", "linux")

    assert has_avx2(said(flags)) is has


def test_a_system_that_does_not_say_is_trusted(tmp_path, monkeypatch):
    """A Mac has no such file."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr("sys.platform", "darwin")

    assert has_avx2(tmp_path / "none")
