"""Turns become examples: each persona turn is trained once, whatever the length of the session."""

from hypothesis import given
from hypothesis import strategies as st

from persona_core.prompt import Turn
from trainer.dataset.windows import estimated_tokens, spans


def partner(text: str) -> Turn:
    return Turn("partner", (text,))


def persona(text: str) -> Turn:
    return Turn("persona", (text,))


def windows(turns, budget):
    return [span.cut(turns) for span in spans(turns, budget)]


def test_a_session_that_fits_is_one_example_that_trains_every_persona_turn():
    """A session that fits is one example, and all its persona turns carry loss."""
    turns = (partner("밥?"), persona("ㅇㅇ"), partner("뭐?"), persona("김밥"))

    (example,) = windows(turns, budget=1000)

    assert example.turns == turns
    assert example.trained == (True, True)


def test_what_follows_the_last_persona_turn_is_left_out():
    """An example ends in a persona turn."""
    turns = (partner("밥?"), persona("ㅇㅇ"), partner("ㅎㅎ"))

    (example,) = windows(turns, budget=1000)

    assert example.turns == turns[:2]


def test_a_later_window_repeats_context_without_training_it_again():
    """Ten turns of twelve tokens, room for eight: the second window repeats the last exchange, untrained."""
    turns = tuple(side(letter * 3) for letter in "abcde" for side in (partner, persona))
    assert {estimated_tokens(turn) for turn in turns} == {12}

    first, second = windows(turns, budget=96)

    assert first.turns == turns[:8]
    assert first.trained == (True, True, True, True)
    assert second.turns == turns[6:]
    assert second.trained == (False, True)


def test_a_session_in_which_the_persona_says_nothing_gives_no_example():
    """No persona turn, no example."""
    assert list(windows((partner("자?"),), budget=100)) == []


def test_a_persona_turn_longer_than_the_budget_is_still_an_example():
    """An endless reply is kept with as much context as comes before it; the tokenizer's room decides what stays."""
    turns = (partner("a"), persona("ㅋ" * 500))

    examples = list(windows(turns, budget=100))

    assert [example.turns[-1] for example in examples] == [turns[1]]


@st.composite
def sessions(draw: st.DrawFn) -> tuple[Turn, ...]:
    lengths = draw(st.lists(st.integers(1, 60), max_size=40))
    first = draw(st.booleans())
    return tuple(
        (persona if (i % 2 == 0) == first else partner)(f"{i}" + "가" * n) for i, n in enumerate(lengths)
    )


@given(sessions(), st.integers(40, 400))
def test_every_persona_turn_is_trained_exactly_once_and_in_order(turns, budget):
    """Over all windows of a session, the trained turns are the session's persona turns, in order."""
    trained = [
        turn
        for example in windows(turns, budget)
        for turn, loss in zip((t for t in example.turns if t.role == "persona"), example.trained, strict=True)
        if loss
    ]

    assert trained == [turn for turn in turns if turn.role == "persona"]


@given(sessions(), st.integers(40, 400))
def test_windows_are_runs_of_the_session_that_end_with_the_persona(turns, budget):
    """A window is a slice of the session: nothing is reordered, dropped inside or invented."""
    for example in windows(turns, budget):
        begin = turns.index(example.turns[0])
        assert turns[begin : begin + len(example.turns)] == example.turns
        assert example.turns[-1].role == "persona"


@given(sessions(), st.integers(140, 400))
def test_windows_keep_to_the_budget(turns, budget):
    """A window costs at most its budget when no single turn is longer than half of it."""
    for example in windows(turns, budget):
        assert sum(map(estimated_tokens, example.turns)) <= budget
