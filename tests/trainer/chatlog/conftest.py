"""Small exports, written where a test wants them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.chatlog import Message, open_export

ANDROID_HEAD = "\ufeff이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 3월 9일 오후 4:45\n\n\r\n2026년 3월 3일 오후 1:00\r\n"


# What people and KakaoTalk write, by kind.
BODIES = {
    "media": [
        "사진", "사진 3장", "사진 12장", "<사진>", "(사진)", "'사진'", "(Photo)", "photo", "<Photo>", "3 photos",
        "<사진 읽지 않음>", "<Photo Unread>", "동영상", "동영상 3개", "<동영상 읽지 않음>", "<Video Unread>", "videos",
        f"{'0a' * 32}.jpg", f"{'0a' * 32}.png\n{'0b' * 32}.mp4", "이모티콘", "(이모티콘)", "Emoticons",
        "(이모티콘_Frodo and Friends)", "(부끄)", "(부끄)(크크)(굿)", "(blush)(wink)(thumbsup)", "음성메시지",
        "음성 메시지", "<음성 메시지 읽지 않음>", "Voice Note", "[사진]", "묶음사진 3장", "(이모티콘)(이모티콘)", "(하트뿅)", "(Sticker)",
        "음성메시지 0:12", "<Voice Message Unread>", "2 videos", "KakaoTalk_20260325_0820_38_573.mp4",
    ],
    "file": [
        "파일", "파일: 이름.pdf", "파일: 새 문서 (1).hwp", "File: x.pdf", "[FILE] Lab06.pptx (123.45KB)", "연락처",
        "<연락처:이름 읽지 않음>", "카카오톡 프로필", "파일 : 이름.pdf", "연락처: 박하나", "Contact", "카카오톡 프로필: 박하나",
    ],
    "call": [
        "보이스톡 해요", "보이스톡 해요.", "보이스톡 0:17", "보이스톡 부재중", "페이스톡 해요", "페이스톡 12:34",
        "페이스톡 1:02:03", "페이스톡 취소", "페이스톡 응답없음", "그룹콜 해요", "라이브톡 시작", "Voice Call 03:21",
        "Video Call", "Live Talk ended 12:34", "보이스룸이 방금 시작했어요.", "보이스룸 종료 10:00",
        "그룹 보이스톡 해요", "보이스톡 응답 없음", "페이스톡 거절", "부재중 페이스톡", "라이브톡 종료 1:02:03", "라이브톡을 시작했습니다.",
        "Missed Voice Call", "Video Call canceled", "Group Call 12:34", "Live Talk started", "Voice Talk 0:17",
    ],
    "gift": [
        "이서연님이 선물과 메시지를 보냈습니다.", "이서연 님이 선물을 보냈습니다.",
        "이서연 님이 선물을 보냈습니다.\n\n12월 31일까지 배송지를 입력해주세요.", "선물을 보냈습니다.", "선물과 메시지를 보냈습니다.",
        "선물과 메시지를 보냈습니다.\n[스타벅스] 카페 아메리카노 T\n맛있게 마셔!", "카카오톡 선물하기\n교환권이 도착했어요",
        "[선물하기] 교환권", "Seoyeon sent a gift.", "Sent a gift and a message.\nhave a coffee",
    ],
    "transfer": [
        "30,400원을 받으세요.", "30,400원 받기 완료! 받은 카카오페이머니는 다시 보낼 수 있어요.",
        "송금: 1,000원 보냈어요", "1,000원을 보냈어요", "1,000원을 받았어요.", "1,000원 자동환불 예정", "송금이 취소되었어요",
        "송금봉투가 도착했어요", "송금봉투를 받았어요.", "정산 내용을 확인해주세요.", "송금 10,000원", "송금 ₩10,000",
        "카카오페이\n송금봉투가 도착했어요", "카카오페이\n10,000원을 보냈어요.\n송금 받기", "KakaoPay\nYou received ₩10,000",
        "[카카오페이] 10,000원을 받으세요.", "송금이 완료되었습니다.", "Sent 10,000 KRW", "Received ₩10,000", "Transfer: ₩10,000",
        "₩10,000을 받으세요", "1/N 정산하기\n저녁 42,000원", "정산 요청이 도착했어요",
    ],
    "notice": [
        "샵검색: #홍대 맛집", "샵검색 : #맛집", "지도: 서울숲", "톡게시판 '공지': 내일 모여요\n세 시",
        "톡게시판 '투표 종료'", "[저녁] 투표가 등록되었습니다.", "[저녁] 투표가 마감되었습니다.", "[Web발신]\n택배가 도착했습니다",
        "[네이버 지도]\n서울숲", "일정", "샵검색:#맛집", "#Search : #cafe", "Map: Seoul Forest", "'투표 종료'", "'일정': 저녁 약속",
        "톡게시판 '일정': 여행", "Board 'Poll': dinner", "[카카오맵] 서울숲\nhttps://example.com", "투표가 종료되었습니다.",
    ],
    "link": [
        "https://example.com", "http://example.com/a?b=c#d", "www.example.com", "example.com/path",
        "https://example.com/a\nhttps://example.com/b",
    ],
    "deleted": [
        "삭제된 메시지입니다.", "메시지가 삭제되었습니다.", "이 메시지는 삭제되었습니다.", "This message was deleted.",
        "The message has been deleted.", "채팅방 관리자가 메시지를 가렸습니다.", "가려진 메시지입니다",
        "This message has been hidden by the chatroom managers.", "관리자가 메시지를 가렸습니다.", "방장이 메시지를 가렸습니다.",
        "삭제된 메시지입니다", "The message was deleted by the manager.",
    ],
    "text": [
        "사진 보내줘", "사진이 3장", "어제 동영상", "이모티콘 샀어", "파일: 어디 있어?", "보이스톡 할래?", "보이스톡",
        "3,000원", "일정 어때", "example", "ㅋㅋ.com", "봐봐 https://example.com", "https://example.com 이거 봐",
        "삭제된 메시지입니다. 뭐였어?",
        "이모티콘 귀엽다", "송금했어", "송금 10,000원 했어", "10,000원", "10,000원 보냈어", "카카오페이", "카카오페이로 보낼게", "선물 보냈어",
        "선물을 보냈어", "이서연님이 선물을 보냈어요", "선물하기 뭐 있지", "I sent a gift", "Seoyeon sent a gift",
        "Poll 어때", "보이스톡 하자", "페이스톡 해", "페이스톡 12시에", "라이브톡 시작했어?",
        "보이스룸 종료했어", "투표 했어?", "투표 종료됐대", "지도 보내줘", "연락처 알려줘", "파일 보냈어", "일정: 세 시", "공지: 나 늦음", "[투표] 뭐 먹지",
        "정산하자", "부재중 떴어", "This message", "메시지가 안 가", "스티커", "Photo 보내줘", "sent", "Video 봤어?", "(이모티콘 뭐 쓰지)",
        "(웃음)", "(부끄", "<3", "[공지]", "12:34", "3장", "지금 가는 중.", "", " ", "\n",
    ],
}  # fmt: skip


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write text as UTF-8, or bytes, to a file of that name."""

    def write(content: str | bytes, name: str = "chat.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def read(write) -> Callable[..., list[Message]]:
    """The messages of an export with that content."""

    def read(content: str | bytes, name: str = "chat.txt") -> list[Message]:
        return list(open_export(write(content, name)).messages())

    return read


@pytest.fixture
def android(write) -> Callable[..., Path]:
    """An Android export of 3 March 2026: records are "1:01, 이서연 : 안녕"; day and 오후 are put before them."""

    def android(*records: str, name: str = "chat.txt", line_break: str = "\r\n") -> Path:
        lines = [f"2026년 3월 3일 오후 {record}" if record[:1].isdigit() else record for record in records]
        return write(ANDROID_HEAD + "".join(line + line_break for line in lines), name)

    return android


@pytest.fixture
def speech() -> Callable[[Path], list[tuple[str, str]]]:
    """Who said what in an export, without times and kinds."""
    return lambda path: [(message.sender, message.text) for message in open_export(path).messages()]


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    """Texts are compared in one language."""
    monkeypatch.setenv("PERSONA_LANG", "en")
