"""What is told apart, and what is refused with the formats we know."""

import random

import pytest

from persona_core.errors import ExportError, NoMessages, UnknownFormat
from trainer.chatlog import open_export
from trainer.chatlog.title import room_title


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("안녕하세요\n이건 그냥 글이에요\n", "note.txt"),
        ("Date,User,Message\nyesterday,me,hi\n", "chat.csv"),
        ("time,who\n1,2\n", "other.csv"),
        ("오후 8:36, 이서연 : 날짜가 없다\n", "part.txt"),
        ("[이서연] [오후 8:36] 날짜가 없다\n", "part.txt"),
        ('{"messages": []}', "chat.json"),
    ],
)
def test_text_that_is_no_export_is_refused(content, name, write):
    """The error lists the formats we know."""
    with pytest.raises(
        UnknownFormat, match=r"Android \(txt, folder, zip\), iOS \(txt\), Windows \(txt\), macOS \(csv\)"
    ):
        open_export(write(content, name))


@pytest.mark.parametrize(
    "content", [random.Random(0).randbytes(5_000), b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, bytes(1_000)]
)
def test_a_binary_file_is_refused(content, write):
    """Bytes that are no text are said to be none."""
    with pytest.raises(UnknownFormat, match="is no text"):
        open_export(write(content, "photo.txt"))


@pytest.mark.parametrize(
    "content",
    [
        "이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 2월 16일 오후 4:45\n\n",
        "KakaoTalk Chats with Seoyeon\r\nDate Saved : January 22, 2026, 11:00 PM\n",
        "\ufeffDate,User,Message\n",
    ],
)
def test_a_chat_without_a_message_is_refused(content, write):
    """The head of an export alone is an export, but nothing is said in it."""
    with pytest.raises(NoMessages, match="nobody says anything"):
        open_export(write(content))


@pytest.mark.parametrize("content", ["", "\n\n", "  \r\n"])
def test_an_empty_file_is_refused_with_the_formats_we_know(content, write):
    """Nothing in it says what it was to be."""
    with pytest.raises(UnknownFormat, match=r"empty file\. Known formats: Android"):
        open_export(write(content))


def test_the_first_header_decides(read):
    """However much of another format a message quotes, the file is what it begins as."""
    quoted = "\n".join(["[이서연] [오후 3:00] 안녕"] * 200)
    day = "--------------- 2026년 3월 3일 화요일 ---------------"

    assert (
        len(read(f"2026년 3월 3일 오후 1:00, 나 : {day}\n{quoted}\n2026년 3월 3일 오후 1:01, 나 : 응\n")) == 2
    )


def test_an_english_may_tells_android_from_ios(write):
    """The header is the same; the line that opens a day is not."""
    header = "May 5, 2026, 5:12 PM, Seoyeon : hi\n"

    assert open_export(write(f"\nMay 5, 2026, 5:12 PM\n{header}")).format.platform == "Android"
    assert open_export(write(f"\nTuesday, May 5, 2026\n{header}")).format.platform == "iOS"


def test_a_format_is_named_in_the_readers_language(write, monkeypatch):
    """Platform, language and clock."""
    export = open_export(write("2026년 3월 3일 13:00, 나 : 안녕\n"))
    monkeypatch.setenv("PERSONA_LANG", "ko")

    assert str(export.format) == "Android, 한국어, 24시간제"


@pytest.mark.parametrize(
    "content",
    [
        "----------\n2026년 3월 3일 화요일\n----------\n오전 9:23, 나 : 안녕\n",
        "2026. 3. 3. 화요일\n2026. 3. 3. 오전 9:23, 나 : 안녕\n",
        "------------------ 2026년 3월 3일 화요일 ------------------\n[나] [오전 9:23] 안녕\n",
        "Tuesday, March 3, 2026\nMarch 3, 2026 at 9:23\u202fa.m., 나 : 안녕\n",
    ],
)
def test_rare_variants_are_read(content, read):
    """Forms that only other parsers know."""
    (message,) = read(content)

    assert (f"{message.sent_at:%Y-%m-%d %H:%M}", message.sender, message.text) == (
        "2026-03-03 09:23",
        "나",
        "안녕",
    )


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("이서연 님과 카카오톡 대화", "이서연"),
        ("749 님과 카카오톡  대화", "749"),
        ("우리방 5 님과 카카오톡 대화", "우리방"),
        ("우리방 5 카카오톡 대화", "우리방"),
        ("우리방 (14명) 카카오톡 대화", "우리방"),
        ("우리방 (4명)과 카카오톡 대화-1.txt", "우리방"),
        ("KakaoTalk Chats with Seoyeon", "Seoyeon"),
        ("KakaoTalk Chats with A,B,C (4)", "A,B,C"),
        ("KakaoTalk Chats with our room (4 people)-1.txt", "our room"),
        ("Seoyeon with KakaoTalk Chats", "Seoyeon"),
        ("Talk_2026.2.10 08:50-1.txt", ""),
        ("2026년 3월 3일 13:00, 나 : 안녕", ""),
    ],
)
def test_the_first_line_names_the_room(line, title, tmp_path):
    """Without the number of people in it."""
    assert room_title(line, tmp_path / "chat.txt") == title


def test_a_macos_file_names_the_room_itself(tmp_path):
    """Its content does not."""
    assert (
        room_title("Date,User,Message", tmp_path / "KakaoTalk_Chat_우리 방_2026-03-03-13-00-00.csv")
        == "우리 방"
    )


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    """With its path."""
    with pytest.raises(ExportError, match=r"nowhere\.txt does not exist"):
        open_export(tmp_path / "nowhere.txt")
