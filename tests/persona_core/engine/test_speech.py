"""What the page and the terminal show: names in place of placeholders, and nothing that nobody may read."""

from persona_core.engine.speech import TRIES, speak
from persona_core.prompt import Turn

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
