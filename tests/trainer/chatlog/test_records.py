"""The traps of the text formats: what begins a record, what goes on with one, and what cannot be read."""

from datetime import datetime, timedelta

import pytest

from persona_core.errors import ExportError
from trainer.chatlog import open_export

WINDOWS_HEAD = "이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026-03-25 08:20:41\r\n\r\n"
DAY = "--------------- 2026년 3월 3일 화요일 ---------------\r\n"


def test_only_a_line_feed_ends_a_line(android, speech):
    """Vertical tab, next line and line separator are characters of a message like any other."""
    path = android("1:00, 이서연 : 하나\x0b둘\x85셋\u2028넷\x1c다섯")

    assert speech(path) == [("이서연", "하나\x0b둘\x85셋\u2028넷\x1c다섯")]


def test_a_quoted_header_stays_in_its_message(android, speech):
    """After a bare LF, in a file of CRLF records, what looks like a header is part of what was said."""
    path = android("1:00, 이서연 : 이거 봐\n2026년 3월 3일 오후 12:59, 김도윤 : 안녕", "1:01, 김도윤 : 응")

    assert speech(path) == [
        ("이서연", "이거 봐\n2026년 3월 3일 오후 12:59, 김도윤 : 안녕"),
        ("김도윤", "응"),
    ]


def test_text_pasted_with_crlf_goes_on_with_its_message(android, speech):
    """CRLF alone begins no record: the header does."""
    assert speech(android("1:00, 이서연 : 첫 줄\r\n둘째 줄\r\n\r\n셋째 줄", "1:01, 김도윤 : 응")) == [
        ("이서연", "첫 줄\n둘째 줄\n\n셋째 줄"),
        ("김도윤", "응"),
    ]


def test_only_a_legal_time_begins_a_record(android, speech):
    """A line with a 33rd hour or a 60th minute is what somebody wrote."""
    path = android("1:00, 이서연 : 봐", "1:60, 나 : 이상해", "33:00, 나 : 이것도")

    assert speech(path) == [
        ("이서연", "봐\n2026년 3월 3일 오후 1:60, 나 : 이상해\n2026년 3월 3일 오후 33:00, 나 : 이것도")
    ]


def test_a_header_of_another_format_is_text(android, speech):
    """The format is chosen once: a Windows or iOS header in an Android file begins nothing, even after CRLF."""
    path = android("1:00, 이서연 : 봐", "[김도윤] [오후 3:00] 안녕", "오후 3:01, 김도윤 : 하이")

    assert speech(path) == [("이서연", "봐\n[김도윤] [오후 3:00] 안녕\n오후 3:01, 김도윤 : 하이")]


def test_midnight_and_noon_are_twelve(read):
    """오전 12:05 is five past midnight, 오후 12:05 five past noon."""
    messages = read("2026년 3월 3일 오전 12:05, 나 : 자정\r\n2026년 3월 3일 오후 12:05, 나 : 정오\r\n")

    assert [message.sent_at.hour for message in messages] == [0, 12]


@pytest.mark.parametrize("body", ["", " ", ".", "\x00\x07\x1b[31m", "\ufeff"])
def test_the_smallest_bodies_are_read(body, read):
    """Nothing, a space, a full stop, control characters: all are messages."""
    (message,) = read(f"2026년 3월 3일 오후 1:00, 나 : {body}\r\n")

    assert (message.sender, message.text) == ("나", body)


