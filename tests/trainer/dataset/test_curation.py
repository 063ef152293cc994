"""Which messages are dropped, by which rule, and which never are."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.chatlog.message import Message
from trainer.dataset.curation import LONG, TIMES, Curator, rule_of_text

AT = datetime(2026, 1, 1, 9, 0)
RECIPE = "김치찌개는 돼지고기부터 볶다가 김치를 넣고 물을 부은 다음 삼십분쯤 푹 끓이면 끝이야"


def judge(curator: Curator, sender: str, text: str, kind: str = "text") -> str:
    return curator.judge(Message(AT, sender, text, kind)).rule


@pytest.fixture
def curator():
    return Curator("나", "너")


@pytest.mark.parametrize("kind", ["text", "media", "deleted", "link"])
@pytest.mark.parametrize("sender", ["라온하제", "(알수없음)"])
def test_a_third_person_is_somebody_else(curator, sender, kind):
    """In a group room only two people are learned from, whatever the others send."""
    assert judge(curator, sender, "모두 안녕", kind) == "others"


def test_what_nobody_sent_is_no_third_persons(curator):
    """System lines and hidden messages keep their own rules; a text without a name is somebody's."""
    assert [judge(curator, "", "…", kind) for kind in ("system", "deleted", "text")] == [
        "system",
        "deleted",
        "others",
    ]


@pytest.mark.parametrize(
    "kind", ["link", "media", "file", "call", "gift", "transfer", "notice", "system", "deleted"]
)
def test_what_is_no_speech_is_dropped_under_its_kind(curator, kind):
    """The parser's kind is the rule's name."""
    assert judge(curator, "나", "사진", kind) == kind


@pytest.mark.parametrize("sender", ["방장봇", "오픈채팅봇", "날씨봇", "카카오페이", "카카오톡 선물하기"])
def test_bots_shops_and_services_are_dropped_by_their_name(curator, sender):
    """Whoever is called 봇 or after a service says nothing to learn from."""
    assert judge(curator, sender, "주문하신 상품이 도착했습니다") == "bot"


def test_a_persona_or_partner_called_bot_is_no_bot():
    """The two people of the chat are never services, whatever they call themselves."""
    curator = Curator("잔소리봇", "너")

    assert judge(curator, "잔소리봇", "밥 먹었어?") == ""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[Web발신]\n(광고)봄맞이 세일", "notice"),
        ("(광고) 봄맞이 세일", "notice"),
        ("[ 국제발신 ] 결제 승인", "notice"),
        ("봄맞이 세일\n무료수신거부 080-000-0000", "notice"),
        ("https://news.example.com/a?b=1", "link"),
        ("https://example.com/a\n→ www.example.com/b !!", "link"),
        ("\x07 \n", "blank"),
        ("앞\ufffd뒤", "damaged"),
        ("\x00\x00뒤", "damaged"),
        ("이거 봐 https://news.example.com/a", ""),
        ("광고 진짜 많다", ""),
        ("거부 못하겠다", ""),
        ("ㅇㅇ", ""),
        ("?", ""),
        ("ㅋㅋㅋㅋ", ""),
    ],
)
def test_words_decide_what_no_sender_tells(text, rule):
    """Forwarded notices, bare links and blank messages are dropped; talking about them is not."""
    assert rule_of_text(text) == rule


def test_the_same_long_message_is_dropped_from_the_third_time_on(curator):
    """A pasted text is learned from twice, whatever its dates and signs."""
    sendings = [f"{RECIPE} {day}일!" for day in range(4)]

    assert [judge(curator, "나", text) for text in sendings] == ["", "", "repeated", "repeated"]


@given(st.lists(st.text("♥!.😂~ㅋㅎㅠㅇ1 \n", min_size=LONG), min_size=TIMES + 1, max_size=6))
def test_held_keys_are_no_pasted_text(texts):
    """Forty hearts are not the same long message as forty laughs, and either stays however often it is said."""
    curator = Curator("나", "너")

    assert {judge(curator, "나", text) for text in texts * 2} == {""}


@given(st.text(max_size=LONG - 1), st.integers(TIMES + 1, 20))
def test_short_replies_stay_however_often_they_are_said(text, times):
    """No rule counts how often a short message is said: ㅇㅇ a thousand times is style."""
    curator = Curator("나", "너")

    assert {judge(curator, "나", text) for _ in range(times)} == {""}


def test_only_the_first_message_of_a_rule_keeps_its_words(curator):
    """The report needs one; carrying the others along would cost memory."""
    first, second = (curator.judge(Message(AT, "나", text, "media")) for text in ("사진", "동영상"))

    assert (first.text, second.text) == ("사진", "")
