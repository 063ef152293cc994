"""``--max-examples`` keeps what teaches most: recent, varied, rich in persona turns."""

from array import array

from trainer.dataset.ledger import Ledger
from trainer.dataset.selection import most_informative
from trainer.dataset.shaping import Record


def ledger(*replies: list[int]) -> Ledger:
    """One example for each list of what the persona says in it (as fingerprints)."""
    book = Ledger()
    for session, said in enumerate(replies):
        numbers = array("q", said).tobytes()
        book.add(
            Record("", session, len(said), len(said), 10, session, b"", exchanges=numbers, replies=numbers)
        )
    return book


def test_of_equal_examples_the_newest_stay():
    """People change how they write."""
    assert most_informative(ledger([1], [2], [3], [4]), 2) == [2, 3]


def test_more_persona_turns_teach_more():
    """Three replies of last year beat one of today."""
    assert most_informative(ledger([1, 2, 3], [4], [5]), 2) == [0, 2]


def test_many_different_replies_teach_more_than_one_said_often():
    """Five times the same reply counts less than three different ones."""
    assert most_informative(ledger([1, 2, 3], [4, 4, 4, 4, 4], [4, 4, 4, 4, 4]), 1) == [0]


def test_the_chosen_stay_in_order_of_time():
    """The split is by time."""
    chosen = most_informative(ledger([1], [2, 3, 4], [5], [6, 7]), 3)

    assert chosen == sorted(chosen)
    assert len(chosen) == 3
