"""The newest sessions are held out whole; what training has seen in the same words leaves them."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import DataError
from trainer.dataset.ledger import Ledger
from trainer.dataset.likeness import NEW
from trainer.dataset.shaping import Record
from trainer.dataset.split import split, split_by_time


def ledger(*examples: tuple[int, list[int]]) -> Ledger:
    """One example for each (session, fingerprints of its exchanges)."""
    book = Ledger()
    for session, said in examples:
        numbers = array("q", said).tobytes()
        book.add(
            Record("", session, len(said), len(said), 10, session, b"", exchanges=numbers, replies=numbers)
        )
    return book


def test_the_newest_tenth_is_held_out():
    """By time."""
    assert split_by_time(range(20), 0.1) == 18


def test_a_session_is_never_cut_in_two():
    """The two windows of session 8 are held out together."""
    assert split_by_time([1, 2, 3, 4, 5, 6, 7, 8, 8], 0.1) == 7


@given(st.lists(st.integers(0, 3), min_size=2, max_size=50), st.floats(0.01, 0.5))
def test_sessions_are_whole_and_both_sides_have_one(steps, share):
    """Where there are two sessions, each side has one at least, and none is on both."""
    session_of = [sum(steps[: i + 1]) for i in range(len(steps))]
    cut = split_by_time(session_of, share)

    assert not set(session_of[:cut]) & set(session_of[cut:])
    if len(set(session_of)) > 1:
        assert 0 < cut < len(session_of)


def test_a_held_out_example_that_training_knows_leaves_validation():
    """Half of its exchanges is enough; one known good night in a long talk is not."""
    book = ledger((1, [1]), (2, [2]), (3, [3]), (4, [1, 9]), (5, [2, 10, 11]), (6, [12]))

    parts = split(book, range(6), 0.5)

    assert list(parts.train) == [0, 1, 2]
    assert parts.copies == {3}
    assert parts.validation == [4, 5]


def test_short_replies_that_come_again_do_not_leave():
    """ㅇㅇ is in both parts of every chat."""
    parts = split(ledger((1, [NEW]), (2, [NEW]), (3, [NEW]), (4, [NEW])), range(4), 0.5)

    assert (list(parts.train), parts.validation) == ([0, 1], [2, 3])


def test_too_little_to_hold_anything_out_is_said():
    """One session can not be on both sides, and copies can not judge."""
    with pytest.raises(DataError):
        split(ledger((1, [1]), (1, [2])), range(2), 0.1)
    with pytest.raises(DataError):
        split(ledger((1, [1]), (2, [1])), range(2), 0.1)
