"""A release on the hardware there is: the adapter on its base is the model that was trained, to the last bit."""

import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from persona_core.engine import load_engine
from persona_core.engine.loading import load, memory_errors
from persona_core.errors import EngineError, HubError, OutOfMemory
from persona_core.manifest import Artefact, Base, Generation, PersonaManifest, digest
from persona_core.prompt import ChatFormat, Turn, encode
from tests.tiny_model import build_tiny_model
from trainer.release.merging import load_tuned
from trainer.tuning.adapter import lora, save_adapter
from trainer.tuning.base import keep_unpacked, load_model
from trainer.tuning.source import Source

HISTORY = [Turn("partner", ("밥 먹었어?",))]
MERGED = [
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
]


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory):
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def base(hub, base_folder):
    """A base that everyone may fetch, at its commit."""
    api = hub.api()
    api.create_repo("minsu/tiny")
    commit = api.upload_folder(repo_id="minsu/tiny", folder_path=base_folder).oid
    return Base("minsu/tiny", commit)


@pytest.fixture
def release(base, base_folder, tmp_path):
    """An adapter on that base and nothing else, as it lies in a Space's cache."""
    import torch
    from peft import get_peft_model

    folder = tmp_path / "release"
    (folder / "adapter").mkdir(parents=True)
    torch.manual_seed(0)
    model = get_peft_model(load_model(Source(str(base_folder), base), "cpu"), lora(rank=8, alpha=16))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    save_adapter(model, folder / "adapter", base)
    manifest_of(base).write(folder)
    return folder


def manifest_of(base):
    return PersonaManifest(
        base, "2026-01-01", 2, (Artefact("adapter", "adapter", ()),), generation=Generation(max_new_tokens=8)
    )


@pytest.mark.parametrize(("avx2", "key"), [(True, "engine.missing_library"), (False, "engine.old_cpu")])
def test_a_lean_space_says_why_it_cannot_load_what_needs_torch(avx2, key, tmp_path, monkeypatch):
    """Rolled back to a release without weights for CPUs it lacks torch; with them, the CPU is too old."""
    kinds = ("merged",) if avx2 else ("merged", "openvino")
    artefacts = tuple(Artefact(kind, "", ()) for kind in kinds)
    PersonaManifest(Base("tiny"), "2026-01-01", 2, artefacts).write(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)
    for room in ("persona_core.engine", "persona_core.engine.loading"):
        monkeypatch.setattr(f"{room}.has_avx2", lambda: avx2)

    with pytest.raises(EngineError) as caught:
        load_engine(tmp_path, "cpu")
    assert caught.value.key == key


def test_the_adapter_on_its_base_is_the_model_that_was_trained(release, base):
    """Fetched from the Hub at the commit of the training and quantised as there, it computes the very same logits."""
    import torch

    trained = load_tuned(Source("minsu/tiny", base), release / "adapter")
    served, tokenizer = load(release, manifest_of(base), "adapter", "cpu")
    keep_unpacked(served)  # as the trainer's is: packed for a CPU it is faster, and rounds differently
    ids = torch.tensor([encode(tokenizer, HISTORY, ChatFormat()).ids])
    with torch.inference_mode(), trained.disable_adapter():
        untuned = trained(ids).logits
    with torch.inference_mode():
        logits = served(ids).logits
        assert torch.equal(logits, trained(ids).logits)
    assert not torch.equal(logits, untuned)
    assert not served.training


def test_the_engine_speaks_from_it_and_says_so_in_the_log(release, caplog):
    """What was chosen at the start can be read: weights, device, precision."""
    caplog.set_level(logging.INFO, "persona")
    engine = load_engine(release, "cpu", "adapter")

    assert list(engine.stream(HISTORY, seed=1))
    assert [m for m in caplog.messages if "adapter" in m and "cpu" in m and "float" in m]


def test_a_base_of_somebodys_own_disk_is_none_to_fetch(release):
    """The line says which variable to change."""
    manifest_of(Base("tiny-qwen3")).write(release)

    with pytest.raises(EngineError, match="PERSONA_ARTEFACT"):
        load_engine(release, "cpu", "adapter")


