"""Tokens become bubbles one by one, and a history that is too long loses its oldest turns."""

from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.engine import decoding
from persona_core.engine.decoding import bubbles_of, prompt_ids, reply_so_far, split_begun
from persona_core.engine.taste import LONGEST_RUN
from persona_core.errors import EngineError
from persona_core.manifest import Base, PersonaManifest
from persona_core.prompt import Turn, clean_bubble, encode, parse_reply
from tests.persona_core.engine.reply import ending
from tests.tiny_model import build_tiny_tokenizer

LONGEST = 999  # tokens: as good as no limit
MANIFEST = PersonaManifest(base=Base("tiny"), created_at="2026-01-01", end_of_turn_id=2)


@pytest.fixture(scope="module")
def tokenizer():
    return build_tiny_tokenizer()


def tokens(tokenizer, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False).input_ids


def bubbles(tokenizer, ids):
    """What `bubbles_of` yields, each step once: it yields after every token."""
    return [step for step, _ in groupby(bubbles_of(tokenizer, ids, "\n", LONGEST)) if step]


def test_each_step_has_one_bubble_more(tokenizer):
    """A bubble is shown when it is complete: at the separator, or at the end."""
    seen = bubbles(tokenizer, tokens(tokenizer, "ㅇㅇ\n가는중ㅋㅋ\n기다려"))

    assert seen == [["ㅇㅇ"], ["ㅇㅇ", "가는중ㅋㅋ"], ["ㅇㅇ", "가는중ㅋㅋ", "기다려"]]


def test_blank_lines_are_no_bubbles(tokenizer):
    """A model that writes empty lines shows nothing for them."""
    assert bubbles(tokenizer, tokens(tokenizer, "\n\nㅇㅇ\n \n")) == [["ㅇㅇ"]]


def test_a_model_that_says_nothing_yields_nothing(tokenizer):
    """No tokens, no bubbles."""
    assert list(bubbles_of(tokenizer, [], "\n", LONGEST)) == []


def test_half_a_character_at_the_end_is_not_shown(tokenizer):
    """A reply cut in the middle of a syllable's bytes ends before it."""
    cut = tokens(tokenizer, "굿😀")[:-1]

    assert bubbles(tokenizer, cut) == [["굿"]]


@given(st.text(max_size=60).map(clean_bubble))
def test_the_last_yield_is_the_parsed_reply(tokenizer, text):
    """Streaming ends where parsing the whole text would, and never takes a bubble back."""
    yields = bubbles(tokenizer, tokens(tokenizer, text))

    assert (yields[-1] if yields else []) == list(parse_reply(text))
    for earlier, later in pairwise(yields):
        assert later[: len(earlier)] == earlier
        assert len(later) > len(earlier)


def test_whoever_listens_gets_a_word_in_after_every_token(tokenizer):
    """A long bubble can be stopped in its middle."""
    ids = tokens(tokenizer, "지금 가는 중이야 조금만 기다려줘")
    listening = bubbles_of(tokenizer, iter(ids), "\n", LONGEST)

    assert [next(listening) for _ in ids[:-1]] == [[]] * (len(ids) - 1)


def test_an_endless_bubble_is_the_last_and_costs_no_more(tokenizer):
    """Two hundred ㅋ are seen coming."""
    left = iter(tokens(tokenizer, "ㅇㅇ\n" + "ㅋ" * 200 + "\n응"))
    *_, seen = bubbles_of(tokenizer, left, "\n", LONGEST)

    assert seen[0] == "ㅇㅇ"
    assert LONGEST_RUN < len(seen[1]) < LONGEST_RUN + 10
    assert len(list(left)) > 100


@pytest.mark.parametrize(
    ("text", "more", "is_cut"), [("ㅇㅇ\n응", 0, True), ("ㅇㅇ\n응", 1, False), ("ㅋ" * 200, 0, False)]
)
def test_it_says_at_the_end_whether_there_was_no_room_for_more(tokenizer, text, more, is_cut):
    """A reply that ended by itself, or was ended because it repeats itself, is whole."""
    ids = tokens(tokenizer, text)

    assert ending(bubbles_of(tokenizer, ids, "\n", len(ids) + more)) is is_cut


def test_a_reply_that_has_begun_goes_on_where_it_stood(tokenizer):
    """Its tokens are those of the training, up to the next bubble; the question before it stays a question."""
    talk = [Turn("partner", ("밥?",)), Turn("persona", ("ㅇㅇ", "너는"))]
    asked, begun = split_begun(talk)
    so_far = reply_so_far(tokenizer, begun, MANIFEST)

    assert (asked, begun) == (talk[:1], ("ㅇㅇ", "너는"))
    assert tokenizer.decode(so_far) == "ㅇㅇ\n너는\n"
    whole = encode(
        tokenizer, [*talk[:1], Turn("persona", ("ㅇㅇ", "너는", "먹었어"))], MANIFEST.chat_format
    ).ids
    start = prompt_ids(tokenizer, asked, MANIFEST, 1000) + so_far
    assert whole[: len(start)] == start
    assert split_begun(asked) == (asked, ())


def test_the_oldest_exchange_leaves_first(tokenizer):
    """What does not fit is left out from the front, an exchange at a time; the newest turn stays."""
    old = [Turn("partner", ("옛날 이야기",)), Turn("persona", ("ㅇㅇ",))]
    new = [Turn("partner", ("지금",))]
    short = encode(tokenizer, new, MANIFEST.chat_format).ids
    long = encode(tokenizer, [*old, *new], MANIFEST.chat_format).ids

    assert prompt_ids(tokenizer, [*old, *new], MANIFEST, len(long)) == long
    assert prompt_ids(tokenizer, [*old, *new], MANIFEST, len(long) - 1) == short


@given(st.integers(130, 600), st.lists(st.integers(0, 60), max_size=12))
@settings(max_examples=40)
def test_what_stays_is_all_that_fits(tokenizer, room, lengths):
    """No exchange leaves that had room, and none stays that has not."""
    history = [Turn("partner", ("처음",))]
    for length in lengths:
        history += [Turn("persona", ("가나다" * (length + 1),)), Turn("partner", ("응",))]
    suffixes = [encode(tokenizer, history[i:], MANIFEST.chat_format).ids for i in range(0, len(history), 2)]

    assert prompt_ids(tokenizer, history, MANIFEST, room) == next(ids for ids in suffixes if len(ids) <= room)


def test_a_talk_of_years_is_not_read_once_for_every_exchange(tokenizer, monkeypatch):
    """A thousand exchanges are tried a dozen times."""
    read = []
    monkeypatch.setattr(decoding, "encode", lambda *given: read.append(1) or encode(*given))
    history = [Turn("partner" if i % 2 == 0 else "persona", ("응",)) for i in range(2001)]

    assert len(prompt_ids(tokenizer, history, MANIFEST, 300)) <= 300
    assert len(read) < 14


@given(st.integers(130, 400), st.lists(st.integers(0, 200), min_size=1, max_size=9))
@settings(max_examples=40)
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
