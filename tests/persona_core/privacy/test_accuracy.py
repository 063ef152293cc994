"""How much is found in chat lines of every kind, and how little is touched that is not private."""

import pytest

from tests.persona_core.privacy.evaluation import SETS, evaluate


@pytest.fixture(scope="module", params=SETS, ids=lambda suffix: f"spans{suffix}")
def result(request):
    return evaluate(request.param)


def test_at_least_95_of_100_marked_stretches_are_fully_covered(result):
    """Of everything that is private, 95 % and more is covered to the last letter."""
    assert result.recall() >= 0.95, result.table()


@pytest.mark.parametrize("kind", ["PHONE", "RRN", "CARD", "EMAIL", "ACCOUNT"])
def test_what_hurts_most_is_found_99_times_in_100(result, kind):
    """Phones, resident numbers, cards, e-mail addresses and accounts are as good as never missed."""
    assert result.recall(kind) >= 0.99, result.table()


def test_at_most_3_of_100_clean_lines_are_touched(result):
    """False friends stay as they are."""
    assert result.touched / result.clean <= 0.03, "\n".join(result.shown)


def test_the_analyser_finds_no_less_and_touches_hardly_more():
    """With kiwipiepy the same bounds hold."""
    pytest.importorskip("kiwipiepy")
    result = evaluate("_held_out", with_analyser=True)
    assert result.recall() >= 0.95
    assert result.touched / result.clean <= 0.03, "\n".join(result.shown)
