"""Tokens become bubbles one by one, and a history that is too long loses its oldest turns."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.engine.decoding import bubbles_of, prompt_ids
from persona_core.errors import EngineError
from persona_core.manifest import Base, PersonaManifest
from persona_core.prompt import Turn, clean_bubble, encode, parse_reply
from tests.tiny_model import build_tiny_tokenizer

MANIFEST = PersonaManifest(base=Base("tiny"), created_at="2026-01-01", end_of_turn_id=2)


@pytest.fixture(scope="module")
def tokenizer():
    return build_tiny_tokenizer()


def tokens(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False).input_ids


def test_each_yield_has_one_bubble_more(tokenizer):
    """A bubble is shown when it is complete: at the separator, or at the end."""
    seen = list(bubbles_of(tokenizer, tokens(tokenizer, "ㅇㅇ\n가는중ㅋㅋ\n기다려"), "\n"))

    assert seen == [["ㅇㅇ"], ["ㅇㅇ", "가는중ㅋㅋ"], ["ㅇㅇ", "가는중ㅋㅋ", "기다려"]]


def test_blank_lines_are_no_bubbles(tokenizer):
    """A model that writes empty lines shows nothing for them."""
    assert list(bubbles_of(tokenizer, tokens(tokenizer, "\n\nㅇㅇ\n \n"), "\n")) == [["ㅇㅇ"]]


def test_a_model_that_says_nothing_yields_nothing(tokenizer):
    """No tokens, no bubbles."""
    assert list(bubbles_of(tokenizer, [], "\n")) == []


def test_half_a_character_at_the_end_is_not_shown(tokenizer):
    """A reply cut in the middle of a syllable's bytes ends before it."""
    cut = tokens(tokenizer, "굿😀")[:-1]

    assert list(bubbles_of(tokenizer, cut, "\n")) == [["굿"]]


@given(st.text(max_size=60).map(clean_bubble))
@settings(deadline=None)
def test_the_last_yield_is_the_parsed_reply(tokenizer, text):
    """Streaming ends where parsing the whole text would, and never takes a bubble back."""
    yields = list(bubbles_of(tokenizer, tokens(tokenizer, text), "\n"))

    assert (yields[-1] if yields else []) == list(parse_reply(text))
    for earlier, later in pairwise(yields):
        assert later[: len(earlier)] == earlier
        assert len(later) > len(earlier)


def test_the_oldest_exchange_leaves_first(tokenizer):
    """What does not fit is left out from the front, an exchange at a time; the newest turn stays."""
    old = [Turn("partner", ("옛날 이야기",)), Turn("persona", ("ㅇㅇ",))]
    new = [Turn("partner", ("지금",))]
    short = encode(tokenizer, new, MANIFEST.chat_format).ids
    long = encode(tokenizer, [*old, *new], MANIFEST.chat_format).ids

    assert prompt_ids(tokenizer, [*old, *new], MANIFEST, len(long)) == long
    assert prompt_ids(tokenizer, [*old, *new], MANIFEST, len(long) - 1) == short


@given(st.integers(130, 400), st.lists(st.integers(0, 200), min_size=1, max_size=9))
@settings(deadline=None, max_examples=40)
def test_a_prompt_keeps_to_its_room(tokenizer, room, lengths):
    """Whatever the history, the prompt is never longer than asked."""
    roles = ("partner", "persona")
    first = 0 if len(lengths) % 2 else 1  # so that the last turn is the partner's
    history = [Turn(roles[(i + first) % 2], ("가나다" * (n + 1),)) for i, n in enumerate(lengths)]

    assert len(prompt_ids(tokenizer, history, MANIFEST, room)) <= room


@pytest.mark.parametrize("history", [[], [Turn("partner", ("a",)), Turn("persona", ("b",))]])
def test_a_history_without_a_question_is_refused(tokenizer, history):
    """There must be something to answer."""
    with pytest.raises(EngineError):
        prompt_ids(tokenizer, history, MANIFEST, 1000)
