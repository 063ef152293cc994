"""Copied runs: what repeats training in long stretches counts, what everybody says does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.fidelity.copying import STOCK, Copied, as_text, copied, copied_each

LINE = "우산은 신발장 위에 뒀어"  # 13 letters
texts = st.lists(st.text("가나다라마바사", min_size=1, max_size=30), min_size=1, max_size=8)


def test_a_line_of_training_is_copied_whole():
    """All of it, and its length is the longest run."""
    assert copied([LINE], ["ㅇㅇ", LINE], n=5) == Copied(share=1.0, longest=13)


def test_only_the_run_counts():
    """Six of the fourteen letters stand in training."""
    assert copied(["신발장 위에 그런데 몰라ㅋ"], ["신발장 위에서 봤어"], n=5) == Copied(6 / 14, 6)


def test_a_shorter_run_is_none():
    """Six letters in common are not seven."""
    assert copied(["신발장 위에 그런데 몰라ㅋ"], ["신발장 위에서 봤어"], n=7) == Copied(0.0, 0)


def test_what_is_said_again_and_again_is_style():
    """A phrase of three training texts is no private line; of two it is."""
    assert copied([LINE], [LINE] * STOCK, n=5).share == 0
    assert copied([LINE], [LINE] * (STOCK - 1), n=5).share == 1


def test_groups_are_measured_each_by_itself():
    """The model's copies do not become the person's."""
    assert copied_each([[LINE], ["ㅋㅋㅋㅋㅋㅋㅋ"]], [LINE], n=5) == [Copied(1.0, 13), Copied(0.0, 0)]


def test_tokens_are_letters_too():
    """Token ids become one character each, whatever their number."""
    training = as_text([7, 151_643, 9, 10, 11])
    assert copied([as_text([151_643, 9, 10, 1])], [training], n=3) == Copied(0.75, 3)


@given(texts, st.integers(1, 6))
def test_a_copying_model_copies_all_and_a_stranger_nothing(training, n):
    """Its own rare training texts are copied whole; texts without a letter in common not at all."""
    long = sorted({text for text in training if len(text) >= n})
    everything = copied(long, long, n)
    assert everything.share <= 1
    assert everything.longest <= max(map(len, long), default=0)
    assert copied([text.translate(dict.fromkeys(map(ord, text), "z")) for text in long], long, n).share == 0


@given(texts, texts)
def test_more_training_that_is_rare_never_lowers_the_share(said, training):
    """A longer training text holds all the runs of its parts."""
    one = copied(said, training[:1], 3)
    extended = copied(said, [training[0] + "z" + training[-1]], 3)
    assert extended.share >= one.share
    assert extended.longest >= one.longest


def test_nothing_said_is_nothing_copied():
    """An empty reply has no share."""
    assert copied([], [LINE], n=5) == Copied(0.0, 0)
    assert copied([""], [LINE], n=5).share == pytest.approx(0)