def test_a_base_that_is_gone_is_said(release, base):
    """In a line that says what to do, not in a stack trace of the Hub's client."""
    manifest_of(replace(base, id="minsu/gone")).write(release)

    with pytest.raises(HubError):
        load_engine(release, "cpu", "adapter")


@pytest.fixture
def merged(base_folder, tmp_path):
    """A release of merged weights, with the digests of its files."""
    folder = Path(shutil.copytree(base_folder, tmp_path / "merged"))
    artefact = Artefact("merged", ".", tuple(digest(folder, file) for file in sorted(folder.iterdir())))
    PersonaManifest(Base("tiny"), "2026-01-01", 2, (artefact,)).write(folder)
    return folder


def test_a_release_as_it_was_made_loads(merged):
    """Every file that its manifest names is there, and the template ends a reply as in training."""
    assert load_engine(merged, "cpu")


@pytest.mark.parametrize("name", MERGED)
def test_a_file_that_is_gone_is_named(name, merged):
    """As in the engine for CPUs: not called damaged, for it may only be another user's."""
    (merged / name).unlink()

    with pytest.raises(EngineError, match=name) as caught:
        load_engine(merged, "cpu")
    assert caught.value.key == "engine.unreadable"


@pytest.mark.parametrize("length", [1, 100])
@pytest.mark.parametrize("name", MERGED)
def test_a_truncated_file_is_said_in_one_line(name, length, merged):
    """Where it lies, and how to get another one; before the first message."""
    (merged / name).write_bytes((merged / name).read_bytes()[:length])

    with pytest.raises(EngineError, match="persona export") as caught:
        load_engine(merged, "cpu")
    assert (caught.value.key, caught.value.values) == ("engine.damaged", {"folder": merged})


def test_a_template_that_ends_otherwise_is_not_that_of_the_training(merged):
    """The model would never stop."""
    template = merged / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_end|>", "<|im_start|>"))

    with pytest.raises(EngineError) as caught:
        load_engine(merged, "cpu")
    assert caught.value.key == "engine.damaged"


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_damaged_adapter_is_said_in_one_line(name, release):
    """Its base may be whole: the line names the release."""
    file = release / "adapter" / name
    file.write_bytes(file.read_bytes()[:100])

    with pytest.raises(EngineError) as caught:
        load_engine(release, "cpu", "adapter")
    assert (caught.value.key, caught.value.values) == ("engine.damaged", {"folder": release})


def test_a_file_of_an_adapter_that_is_gone_is_named(release, base):
    """Before its base is fetched."""
    files = tuple(digest(release, file) for file in sorted((release / "adapter").iterdir()))
    replace(manifest_of(base), artefacts=(Artefact("adapter", "adapter", files),)).write(release)
    (release / "adapter" / "adapter_model.safetensors").unlink()

    with pytest.raises(EngineError, match=r"adapter_model\.safetensors") as caught:
        load_engine(release, "cpu", "adapter")
    assert caught.value.key == "engine.unreadable"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("Exception from src/inference/src/dev/plugin.cpp:54: can't alloc"),
        RuntimeError(
            "Check 'ptr' failed at src/cpu_memory.cpp:257: Failed to allocate 1572864 bytes of memory"
        ),
        RuntimeError("Can not create file mapping for 4, err=Cannot allocate memory"),
        RuntimeError("Cannot load library libopenvino_intel_cpu_plugin.so: failed to map segment"),
        RuntimeError("Exception from src/inference/src/cpp/plugin.cpp:54: Resource temporarily unavailable"),
        ImportError("libopenvino.so.2641: failed to map segment from shared object"),
    ],
)
def test_memory_that_runs_out_is_said_in_words(error):
    """A CPU's as well as a GPU's."""
    with pytest.raises(OutOfMemory), memory_errors():
        raise error


def test_other_errors_stay_what_they_are():
    """A fault of ours is no lack of memory."""
    with pytest.raises(RuntimeError, match="shapes"), memory_errors():
        raise RuntimeError("shapes do not fit")
    with pytest.raises(ImportError), memory_errors():
        raise ImportError("No module named 'openvino'")
