"""The question at the end of a push: a process of its own loads what was fetched back and has to say something."""

import shutil
from dataclasses import replace

import pytest

from persona_core.engine.openvino import GRAPH
from persona_core.errors import ReleaseError
from persona_core.manifest import OPENVINO_FOLDER, Artefact, PersonaManifest
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


def test_the_line_of_a_process_is_read_as_it_was_written(tmp_path, monkeypatch):
    """Where consoles have letters of their own, as on a Korean Windows, it is Korean all the same."""
    monkeypatch.setenv("PYTHONIOENCODING", "cp949")
    monkeypatch.setenv("PERSONA_LANG", "ko")
    (tmp_path / "persona.json").write_text("{", encoding="utf-8")

    with pytest.raises(ReleaseError, match=r"\(persona.json을 읽을 수 없어요"):
        answer(tmp_path)


def test_weights_for_cpus_that_do_not_load_are_noticed(released, tmp_path):
    """Each of the engines that this machine has for the release is asked."""
    folder = shutil.copytree(released.release, tmp_path / "release")
    manifest = PersonaManifest.read(folder)
    damaged = Artefact("openvino", OPENVINO_FOLDER, ())
    replace(manifest, artefacts=(*manifest.artefacts, damaged)).write(folder)
    (folder / OPENVINO_FOLDER).mkdir()
    (folder / OPENVINO_FOLDER / GRAPH).write_bytes(b"no graph")

    with pytest.raises(ReleaseError, match=f"does not answer .*{OPENVINO_FOLDER}"):
        answer(folder)


def test_a_process_that_hangs_is_ended(released, monkeypatch):
    """There is an end to the waiting."""
    monkeypatch.setattr(arrival, "ANSWER_SECONDS", 0.01)

    with pytest.raises(ReleaseError, match="does not answer"):
        answer(released.release)
