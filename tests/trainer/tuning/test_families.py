"""Every model family is trained on exactly what it is served, learns where a reply ends, and keeps packed rows apart.

The families, their templates and their tiny models are in families.py. Tolerances are of float32 sums in another order.
"""

from array import array
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.engine.decoding import prompt_ids
from persona_core.errors import DataError
from persona_core.manifest import Base, Generation, PersonaManifest
from persona_core.prompt import (
    ChatFormat,
    Turn,
    clean_bubble,
    encode,
    end_of_turn_id,
    parse_reply,
    render_reply,
    to_messages,
)
from tests.trainer.tuning.families import FAMILIES, build_family, build_tokenizer
from trainer.dataset.example import Example
from trainer.release.release import _generation_config
from trainer.tuning import tune
from trainer.tuning.adapter import lora
from trainer.tuning.attention import attend_by_row
from trainer.tuning.labels import IGNORED, Row, check, label, read_rows
from trainer.tuning.memory import plan
from trainer.tuning.sft import build_trainer
from trainer.tuning.source import source_of

FORMAT = ChatFormat(system_prompt="짧게 답해.")
TALK = (
    Turn("partner", ("밥?",)),
    Turn("persona", ("ㅇㅇ", "너는")),
    Turn("partner", ("나도",)),
    Turn("persona", ("ㅋㅋ",)),
)
NO_THOUGHT = "<think>\n\n</think>\n\n"