@pytest.mark.parametrize("unit", ["가", "[", "a ", "ㅋ\n", "님이 ", "..", "https://a.kr ", "(부끄)"])
def test_a_message_of_a_million_characters_is_told_and_no_speech(unit, android):
    """In one line or in many, on brackets, spaces and full stops: its beginning is kept, and the line it begins on."""
    text = (unit * (1_000_000 // len(unit))).strip()
    export = open_export(android("12:59, 이서연 : 가", f"1:00, 이서연 : {text}", "1:01, 김도윤 : 끝"))

    assert [(message.sender, message.text, message.kind) for message in export.messages()] == [
        ("이서연", "가", "text"),
        ("이서연", text[:80], "oversized"),
        ("김도윤", "끝", "text"),
    ]
    assert (export.oversized.count, export.oversized.first) == (1, [7])


def test_the_longest_message_one_can_type_is_read(android, speech):
    """KakaoTalk lets one type 10,000 characters."""
    assert speech(android(f"1:00, 나 : {'가' * 10_000}")) == [("나", "가" * 10_000)]


def test_a_system_line_may_hold_the_mark_that_ends_a_name(android, speech):
    """What was announced is quoted in it."""
    assert speech(android("1:00, 나 : 응", "1:01, 하나님이 '오늘 : 여섯 시' 공지를 등록했습니다.")) == [
        ("나", "응"),
        ("", "하나님이 '오늘 : 여섯 시' 공지를 등록했습니다."),
    ]


def test_bare_windows_lines_take_the_time_before_them(read):
    """Who came and went has no time: it is that of the message above, or the beginning of the day."""
    messages = read(
        f"{WINDOWS_HEAD}{DAY}A님이 B님, C님을 초대하였습니다.\r\n[B] [오후 1:00] 안녕\r\nC님이 나갔습니다.\r\n"
    )

    assert [(f"{message.sent_at:%H:%M}", message.kind) for message in messages] == [
        ("00:00", "system"),
        ("13:00", "text"),
        ("13:00", "system"),
    ]


def test_what_stands_before_the_first_day_is_unread(write):
    """A message without a day has no time; lines that are no head are counted with their numbers."""
    export = open_export(
        write(f"{WINDOWS_HEAD}[B] [오후 1:00] 언제?\r\n{DAY}[B] [오후 1:00] 안녕\r\n뭐지\r\n")
    )

    assert [message.text for message in export.messages()] == ["안녕\n뭐지"]
    assert (export.unread.count, export.unread.first) == (1, [4])


def test_unread_lines_are_counted_with_their_numbers(write):
    """Lines before the first record, days that do not exist, and what stands under a separator."""
    export = open_export(
        write(
            "이서연 님과 카카오톡 대화\r\n메모 한 줄\r\n\r\n2026년 2월 28일 오후 1:00\r\n이게 뭐지\r\n"
            "2026년 2월 28일 오후 1:00, 나 : 두\n줄\r\n2026년 2월 30일 오후 1:00, 나 : 없는 날\r\n"
            "2026년 3월 1일 오후 1:00, 나 : 끝\r\n"
        )
    )

    assert [message.text for message in export.messages()] == ["두\n줄", "끝"]
    assert (export.unread.count, export.unread.first) == (3, [2, 5, 8])


def test_the_first_ten_unread_lines_are_enough(write):
    """The count goes on; the numbers stop."""
    export = open_export(write("x\n" * 50 + "2026년 3월 1일 오후 1:00, 나 : 끝\n"))
    list(export.messages())

    assert (export.unread.count, export.unread.first) == (50, list(range(1, 11)))


def test_unread_lines_are_counted_anew_each_time(write):
    """Reading an export twice counts as much as reading it once."""
    export = open_export(write("x\n2026년 3월 1일 오후 1:00, 나 : 끝\n"))
    counts = [export.unread.count for _ in range(2) if list(export.messages())]

    assert counts == [1, 1]


def test_damaged_characters_are_counted_and_read_around(write):
    """A broken byte costs one character, and its line is named."""
    text = "2026년 3월 1일 오후 1:00, 나 : 앞\n2026년 3월 1일 오후 1:01, 나 : X뒤\n".encode()
    export = open_export(write(text.replace(b"X", b"\xff")))

    assert [message.text for message in export.messages()] == ["앞", "\ufffd뒤"]
    assert (export.unread.count, export.unread.first) == (1, [2])


DAYS = "2026년 3월 {}일 오후 1:00, 나 : {}\n"


def test_days_that_run_backwards_are_refused_with_their_line(write):
    """Two exports joined in one file end in a line that names the place and the days."""
    path = write(DAYS.format(3, "하나\n둘") + DAYS.format(1, "셋") + DAYS.format(2, "넷"))

    with pytest.raises(ExportError, match="line 3: the dates run backwards from 2026-03-03 to 2026-03-01"):
        list(open_export(path).messages())


def test_days_that_run_backwards_by_separators_are_refused(write):
    """The same where only separators have a day."""
    earlier = DAY.replace("3월 3일", "2월 3일")
    path = write(f"{WINDOWS_HEAD}{DAY}[나] [오후 1:00] 하나\r\n{earlier}[나] [오후 1:00] 둘\r\n")

    with pytest.raises(ExportError, match="line 6: the dates run backwards from 2026-03-03 to 2026-02-03"):
        list(open_export(path).messages())


def test_a_visit_to_the_past_is_a_quotation(write):
    """Where the file has lost its CRs, a quoted header from an earlier day is text of the message it stands in."""
    export = open_export(write(DAYS.format(3, "봐") + DAYS.format(1, "인용") + DAYS.format(3, "응")))

    assert [message.text for message in export.messages()] == [
        "봐\n2026년 3월 1일 오후 1:00, 나 : 인용",
        "응",
    ]
    assert (export.unread.count, export.quoted.first) == (0, [2])


def test_a_quoted_day_is_a_quotation_once_the_next_one_comes(write):
    """Where only separators have a day: what stands under the quoted one is text, and the rest of the file is read."""
    export = open_export(
        write(
            f"{WINDOWS_HEAD}{DAY}[나] [오후 1:00] 봐\n{DAY.replace('3일', '1일')}[너] [오후 2:00] 인용\n"
            f"{DAY.replace('3일', '4일')}나님이 나갔습니다.\n[너] [오전 9:00] 응\n".replace("\r", "")
        )
    )

    assert [(message.sent_at.day, message.text) for message in export.messages()] == [
        (3, "봐\n--------------- 2026년 3월 1일 화요일 ---------------\n[너] [오후 2:00] 인용"),
        (4, "나님이 나갔습니다."),
        (4, "응"),
    ]
    assert (export.unread.count, export.quoted.first) == (0, [7])


def test_a_joined_file_is_refused_before_its_end(write):
    """A hundred lines in the past are no quotation: the error does not wait for the file to come back."""
    path = write(DAYS.format(3, "봐") + DAYS.format(1, "옛날") * 101 + DAYS.format(4, "응"))

    with pytest.raises(ExportError, match="line 2:"):
        list(open_export(path).messages())


def talk(first: datetime, count: int, step: int = 30) -> str:
    """Messages of a phone, ``step`` minutes apart."""
    times = (first + timedelta(minutes=step * number) for number in range(count))
    return "".join(f"{at.year}년 {at.month}월 {at.day}일 {at:%H:%M}, 나 : {at:%d %H:%M}\r\n" for at in times)


@pytest.mark.parametrize("hours", [6, 20, 30])
@pytest.mark.parametrize("step", [30, 60])
def test_time_that_really_goes_back_is_refused_with_its_line(hours, step, write):
    """However few hours, and although it comes back: part of the file would be read twice."""
    begin = datetime(2026, 3, 3, 9)
    back = begin + timedelta(minutes=step * 100, hours=-hours)
    path = write(talk(begin, 100, step) + talk(back, 200, step))

    with pytest.raises(ExportError, match="line 101: the dates run backwards from 2026-03-0"):
        list(open_export(path).messages())


def test_two_exports_that_overlap_by_half_a_day_are_refused(write):
    """The second begins at its head, which is no message either."""
    head = "이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 3월 9일 16:45\r\n\r\n"
    path = write(head + talk(datetime(2026, 3, 3, 9), 40) + head + talk(datetime(2026, 3, 3, 16), 60))

    with pytest.raises(ExportError, match="line 47: the dates run backwards from"):
        list(open_export(path).messages())


def test_a_few_quoted_lines_are_one_message_with_what_stands_above(write):
    """Whole, at the end of a block too, and told with their lines."""
    begin = datetime(2026, 3, 3, 9)
    for count in (1, 400, 5_000):
        said, quoted = talk(begin, count, 1), talk(begin - timedelta(days=1), 3)
        after = begin + timedelta(minutes=count)
        export = open_export(write(said + quoted + talk(after, 2)))
        texts = [message.text for message in export.messages()]

        assert len(texts) == count + 2
        assert texts[count - 1].split("\n")[1:] == quoted.split("\r\n")[:-1]
        assert (export.unread.count, export.quoted.first) == (0, [count + 1, count + 2, count + 3])


def test_a_message_of_another_year_is_read_with_the_one_above_it(write):
    """It can be no message of its own; its line is told."""
    export = open_export(
        write(DAYS.format(3, "봐") + DAYS.format(3, "옛날").replace("2026", "2025") + DAYS.format(4, "응"))
    )

    assert [message.text for message in export.messages()] == [
        "봐\n2025년 3월 3일 오후 1:00, 나 : 옛날",
        "응",
    ]
    assert (export.unread.count, export.quoted.first) == (0, [2])


def test_a_name_with_the_mark_in_it_is_cut_where_the_title_says(read):
    """소이 : 하트 is one person; 소이 alone would be another."""
    messages = read(
        "소이 : 하트 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 3월 9일 오후 4:45\r\n\r\n2026년 3월 3일 오후 1:00\r\n"
        "2026년 3월 3일 오후 1:00, 소이 : 하트 : 안녕 : 하이\r\n2026년 3월 3일 오후 1:00, 나 : 응\r\n"
        "2026년 3월 3일 오후 1:01, 소이 : 하트 : 또\r\n2026년 3월 3일 오후 1:01, 소이 : 하트님이 나갔습니다.\r\n"
    )

    assert [(message.sender, message.text) for message in messages] == [
        ("소이 : 하트", "안녕 : 하이"),
        ("나", "응"),
        ("소이 : 하트", "또"),
        ("", "소이 : 하트님이 나갔습니다."),
    ]


@pytest.mark.parametrize(
    "told", ["나님이 소이 : 하트님을 초대했습니다.", "나님이 라온님, 소이 : 하트님과 다온님을 초대했습니다."]
)
def test_a_name_with_the_mark_in_it_is_cut_where_an_invitation_says(told, android, speech):
    """From that line on."""
    path = android(f"1:00, {told}", "1:00, 소이 : 하트 : 안녕", "1:01, 소이 : 하트", "1:02, 라온 : 응")

    assert speech(path) == [("", told), ("소이 : 하트", "안녕"), ("소이", "하트"), ("라온", "응")]


def test_the_clock_may_go_back_within_a_day(read):
    """Disorder of minutes is kept as the file has it."""
    messages = read("2026년 3월 3일 오후 1:05, 나 : 뒤\n2026년 3월 3일 오후 1:04, 나 : 앞\n")

    assert [message.text for message in messages] == ["뒤", "앞"]


def test_zeros_are_damage(write):
    """A disk that failed leaves zeros: their line is counted, and the first bytes are kept to be shown."""
    export = open_export(write("2026년 3월 1일 오후 1:00, 나 : 앞\n2026년 3월 1일 오후 1:01, 나 : \0\0뒤\n"))

    assert len(list(export.messages())) == 2
    assert (export.unread.count, export.unread.first, export.unread.junk) == (1, [2], "00 00 eb 92 a4 0a")


def test_damaged_utf_8_is_not_taken_for_something_else(read):
    """A few broken bytes make no CP949 of it."""
    messages = read(
        "2026-03-03 13:00:00,나,가X\n2026-03-03 13:00:01,너,나\n".encode().replace(b"X", b"\xa1"), "chat.csv"
    )

    assert [message.sender for message in messages] == ["나", "너"]


@pytest.mark.parametrize("junk", [b"\xff\xfe\x00\x01", b"\x00" * 4, bytes(range(128, 140))])
def test_junk_at_the_end_is_said_to_be_junk(junk, write):
    """Not a cut file: the bytes are shown, with their line."""
    path = write("2026년 3월 3일 오후 1:00, 나 : 하나\r\n".encode() + junk)

    with pytest.raises(ExportError, match=rf"line 2: bytes that are no text \({junk[:4].hex(' ')}"):
        list(open_export(path).messages())


def test_a_file_cut_within_a_character_is_refused(write):
    """Half a character at the end names the line it stands on."""
    path = write("2026년 3월 3일 오후 1:00, 나 : 하나\n2026년 3월 3일 오후 1:01, 나 : 둘".encode()[:-1])

    with pytest.raises(ExportError, match="line 2: the file is cut off there"):
        list(open_export(path).messages())


def test_a_file_cut_within_a_header_is_refused(write):
    """A last line without its line break that begins no record is half of one."""
    path = write("2026년 3월 3일 오후 1:00, 나 : 하나\r\n2026년 3월 3일 오")

    with pytest.raises(ExportError, match="line 2: the file is cut off there"):
        list(open_export(path).messages())


@pytest.mark.parametrize("end", ["", "\r\n", "\r\n\r\n\r\n"])
def test_the_last_message_needs_no_line_break(end, android, speech):
    """An editor may take the last line break, or add some."""
    assert speech(android("1:00, 나 : 하나", f"1:01, 나 : 둘{end}", line_break="\r\n"))[-1] == ("나", "둘")


def test_a_file_that_loses_its_cr_half_way_is_refused(write):
    """Five hundred headers in one message are no quotation: nothing is swallowed in silence."""
    path = write(
        (DAYS.format(3, "하나").replace("\n", "\r\n") * 10_000)[:-2] + "\n" + DAYS.format(3, "둘") * 600
    )

    with pytest.raises(ExportError, match="line 10000: from here on the line breaks are of another kind"):
        list(open_export(path).messages())


def test_reading_reports_every_byte(android):
    """What `advance` hears adds up to the size of the file."""
    export, heard = open_export(android(*["1:00, 나 : 안녕"] * 2_000)), []
    list(export.messages(heard.append))

    assert len(heard) > 1
    assert sum(heard) == export.source.size


def test_memory_holds_one_block_not_the_file(android):
    """Messages come before the file is read to its end."""
    export, heard = open_export(android(*["1:00, 나 : 안녕"] * 20_000)), []
    next(export.messages(heard.append))

    assert sum(heard) < export.source.size / 10
