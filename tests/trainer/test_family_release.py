"""The whole way with what sets a family apart: train, release, and load the release as anyone else would."""

import json
from dataclasses import asdict, replace
from datetime import datetime

import pytest

from persona_core.prompt import ChatFormat, Turn, encode, to_messages
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.tuning.conftest import small_talk
from tests.trainer.tuning.families import FAMILIES, build_family
from trainer.dataset.example import write_examples
from trainer.release import build_release
from trainer.run import open_run
from trainer.settings import Settings
from trainer.tuning import tune
from trainer.tuning.base import load_config, load_tokenizer
from trainer.tuning.shapes import shape_of
from trainer.tuning.source import find_source

SMOOTH = {"initializer_range": 0.02}  # sharper random weights drift too far to be released
UNEVEN = {**SMOOTH, "hidden_size": 80, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 32}
TALK = (Turn("partner", ("밥?",)), Turn("persona", ("ㅇㅇ", "너는")), Turn("partner", ("나도",)))


def build_uneven(folder):
    """A tiny Kanana 1.5: a Llama whose three heads of 32 do not make up its 80 features."""
    kanana = FAMILIES["kanana1"]
    build_family(replace(kanana, config="MistralConfig", shape={**UNEVEN, "sliding_window": None}), folder)
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    del config["sliding_window"]
    config |= {"model_type": "llama", "architectures": ["LlamaForCausalLM"]}
    file.write_text(json.dumps(config), encoding="utf-8")
    return folder


def released_from(base, folder):
    """A run over small talk from a base to its release, in a step."""
    settings = Settings(
        base=str(base), device="cpu", max_length=512, rank=4, epochs=1.0, effective_batch=4, evaluations=1
    )
    run = open_run(folder, settings, {})
    run.data.mkdir()
    write_examples(run.train_file, small_talk(8), ChatFormat())
    write_examples(run.validation_file, small_talk(24, seed=1), ChatFormat())
    tune(run)
    run.add_metrics("evaluation", {"base": {"nll": 7.0}, "tuned": {"nll": 6.9}, "nll_reduction": 0.01})
    run.add_metrics("memory", asdict(KEPT))
    build_release(run, openvino=False)
    return run.release


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    return build_uneven(tmp_path_factory.mktemp("uneven") / "base")


def test_heads_that_do_not_divide_the_hidden_size_are_read_as_they_are(uneven):
    """The base's shape and tokens are its own, under the name of a class that takes them."""
    source = find_source(str(uneven))
    config = load_config(source)
    assert (config.model_type, config.head_dim, config.sliding_window) == ("mistral", 32, None)
    assert shape_of(config).widest == 80 * 128
    assert (
        load_tokenizer(source)("밥 <|eot_id|>").input_ids == tokenizer_of(uneven)("밥 <|eot_id|>").input_ids
    )


def tokenizer_of(folder):
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(folder)


def test_the_other_name_changes_no_logit(uneven, monkeypatch):
    """Llama's own class, its check taken out, computes the very same numbers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, MistralForCausalLM

    checks = [
        check for check in LlamaConfig.__class_validators__ if check.__name__ != "validate_architecture"
    ]
    monkeypatch.setattr(LlamaConfig, "__class_validators__", checks)
    theirs = LlamaForCausalLM.from_pretrained(uneven)
    ours = MistralForCausalLM.from_pretrained(uneven, config=load_config(find_source(str(uneven))))
    ids = torch.arange(3, 67)[None]
    with torch.inference_mode():
        assert torch.equal(ours(ids).logits, theirs(ids).logits)


def test_such_a_base_is_trained_and_its_release_loads_for_everyone(uneven, tmp_path):
    """Load, train, merge; then plain transformers finds every weight, and the tokens of the base."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    release = released_from(uneven, tmp_path / "run")
    model, report = AutoModelForCausalLM.from_pretrained(release, output_loading_info=True)
    assert not any(report.values())
    assert model.config.model_type == "mistral"
    assert model.model.layers[0].self_attn.q_proj.out_features == 3 * 32
    tokenizer = AutoTokenizer.from_pretrained(release)
    assert encode(tokenizer, TALK, ChatFormat()) == encode(tokenizer_of(uneven), TALK, ChatFormat())


@pytest.mark.parametrize("name", ["llama3", "midm"])
def test_a_released_template_writes_the_date_of_the_training_on_every_day(name, tmp_path, monkeypatch):
    """Rendered by plain transformers, today and on another day, it gives the tokens that were trained."""
    from transformers import AutoTokenizer
    from transformers.utils import chat_template_utils

    family = FAMILIES[name]
    base = build_family(replace(family, shape={**family.shape, **SMOOTH}), tmp_path / "base")
    trained = encode(load_tokenizer(find_source(str(base))), TALK, ChatFormat()).ids
    tokenizer = AutoTokenizer.from_pretrained(released_from(base, tmp_path / "run"))

    def render():
        return tokenizer.apply_chat_template(
            to_messages(TALK, ChatFormat()), add_generation_prompt=True, return_dict=False
        )

    today = render()

    class AnotherDay(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2031, 7, 26, tzinfo=tz)

    monkeypatch.setattr(chat_template_utils, "datetime", AnotherDay)
    assert tuple(today) == tuple(render()) == trained
    assert encode(tokenizer, TALK, ChatFormat()).ids == trained
