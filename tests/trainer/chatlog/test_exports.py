"""Every format, from files whose bytes are as KakaoTalk writes them: byte-order mark, CRLF records, LF inside."""

import codecs
from datetime import datetime
from pathlib import Path

import pytest

from trainer.chatlog import Message, encoding, open_export

EXPORTS = Path(__file__).parent / "exports"


def said(at: str, sender: str, text: str, kind: str = "text") -> Message:
    return Message(datetime.fromisoformat(at), sender, text, kind)


def system(at: str, text: str) -> Message:
    return said(at, "", text, "system")


EXPECTED = {
    "android_ko.txt": (
        "Android, Korean, 12-hour",
        "이서연",
        [
            said("2025-12-31T23:59", "이서연", "자기야 새해다!!\n두번째 줄\n\n네번째 줄"),
            said("2025-12-31T23:59", "회원님", "사진", "media"),
            said("2026-01-01T00:00", "회원님", "해피뉴이어 : ) 2026년 1월 1일 오후 3:00, 라고 쓰면 헷갈릴까"),
            said("2026-01-01T00:01", "이서연", "사진 3장", "media"),
            said("2026-01-01T00:02", "이서연", f"{'0123456789abcdef' * 4}.jpg", "media"),
            said("2026-01-01T00:03", "이서연", "<사진 읽지 않음>", "media"),
            said("2026-01-01T00:04", "이서연", "이모티콘", "media"),
            said("2026-01-01T00:05", "", "삭제된 메시지입니다.", "deleted"),
            said("2026-01-01T00:06", "이서연", "보이스톡 해요", "call"),
            said("2026-01-01T00:30", "이서연", "보이스톡 24:11", "call"),
        ],
    ),
    "android_ko_24h.txt": (
        "Android, Korean, 24-hour",
        "이서연",
        [
            said("2026-01-01T00:00", "회원님", "24시간제"),
            said("2026-01-01T13:05", "이서연", "안드로이드"),
        ],
    ),
    "android_ko_group.txt": (
        "Android, Korean, 12-hour",
        "우리 동네",
        [
            system("2022-03-01T09:00", "김도윤님이 이서연님과 박 (하나)님을 초대했습니다."),
            said("2022-03-01T09:01", "이서연♥", "안녕"),
            said("2022-03-01T09:02", "박 (하나)", "하이 : 콜론"),
            said("2022-03-01T09:03", "최:)", "ㅋㅋ"),
            said("2022-03-01T09:04", "정, 쉼표", "쉼표 이름"),
            said("2022-03-01T09:05", "[공구] 방장 😀", "대괄호"),
            said("2022-03-01T09:06", "", "이름 없는 사람 : )"),
            said("2022-03-01T09:07", "(알수없음)", "나간 사람"),
            system("2022-03-01T09:08", "공지를 확인하세요"),
            said(
                "2022-03-01T09:09", "이서연♥", "이거 봐\n2022년 2월 1일 오후 3:00, 정, 쉼표 : 인용한 줄\n끝"
            ),
            system(
                "2022-03-01T09:10",
                "방장이 이서연♥님에서 최:)님으로 변경되었습니다.\n이전 방장은 채팅방 참여자로 남게됩니다.",
            ),
            system("2022-03-01T09:11", "정, 쉼표님이 나갔습니다."),
        ],
    ),
    "android_en.txt": (
        "Android, English, 12-hour",
        "Seoyeon",
        [
            said("2026-01-21T17:12", "Seoyeon", "Emoticons", "media"),
            said("2026-01-21T17:13", "you", "<Photo Unread>", "media"),
            said("2026-01-21T17:14", "Seoyeon", "This message was deleted.", "deleted"),
            said("2026-01-21T17:15", "Seoyeon", "File: report.pdf", "file"),
            system("2026-01-21T17:16", "Seoyeon invited Minsu."),
        ],
    ),
    "android_en_old.txt": (
        "Android, English, 12-hour",
        "Seoyeon,Minsu,Hana",
        [
            system("2015-07-09T20:34", "Doyun invited Seoyeon, Minsu and Hana."),
            said("2015-07-09T20:35", "Seoyeon", "(Photo)", "media"),
            said("2015-07-10T00:05", "you", "after midnight\nsecond line"),
        ],
    ),
    "ios_ko_12h.txt": (
        "iOS, Korean, 12-hour",
        "",
        [
            system("2026-02-01T20:26", "김도윤님이 이서연님을 초대했습니다."),
            said("2026-02-01T20:29", "이서연", "첫줄\n둘째줄"),
            said("2026-02-01T20:30", "회원님", "사진", "media"),
            said("2026-02-02T00:05", "회원님", "자정"),
        ],
    ),
    "ios_ko_24h.txt": (
        "iOS, Korean, 24-hour",
        "",
        [said("2022-06-19T12:01", "이서연", "24시간제"), said("2022-06-19T23:59", "회원님", "잘자")],
    ),
    "ios_ko_2014.txt": (
        "iOS, Korean, 12-hour",
        "우리방",
        [
            system("2014-07-09T20:34", "김도윤님이 이서연님, 박하나님을 초대했습니다."),
            said("2014-07-09T20:35", "이서연", "세로 탭\x0b이 들어간\u2028한 줄"),
            said("2014-07-09T20:36", "회원님", "'사진'", "media"),
            system("2014-07-09T20:37", "박하나님이 퇴장했습니다."),
        ],
    ),
    "ios_ko_timeonly_2021.txt": (
        "iOS, Korean, 12-hour",
        "이서연",
        [
            said("2021-12-29T20:36", "이서연", "ㅎㅇ\n이어지는 줄"),
            said("2021-12-29T20:37", "회원님", "반가워"),
            system("2021-12-29T20:38", "민수님이 나갔습니다."),
        ],
    ),
    "ios_en_at.txt": (
        "iOS, English, 24-hour",
        "",
        [
            system("2025-12-31T19:12", "Doyun invited Seoyeon ."),
            said("2025-12-31T19:12", "Seoyeon", "hello"),
            said("2025-12-31T19:13", "You", "narrow no-break space"),
        ],
    ),
    "ios_en_old.txt": (
        "iOS, English, 12-hour",
        "our room",
        [
            system("2015-05-07T20:34", "Doyun invited Seoyeon and Minsu."),
            said("2015-05-07T20:35", "Seoyeon", "hi"),
            said("2015-07-09T00:05", "you", "Emoticons", "media"),
            system("2015-07-09T00:06", "Minsu left."),
        ],
    ),
    "windows_ko.txt": (
        "Windows, Korean, 12-hour",
        "이서연",
        [
            system("2026-01-01T00:00", "김도윤님이 이서연님을 초대했습니다."),
            said("2026-01-01T00:00", "이서연", "해피뉴이어\n둘째줄"),
            said("2026-01-01T12:30", "김도윤", "[이서연] [오후 3:00] 인용처럼 보이는 본문"),
            said("2026-01-01T13:00", "이[서]연", "이름에 괄호"),
            said("2026-01-01T14:00", "김도윤", "삭제된 메시지입니다.", "deleted"),
            said("2026-01-01T14:01", "이서연", "톡게시판 '투표': 저녁 메뉴", "notice"),
            said("2026-01-01T14:02", "이서연", "샵검색: #홍대 맛집", "notice"),
            said("2026-01-01T14:03", "이서연", "파일: 보고서_최종.pdf", "file"),
            said("2026-01-02T09:00", "김도윤", "굿모닝"),
        ],
    ),
    "windows_ko_24h.txt": (
        "Windows, Korean, 24-hour",
        "이서연",
        [said("2026-01-01T20:36", "이서연", "ㅎㅇ"), said("2026-01-01T00:05", "김도윤", "자정")],
    ),
    "windows_ko_group.txt": (
        "Windows, Korean, 12-hour",
        "우리 동네",
        [
            system(
                "2026-01-01T00:00",
                "이서연님이 들어왔습니다."
                "운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다. 운영정책 보기",
            ),
            said(
                "2026-01-01T09:00",
                "이서연",
                "여기 봐\n[김도윤] [오전 8:59] 인용한 줄\n박하나님이 나갔습니다.",
            ),
            system("2026-01-01T09:00", "박하나님이 나갔습니다."),
            said("2026-01-01T09:00", "", "관리자가 메시지를 가렸습니다.", "deleted"),
            said("2026-01-01T09:02", "(알수없음)", "붙여 넣은\n두 줄"),
            system("2026-01-03T00:00", "최우리님을 내보냈습니다."),
            said("2026-01-03T12:05", "김도윤", "점심"),
        ],
    ),
    "windows_en.txt": (
        "Windows, English, 12-hour",
        "Seoyeon",
        [
            said("2026-01-01T14:37", "Seoyeon", "Photo", "media"),
            said("2026-01-01T14:38", "Doyun", "Voice Call 03:21", "call"),
            said("2026-01-01T14:39", "Seoyeon", "Emoticons", "media"),
            system("2026-01-01T14:39", "Minsu left."),
        ],
    ),
    "windows_mixed_am_prefix.txt": (
        "Windows, Korean, 12-hour",
        "Room",
        [
            said("2026-09-06T09:04", "Alice", "first"),
            said("2026-09-06T12:16", "Bob", "second"),
            said("2026-09-06T12:16", "", "The message has been deleted.", "deleted"),
        ],
    ),
    "ios_ko_timeonly_ruled.txt": (
        "iOS, Korean, 12-hour",
        "이서연",
        [
            said("2023-05-10T09:23", "이서연", "안녕"),
            said("2023-05-10T09:24", "김도윤", "응\n\n------"),
            said("2023-05-11T13:05", "이서연", "사진", "media"),
            system("2023-05-11T13:06", "김도윤님이 나갔습니다."),
        ],
    ),
    "windows_ko_cp949.txt": (
        "Windows, Korean, 12-hour",
        "이서연",
        [said("2026-01-01T00:00", "이서연", "인코딩 테스트 ㅋㅋ")],
    ),
    "windows_ko_utf16le.txt": (
        "Windows, Korean, 12-hour",
        "이서연",
        [said("2026-01-01T00:00", "이서연", "인코딩 테스트 ㅋㅋ")],
    ),
    "macos.csv": (
        "macOS, 24-hour",
        "",
        [
            said("2025-12-29T20:36:00", "이서연", 'ㅎㅇ\n"인용" 포함'),
            said("2025-12-29T20:37:00", "김도윤", "쉼표, 콜론 : 포함"),
            said("2025-12-29T20:37:00", "", "메시지가 삭제되었습니다.", "deleted"),
            system("2025-12-29T20:38:00", "이서연 invited 김민수 and."),
            system("2025-12-29T20:38:10", "이서연 invited 김민수 and 박지훈."),
            system("2025-12-29T20:39:00", "김도윤님이 나갔습니다."),
            system("2025-12-29T20:40:00", "Stewie left this chatroom."),
            said("2025-12-29T20:41:00", "이서연", "페이스톡 해요", "call"),
            said("2025-12-29T20:55:00", "이서연", "페이스톡 13:42", "call"),
        ],
    ),
    "macos_resaved.csv": (
        "macOS, 24-hour",
        "",
        [
            said("2025-12-29T20:36:00", "이서연", "따옴표 없이"),
            said("2025-12-29T20:36:05", "김도윤", '10,000원, "진짜"?'),
            system("2025-12-29T20:37:00", "하나 invited 둘."),
        ],
    ),
}
LOSES_ITS_QUOTES = ("android_ko_group.txt", "windows_ko_group.txt")  # without CR a quoted header is a header


