"""Without --epochs, the number of examples decides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from persona_core.texts import text
from trainer.run import load_run
from trainer.tuning import tune
from trainer.tuning.schedule import FEWEST, MOST, recommended_epochs


@pytest.mark.parametrize(("examples", "epochs"), [(1, 8), (40, 8), (120, 6), (270, 4), (1000, 2), (10**6, 2)])
def test_the_recommendation_is_what_was_measured(examples, epochs):
    """The best epochs of the table, and its limits outside of it."""
    assert recommended_epochs(examples) == epochs


@given(some.integers(1, 10**7), some.integers(1, 10**7))
def test_more_examples_never_ask_for_more_epochs(one, other):
    """It only falls, between its limits, in whole epochs."""
    fewer, more = sorted((one, other))
    assert MOST >= recommended_epochs(fewer) >= recommended_epochs(more) >= FEWEST
    assert recommended_epochs(one).is_integer()


def test_a_run_takes_the_recommendation_and_says_so(make_run, tmp_path, capfd):
    """What was chosen is printed and recorded; a run that goes on chooses the same."""
    run = make_run(tmp_path / "run", epochs=0.0, effective_batch=48, evaluations=1)
    tune(run)

    assert text("tuning.epochs", epochs="8", examples="48") in capfd.readouterr().err
    training = run.read_metrics()["training"]
    assert (training["planned_epochs"], training["epochs"]) == (8.0, 8.0)
    assert load_run(run.path).settings == replace(run.settings, epochs=8.0)
