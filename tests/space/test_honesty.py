"""It never passes for a person."""

import pytest

from honesty import asks_whether_ai, denies_being_ai


@pytest.mark.parametrize(
    "message",
    [
        "너 혹시 AI야?", "너AI지", "인공지능이야?", "너 봇이지", "혹시 챗봇 아니야?", "챗지피티야?", "로봇인가",
        "진짜 사람이야?", "사람 맞아?", "정말 본인 맞아?", "are you an AI?", "r u a bot", "Are you real?", "are you human",
        "너 사람이야?", "넌 혹시 사람이니", "진짜 너야?", "정말 자기 맞아?", "나 지금 기계랑 얘기하는 거야?", "자동응답이지",
    ],
)  # fmt: skip
def test_a_question_whether_it_is_an_ai_is_understood(message):
    """Asked straight or sideways, in Korean or English."""
    assert asks_whether_ai(message)


@pytest.mark.parametrize(
    "message",
    [
        "밥 먹었어?",
        "AI 수업 어땠어?",
        "로봇 청소기 샀어",
        "진짜 사람 많더라",
        "진짜 너무해",
        "너 사람 많은 데 싫어하잖아",
        "진짜 너야말로",
        "프로그램 깔았어?",
        "그 사람 알아?",
        "are you ok?",
        "사랑해",
        "",
    ],
)
def test_other_talk_is_left_alone(message):
    """A word like AI or 사람 alone is no question."""
    assert not asks_whether_ai(message)


@pytest.mark.parametrize(
    "bubble",
    [
        "나 AI 아니야ㅋㅋ",
        "봇 아니라고",
        "진짜 사람이야",
        "나는 사람이지",
        "I'm a real person",
        "not a bot lol",
    ],
)
def test_a_denial_is_recognised(bubble):
    """What claims that a person wrote it is not sent."""
    assert denies_being_ai(bubble)


@pytest.mark.parametrize(
    "bubble", ["ㅇㅇ", "좋은 사람이야 그 분", "AI 과제 아직 안했어", "사람 많더라", "나 회사야"]
)
def test_other_bubbles_are_no_denial(bubble):
    """His style is left alone."""
    assert not denies_being_ai(bubble)


def test_a_message_of_any_length_is_looked_into_in_no_time():
    """What is longer than a message gets is not; nobody makes the page think for minutes."""
    assert not asks_whether_ai("are you " * 100_000)
    assert not denies_being_ai("나는 " * 100_000)
