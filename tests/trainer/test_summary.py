"""The screen after a training says what was measured, and nothing of what was not."""

from dataclasses import asdict

import pytest

from persona_core.errors import SettingsError
from persona_core.prompt import Turn
from trainer.fidelity.answers import Answered, write_answers
from trainer.fidelity.memory import Memory
from trainer.run import open_run
from trainer.settings import Settings
from trainer.summary import tell

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
        said = {"real": ("웅ㅋㅋ",), "tuned": ("웅",), "base": ("네",)}
        write_answers(run.path, [Answered((Turn("partner", ("밥 먹었어?",)),), said)])
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
    ("canaries", "exposed", "said"),
    [
        (4, 3.0, "3.0 of 40 bits of a planted secret given away (limit 20)"),
        (0, None, "no secret was planted (checked less)"),
    ],
)
def test_secrets_that_were_not_planted_have_no_bits(told, canaries, exposed, said):
    """Few examples, or none wanted: 0.0 bits would look measured."""
    memory = {**asdict(KEPT), "canaries": canaries, "most_exposed": exposed}
    assert f"By heart: {said}, copied 5.0%" in told(memory=memory)


def test_two_people_without_names_are_you_and_the_partner(told):
    """Prepared rows name nobody."""
    said = told()
    assert "partner" in said
    assert "what you wrote" in said


@pytest.mark.parametrize(
    "sections", [{"evaluation": {"base": {"nll": 4.0}, "tuned": {"nll": 3.0}}}, {"drift": {"kl": 0.1}}]
)
def test_what_another_version_measured_is_one_line(told, sections):
    """It names the file, and what to do."""
    with pytest.raises(SettingsError, match=r"metrics\.json .*another version\. .*persona evaluate"):
        told(**sections)


def interval(value, low, high):
    return {"value": value, "low": low, "high": high}


LIKENESS = {
    "moments": 60,
    "likeness": {
        who: {"taken": interval(1.0, 0.89, 1.0), "told_apart": interval(0.31, 0.2, 0.42)}
        for who in ("real", "tuned", "examples", "base")
    },
    "relevance": {
        who: {"retrieved": interval(0.23, 0.13, 0.35), "candidates": 7}
        for who in ("tuned", "examples", "base")
    },
}


def test_a_share_of_all_is_not_told_without_how_sure_it_is(told):
    """Interval and told-apart stand in the same line, what they do not say in the next, and loss comes after."""
    said = told(fidelity=LIKENESS, evaluation={"base": score(4.0), "tuned": score(3.0)})

    (line,) = [line for line in said.splitlines() if "Taken for you" in line]
    assert "tuned 100% (89–100), told from your real replies 0.31 (0.20–0.42)" in line
    assert "says nothing of sense" in said
    assert "below 0.5 a caricature" in said
    assert said.index("Taken for you") < said.index("loss per token")


def test_the_candidates_are_as_many_as_there_were(told):
    """Seven different replies make a chance of one in seven."""
    said = told(fidelity=LIKENESS)
    assert "among 7: tuned 23% (13–35)" in said
    assert "(by chance 14%)" in said


def test_too_few_moments_are_told_as_such(told):
    """No share, but how much there is and how much it takes."""
    few = {"moments": 5, "bundles": 1, "bundle": 5, "fewest_moments": 20, "fewest_bundles": 10}
    said = told(fidelity=few)
    assert "too few to say" in said
    assert "5 moments and 1 bundles of 5 messages; it takes 20 and 10" in said
    assert "Taken for you" not in said


def test_the_replies_are_those_that_were_judged(told):
    """One of answers.json, side by side."""
    said = told()
    for reply in ("밥 먹었어?", "웅ㅋㅋ", "네"):
        assert reply in said
