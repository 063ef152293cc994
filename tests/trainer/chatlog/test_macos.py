"""The csv of macOS: quotes, line breaks within them, rows without a date, and quotes that do not match."""

import pytest

from persona_core.errors import ExportError
from trainer.chatlog import open_export

HEAD = "Date,User,Message\n"
ROW = '2026-03-03 13:00:00,"이서연","안녕"\n'


def texts(path):
    return [message.text for message in open_export(path).messages()]


def test_the_head_line_may_be_missing(read):
    """One export of 2016 begins with its first row."""
    assert [message.sender for message in read(ROW, "chat.csv")] == ["이서연"]


def test_a_quoted_row_within_a_message_is_text(write):
    """Inside quotes nothing begins a row."""
    path = write(
        f'{HEAD}2026-03-03 13:00:00,"이서연","봐\n2026-03-01 13:00:00,""나"",""응""\r\n\n끝"\n', "chat.csv"
    )

    assert texts(path) == ['봐\n2026-03-01 13:00:00,"나","응"\n\n끝']


def test_a_message_of_a_million_characters_is_told_and_no_speech(write):
    """It is longer than csv takes by itself; its beginning is kept, and the line it begins on."""
    export = open_export(
        write(f'{HEAD}{ROW}2026-03-03 13:00:00,"나","{"가" * 1_000_000}"\n{ROW}', "chat.csv")
    )

    assert [(message.text, message.kind) for message in export.messages()] == [
        ("안녕", "text"),
        ("가" * 80, "oversized"),
        ("안녕", "text"),
    ]
    assert (export.oversized.count, export.oversized.first) == (1, [3])


def test_junk_that_breaks_a_row_is_said_to_be_junk(write):
    """Not that quotes do not match: the bytes are shown, with their line."""
    path = write(
        f"{HEAD}{ROW}".encode() + b'2026-03-03 13:00:01,"\xff\xfe\x00"\x80"\n' + ROW.encode(), "chat.csv"
    )

    with pytest.raises(ExportError, match=r"line 3: bytes that are no text \(ff fe 00 22 80"):
        texts(path)


def test_a_row_without_a_date_takes_the_one_before_it(read):
    """Deleted and hidden messages have lost their time; the first of a file has none to take."""
    messages = read(
        f'{HEAD},"","The message has been deleted."\n{ROW},"","관리자가 메시지를 가렸습니다."\n', "chat.csv"
    )

    assert [(f"{message.sent_at:%H:%M}", message.kind) for message in messages] == [
        ("13:00", "text"),
        ("13:00", "deleted"),
    ]


def test_an_english_sentence_about_somebody_else_is_speech(read):
    """ "He left." is a system line only of whom it is about."""
    messages = read(
        f'{HEAD}2026-03-03 13:00:00,"Seoyeon","Minsu left."\n2026-03-03 13:00:01,"Minsu","Minsu left."\n'
    )

    assert [message.kind for message in messages] == ["text", "system"]


def test_a_sentence_about_somebody_with_a_title_is_speech(read):
    """선생님이 나갔습니다 is what a person says, unless the row is of somebody who is called so."""
    messages = read(
        f'{HEAD}2026-03-03 13:00:00,"나","우리 팀장님이 나갔습니다."\n'
        '2026-03-03 13:00:01,"영업 팀장","영업 팀장님이 나갔습니다."\n2026-03-03 13:00:02,"나","하나님을 내보냈습니다."\n'
    )

    assert [message.kind for message in messages] == ["text", "system", "system"]


def test_rows_of_another_shape_are_unread(write):
    """Too few or too many fields, and times that do not exist, are counted with their line."""
    export = open_export(
        write(f'{HEAD}{ROW}nonsense\n{ROW}2026-03-03 25:00:00,"나","밤"\n{ROW}2026-03-03,나,낮\n', "chat.csv")
    )

    assert len(list(export.messages())) == 3
    assert (export.unread.count, export.unread.first) == (3, [3, 5, 7])


@pytest.mark.parametrize(
    "broken",
    ['2026-03-03 13:00:01,"나","열린 따옴표\n', '2026-03-03 13:00:01,"나","닫힌" 따옴표"\n'],
)
@pytest.mark.parametrize("after", ["", ROW, ROW * 3])
def test_broken_quotes_are_refused_with_their_line(broken, after, write):
    """A quote that is never closed, or closed too early, names the line its row begins on."""
    path = write(f"{HEAD}{ROW}{broken}{after}", "chat.csv")

    with pytest.raises(ExportError, match="line 3: the csv's quotes do not match"):
        texts(path)


def test_a_cut_row_is_refused(write):
    """A last row without its fields and its line break is half of one."""
    with pytest.raises(ExportError, match="line 3: the file is cut off there"):
        texts(write(f"{HEAD}{ROW}2026-03-03 13:0", "chat.csv"))


def test_days_that_run_backwards_are_refused(write):
    """As in the text formats."""
    path = write(f'{HEAD}{ROW}2026-03-01 13:00:00,"나","어제"\n', "chat.csv")

    with pytest.raises(ExportError, match="line 3: the dates run backwards from 2026-03-03 to 2026-03-01"):
        texts(path)
