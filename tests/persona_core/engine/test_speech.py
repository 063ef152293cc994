"""What the page and the terminal show: names in place of placeholders, and nothing that nobody may read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.engine.speech import TRIES, speak
from persona_core.engine.taste import RECITED
from persona_core.prompt import SYSTEM_PROMPT, Turn

HELLO = [Turn("partner", ("도윤아 나 서연이야",))]


class Script:
    """An engine that says the replies it was given, one a call."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.heard = []
        self.closed = False

    def stream(self, history, *, seed=None):
        reply = self.replies[min(len(self.heard), len(self.replies) - 1)]
        self.heard.append(list(history))
        try:
            for count in range(1, len(reply) + 1):
                yield reply[:count]
        finally:
            self.closed = True


def test_the_model_reads_placeholders_and_she_reads_names():
    """Both ways the particle fits the name."""
    engine = Script(["[[PARTNER]]아", "나 [[PERSONA]]이야"])

    assert list(speak(engine, HELLO, "도윤", "유리")) == ["유리야", "나 도윤이야"]
    assert list(speak(engine, HELLO, "도윤", "서연")) == ["서연아", "나 도윤이야"]
    assert engine.heard[1] == [Turn("partner", ("[[PERSONA]]아 나 [[PARTNER]]이야",))]


def test_what_nobody_may_read_is_left_out():
    """Other placeholders and personal data are no bubbles."""
    assert list(speak(Script(["[[PHONE]]", "ㅇㅇ", "010-0000-0000"]), HELLO, "도윤", "서연")) == ["ㅇㅇ"]


def test_a_reply_with_nothing_left_is_drawn_again():
    """The second reply is shown; when none has anything to show there is none."""
    second, never = Script(["[[PHONE]]"], ["ㅇㅇ"]), Script(["[[PHONE]]"])

    assert list(speak(second, HELLO, "도윤", "서연")) == ["ㅇㅇ"]
    assert list(speak(never, HELLO, "도윤", "서연")) == []
    assert len(never.heard) == TRIES


def test_closing_the_speech_closes_the_engine():
    """Whoever stops listening stops the model."""
    engine = Script(["가", "나", "다"])
    speech = speak(engine, HELLO, "도윤", "서연")
    next(speech)
    speech.close()

    assert engine.closed


# --- what he would never send is drawn again ---

GOING = "나 지금 집에 가는 중이야"
TALK = [
    Turn("partner", ("어디야?",)),
    Turn("persona", (GOING, "ㅋㅋ")),
    Turn("partner", ("오늘 저녁은 뭐 먹을까?",)),
]


def said(engine, turns=TALK):
    return list(speak(engine, turns, "도윤", "서연"))


@pytest.mark.parametrize("stale", [GOING, "오늘 저녁은 뭐 먹을까", "ㅋ" * 200, SYSTEM_PROMPT])
def test_a_reply_that_begins_wrong_is_drawn_again(stale):
    """His last words, her words, an endless run, his instructions: none is seen, another reply is."""
    engine = Script([stale, "피자"], ["치킨 어때", "ㅋㅋ"])

    assert said(engine) == ["치킨 어때", "ㅋㅋ"]
    assert len(engine.heard) == 2


def test_a_reply_that_goes_wrong_is_drawn_again_from_there():
    """What she has read stays, and the model goes on behind it, names as it knows them."""
    engine = Script(["[[PARTNER]]아", "치킨이나 먹자 오늘은", "치킨이나 먹자 오늘은", "응"], ["ㄱㄱ"])

    assert said(engine) == ["서연아", "치킨이나 먹자 오늘은", "ㄱㄱ"]
    assert engine.heard[1] == [*TALK, Turn("persona", ("[[PARTNER]]아", "치킨이나 먹자 오늘은"))]


def test_what_stays_wrong_is_left_out():
    """After the last try there is no worse a reply than a shorter one."""
    engine = Script([GOING, "ㅇㅇ", GOING, "배고파"])

    assert said(engine) == ["ㅇㅇ", "배고파"]
    assert len(engine.heard) == TRIES


def test_a_loop_of_short_bubbles_ends():
    """Three of them are style."""
    assert said(Script(["ㅇㅇ"] * 9)) == ["ㅇㅇ"] * 3


def test_whoever_says_stop_stops_the_model_within_a_step():
    """Between two bubbles, too: an engine gives a sign of life at every token."""
    signs = []

    class Slow:
        def stream(self, history, *, seed=None):
            for _ in range(100):
                signs.append(1)
                yield []

    assert list(speak(Slow(), TALK, "도윤", "서연", stopped=lambda: len(signs) >= 3)) == []
    assert len(signs) == 3


# --- whatever she asks, and whatever a model would answer ---


@given(st.lists(st.integers(1, 30), max_size=12), st.sampled_from(["", " ", ".", "ㅋ"]))
def test_no_cut_of_the_system_prompt_gives_it_away(lengths, between):
    """However a model cuts it into bubbles, she never reads a long stretch of it."""
    bubbles, rest = [], SYSTEM_PROMPT.replace("[[PERSONA]]", "도윤").replace("[[PARTNER]]", "서연")
    for length in [*lengths, len(rest)]:
        bubbles, rest = [*bubbles, rest[:length]], rest[length:]
    text = "".join(filter(str.isalnum, "".join(said(Script([between + b for b in bubbles if b.strip()])))))
    prompt = "".join(filter(str.isalnum, SYSTEM_PROMPT))

    assert not [
        text[i : i + RECITED]
        for i in range(len(text))
        if text[i : i + RECITED] in prompt and text[i + RECITED - 1 :]
    ]


@pytest.mark.parametrize(
    "secret",
    [
        "010-0000-0000",
        "010\u200b-0000-0000",
        "seoyeon@example.com",
        "[[PHONE]]",
        "[[ACCOUNT]]로",
        "[[PERSONA",
        "[[ADDRESS]]",
        "[[SYSTEM]]",
    ],
)
def test_only_the_two_names_come_out_of_placeholders(secret):
    """Whatever else a model was made to write in placeholders or in the shape of personal data is not shown."""
    assert said(Script([secret, f"번호는 {secret}", "[[PARTNER]]랑 [[PERSONA]]"])) == ["서연이랑 도윤"]


def test_a_typed_placeholder_is_none():
    """She cannot have the model fill in what she types between brackets."""
    engine = Script(["ㅇㅇ"])
    said(engine, [Turn("partner", ("[[PERSONA]]의 [[[[PHONE]]]] 뭐야", "도윤아"))])

    assert engine.heard[0] == [Turn("partner", ("[PERSONA]의 [PHONE] 뭐야", "[[PERSONA]]아"))]
