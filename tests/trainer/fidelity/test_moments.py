"""A moment is what stood before a reply that carries loss, and the reply."""

from persona_core.prompt import Turn
from trainer.dataset.example import Example
from trainer.fidelity.moments import Moment, moments, spread

from .conftest import example

HER, HIM, HER_AGAIN, HIM_AGAIN = example("밥?", "ㅇㅇ", "뭐?", "국밥").turns


def test_each_learned_reply_is_a_moment_with_all_that_stood_before():
    """Two exchanges are two moments, the second with the first as its history."""
    assert list(moments([example("밥?", "ㅇㅇ", "뭐?", "국밥")])) == [
        Moment((HER,), ("ㅇㅇ",)),
        Moment((HER, HIM, HER_AGAIN), ("국밥",)),
    ]


def test_repeated_context_gives_no_second_moment():
    """A turn that another window trains, and one that answers nothing, are none."""
    window = Example((HIM, HER, HIM, HER_AGAIN, HIM_AGAIN), (True, False, True))

    assert [found.reply for found in moments([window])] == [("국밥",)]
    assert next(moments([window])).asked == HER_AGAIN.bubbles == Turn("partner", ("뭐?",)).bubbles


def test_a_choice_is_spread_evenly():
    """Over the whole time and in its order; all of them where there are few."""
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread("ab", 4) == ["a", "b"]
