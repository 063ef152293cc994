"""What the tests of the training room share: one tiny base for all of them."""

from pathlib import Path

import pytest

from tests.tiny_model import build_tiny_model


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen3 with its tokenizer, as a local folder."""
    return build_tiny_model(tmp_path_factory.mktemp("base") / "tiny-qwen3")
