"""A reply is relevant when what was asked makes it likelier: style alone, or lines known by heart, earn nothing."""

import math
from dataclasses import replace

import pytest

from persona_core.prompt import ChatFormat, encode
from trainer.fidelity.bootstrap import share
from trainer.fidelity.contestants import Contestant, Stage, serving
from trainer.fidelity.relevance import relevance, retrieved, rounds

from .conftest import ANSWERS, moment

pytestmark = pytest.mark.slow  # its run is trained first


MOMENTS = [moment(asked, *reply) for asked, reply in ANSWERS.items()]
TUNED, BASE = Contestant("tuned", adapted=True), Contestant("base", adapted=False)


@pytest.fixture(scope="module")
def stage(trained):
    return Stage(trained, serving(1024))


def test_ten_moments_are_each_other_s_candidates():
    """Mixed by the seed; what fills no ten is left out, unless there are fewer than ten."""
    given = [moment(str(number), str(number)) for number in range(25)]
    mixed = rounds(given, seed=0)

    assert [len(one) for one in mixed] == [10, 10]
    assert len({one.reply for group in mixed for one in group}) == 20
    assert mixed == rounds(given, seed=0) != rounds(given, seed=1)
    assert [len(one) for one in rounds(given[:3], seed=0)] == [3]


def test_what_he_says_every_time_is_a_candidate_once():
    """Two of the same could not be told apart: they go into different rounds."""
    given = [moment(str(number), "ㅇㅇ" if number % 2 else str(number)) for number in range(40)]
    mixed = rounds(given, seed=0)

    assert [len({one.reply for one in group}) for group in mixed] == [10, 10]


def test_what_a_history_adds_decides():
    """The second reply is likelier everywhere; it is chosen only where it is likelier than usual."""
    assert retrieved([[-5.0, -1.0], [-9.0, -1.0]]) == [1.0, 1.0]
    assert retrieved([[-9.0, -1.0], [-5.0, -1.0]]) == [0.0, 0.0]


def test_a_tie_is_shared():
    """Who cannot tell among ten finds one in ten."""
    assert retrieved([[-3.0] * 10] * 10) == [0.1] * 10


def test_who_learned_the_answers_finds_them(stage):
    """The tuned model foresees and finds the real replies, the base some of them."""
    tuned, base = relevance(stage, TUNED, MOMENTS, seed=0), relevance(stage, BASE, MOMENTS, seed=0)

    assert tuned.candidates == 10
    assert tuned.retrieved.value == 1 > base.retrieved.value
    assert tuned.perplexity < base.perplexity / 5


def test_a_model_that_repeats_his_lines_whatever_is_asked_is_at_chance(stage, trained, monkeypatch):
    """Deaf to what was said (no attention), it may know his lines by heart: it finds one in ten."""
    import torch

    def deaf(module, given, out):
        return (torch.zeros_like(out[0]), *out[1:])

    hooks = [
        layer.self_attn.register_forward_hook(deaf) for layer in trained.model.get_base_model().model.layers
    ]
    try:
        found = relevance(stage, TUNED, MOMENTS, seed=0)
    finally:
        for hook in hooks:
            hook.remove()

    assert found.retrieved == share([0.1] * 10, 0)


def test_style_without_sense_is_foreseen_worse(stage):
    """The same replies after questions they do not answer: the model that learned them finds none likely."""
    asked = [moment.history for moment in MOMENTS]
    shuffled = [replace(m, history=h) for m, h in zip(MOMENTS, asked[1:] + asked[:1], strict=True)]
    sense, nonsense = relevance(stage, TUNED, MOMENTS, seed=0), relevance(stage, TUNED, shuffled, seed=0)

    assert nonsense.retrieved.value < 0.3 < sense.retrieved.value
    assert nonsense.nll > sense.nll


def test_perplexity_is_that_of_the_whole_conversation(stage, trained):
    """The same as the plain way: one row at a time, no cache, the loss of the reply's tokens."""
    import torch

    nll, tokens = 0.0, 0
    for one in MOMENTS:
        turns = (*one.history, type(one.history[0])("persona", one.reply))
        encoded = encode(trained.tokenizer, turns, ChatFormat())
        with torch.inference_mode():
            logits = trained.model(input_ids=torch.tensor([encoded.ids])).logits[0].float().log_softmax(-1)
        for place, (token, is_reply) in enumerate(zip(encoded.ids, encoded.is_reply, strict=True)):
            if is_reply:
                nll -= float(logits[place - 1, token])
                tokens += 1
    found = relevance(stage, TUNED, MOMENTS, seed=0)

    assert found.tokens == tokens
    assert found.nll == pytest.approx(nll / tokens, rel=0.02)
    assert found.perplexity == math.exp(found.nll)
