"""The screen after a training says what was measured, and nothing of what was not."""

from dataclasses import asdict

import pytest

from trainer.fidelity.memory import Memory
from trainer.run import open_run
from trainer.settings import Settings
from trainer.summary import tell
from trainer.tuning.samples import Sample, write_samples

KEPT = Memory(4, 1.7, 3.0, 0, 0.05, 0.04, 20, 18, 0.0, 0.0, 0.0, 0.01, 0)


@pytest.fixture
def told(tmp_path, monkeypatch, capfd):
    """What is said of a run without names with these metrics, in English."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    run = open_run(tmp_path / "run", Settings(), {})

    def tell_of(**sections):
        for name, measured in sections.items():
            run.add_metrics(name, measured)
        write_samples(run.path, [Sample(("밥 먹었어?",), ("네",), ("웅",), ("웅ㅋㅋ",))])
        tell(run)
        return capfd.readouterr().err

    return tell_of


def score(nll):
    return {"nll": nll, "perplexity": 2.0, "accuracy": 0.5, "tokens": 900}


@pytest.mark.parametrize(
    ("tuned", "said"),
    [(3.0, "fell by 25%"), (3.9904, "fell by 0.2%"), (4.0, "fell by 0.0%"), (4.2, "rose by 5%")],
)
def test_a_loss_that_hardly_fell_is_told_to_a_decimal(told, tuned, said):
    """And one that rose did not fall by less than nothing."""
    assert f"the loss {said} (900 tokens)" in told(evaluation={"base": score(4.0), "tuned": score(tuned)})


@pytest.mark.parametrize(
    ("canaries", "said"), [(4, "3.0 bits of a planted secret (limit 20)"), (0, "no secret was planted")]
)
def test_secrets_that_were_not_planted_have_no_bits(told, canaries, said):
    """Few examples, or none wanted: 0.0 bits would look measured."""
    memory = {**asdict(KEPT), "canaries": canaries}
    assert f"By heart: {said}, copied 5.0%" in told(memory=memory)


def test_two_people_without_names_are_you_and_the_partner(told):
    """Prepared rows name nobody."""
    said = told()
    assert "partner" in said
    assert "what you wrote" in said
