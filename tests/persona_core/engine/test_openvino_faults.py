"""An openvino artefact that is damaged, or that this machine cannot run: the line says which, and what to do."""

import dataclasses
import shutil
import sys
from pathlib import Path

import pytest

from persona_core.engine.openvino import GRAPH, WEIGHTS, OpenVinoEngine
from persona_core.errors import EngineError
from persona_core.manifest import OPENVINO_FOLDER, Artefact, PersonaManifest, digest

pytestmark = pytest.mark.slow  # an export takes seconds


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.with_suffix(".bin").write_bytes(file.with_suffix(".bin").read_bytes()[:-8]),
        lambda file: file.with_suffix(".bin").unlink(),
        lambda file: file.write_bytes(file.read_bytes()[:2000]),
        lambda file: file.write_bytes(b"no graph"),
        lambda file: file.with_suffix(".bin").write_bytes(b"\xff" * file.with_suffix(".bin").stat().st_size),
    ],
    ids=["truncated weights", "no weights", "truncated graph", "no graph at all", "numbers that are none"],
)
def test_damaged_files_are_said(harm, release, tmp_path):
    """The line says which folder, and how to get another one."""
    folder = tmp_path / OPENVINO_FOLDER
    folder.mkdir()
    for file in (release / OPENVINO_FOLDER).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    PersonaManifest.read(release).write(tmp_path)
    harm(folder / GRAPH)

    with pytest.raises(EngineError, match="persona export") as caught:
        OpenVinoEngine.from_release(tmp_path)
    assert caught.value.key == "engine.damaged"


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, "tokenizer.json"])
def test_a_file_that_is_gone_is_named(name, release, tmp_path):
    """Not called damaged: it may only be another user's, and making it anew takes hours."""
    copy = Path(shutil.copytree(release, tmp_path / "release"))
    files = tuple(digest(copy, file) for file in sorted((copy / OPENVINO_FOLDER).iterdir()))
    artefact = Artefact("openvino", OPENVINO_FOLDER, files)
    dataclasses.replace(PersonaManifest.read(copy), artefacts=(artefact,)).write(copy)
    assert OpenVinoEngine.from_release(copy)
    (copy / OPENVINO_FOLDER / name).unlink()

    with pytest.raises(EngineError, match=name) as caught:
        OpenVinoEngine.from_release(copy)
    assert caught.value.key == "engine.unreadable"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (GRAPH, b"beam_idx", b"beam_idy"),
        (GRAPH, b'"logits"', b'"logitz"'),
        ("chat_template.jinja", b"{%", b"{% for x in %}{%"),
        ("chat_template.jinja", b"{%", b"{% for x in range(100000000) %}{% endfor %}{%"),
        ("chat_template.jinja", b"<|im_end|>", b"<|im_start|>"),
    ],
    ids=["another input", "another output", "a broken template", "an endless one", "another end"],
)
def test_what_does_not_belong_together_is_said_before_the_first_word(name, before, after, release, tmp_path):
    """A graph with other ends, a template that is no longer the one of the training."""
    folder = shutil.copytree(release, tmp_path / "release")
    file = folder / OPENVINO_FOLDER / name
    assert before in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(before, after))

    with pytest.raises(EngineError, match="persona export") as caught:
        OpenVinoEngine.from_release(folder)
    assert caught.value.key == "engine.damaged"


def test_a_cpu_without_avx2_is_said(release, monkeypatch):
    """Before a gigabyte is read."""
    monkeypatch.setattr("persona_core.engine.openvino.has_avx2", lambda: False)

    with pytest.raises(EngineError, match="AVX2"):
        OpenVinoEngine.from_release(release)


def test_a_release_without_the_artefact_is_refused(release, tmp_path):
    """The line says what is missing."""
    dataclasses.replace(PersonaManifest.read(release), artefacts=()).write(tmp_path)

    with pytest.raises(EngineError, match="openvino"):
        OpenVinoEngine.from_release(tmp_path)


def test_without_openvino_the_line_says_how_to_install_it(release, monkeypatch):
    """The extra has a name."""
    monkeypatch.setitem(sys.modules, "openvino", None)

    with pytest.raises(EngineError, match=r"\.\[cpu\]"):
        OpenVinoEngine.from_release(release)
