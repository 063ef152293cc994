"""Which lines are begun to be drawn out: the rarest, each up to its half."""

from array import array

from trainer.fidelity.extraction import SHORTEST, rarest
from trainer.tuning.labels import IGNORED, Row

END = 2


def row(context: list[int], reply: list[int]) -> Row:
    ids = array("i", [*context, *reply, END])
    return Row(ids, array("i", [IGNORED] * len(context) + [*reply, END]))


COMMON = [row([100, 101], [10, 11] * 8) for _ in range(5)]
RARE = row([100, 102], list(range(20, 20 + SHORTEST)))


def test_the_rarest_come_first():
    """Tokens that stand in no other reply are rarer than those of five."""
    first, second = rarest([*COMMON, RARE], 2)
    assert list(first.input_ids[:2]) == [100, 102]
    assert list(second.input_ids[:2]) == [100, 101]


def test_the_second_half_is_asked_for():
    """Context and first half are given; what ends the turn is not asked for."""
    (begun,) = rarest([RARE], 1)
    half = SHORTEST // 2
    assert list(begun.input_ids) == [100, 102, *range(20, 20 + SHORTEST)]
    assert list(begun.labels) == [IGNORED] * (2 + half) + list(range(20 + half, 20 + SHORTEST))


def test_short_replies_are_not_asked_for():
    """ㅇㅇ can be guessed."""
    assert rarest([row([100], [10, 11])], 5) == []


def test_of_a_row_with_several_replies_the_rarest_is_begun_after_what_stood_before():
    """Everything before it, earlier replies included, is context."""
    twice = Row(COMMON[0].input_ids + RARE.input_ids, COMMON[0].labels + RARE.labels)
    begun = rarest([*COMMON, twice], 1)[0]
    assert begun.input_ids == twice.input_ids[:-1]
    assert begun.supervised == SHORTEST - SHORTEST // 2 == SHORTEST // 2
