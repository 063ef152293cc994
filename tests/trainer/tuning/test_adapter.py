"""The adapter's two files: exact weights, and a base that anyone can find."""

import json

import pytest

from persona_core.manifest import Base
from trainer.tuning.adapter import CONFIG, WEIGHTS, in_full_precision, lora, save_adapter
from trainer.tuning.base import load_model
from trainer.tuning.source import find_source


@pytest.fixture
def model(tiny_base):
    from peft import get_peft_model

    return get_peft_model(load_model(find_source(str(tiny_base)), "cpu"), lora(rank=2, alpha=4))


def test_an_adapter_names_its_base_by_hub_id_and_commit(model, tmp_path):
    """Whoever has the adapter knows the one base it fits; the same adapter makes the same bytes."""
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        save_adapter(model, folder, Base("minsu/tiny", "0a1b2c"))
    config = json.loads((tmp_path / "one" / CONFIG).read_text(encoding="utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == ("minsu/tiny", "0a1b2c")
    assert config["target_modules"] == sorted(config["target_modules"])
    for name in (CONFIG, WEIGHTS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_saving_leaves_the_adapter_trainable(model, tmp_path):
    """What the file says about inference is not done to the model that is being trained."""
    save_adapter(model, tmp_path, Base("tiny-qwen3"))
    assert not model.peft_config["default"].inference_mode
    assert all(p.requires_grad for name, p in model.named_parameters() if "lora_" in name)


def test_every_linear_layer_but_the_head_has_a_lora_without_dropout(model):
    """Seven maps in each of two layers; dropout would cost half as much activation memory again."""
    assert len({name.split(".lora_A")[0] for name, _ in model.named_parameters() if ".lora_A" in name}) == 14
    assert not any("lm_head" in name for name, p in model.named_parameters() if p.requires_grad)
    assert model.peft_config["default"].lora_dropout == 0


def test_full_precision_reaches_what_is_trained_and_nothing_else(model):
    """LoRA weights become float32; the base keeps its 4 bits."""
    import torch

    model.to(torch.bfloat16)
    in_full_precision(model)
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    assert torch.uint8 in {p.dtype for p in model.parameters()}
