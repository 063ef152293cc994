"""A tiny random model as an openvino artefact, exported once for all modules that read it, and engines on it."""

import dataclasses

import pytest

from persona_core.engine.openvino import OpenVinoEngine, compile_graph
from persona_core.manifest import OPENVINO_FOLDER, PersonaManifest
from tests.tiny_model import build_tiny_model
from tests.tiny_openvino import build_tiny_openvino

EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def release(base, tmp_path_factory):
    return build_tiny_openvino(base, tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session")
def engine(release):
    return OpenVinoEngine.from_release(release)


@pytest.fixture(scope="session")
def graph(release):
    """In full precision, where how it is read changes no letter."""
    return compile_graph(release / OPENVINO_FOLDER, **EXACT)


@pytest.fixture
def exact(release, graph, engine):
    """Engines on that graph, keeping so many bytes."""

    def build(kept_bytes=0, generation=None):
        manifest = PersonaManifest.read(release)
        manifest = dataclasses.replace(manifest, generation=generation or manifest.generation)
        return OpenVinoEngine(graph[0], engine._tokenizer, manifest, graph[1], kept_bytes)

    return build
