"""The judge knows the two people of the demo apart, by how they type and not by what they name."""

from unicodedata import normalize

import pytest

from persona_core.prompt import OPENING
from trainer.fidelity.bundles import bundles, disguise
from trainer.fidelity.judge import Judge
from trainer.fidelity.likeness import auc, likeness

LEARNED = 0.7  # of the time


@pytest.fixture(scope="module")
def later(people):
    """What both said after the time that the judge learned from."""
    return [side[int(LEARNED * len(side)) :] for side in people]


@pytest.fixture(scope="module")
def judge(people):
    return Judge(*(bundles(side[: int(LEARNED * len(side))]) for side in people))


@pytest.fixture(scope="module")
def judged(judge, later):
    """Judges what somebody said."""
    real, partner = (judge.scores(bundles(side)) for side in later)
    return lambda replies: likeness(judge.scores(bundles(replies)), real, partner, seed=0)


def test_a_bundle_is_five_messages_in_a_row():
    """Turns flow together, and what is left at the end is left out."""
    found = bundles([("가", "나"), ("다",), ("라", "마", "바"), ("사",)])

    assert found == ["\n" + "\n".join(map(disguise, "가나다라마")) + "\n"]


def test_a_turn_without_words_tells_nobody_apart():
    """Only hers are written, as "…": with one in five, a judge would know two who type alike by nothing else."""
    assert bundles([("가",), (OPENING,), ("나", "다"), (OPENING,), ("라", "마")]) == bundles(
        [tuple("가나다라마")]
    )


def test_names_and_numbers_are_disguised():
    """Whom he calls and which numbers he writes tell nothing; the letters come apart."""
    assert disguise("[[PARTNER]]야 7시") == disguise("[[NAME1]]야 8시") == normalize("NFD", "○야 0시")


def test_the_persons_own_later_lines_reach_the_ceiling(judged, later):
    """They are taken for him, told from hers, and not told from themselves."""
    found = judged(later[0])

    assert found.taken.value > 0.95
    assert found.auc.value > 0.98
    assert found.told_apart.value == 0.5


def test_the_partners_lines_fall_to_the_floor(judged, later):
    """A model that took on the wrong side's style is never taken for him, and always told apart."""
    found = judged(later[1])

    assert found.taken.value < 0.05
    assert found.auc.value == 0.5
    assert found.told_apart.value > 0.98


def test_half_the_style_is_half_the_likeness(judged, later):
    """More of his lines among hers are never taken less often."""
    mixed = [
        [
            mine if number % 4 < quarters else hers
            for number, (mine, hers) in enumerate(zip(*later, strict=False))
        ]
        for quarters in range(5)
    ]
    taken = [judged(replies).taken.value for replies in mixed]

    assert taken == sorted(taken)
    assert taken[0] < 0.05 < taken[2] < 0.95 < taken[4]


def test_who_says_nothing_is_taken_for_nobody(judged):
    """No bundle is no likeness, and no certainty about it."""
    found = judged([(), ()])

    assert (found.bundles, found.taken.value, found.taken.high, found.auc.value) == (0, 0.0, 1.0, 0.0)


def test_the_same_bundles_make_the_same_judge(people, judge):
    """No chance is left in what it says."""
    again = Judge(*(bundles(side[: int(LEARNED * len(side))]) for side in people))

    assert again.scores(["ㅇㅇ\nㅋㅋ"]) == judge.scores(["ㅇㅇ\nㅋㅋ"])


def test_auc_is_how_often_one_is_above_another():
    """A tie counts half."""
    assert auc([3.0, 1.0], [2.0, 0.0]) == 0.75
    assert auc([1.0], [1.0]) == 0.5
