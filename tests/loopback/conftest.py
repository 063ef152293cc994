"""A small release, and one that is on the Hub already."""

from pathlib import Path

import pytest

from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL, WEIGHTS


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A folder shaped like a release."""
    folder = tmp_path / "release"
    (folder / "adapter").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlanguage: ko\ntags: [persona]\n---\n# 말투\n", "utf-8")
    (folder / "config.json").write_text("{}", "utf-8")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(WEIGHTS[::-1])
    return folder


@pytest.fixture
def pushed(hub: Hub, release: Path) -> str:
    """The release in a private repository; returns the commit."""
    hub.api().create_repo(MODEL, private=True)
    return hub.api().upload_folder(repo_id=MODEL, folder_path=release).oid
