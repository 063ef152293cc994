"""What is speech and what is not, by the whole body of a message."""

import pytest

from trainer.chatlog.kinds import BEGINNINGS, NOT_ASCII, classify, is_system

BODIES = {
    "media": [
        "사진", "사진 3장", "사진 12장", "<사진>", "(사진)", "'사진'", "(Photo)", "photo", "<Photo>", "3 photos",
        "<사진 읽지 않음>", "<Photo Unread>", "동영상", "동영상 3개", "<동영상 읽지 않음>", "<Video Unread>", "videos",
        f"{'0a' * 32}.jpg", f"{'0a' * 32}.png\n{'0b' * 32}.mp4", "이모티콘", "(이모티콘)", "Emoticons",
        "(이모티콘_Frodo and Friends)", "(부끄)", "(부끄)(크크)(굿)", "(blush)(wink)(thumbsup)", "음성메시지",
        "음성 메시지", "<음성 메시지 읽지 않음>", "Voice Note",
    ],
    "file": [
        "파일", "파일: 이름.pdf", "파일: 새 문서 (1).hwp", "File: x.pdf", "[FILE] Lab06.pptx (123.45KB)", "연락처",
        "<연락처:이름 읽지 않음>", "카카오톡 프로필",
    ],
    "call": [
        "보이스톡 해요", "보이스톡 해요.", "보이스톡 0:17", "보이스톡 부재중", "페이스톡 해요", "페이스톡 12:34",
        "페이스톡 1:02:03", "페이스톡 취소", "페이스톡 응답없음", "그룹콜 해요", "라이브톡 시작", "Voice Call 03:21",
        "Video Call", "Live Talk ended 12:34", "보이스룸이 방금 시작했어요.", "보이스룸 종료 10:00",
    ],
    "gift": [
        "이서연님이 선물과 메시지를 보냈습니다.", "이서연 님이 선물을 보냈습니다.",
        "이서연 님이 선물을 보냈습니다.\n\n12월 31일까지 배송지를 입력해주세요.",
    ],
    "transfer": [
        "30,400원을 받으세요.", "30,400원 받기 완료! 받은 카카오페이머니는 다시 보낼 수 있어요.",
        "송금: 1,000원 보냈어요", "1,000원을 보냈어요", "1,000원을 받았어요.", "1,000원 자동환불 예정", "송금이 취소되었어요",
        "송금봉투가 도착했어요", "정산 내용을 확인해주세요.",
    ],
    "notice": [
        "샵검색: #홍대 맛집", "샵검색 : #맛집", "지도: 서울숲", "톡게시판 '공지': 내일 모여요\n세 시",
        "톡게시판 '투표 종료'", "[저녁] 투표가 등록되었습니다.", "[저녁] 투표가 마감되었습니다.", "[Web발신]\n택배가 도착했습니다",
        "[네이버 지도]\n서울숲", "일정",
    ],
    "link": [
        "https://example.com", "http://example.com/a?b=c#d", "www.example.com", "example.com/path",
        "https://example.com/a\nhttps://example.com/b",
    ],
    "deleted": [
        "삭제된 메시지입니다.", "메시지가 삭제되었습니다.", "이 메시지는 삭제되었습니다.", "This message was deleted.",
        "The message has been deleted.", "채팅방 관리자가 메시지를 가렸습니다.", "가려진 메시지입니다",
        "This message has been hidden by the chatroom managers.",
    ],
    "text": [
        "사진 보내줘", "사진이 3장", "어제 동영상", "이모티콘 샀어", "파일: 어디 있어?", "보이스톡 할래?", "보이스톡",
        "3,000원", "일정 어때", "example", "ㅋㅋ.com", "봐봐 https://example.com", "https://example.com 이거 봐",
        "삭제된 메시지입니다. 뭐였어?",
        "(웃음)", "(부끄", "<3", "[공지]", "12:34", "3장", "선물을 보냈습니다.", "지금 가는 중.", "", " ", "\n",
    ],
}  # fmt: skip

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
    "A joined this chatroom.",
    "A joined this chatroom.\nYou may temporarily be banned from using KakaoTalk if other members report you.",
    "A left this chatroom.",
    "A has been removed from this chatroom.",
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
    assert classify(body) == (kind, body)


@pytest.mark.parametrize(
    "body", [body for kind, bodies in BODIES.items() if kind != "text" for body in bodies]
)
def test_the_first_look_lets_every_placeholder_through(body):
    """The readers classify only bodies that pass it, or that have several lines."""
    assert body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == "." or "\n" in body


@pytest.mark.parametrize("body", ["(이모티콘) 잘자", "(이모티콘)잘자"])
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
