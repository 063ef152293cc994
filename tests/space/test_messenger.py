"""The chat as a list of messages, and a reply that ends when she does something else."""

import asyncio

import pytest

from messenger import (
    NEW_CHAT,
    arrivals,
    begun_again,
    current,
    message,
    received,
    sent,
    show,
    unanswered,
    until,
)

HERS = message("user", "뭐해?")
HIS = message("assistant", "집")
LINE = message("assistant", NEW_CHAT + "새 대화")


def test_what_she_sends_is_clean_text():
    """HTML is escaped, control characters go, and nothing but blanks is not sent."""
    assert sent("<b>뭐해</b>\x07 ", []) == [{"role": "user", "content": "&lt;b&gt;뭐해&lt;/b&gt;"}]
    assert sent(" \n\u200b", [HERS]) == [HERS]
    assert sent("가" * 3_000, []) == [message("user", "가" * 2_000)]


def test_a_letter_that_comes_twice_is_one_message():
    """Its mark stays with the message, and the page hears which letters it may forget."""
    once = received([HIS], "m1 뭐해? <3")

    assert once == [HIS, message("user", "뭐해? <3") | {"metadata": {"id": "m1"}}]
    assert received(once, "m1 뭐해? <3") == once
    assert arrivals(once) == ". m1"
    assert arrivals(received(once, "m2  \u200b"), "m2  \u200b") == ". m1 m2"
    assert arrivals([HERS, {**HERS, "metadata": None}]) == "."


@pytest.mark.parametrize(
    ("chat", "typing", "asks"), [([], False, False), ([HERS], True, False), ([HERS], False, True)]
)
def test_only_a_message_left_without_an_answer_has_a_button_for_one(chat, typing, asks):
    """Not before she said anything, and not while he types."""
    *_, again = show(chat, typing=typing)

    assert again.visible is asks


def test_she_cannot_draw_the_line_herself():
    """The mark of a new conversation is taken out of what is said."""
    assert sent(f"{NEW_CHAT}여기부터", []) == [message("user", "여기부터")]


@pytest.mark.parametrize(
    ("chat", "left"),
    [([], []), ([HIS], []), ([HERS], [HERS]), ([HERS, HIS, HERS, HIS, HIS], [HERS, HIS, HERS])],
)
def test_asked_anew_he_answers_her_last_message(chat, left):
    """What he said since is gone."""
    assert unanswered(chat) == left


def test_a_new_conversation_hides_the_old_one_from_him():
    """Only what stands below the last line counts, and a line is drawn once."""
    chat = begun_again([HERS, HIS], "새 대화")

    assert chat == [HERS, HIS, LINE]
    assert begun_again(chat, "새 대화") == chat
    assert current([*chat, HERS]) == [HERS]
    assert current([HERS]) == [HERS]


def test_her_browser_keeps_the_newest_messages():
    """The page shows all of a long chat; 400 messages survive a reload."""
    shown, kept, *_ = show([HERS, HIS] * 300)

    assert (len(shown), len(kept)) == (600, 400)


def test_nothing_follows_once_a_reply_has_ended():
    """A bubble that was waited for is dropped, and its source is closed."""
    closed = []

    async def endless():
        try:
            yield "하나"
            await asyncio.Event().wait()
            yield "둘"
        finally:
            closed.append(True)

    async def listen():
        ended, heard = asyncio.Event(), []
        async for bubble in until(ended, endless()):
            heard.append(bubble)
            asyncio.get_running_loop().call_soon(ended.set)
        return heard

    assert asyncio.run(listen()) == ["하나"]
    assert closed == [True]


def test_a_reply_that_is_not_ended_is_heard_to_its_end():
    """Nothing is lost on the way, and an error is an error."""

    async def two():
        yield "하나"
        yield "둘"

    async def broken():
        yield "하나"
        raise ValueError("둘")

    async def listen(source):
        return [bubble async for bubble in until(asyncio.Event(), source)]

    assert asyncio.run(listen(two())) == ["하나", "둘"]
    with pytest.raises(ValueError, match="둘"):
        asyncio.run(listen(broken()))
