"""What the report shows of a dropped message: enough to see why, and nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.privacy import Masker
from tests.trainer.chatlog.conftest import BODIES
from tests.trainer.chatlog.test_kinds import SYSTEM
from trainer.dataset.specimen import specimen

MASKER = Masker("김도윤", "이서연")
NOT_SAID = [(kind, body) for kind in BODIES if kind not in ("text", "link") for body in BODIES[kind]]
EVENTS = [*SYSTEM, "A left.", "A invited B and C.", "A님이 아무도 모르는 일을 했습니다."]
LINES = [*NOT_SAID, *(("system", event) for event in EVENTS), ("bot", "A님, 주문하신 상품이 도착했습니다.")]
LETTERS = "꼬쀼뙇ZX_9♥🐰"  # none of them stands in a word of KakaoTalk's own


@given(st.sampled_from(LINES), st.text(LETTERS, min_size=1, max_size=8), st.data())
def test_a_name_in_a_line_that_nobody_said_is_not_shown(line, name, data):
    """Whatever the line, wherever the name stands, and though no masker could know it."""
    rule, body = line
    at = data.draw(st.integers(0, len(body)))

    assert set(name).isdisjoint(specimen(body[:at] + name + body[at:], MASKER, rule))


@pytest.mark.parametrize(
    ("rule", "said", "shown"),
    [
        ("system", "꼬북이님이 들어왔습니다.", "…님이 들어왔습니다."),
        (
            "system",
            "방장이 꼬북이님에서 둘리님으로 변경되었습니다.",
            "방장이 …님에서 …님으로 변경되었습니다.",
        ),
        ("system", "이서연님이 ♥님을 초대했습니다.", "[[PARTNER]]님이 …님을 초대했습니다."),
        ("system", "Froggy joined this chatroom.", "… joined this chatroom."),
        ("file", "카카오톡 프로필: 베프민", "카카오톡 프로필: …"),
        ("file", "파일: 꼬북이 이력서.pdf", "파일: ….pdf"),
        ("file", "<연락처:베프민 읽지 않음>", "<연락처:[[NAME1]] 읽지 않음>"),
        ("notice", "톡게시판 '공지': 꼬북이 집들이", "톡게시판 '공지': …"),
        ("notice", "지도: 은혜빌라 뒷집", "지도: …"),
        ("transfer", "카카오페이\n꼬북이님이 3만원을 보냈어요", "카카오페이 …님이 … 보냈어요"),
        ("gift", "꼬북이님이 선물과 메시지를 보냈습니다.", "…님이 선물과 메시지를 보냈습니다."),
        ("call", "페이스톡 12:34", "페이스톡 …"),
        ("media", "사진", "사진"),
    ],
)
def test_the_words_of_kakaotalk_itself_stay(rule, said, shown):
    """One sees why the rule took it."""
    assert specimen(said, MASKER, rule) == shown


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind not in ("text", "link")])
def test_a_line_about_a_third_person_of_a_group_is_one_all_the_same(kind):
    """What others send is dropped by another rule; what it is decides what is shown."""
    for body in BODIES[kind]:
        assert specimen(body, MASKER, "others") == specimen(body, MASKER, kind)


def test_what_was_said_is_shown_masked():
    """A long message that was sent again and again stands there in its words."""
    assert specimen("이서연 오늘 여섯시에 봐", MASKER, "repeated") == "[[PARTNER]] 오늘 여섯시에 봐"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://news.example.com/a?id=77", "https://news.example.com/…"),
        ("https://news.example.com?id=77", "https://news.example.com/…"),
        ("www.example.com#top", "www.example.com/…"),
    ],
)
def test_a_link_is_shown_without_its_path(said, shown):
    """Where it led, not to what."""
    assert specimen(said, MASKER, "link") == shown
