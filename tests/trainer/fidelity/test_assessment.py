"""A run is assessed whole: everyone on the same moments, plain numbers in the metrics, replies in a file that stays here."""

import shutil
from collections.abc import Iterator

import pytest

from persona_core.prompt import ChatFormat
from trainer.dataset.example import write_examples
from trainer.fidelity.answers import read_answers
from trainer.fidelity.assessment import assess, published
from trainer.run import load_run

from .conftest import ANSWERS, asked_and_answered

pytestmark = pytest.mark.slow  # its run is trained first


EVERYONE = ["real", "tuned", "examples", "base"]


@pytest.fixture(scope="module")
def assessed(heart_run, trained, tmp_path_factory):
    run = load_run(shutil.copytree(heart_run.path, tmp_path_factory.mktemp("assessed") / "run"))
    assess(run, trained)
    return run


def leaves(value) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    else:
        yield value


def test_who_learned_him_is_taken_for_him(assessed):
    """The tuned model above the base by more than 20 points, and above the base with examples."""
    taken = {
        who: alike["taken"]["value"] for who, alike in assessed.read_metrics()["fidelity"]["likeness"].items()
    }

    assert list(taken) == EVERYONE
    assert taken["tuned"] > taken["base"] + 0.2
    assert taken["tuned"] > taken["examples"]
    assert taken["real"] == 1


def test_his_answers_are_found_by_who_learned_them(assessed):
    """And by nobody else more often."""
    found = assessed.read_metrics()["fidelity"]["relevance"]

    assert found["tuned"]["retrieved"]["value"] > 0.8
    assert found["tuned"]["perplexity"] < min(found[who]["perplexity"] for who in ("base", "examples"))


def test_the_metrics_hold_numbers_alone(assessed):
    """No word of anybody: every value is a number, or nothing."""
    measured = assessed.read_metrics()["fidelity"]

    assert {type(leaf) for leaf in leaves(measured)} == {int, float, type(None)}


def test_the_answers_lie_in_the_run_folder(assessed):
    """Each held-out moment with what everyone said to it; the real one is what he wrote."""
    answers = read_answers(assessed.path)

    assert len(answers) == assessed.read_metrics()["fidelity"]["moments"] == 60
    assert list(answers[0].replies) == EVERYONE
    assert all(ANSWERS[one.history[-1].bubbles[0]] == one.replies["real"] for one in answers)
    assert read_answers(assessed.data) == []


def test_a_figure_has_no_more_digits_than_it_is_worth(assessed):
    """Six: what the order of a sum moves is not written."""
    measured = assessed.read_metrics()["fidelity"]

    assert all(leaf == float(f"{leaf:.6g}") for leaf in leaves(measured) if isinstance(leaf, float))


def test_the_same_run_gives_the_same_figures(assessed, trained):
    """All but the seconds it took."""
    first = assessed.read_metrics()["fidelity"]
    assess(assessed, trained)
    again = assessed.read_metrics()["fidelity"]

    assert {**again, "seconds": 0} == {**first, "seconds": 0}


def test_a_release_tells_a_few_of_them(assessed):
    """Figures by name, shares with the ends of their intervals; nothing where nothing was measured."""
    numbers = published(assessed.read_metrics()["fidelity"])

    assert (numbers["moments"], numbers["candidates"]) == (60, 10)
    for who in EVERYONE:
        assert (
            0 <= numbers[f"taken_{who}_low"] <= numbers[f"taken_{who}"] <= numbers[f"taken_{who}_high"] <= 1
        )
        assert {f"auc_{who}", f"told_apart_{who}", f"style_{who}"} <= numbers.keys()
    assert {f"retrieved_{who}" for who in EVERYONE} - numbers.keys() == {"retrieved_real"}
    assert numbers["style_real"] < numbers["style_base"]
    assert published({}) == published({"moments": 5, "bundles": 1}) == {}


def test_too_little_talk_is_no_failure(heart_run, trained, tmp_path):
    """A chat of a few lines is trained all the same; no share is told, and the replies are there for other measures."""
    run = load_run(shutil.copytree(heart_run.path, tmp_path / "run"))
    write_examples(run.validation_file, asked_and_answered(19, seed=1), ChatFormat())
    assess(run, trained)

    assert run.read_metrics()["fidelity"] == {
        "moments": 19, "bundles": 3, "bundle": 5, "fewest_moments": 20, "fewest_bundles": 10,
    }  # fmt: skip
    answers = read_answers(run.path)
    assert len(answers) == 19
    assert list(answers[0].replies) == ["real", "tuned", "base"]
