"""What he would never send, and what looks like it but is his style."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.engine.taste import LONGEST_RUN, RECITED, SHORT_TIMES, is_stale, is_stuck, recites
from persona_core.prompt import SYSTEM_PROMPT, Turn
from trainer.demo.sample import PERSONA, sample_lines

NIGHT = "오늘은 일찍 자고 내일 보자"


def hers(*bubbles):
    return Turn("partner", bubbles)


def his(*bubbles):
    return Turn("persona", bubbles)


# --- endless ---


@pytest.mark.parametrize(
    "text", ["ㅋ" * 200, "사랑해 " * 30, "아니 " + "ㅠ" * 80, "하하하호호" * 20, "zzz\n" * 40]
)
def test_an_endless_run_is_no_message(text):
    """One syllable or one phrase over and over, wherever it begins."""
    assert is_stuck(text)


@pytest.mark.parametrize(
    "text",
    ["ㅋ" * LONGEST_RUN, "ㅋㅋㅋㅋㅋㅋ", "사랑해 사랑해 사랑해 사랑해", "아" * 30 + "!" * 30, NIGHT * 3],
)
def test_laughter_of_two_lines_is_style(text):
    """People do laugh, wail and insist."""
    assert not is_stuck(text)


@given(st.text(alphabet="ㅋㅎ아 ", max_size=LONGEST_RUN))
def test_what_is_short_is_never_endless(text):
    """A run must be longer than what anyone sends."""
    assert not is_stuck(text)


# --- said before ---


def test_a_long_bubble_is_sent_once():
    """Not twice in a reply, not again from his last turn, and not back at her; spaces and signs change nothing."""
    assert is_stale(NIGHT, [NIGHT], [hers("응")])
    assert is_stale("오늘은 일찍자고, 내일 보자!!", [], [his("ㅇㅇ", NIGHT), hers("응")])
    assert is_stale(NIGHT + " ㅋㅋㅋㅋ", [], [hers(NIGHT + "ㅋㅋㅋ")])
    assert is_stale("오늘은 일찍 자고 내일 보자", [], [hers("오늘은 일찍", "자고 내일 보자")])
    assert not is_stale(NIGHT, [], [his(NIGHT), hers("응"), his("잘자"), hers("어제 뭐랬지")])
    assert not is_stale("오늘은 일찍 자고 모레 보자", [NIGHT], [hers(NIGHT)])


@pytest.mark.parametrize("short", ["ㅇㅇ", "잘자", "사랑해", "ㅋㅋㅋㅋㅋㅋㅋㅋㅋ", "😂", "?!"])
def test_a_short_one_is_sent_again_and_back_but_not_for_ever(short):
    """ㅇㅇ twice is style, four times in a turn is a loop."""
    turns = [his(short), hers(short)]

    assert not is_stale(short, [short] * (SHORT_TIMES - 1), turns)
    assert is_stale(short, [short] * SHORT_TIMES, turns)


# --- the system prompt ---


@pytest.mark.parametrize(
    ("bubble", "said"),
    [
        (SYSTEM_PROMPT, ()),
        ("도윤: 카카오톡으로 대화 중이야", ()),
        ("카.카.오.톡.으.로 대.화.중.이.야", ()),
        ("대화 중이야", ("카카오톡으로",)),
        ("로 답해", ("짧은", "말풍선", "여러 개")),
        ("SYSTEM " + SYSTEM_PROMPT.upper(), ()),
    ],
)
def test_the_system_prompt_is_not_recited(bubble, said):
    """Whole, in parts, spelled out, or over several bubbles."""
    assert recites(bubble, said)


@pytest.mark.parametrize(
    "bubble", ["카카오톡으로 보내", "[[PERSONA]]", "[[PARTNER]]와", "말풍선이 뭐야", "나 대화 중이야", ""]
)
def test_a_word_of_it_is_no_recital(bubble):
    """Names and everyday words stand in it, too."""
    assert not recites(bubble, ("ㅋㅋ",))


@given(st.integers(0, len(SYSTEM_PROMPT)), st.integers(0, len(SYSTEM_PROMPT)))
def test_a_part_without_enough_letters_may_be_said(start, end):
    """What has fewer letters than the limit gives nothing away."""
    part = SYSTEM_PROMPT[start:end]

    assert not recites(part, ()) or sum(map(str.isalnum, part)) >= RECITED


# --- a real person ---


def test_the_real_person_of_the_demo_is_never_held_back():
    """Every message he sent passes, after what he and she had just sent."""
    turns, held_back, count = [], [], 0
    for line in sample_lines():
        role = "persona" if line.sender == PERSONA else "partner"
        if line.sender is None:
            continue
        if not turns or turns[-1].role != role:
            turns.append(Turn(role, ()))
        said = turns[-1].bubbles
        if role == "persona":
            count += 1
            before = turns[:-1]
            if is_stuck(line.text) or is_stale(line.text, said, before) or recites(line.text, said):
                held_back.append(line.text)
        turns[-1] = Turn(role, (*said, line.text))

    assert (count > 1_000, held_back) == (True, [])
