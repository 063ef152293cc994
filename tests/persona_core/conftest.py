"""A release of a few bytes in minsu's private repository, on the Hub on loopback."""

import pytest

from persona_core.manifest import Artefact, Base, PersonaManifest, digest

REPO = "minsu/talk"


@pytest.fixture
def signed_in(hub, monkeypatch, tmp_path):
    """The hub, with minsu's writing token in the environment and nothing in the cache."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return hub


@pytest.fixture
def release(tmp_path):
    """Two artefacts of a few bytes, as a trainer would leave them."""
    folder = tmp_path / "release"
    (folder / "adapter").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "adapter/adapter_model.safetensors", "README.md"):
        (folder / name).write_text(name, encoding="utf-8")
    files = [digest(folder, folder / name) for name in ("config.json", "model.safetensors")]
    adapter = digest(folder, folder / "adapter/adapter_model.safetensors")
    PersonaManifest(
        base=Base("tiny"),
        created_at="2026-11-01T00:00:00+00:00",
        end_of_turn_id=2,
        artefacts=(Artefact("merged", ".", tuple(files)), Artefact("adapter", "adapter", (adapter,))),
    ).write(folder)
    return folder


@pytest.fixture
def published(signed_in, release):
    """The release in a private repository; its commit."""
    signed_in.api().create_repo(REPO, private=True)
    return signed_in.api().upload_folder(repo_id=REPO, folder_path=release).oid
