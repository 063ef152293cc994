"""Held-out loss: every labelled token weighs the same, and base and tuned are measured on the same ones."""

import math
from array import array

import pytest

from persona_core.prompt import ChatFormat
from trainer.tuning import evaluation
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.base import load_model
from trainer.tuning.evaluation import Score, batches, comparison, evaluate, load_trained, measure
from trainer.tuning.labels import IGNORED, Row, read_rows
from trainer.tuning.source import find_source


@pytest.fixture(scope="module")
def model(tiny_base):
    return load_model(find_source(str(tiny_base)), "cpu")


@pytest.fixture(scope="module")
def rows(trained, tokenizer):
    return read_rows(tokenizer, trained.validation_file, ChatFormat(), 128).rows


def test_a_score_is_the_mean_over_labelled_tokens(model, rows):
    """The same as the plain way: the whole logits of one row at a time."""
    import torch

    losses, hits = [], []
    for row in rows:
        ids = torch.tensor([list(row.input_ids)])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, :-1].float()
        targets = torch.tensor(list(row.labels))[1:]
        labelled = targets != IGNORED
        losses.append(torch.nn.functional.cross_entropy(logits, targets, reduction="none")[labelled])
        hits.append((logits.argmax(-1) == targets)[labelled])
    score = measure(model, rows)
    assert score.tokens == sum(row.supervised for row in rows)
    assert score.nll == pytest.approx(torch.cat(losses).mean().item(), rel=1e-3)
    assert score.accuracy == pytest.approx(torch.cat(hits).float().mean().item(), abs=2 / score.tokens)


def test_rows_that_share_a_forward_do_not_see_each_other(model, rows, monkeypatch):
    """The score is the same whether rows come together or alone."""
    together = measure(model, rows)
    monkeypatch.setattr(evaluation, "BATCH_TOKENS", 1)
    assert measure(model, rows).nll == pytest.approx(together.nll, rel=1e-3)


def test_an_evaluation_repeats_itself(model, rows):
    """Twice the same model on the same rows is twice the same number, and its mode is left alone."""
    model.train()
    assert measure(model, rows) == measure(model, rows)
    assert model.training


def test_a_row_is_never_split_and_batches_stay_small():
    """Neighbours share a batch while they fit; a longer row comes alone."""
    lengths = [3, 4, 9, 2, 2, 2]
    given = [Row(array("i", range(n)), array("i", range(n))) for n in lengths]
    assert [[len(row.input_ids) for row in batch] for batch in batches(given, 7)] == [[3, 4], [9], [2, 2, 2]]


def test_perplexity_is_the_exponential_of_the_loss():
    """And infinite where a float ends."""
    assert Score(math.log(50), 0.1, 9).perplexity == pytest.approx(50)
    assert Score(1e4, 0, 9).perplexity == math.inf


def test_the_reduction_is_relative_to_the_base():
    """From 4 to 3 nats the loss fell by a quarter."""
    compared = comparison(Score(4.0, 0.2, 10), Score(3.0, 0.4, 10))
    assert compared["nll_reduction"] == 0.25
    assert compared["base"] == {"nll": 4.0, "accuracy": 0.2, "tokens": 10, "perplexity": math.exp(4)}


def test_a_run_is_measured_base_beside_tuned(trained, model, rows):
    """The tuned figure is the one training saw, the base figure that of the base alone."""
    evaluate(trained, load_trained(trained))
    metrics = trained.read_metrics()
    measured = metrics["evaluation"]
    assert measured["tuned"]["nll"] == metrics["training"]["best"]["nll"]
    assert measured["base"]["nll"] == pytest.approx(measure(model, rows).nll, rel=1e-6)
    assert measured["nll_reduction"] > 0.1


def test_the_adapter_loads_as_peft_documents_it(trained, tiny_base, rows):
    """PeftModel.from_pretrained(base, folder, subfolder="adapter") is the model that was measured."""
    from peft import PeftModel

    assert (trained.adapter / WEIGHTS).is_file()
    base = load_model(find_source(str(tiny_base)), "cpu")
    tuned = PeftModel.from_pretrained(base, str(trained.path), subfolder="adapter")
    assert measure(tuned, rows).nll == trained.read_metrics()["training"]["best"]["nll"]
