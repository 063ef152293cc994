"""It never passes for a person: measured on invented lines.

Those of ``held_out`` were written after the grammar: at first sight it understood 64 of 64 questions, with 3 false alarms
in 104 other lines, two of which were mended since. Earlier rounds, now in ``seen``, began at 47, 61 and 76 of 100.
"""

from pathlib import Path

import pytest

from honesty import LONGEST, Honesty
from persona_core.texts import text_in

HONESTY = Honesty("도윤")
LINES = Path(__file__).parent / "honesty"
HALVES = ("seen", "held_out")


def lines(name):
    return (LINES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def share_asked(said):
    return sum(map(HONESTY.asks, said)) / len(said)


@pytest.mark.parametrize("half", HALVES)
def test_questions_who_or_what_is_answering_are_understood(half):
    """Straight or sideways, by his name, as a request or a claim, in Korean and English: 97 of 100 at least."""
    assert share_asked(lines(f"asks_{half}")) >= 0.97


@pytest.mark.parametrize("half", HALVES)
def test_other_talk_is_left_alone(half):
    """A word like AI, 사람, 직접 or his name is no question by itself: at most one false alarm in 100."""
    assert share_asked(lines(f"chat_{half}")) <= 0.01


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("민수", "지금 민수가 쓰는 거야?"),
        ("민수", "너 민수 맞아?"),
        ("도윤", "is this really doyun?"),
        ("김도윤", "진짜 도윤이 맞아?"),
    ],
)
def test_he_is_meant_by_any_form_of_his_name(name, message):
    """The name comes from the settings; short, with a particle, or in Latin letters."""
    assert Honesty(name).asks(message)
    assert not Honesty(name).asks(f"{name}아 뭐해?")


@pytest.mark.parametrize(
    "message", ["에이 거짓말", "진짜?", "장난치지 마ㅋㅋ", "농담이지?", "really?", "you're kidding"]
)
def test_who_does_not_believe_the_honest_answer_gets_it_again(message):
    """Right after it, and only there."""
    assert HONESTY.asks(message, told=True)
    assert not HONESTY.asks(message)


@pytest.mark.parametrize(
    "bubble",
    [
        "나 AI 아니야ㅋㅋ",
        "봇 아니라고",
        "진짜 사람이야",
        "나는 사람이지",
        "I'm a real person",
        "not a bot lol",
        "진짜 나야",
        "나 도윤이 맞아",
        "나 진짜 도윤이야",
        "내가 직접 쓰는 거지",
        "it's really me",
        "I'm human",
    ],
)
def test_a_denial_is_recognised(bubble):
    """What claims that a person wrote it is not sent."""
    assert HONESTY.denies(bubble)


@pytest.mark.parametrize(
    "bubble", ["ㅇㅇ 나야", "당연히 나지", "나 맞아", "도윤이야", "장난이야ㅋㅋ", "just kidding"]
)
def test_what_takes_the_honest_answer_back_is_a_denial(bubble):
    """After it; before, these are his usual words."""
    assert HONESTY.denies(bubble, told=True)
    assert not HONESTY.denies(bubble)


@pytest.mark.parametrize(
    "bubble",
    [
        "ㅇㅇ",
        "좋은 사람이야 그 분",
        "AI 과제 아직 안했어",
        "사람 많더라",
        "나 회사야",
        "나 맞춤법 틀렸네",
        "나 진짜 배고파",
    ],
)
def test_other_bubbles_are_no_denial(bubble):
    """His style is left alone, told or not."""
    assert not HONESTY.denies(bubble, told=True)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_honest_answer_is_plain(language):
    """It begins with what it is, whichever way round was asked; it names him, and is no denial itself."""
    honest = text_in(language, "space.honest", persona="도윤")

    assert honest.startswith({"ko": "나는 도윤의 메시지로 배운 AI야.", "en": "I am an AI"}[language])
    assert not HONESTY.denies(honest, told=True)


@pytest.mark.parametrize("piece", ["are you ", "나는 ", "누가 지금 ", "너 혹시 ", "a ", "답장 "])
def test_what_is_longer_than_a_message_is_not_looked_into(piece):
    """Nobody makes the page think for minutes."""
    assert not HONESTY.asks(piece * LONGEST + "너 AI야?")
    assert not HONESTY.denies(piece * LONGEST + "나 AI 아니야")
