"""Messages become sessions and turns: only silence ends a session, only the other side ends a turn."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from persona_core.prompt import OPENING, Turn
from trainer.chatlog.message import Message
from trainer.dataset.curation import Spoken
from trainer.dataset.turns import LONGEST, split_sessions, to_turns

START = datetime(2026, 1, 1, 9, 0)
GAP = timedelta(minutes=60)


def at(*minutes: float, sender: str = "너") -> list[Message]:
    return [Message(START + timedelta(minutes=minute), sender, f"{minute}") for minute in minutes]


def sessions(messages: list[Message]) -> list[int]:
    return [len(session) for session in split_sessions(messages, GAP, "나")]


def mine(text: str, rule: str = "") -> Spoken:
    return Spoken(by_persona=True, rule=rule, text=text)


def yours(text: str, rule: str = "") -> Spoken:
    return Spoken(by_persona=False, rule=rule, text=text)


def test_an_answer_within_the_gap_belongs_to_the_question():
    """A reply after an hour to the minute is a late reply, a minute later it is a new session."""
    assert sessions(at(0, 60)) == [2]
    assert sessions(at(0, 61)) == [1, 1]


def test_three_days_and_two_minutes_are_more_than_two_minutes():
    """Days count: sessions never glue together."""
    assert sessions(at(0, 3 * 24 * 60 + 2)) == [1, 1]


@given(st.lists(st.integers(0, 200), max_size=60))
def test_sessions_are_the_messages_cut_at_every_silence_and_nowhere_else(gaps):
    """Joined, the sessions are the messages; between two of them lies more than the gap, inside one never."""
    times = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    messages = at(*times)

    found = list(split_sessions(messages, GAP, "나"))

    assert [message for session in found for message in session] == messages
    assert all(b.sent_at - a.sent_at <= GAP for s in found for a, b in pairwise(s))
    assert all(b[0].sent_at - a[-1].sent_at > GAP for a, b in pairwise(found))


def test_a_room_that_is_never_silent_is_cut_after_an_answer():
    """Memory stays even, and no question is parted from its reply."""
    talk = [Message(START, "나" if i % 3 == 2 else "너", "…") for i in range(LONGEST + 10)]

    first, second = split_sessions(talk, GAP, "나")

    assert len(first) >= LONGEST
    assert (first[-1].sender, second[0].sender) == ("나", "너")


def test_consecutive_bubbles_of_one_side_are_one_turn():
    """Bubbles stay separate."""
    assert to_turns([yours("밥?"), yours("먹었어?"), mine("ㅇㅇ"), mine("김밥")]) == [
        Turn("partner", ("밥?", "먹었어?")),
        Turn("persona", ("ㅇㅇ", "김밥")),
    ]


def test_a_photo_of_the_partner_still_parts_two_turns():
    """What the persona says before and after it is never glued together."""
    assert to_turns([mine("어디야"), yours("사진", "media"), mine("오 예쁘다")]) == [
        Turn("persona", ("어디야",)),
        Turn("partner", (OPENING,)),
        Turn("persona", ("오 예쁘다",)),
    ]


def test_a_photo_of_the_persona_leaves_no_turn():
    """Nothing to learn: the partner's turns before and after it are one."""
    assert to_turns([yours("사진!"), mine("사진", "media"), yours("오"), mine("ㅋㅋ")]) == [
        Turn("partner", ("사진!", "오")),
        Turn("persona", ("ㅋㅋ",)),
    ]


def test_a_photo_beside_words_leaves_the_words():
    """Only the bubble goes, not the turn."""
    assert to_turns([yours("이거 봐"), yours("사진", "media"), mine("오")]) == [
        Turn("partner", ("이거 봐",)),
        Turn("persona", ("오",)),
    ]


def others(text: str) -> Spoken:
    return Spoken(by_persona=False, rule="others", text=text)


def test_a_third_person_parts_two_turns_of_the_persona():
    """What comes after somebody else's words answers them, not the partner's silence; not a word of theirs is kept."""
    assert to_turns([mine("어디야"), others("나 여기"), mine("오 왔네")]) == [
        Turn("persona", ("어디야",)),
        Turn("partner", (OPENING,)),
        Turn("persona", ("오 왔네",)),
    ]


def test_a_reply_follows_the_partner_whoever_spoke_in_between():
    """The partner asked, a third person said something, the persona replies: the question is not lost."""
    assert to_turns([yours("밥?"), others("난 먹었어"), mine("아직")]) == [
        Turn("partner", ("밥?",)),
        Turn("persona", ("아직",)),
    ]


def test_a_partner_who_speaks_again_after_a_third_person_is_answered():
    """The partner's words before and after it are the partner's."""
    assert to_turns([yours("밥?"), others("난 먹었어"), yours("너는?"), mine("아직")]) == [
        Turn("partner", ("밥?", "너는?")),
        Turn("persona", ("아직",)),
    ]


def test_a_system_line_parts_no_turn():
    """Nobody says it."""
    assert to_turns([mine("가"), yours("민수님이 나갔습니다.", "system"), mine("나")]) == [
        Turn("persona", ("가", "나"))
    ]
