"""persona.json carries everything there and back, and refuses what it does not know."""

import dataclasses
import json
import sys

import pytest

from persona_core.errors import EngineError
from persona_core.manifest import LEAST_ROOM, Artefact, Base, FileDigest, Generation, PersonaManifest, digest

MANIFEST = PersonaManifest(
    base=Base("Qwen/Qwen3-0.6B", "c1899de2", "apache-2.0"),
    created_at="2026-01-01T00:00:00+00:00",
    end_of_turn_id=2,
    artefacts=(Artefact("merged", ".", (FileDigest("model.safetensors", 3, "ab"),)),),
    evaluation={"nll": 4.1},
    libraries={"torch": "2.13.0"},
)


def test_a_manifest_survives_the_way_to_disk_and_back(tmp_path):
    """read undoes write."""
    MANIFEST.write(tmp_path)

    assert PersonaManifest.read(tmp_path) == MANIFEST


def test_an_artefact_is_found_by_its_kind():
    """A release may lack artefacts."""
    assert MANIFEST.artefact("merged").size == 3
    assert MANIFEST.artefact("openvino") is None


def test_a_newer_schema_is_refused():
    """A manifest from the future is not guessed at."""
    newer = json.loads(MANIFEST.to_json()) | {"schema_version": 2}

    with pytest.raises(EngineError) as refused:
        PersonaManifest.from_json(json.dumps(newer))

    assert refused.value.key == "engine.other_version"


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"schema_version": 1}', "null"])
def test_what_is_no_manifest_is_refused(document):
    """Broken or foreign JSON gives the line that says how to make it anew."""
    with pytest.raises(EngineError) as refused:
        PersonaManifest.from_json(document)

    assert refused.value.key == "engine.not_a_manifest"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_a_manifest_that_cannot_be_opened_is_named_with_the_reason(tmp_path):
    """A link in a circle, or a file of another user."""
    (tmp_path / "persona.json").symlink_to("persona.json")

    with pytest.raises(EngineError, match=r"persona\.json.*links") as refused:
        PersonaManifest.read(tmp_path)
    assert refused.value.key == "engine.unreadable"


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_a_folder_without_a_manifest_is_said(tmp_path, place):
    """There is none in a folder that is not there, nor in a file."""
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(EngineError) as refused:
        PersonaManifest.read(tmp_path / place)
    assert refused.value.key == "engine.no_manifest"


def test_bytes_that_are_no_text_are_no_manifest(tmp_path):
    """Saved in another encoding, for instance."""
    (tmp_path / "persona.json").write_bytes('{"이름": 1}'.encode("cp949"))

    with pytest.raises(EngineError) as refused:
        PersonaManifest.read(tmp_path)
    assert refused.value.key == "engine.not_a_manifest"


@pytest.mark.parametrize(
    "path", ["../other/openvino", "/data/openvino", "openvino/../../other", "..\\other", "C:/other"]
)
def test_an_artefact_lies_inside_its_release(path):
    """Nothing else on the machine is opened."""
    with pytest.raises(EngineError) as refused:
        PersonaManifest.from_json(
            dataclasses.replace(MANIFEST, artefacts=(Artefact("openvino", path, ()),)).to_json()
        )
    assert refused.value.key == "engine.not_a_manifest"
    files = (Artefact("merged", ".", (FileDigest(path, 3, "ab"),)),)
    with pytest.raises(EngineError):
        PersonaManifest.from_json(dataclasses.replace(MANIFEST, artefacts=files).to_json())


def test_a_folder_without_a_manifest_is_named(tmp_path):
    """The error says where nothing was found."""
    with pytest.raises(EngineError, match=tmp_path.name):
        PersonaManifest.read(tmp_path)


def test_a_digest_names_size_and_content(tmp_path):
    """sha256 of the bytes, path relative to the release, forward slashes."""
    (tmp_path / "adapter").mkdir()
    file = tmp_path / "adapter" / "a.bin"
    file.write_bytes(b"abc")

    assert dataclasses.astuple(digest(tmp_path, file)) == (
        "adapter/a.bin",
        3,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )


@pytest.mark.parametrize("max_length", [64, 160, 319, 320, 1024])
def test_a_prompt_has_room_however_short_the_rows_of_training_were(max_length):
    """As long as the rows, but never so short that no message fits beside a reply."""
    served = Generation.for_rows(max_length)

    assert served.max_context_tokens == max(max_length, 320)
    assert served.room >= LEAST_ROOM


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": "warm"},
        {"top_p": 1.5},
        {"top_k": -1},
        {"top_k": 0.5},
        {"repetition_penalty": 0},
        {"repetition_penalty": float("inf")},
        {"max_new_tokens": 0},
        {"max_new_tokens": 1024},
    ],
    ids=str,
)
def test_what_cannot_be_sampled_by_is_refused(wrong):
    """A number out of range would draw nonsense, or nothing, from a sound model."""
    document = json.loads(MANIFEST.to_json())
    document["generation"] |= wrong

    with pytest.raises(EngineError) as refused:
        PersonaManifest.from_json(json.dumps(document))

    assert refused.value.key == "engine.not_a_manifest"
