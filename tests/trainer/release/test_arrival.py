"""The question at the end of a push: a process of its own loads what was fetched back and has to say something."""

import shutil

import pytest

from persona_core.errors import ReleaseError
from trainer.release import arrival
from trainer.release.arrival import answer


def test_a_release_answers(released):
    """Real weights in 4 bits, on this machine."""
    answer(released.release)


def test_a_release_that_does_not_load_is_noticed(released, tmp_path):
    """The error carries the last line of the process that tried."""
    folder = shutil.copytree(released.release, tmp_path / "release")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])

    with pytest.raises(ReleaseError, match=r"does not answer \(.+\)"):
        answer(folder)


def test_a_process_that_hangs_is_ended(released, monkeypatch):
    """There is an end to the waiting."""
    monkeypatch.setattr(arrival, "ANSWER_SECONDS", 0.01)

    with pytest.raises(ReleaseError, match="does not answer"):
        answer(released.release)
