"""The blind test: fair questions, counted without a word of anybody, that go on another day."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import SettingsError
from persona_core.prompt import Turn
from tests.trainer.fidelity.couple import evaluated_run
from trainer.fidelity.quiz import CONTEXT, FILE_NAME, Quiz, Tally, keep_result
from trainer.run import open_run
from trainer.settings import Settings


@pytest.fixture
def run(tmp_path):
    return evaluated_run(tmp_path / "run")


def test_a_question_shows_names_and_both_replies(run):
    """What she wrote, what he wrote and what was generated, with the names in their places."""
    shown = {question.context[-1].bubbles[0]: question for question in Quiz(run, 0, 20).questions}
    question = shown["도윤아 0번 봤어?"]
    assert question.context == (Turn("partner", ("도윤아 0번 봤어?",)),)
    assert question.replies[question.real] == ("웅 서연아 0번", "ㅋㅋ")
    assert question.replies[1 - question.real] == ("아니 0번 몰라",)


def test_what_would_give_the_answer_away_is_not_asked(run):
    """Masked talk, a reply with nothing to show and the very same reply are left out: 12 of the 15 moments stay."""
    asked = [question.context[-1].bubbles[0] for question in Quiz(run, 0, 100).questions]
    assert len(asked) == 12
    assert not [said for said in asked if said in ("[[PHONE]] 맞아?", "번호 뭐야?", "자?", "")]


def test_only_the_last_turns_are_shown(run):
    """A screen of them."""
    assert max(len(question.context) for question in Quiz(run, 0, 100).questions) == CONTEXT


def test_the_same_seed_asks_the_same(run):
    """In the same order, both replies in the same places; another seed shuffles both anew."""
    assert Quiz(run, 3, 8).questions == Quiz(run, 3, 8).questions
    assert Quiz(run, 3, 4).questions == Quiz(run, 3, 8).questions[:4]
    assert Quiz(run, 4, 8).questions != Quiz(run, 3, 8).questions
    places = [question.real for seed in range(8) for question in Quiz(run, seed, 12).questions]
    assert 30 < sum(places) < 66  # of 96


def test_it_counts_and_goes_on_another_day(run):
    """Two answers later a new quiz of the same seed has the third question open, and remembers one that fooled."""
    quiz = Quiz(run, 0, 5)
    for number, fooled in ((0, False), (1, True)):
        assert quiz.open_number() == number
        real = quiz.questions[number].real
        quiz.answer(number, 1 - real if fooled else real)
    later = Quiz(run, 0, 5)
    assert later.open_number() == 2
    assert later.tally() == Tally(answers=2, fooled=1)
    assert Quiz(run, 1, 5).tally() == Tally(0, 0)


def test_the_first_answer_counts(run):
    """A button pressed twice, or the way back, changes nothing."""
    quiz = Quiz(run, 0, 5)
    real = quiz.questions[0].real
    quiz.answer(0, real)
    quiz.answer(0, 1 - real)
    assert quiz.tally() == Tally(answers=1, fooled=0)


def test_quizzes_of_other_seeds_and_other_replies_stay_apart(run):
    """Each keeps its own answers; a model that was trained anew is asked about anew."""
    Quiz(run, 0, 5).answer(0, 0)
    Quiz(run, 1, 5).answer(1, 0)
    assert Quiz(run, 0, 5).tally().answers == 1
    evaluated_run(run.path, generated="글쎄 {}번")
    assert Quiz(run, 0, 5).tally().answers == 0


def test_nothing_but_counts_is_kept(run):
    """Seed, a digest, and for each question whether it fooled."""
    Quiz(run, 0, 5).answer(0, 0)
    (kept,) = json.loads((run.path / FILE_NAME).read_text(encoding="utf-8"))
    assert kept.keys() == {"seed", "replies", "answers"}
    assert kept["answers"].keys() == {"0"}
    assert (run.path / FILE_NAME).read_bytes().isascii()


def test_the_end_is_the_end(run):
    """When all is answered, no question is open."""
    quiz = Quiz(run, 0, 2)
    quiz.answer(0, 0)
    quiz.answer(1, 0)
    assert quiz.open_number() is None


def test_a_run_that_was_not_evaluated_has_nothing_to_ask(tmp_path):
    """The line says what to run."""
    with pytest.raises(SettingsError, match="persona evaluate"):
        Quiz(open_run(tmp_path / "other", Settings(), {}), 0, 5)


@pytest.mark.parametrize("damaged", ["{", '[{"replies": {"tuned": ["웅"]}}]', "[1]", '{"a": 1}'])
def test_damaged_answers_are_said_in_one_line(run, damaged):
    """The file, and the command that writes it anew."""
    (run.path / "answers.json").write_text(damaged, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"answers\.json.*persona evaluate"):
        Quiz(run, 0, 5)


@pytest.mark.parametrize(
    "damaged", ["{", "[1]", '[{"seed": 0}]', '[{"seed": 0, "replies": "", "answers": {"x": true}}]']
)
def test_a_damaged_count_is_said_in_one_line(run, damaged):
    """The file, what is lost with it, and how to go on."""
    (run.path / FILE_NAME).write_text(damaged, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"quiz\.json.*persona quiz"):
        Quiz(run, 0, 5)


def test_the_result_is_a_measure_of_the_run(run):
    """All quizzes about the replies that are there now; none about a model that was trained anew."""
    Quiz(run, 0, 5).answer(0, 1 - Quiz(run, 0, 5).questions[0].real)
    Quiz(run, 1, 5).answer(3, Quiz(run, 1, 5).questions[3].real)
    keep_result(run)
    measured = run.read_metrics()["quiz"]
    assert (measured["answers"], measured["fooled"], measured["rate"]) == (2, 1, 0.5)

    evaluated_run(run.path, generated="글쎄 {}번")
    keep_result(run)
    assert run.read_metrics()["quiz"] == {}


# --- the interval ---


def test_wilsons_interval_of_ten_of_twenty():
    """The textbook's figure."""
    low, high = Tally(20, 10).interval
    assert (round(low, 3), round(high, 3)) == (0.299, 0.701)


@given(st.integers(0, 400), st.data())
def test_an_interval_holds_its_rate_and_narrows_with_answers(answers, data):
    """Within 0 and 1; four times the answers at the same rate know more."""
    fooled = data.draw(st.integers(0, answers))
    low, high = Tally(answers, fooled).interval
    more_low, more_high = Tally(4 * answers, 4 * fooled).interval
    rounding = 1e-9
    assert 0 <= low <= Tally(answers, fooled).rate + rounding
    assert Tally(answers, fooled).rate <= high + rounding <= 1 + rounding
    assert more_high - more_low <= high - low + rounding