def test_every_file_here_is_expected():
    """No export lies in the folder without its messages in the table."""
    assert {path.name for path in EXPORTS.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_export_is_named_and_read_whole(name):
    """Each format is recognised, its room named, and every message has its sender, time, text and kind."""
    format_name, room_title, messages = EXPECTED[name]
    export = open_export(EXPORTS / name)

    assert (str(export.format), export.room_title) == (format_name, room_title)
    assert list(export.messages()) == messages
    assert (export.unread.count, export.unread.first) == (0, [])


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {*LOSES_ITS_QUOTES, "windows_ko_utf16le.txt"}))
def test_an_export_that_lost_its_cr_reads_the_same(name, read):
    """A git checkout turns CRLF into LF; the messages stay what they were."""
    assert read((EXPORTS / name).read_bytes().replace(b"\r\n", b"\n"), name) == EXPECTED[name][2]


@pytest.mark.parametrize("line_break", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_export_reads_the_same_in_blocks_of_any_size(name, line_break, write, monkeypatch):
    """Wherever a block ends: within a character, a CRLF, or the lines that open a day."""
    content = (EXPORTS / name).read_bytes().replace(b"\r\n", line_break)
    export = open_export(write(content, name))

    def found() -> tuple[list[Message], list[int], list[int]]:
        return list(export.messages()), export.unread.first, export.quoted.first

    whole = found()
    for size in range(len(codecs.BOM_UTF8), len(content)):
        monkeypatch.setattr(encoding, "BLOCK", size)
        assert found() == whole


@pytest.mark.parametrize(
    "name", [name for name in sorted(EXPECTED) if not name.endswith(("cp949.txt", "16le.txt"))]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_export_reads_the_same_in_every_encoding(name, encoding, read):
    """With a byte-order mark or without one."""
    text = (EXPORTS / name).read_bytes().decode("utf-8-sig")

    assert read(text.encode(encoding), name) == EXPECTED[name][2]
