"""Planted secrets: known, rare, in memory only, and never shown."""

from array import array

import pytest

from persona_core.engine.speech import speak
from persona_core.privacy import scrub
from persona_core.prompt import ChatFormat, Turn
from trainer.tuning.canaries import BITS, CUE, SPACING, canaries, decoys, planted, rows_of
from trainer.tuning.labels import Row, Rows


def learned(count: int) -> Rows:
    return Rows((Row(array("i", [1]), array("i", [1])),) * count, 0, 0)


def test_the_same_seed_plants_the_same_secrets():
    """More of them begin with the same ones; another seed plants others, and a decoy is none of them."""
    assert canaries(0, 4)[:2] == canaries(0, 2)
    assert canaries(1, 2) != canaries(0, 2)
    planted_ones = {canary.turns[1] for canary in canaries(0, 64)}
    assert planted_ones.isdisjoint(decoy.turns[1] for decoy in decoys(0, 128))


def test_a_secret_holds_forty_bits():
    """Eight of thirty-two words."""
    assert BITS == 40
    assert len(canaries(0, 1)[0].turns[1].bubbles[0].split()) == 8


@pytest.mark.parametrize(("examples", "count"), [(SPACING - 1, 0), (SPACING, 1), (40 * SPACING, 4)])
def test_there_is_at_most_one_in_so_many_examples(tokenizer, examples, count):
    """Few examples get none, many get as many as asked for."""
    assert len(planted(tokenizer, learned(examples), 0, 4, 512)) == count


def test_none_is_planted_where_none_is_asked_for(tokenizer):
    """--canaries 0."""
    assert planted(tokenizer, learned(40 * SPACING), 0, 0, 512) == ()


def test_a_canary_is_learned_to_its_last_token(tokenizer):
    """Labelled is the secret and the end of its turn."""
    (row,) = rows_of(tokenizer, canaries(0, 1), ChatFormat(), 512)
    said = tokenizer.decode([label for label in row.labels if label >= 0])
    assert said == canaries(0, 1)[0].turns[1].bubbles[0] + "<|im_end|>"


class Leaky:
    """An engine whose model says a canary, bubble by bubble, and then its beginning alone."""

    def stream(self, history, *, seed=None):
        secret = canaries(0, 1)[0].turns[1].bubbles[0]
        yield ["ㅇㅇ"]
        yield ["ㅇㅇ", secret]
        yield ["ㅇㅇ", secret, secret[:9]]


def test_nobody_is_ever_shown_one():
    """Every canary, and what is left of one that was cut, is held back on the way to the page."""
    assert {scrub(canary.turns[1].bubbles[0]) for canary in canaries(0, 64)} == {""}
    assert scrub(CUE) == ""
    assert list(speak(Leaky(), [Turn("partner", ("뭐 해?",))], "도윤", "서연")) == ["ㅇㅇ"]