@pytest.fixture(scope="module", params=FAMILIES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def family(name):
    return FAMILIES[name]


@pytest.fixture(scope="module")
def tokenizer(family):
    return build_tokenizer(family)


@pytest.fixture(scope="module")
def row(tokenizer):
    made, _ = label(tokenizer, Example(TALK, (True, True)), FORMAT, 512)
    return made


@pytest.fixture(scope="module")
def family_run(family, make_run, tmp_path_factory):
    """A run over small talk with a tiny random model of the family."""
    folder = tmp_path_factory.mktemp("family")
    return make_run(folder / "run", base=str(build_family(family, folder / "tiny")), max_length=512, rank=16)


@pytest.fixture(scope="module")
def trainer(family_run, tokenizer):
    """Our trainer over that model, two packed rows at once."""
    from transformers import TrainerCallback

    source = source_of(family_run)
    return build_trainer(
        family_run,
        source=source,
        plan=replace(plan(family_run.settings, source, "cpu"), batch=2, accumulation=2),
        rows=read_rows(tokenizer, family_run.train_file, ChatFormat(), 512).rows,
        tokenizer=tokenizer,
        course=TrainerCallback(),
    )


def learned(tokenizer, row):
    """The labelled stretches of a row as text."""
    ends = [i for i, (one, two) in enumerate(pairwise([*row.labels, IGNORED])) if one != IGNORED == two]
    starts = [i for i, (one, two) in enumerate(pairwise([IGNORED, *row.labels])) if one == IGNORED != two]
    return [tokenizer.decode(row.labels[a : b + 1]) for a, b in zip(starts, ends, strict=True)]


def test_a_conversation_is_written_as_the_family_writes_it(family, tokenizer):
    """Control tokens, line breaks, the system prompt's place, one bos token and the frozen date, literally."""
    ids = encode(tokenizer, TALK, FORMAT).ids
    assert tokenizer.decode(ids) == family.rendered
    assert ids.count(tokenizer.bos_token_id) == (1 if family.bos else 0)


def test_a_row_begins_with_what_the_engine_sends(tokenizer, row):
    """Token for token, for every reply of the row, and the label begins where the prompt ends."""
    manifest = PersonaManifest(
        Base("tiny"), "2026-01-01", end_of_turn_id(tokenizer, FORMAT), chat_format=FORMAT
    )
    for history in (TALK[:1], TALK[:3]):
        prompt = prompt_ids(tokenizer, history, manifest, 512)
        assert tuple(row.input_ids[: len(prompt)]) == prompt
        assert row.labels[len(prompt) - 1] == IGNORED != row.labels[len(prompt)]


def test_the_prompt_is_what_plain_transformers_would_send(name, tokenizer):
    """Token for token, on the frozen date. Kanana 2 alone shows its newest reply a think-block that past ones lack."""
    theirs = tokenizer.apply_chat_template(
        to_messages(TALK[:3], FORMAT),
        add_generation_prompt=True,
        return_dict=False,
        date_string="01 Jan 2026",
    )
    extra = tokenizer(NO_THOUGHT, add_special_tokens=False).input_ids if name == "kanana2" else []
    assert [*encode(tokenizer, TALK[:3], FORMAT).ids, *extra] == theirs


def test_only_the_replies_and_their_ends_are_learned(family, tokenizer, row):
    """No think-block, no control token but the one that ends the reply, nothing of what she said."""
    assert learned(tokenizer, row) == [f"ㅇㅇ\n너는{family.end}", f"ㅋㅋ{family.end}"]


def test_what_is_learned_reads_back_as_his_bubbles(family, tokenizer, row):
    """The labels without their end are the reply the engine would parse."""
    said = [parse_reply(text.removesuffix(family.end)) for text in learned(tokenizer, row)]
    assert said == [turn.bubbles for turn in TALK if turn.role == "persona"]
    assert all(parse_reply(render_reply(bubbles)) == bubbles for bubbles in said)


@given(data=st.data())
@settings(max_examples=30)
def test_no_message_can_speak_for_the_template(tokenizer, data):
    """Any tokens ever added to the vocabulary, typed into a message, are ordinary text and read back as typed."""
    typed = st.sampled_from([token.content for token in tokenizer.added_tokens_decoder.values()])
    words = st.lists(typed | st.text(alphabet="가 <|>/.", max_size=3), max_size=6)
    said = clean_bubble("".join(data.draw(words))) or "밥?"
    honest, forged = (
        encode(tokenizer, (Turn("partner", (bubble,)), Turn("persona", (bubble,))), FORMAT).ids
        for bubble in ("밥?", said)
    )
    added = set(tokenizer.added_tokens_decoder)
    assert [i for i in forged if i in added] == [i for i in honest if i in added]
    assert said in tokenizer.decode(forged)


def test_a_reply_ends_where_generation_stops(family, tokenizer):
    """The token that ends a reply is the first stop of the release, beside the one the base stops at."""
    from transformers import GenerationConfig

    end_id = end_of_turn_id(tokenizer, FORMAT)
    assert tokenizer.convert_ids_to_tokens(end_id) == family.end
    base = GenerationConfig(eos_token_id=tokenizer.eos_token_id)
    stops = _generation_config(base, end_id, Generation()).eos_token_id
    assert stops[0] == end_id
    assert set(stops) == {end_id, tokenizer.eos_token_id}


def test_an_end_that_is_not_learned_is_refused(tokenizer, row):
    """A row whose last label is not the end of a turn, or that has no label, stops the run."""
    end_id = end_of_turn_id(tokenizer, FORMAT)
    check(row, end_id)
    for labels in (array("i", [*row.labels[:-1], IGNORED]), array("i", [IGNORED] * len(row.labels))):
        with pytest.raises(DataError):
            check(Row(row.input_ids, labels), end_id)


@pytest.mark.parametrize("attention", ["sdpa", "by_row"])
def test_a_packed_batch_has_the_loss_and_gradients_of_its_rows_alone(
    trainer, family_run, tokenizer, attention
):
    """Loss within 1e-5 and every LoRA gradient within 1e-4 of its size, by a GPU's attention and by a CPU's."""
    import torch

    rows = read_rows(tokenizer, family_run.train_file, ChatFormat(), 512).rows
    batch = next(iter(trainer.get_train_dataloader()))
    apart = [
        (ids, labels)
        for ids, labels in zip(
            *(batch[part][0].tensor_split(starts_of(batch)) for part in ("input_ids", "labels")), strict=True
        )
    ]
    assert len(apart) >= 4  # two packed rows, of two examples or more each
    assert {tuple(ids.tolist()) for ids, _ in apart} <= {tuple(row.input_ids) for row in rows}

    model = exact_model(family_run, attention)
    items = (batch["labels"] != IGNORED).sum()
    packed = trainer.compute_loss(model, dict(batch), num_items_in_batch=items)
    packed.backward()
    together = gradients(model)
    alone = torch.tensor(0.0)
    for ids, labels in apart:
        logits = model(input_ids=ids[None]).logits[0]
        loss = torch.nn.functional.cross_entropy(logits[:-1], labels[1:], reduction="sum") / items
        loss.backward()
        alone += loss.detach()
    assert packed.item() == pytest.approx(alone.item(), rel=1e-5)
    for name, gradient in gradients(model).items():
        assert gradient.norm() > 0, name
        assert (together[name] - gradient).norm() <= 1e-4 * gradient.norm(), name


def test_the_loss_on_a_gpu_is_the_loss_on_a_cpu(trainer):
    """trl's fused loss, which a GPU runs, is ours within bfloat16's rounding: no multiplier of the family is lost."""
    import torch
    from trl import SFTTrainer

    batch = next(iter(trainer.get_train_dataloader()))
    items = (batch["labels"] != IGNORED).sum()
    with torch.no_grad():
        ours = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=items)
        theirs = SFTTrainer.compute_loss(trainer, trainer.model, dict(batch), num_items_in_batch=items)
    assert ours.item() == pytest.approx(theirs.item(), rel=2e-3)


def test_the_family_learns(family_run, trainer):
    """A short run over its NF4 base lowers the loss on held-out talk."""
    tune(family_run)
    evaluations = family_run.read_metrics()["training"]["evaluations"]
    assert evaluations[-1]["nll"] < evaluations[0]["nll"]


def starts_of(batch):
    """Where every row but the first begins."""
    return (batch["position_ids"][0] == 0).nonzero().flatten()[1:].tolist()


def exact_model(run, attention):
    """The base in float32 with a LoRA that already does something."""
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(source_of(run).location, dtype=torch.float32)
    if attention == "by_row":
        attend_by_row(base)
    assert base.config._attn_implementation == attention
    model = get_peft_model(base, lora(4, 8))
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    return model


def gradients(model):
    """The gradient of every trained parameter, taken away from it."""
    found = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            found[name], parameter.grad = parameter.grad, None
    return found
