"""What is speech and what is not, by the whole body of a message."""

import pytest

from trainer.chatlog.events import is_system
from trainer.chatlog.kinds import BEGINNINGS, NOT_ASCII, classify

from .conftest import BODIES

SYSTEM = [
    "A님이 B님을 초대했습니다.",
    "A님이 B님과 C님을 초대했습니다.",
    "A님이 B님, C님을 초대하였습니다.",
    "A님이 퇴장했습니다.",
    "A님이 나갔습니다.",
    "A님이 들어왔습니다.",
    "A님을 내보냈습니다.",
    "방장이 A님에서 B님으로 변경되었습니다.",
    "방장이 A님에서 B님으로 변경되었습니다.\n이전 방장은 채팅방 참여자로 남게됩니다.",
    "A님이 방장이 되었습니다.",
    "A님이 부방장이 되었습니다.",
    "A님이 포스트를 공유했습니다.",
    "A님의 포스트가 공유되었습니다.",
    "관리자만 말하기 기능이 활성화되었습니다.",
    "A님이 들어왔습니다.운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다. 자세히 보기",
    "타인, 기관 등의 사칭에 유의해 주세요. 금전 요구에 주의하세요.",
    "A님이 채팅방 이름을 변경했습니다.",
    "A님이 공지를 등록했습니다.",
    "A님이 라이브톡을 시작했습니다.",
    "A님이 링크를 통해 들어왔습니다.",
    "A님의 초대가 취소되었습니다.",
    "A님이 나갔습니다.\n채팅방으로 초대하기",
    "A joined this chatroom.",
    "A joined this chatroom.\nYou may temporarily be banned from using KakaoTalk if other members report you.",
    "A left this chatroom.",
    "A has been removed from this chatroom.",
    "A was kicked out of the chatroom.",
    "A is now the host of this chatroom.",
]
NOT_SYSTEM = [
    "님이 나갔습니다.",
    "A님이 나갔습니다",
    "A님이 나갔습니다. 진짜로?",
    "어제\nA님이 나갔습니다.",
    "나갔습니다.",
    "",
]


@pytest.mark.parametrize(
    ("kind", "body"), [(kind, body) for kind, bodies in BODIES.items() for body in bodies]
)
def test_the_whole_body_decides(kind, body):
    """A placeholder is one only when nothing else stands beside it."""
    assert classify(body)[0] == kind


@pytest.mark.parametrize(
    "body", [body for kind, bodies in BODIES.items() if kind != "text" for body in bodies]
)
def test_the_first_look_lets_every_placeholder_through(body):
    """The readers classify only bodies that pass it, or that have several lines."""
    assert body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == "." or "\n" in body


@pytest.mark.parametrize(
    "body", ["(이모티콘) 잘자", "(이모티콘)잘자", "(이모티콘_프로도) 잘자", "(Emoticon) 잘자"]
)
def test_an_emoticon_sent_with_words_leaves_the_words(body):
    """The placeholder is no speech, the words beside it are."""
    assert classify(body) == ("text", "잘자")


@pytest.mark.parametrize("body", SYSTEM)
def test_a_sentence_about_somebody_is_a_system_line(body):
    """Who came, went, invited, removed or shared, with KakaoTalk's own words after it."""
    assert is_system(body)


@pytest.mark.parametrize("body", NOT_SYSTEM)
def test_half_a_sentence_is_no_system_line(body):
    """It needs its name, its full stop and its end."""
    assert not is_system(body)


@pytest.mark.parametrize("body", ["송금: 언제 할거야", "송금 : 했어?", "Transfer: when?"])
def test_a_person_who_speaks_of_a_transfer_speaks(body):
    """Without an amount it is no placeholder."""
    assert classify(body) == ("text", body)
