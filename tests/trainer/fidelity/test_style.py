"""Habits are read as they are typed, and two samples of one person lie closer than two people."""

from collections import Counter
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.fidelity.habits import FEATURES, Observer
from trainer.fidelity.style import compare, distance, jensen_shannon, wasserstein

numbers = st.lists(st.integers(0, 20), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def observe():
    return Observer().observe


def test_a_reply_is_observed_bubble_by_bubble(observe):
    """Lengths, runs, signs and endings stand for each bubble, what concerns a turn for each turn."""
    seen = observe([("밥 먹었어요?", "ㅋㅋㅋ"), ("ㅇㅇ",), ("나옴ㅠㅠ", "가는중..", "❤️ ㅎㅎ")])

    assert seen == {
        "ending": ["어요", "", "", "ᆷ", "", ""],
        "register": ["polite", "none", "none", "plain", "none", "none"],
        "length": [7, 3, 2, 4, 5, 5],
        "spacing": [1 / 7, 0, 0, 0, 0, 1 / 5],
        "laugh": [0, 3, 0, 0, 0, 0],
        "soft_laugh": [0, 0, 0, 0, 0, 2],
        "cry": [0, 0, 0, 2, 0, 0],
        "emoji": ["no", "no", "no", "no", "no", "yes"],
        "final": ["?", "none", "none", "none", "..", "none"],
        "initials": ["no", "no", "yes", "no", "no", "no"],
        "bubbles": [2, 1, 3],
        "one_word": ["no", "yes", "no"],
    }


@pytest.mark.parametrize(
    ("bubble", "register"),
    [
        ("지금 가요", "polite"), ("알겠습니다", "polite"), ("그렇죠 ㅎㅎ", "polite"), ("지금 간다", "plain"), ("뭐해", "plain"),
        ("먹었음?", "plain"), ("오키오키", "none"), ("[[PARTNER]]야 자?", "plain"),
    ],
)  # fmt: skip
def test_politeness_is_in_the_ending(observe, bubble, register):
    """존댓말, 반말, or a message that ends in neither."""
    assert observe([(bubble,)])["register"] == [register]


def test_a_name_is_as_long_as_a_name(observe):
    """A placeholder counts as the two syllables it stands for."""
    assert observe([("[[PARTNER]]야",)])["length"] == [3]


def test_the_person_is_closer_to_himself_than_the_partner_is(observe, people):
    """Feature by feature where the demo's two differ, and on the whole."""
    mine, theirs = people
    half = len(mine) // 2
    found = compare(observe(mine[:half]), {"real": observe(mine[half:]), "other": observe(theirs)})

    assert tuple(found) == FEATURES
    for name in ("ending", "length", "spacing", "laugh", "soft_laugh", "final"):
        assert found[name].distances["other"] > 2 * found[name].distances["real"], name
    assert found["length"].values["real"] < found["length"].values["other"]
    assert found["ending"].values["real"] is None


def test_shares_and_means_are_told_as_they_are(observe):
    """Half of the bubbles polite, one of four with a sign, a laugh of two and of none."""
    seen = observe([("가요", "가", "가요", "가?")])
    found = compare(seen, {"real": seen})

    assert found["register"].values["real"] == 0.5
    assert found["final"].values["real"] == 0.25
    assert found["bubbles"].values["real"] == 4


def test_who_says_nothing_is_as_far_as_can_be(observe):
    """An empty sample has no values, and distance 1 of every habit."""
    found = compare(observe([("가",)]), {"mute": observe([()])})

    assert {feature.distances["mute"] for feature in found.values()} == {1.0}
    assert {feature.values["mute"] for feature in found.values()} == {None}


@given(numbers, numbers, st.integers(0, 9))
def test_wasserstein_is_how_far_a_sample_moves(ones, others, by):
    """Nothing to itself, the same both ways, and exactly the shift of a shifted sample."""
    assert isclose(wasserstein(ones, ones), 0, abs_tol=1e-9)
    assert isclose(wasserstein(ones, others), wasserstein(others, ones), abs_tol=1e-9)
    assert isclose(wasserstein(ones, [value + by for value in ones]), by, abs_tol=1e-9)


@given(st.text("ab", min_size=1), st.text("abc", min_size=1))
def test_jensen_shannon_lies_between_same_and_nothing_in_common(ones, others):
    """0 for the same shares, 1 for nothing in common, the same both ways."""
    mine, theirs = Counter(ones), Counter(others)
    assert jensen_shannon(mine, Counter(ones * 3)) < 1e-6
    assert isclose(jensen_shannon(mine, theirs), jensen_shannon(theirs, mine), abs_tol=1e-9)
    assert isclose(jensen_shannon(mine, Counter("xyz")), 1)


def test_numbers_are_compared_in_the_persons_own_spread():
    """A shift of one spread is distance 1; where he never varies, the unit is one."""
    assert distance([0, 2], [1, 3]) == 1
    assert distance([5, 5], [6, 6]) == 1
