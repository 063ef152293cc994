"""What holds for every chat: reading undoes writing, merging undoes cutting, and nothing makes the reader crash."""

import csv
import io
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from persona_core.errors import PersonaError
from trainer.chatlog import Kind, Message, open_export
from trainer.chatlog.events import BOTS
from trainer.chatlog.kinds import classify
from trainer.chatlog.merge import merge

from .conftest import BODIES

EXAMPLES = settings(max_examples=40)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """One file for all examples."""
    return tmp_path_factory.mktemp("properties") / "chat.txt"


# --- chats ---

NAME = st.text("가나다라 ab()[].♥😀:,/'\"", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and " : " not in f" {name} " and name not in BOTS and "] [" not in name
)
# Every character but CR, which KakaoTalk writes only at the end of a record, NUL, which no text has, and what no encoding
# can hold.
BODY = st.text(
    st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=40
) | st.sampled_from(
    [
        "사진",
        "페이스톡 12:34",
        "삭제된 메시지입니다.",
        "https://example.com",
        "봐\n[나] [오후 3:00] 인용\n나님이 나갔습니다.",
        "봐\n2026년 1월 1일 오후 3:00, 나 : 인용\n\n2026. 1. 1. 오후 3:00: 인용\n끝",
        "봐\n--------------- 2026년 1월 1일 목요일 ---------------\n끝",
    ]
)


def minutes(first, gaps):
    """A time for each gap, later by it."""
    times = []
    for gap in gaps:
        first += timedelta(minutes=gap)
        times.append(first)
    return times


@st.composite
def chats(draw, name=NAME, body=BODY):
    """Messages in order of time, to the minute."""
    gaps = draw(st.lists(st.sampled_from([0, 0, 1, 5, 700, 100_000]), min_size=1, max_size=12))
    times = minutes(
        draw(st.datetimes(datetime(2013, 1, 1), datetime(2030, 1, 1))).replace(second=0, microsecond=0), gaps
    )
    names = draw(st.lists(name, min_size=1, max_size=4))
    return [message(at, draw(st.sampled_from(names)), draw(body).rstrip("\n")) for at in times]


def message(at, sender, body):
    kind, said = classify(body)
    return Message(at, sender, said, kind)


# --- writers ---

# The stamp of a message and the line that opens a day; 0 is the time, 1 its Korean clock, 2 its English one.
KOREAN_DAY, ENGLISH_DAY = "{0.year}년 {0.month}월 {0.day}일", "{0:%B} {0.day}, {0.year}"
DOTTED_DAY, WEEKDAY = "{0.year}. {0.month}. {0.day}.", f"{KOREAN_DAY} 월요일"
ANDROID = {
    "Android, Korean": (f"{KOREAN_DAY} {{1}}", f"{KOREAN_DAY} {{1}}"),
    "Android, Korean, 24-hour": (f"{KOREAN_DAY} {{0:%H:%M}}", f"{KOREAN_DAY} {{0:%H:%M}}"),
    "Android, English": (f"{ENGLISH_DAY}, {{2}}", f"{ENGLISH_DAY}, {{2}}"),
    "Android, English, 24-hour": (f"{ENGLISH_DAY}, {{0:%H:%M}}", f"{ENGLISH_DAY}, {{0:%H:%M}}"),
    "Android, old English": (f"{{3}}, {ENGLISH_DAY}", f"{{3}}, {ENGLISH_DAY}"),
    "iOS, Korean, time only": ("{1}", WEEKDAY),  # the one of iOS whose system lines have a comma
    "iOS, Korean, time only, 24-hour": ("{0:%H:%M}", WEEKDAY),
}
IOS = {
    "iOS, Korean": (f"{DOTTED_DAY} {{1}}", WEEKDAY),
    "iOS, Korean, 24-hour": (f"{DOTTED_DAY} {{0:%H:%M}}", WEEKDAY),
    "iOS, English": ("{0:%b} {0.day}, {0.year} at {0:%H:%M}", f"{{0:%A}}, {ENGLISH_DAY}"),
    "iOS, English, 12-hour": (f"{ENGLISH_DAY} at {{4}}", f"{{0:%A}}, {ENGLISH_DAY}"),
    "iOS, old English": ("{0:%b} {0.day}, {0.year}, {2}", f"{{0:%A}}, {ENGLISH_DAY}"),
}
WINDOWS = {
    "Windows, Korean": ("{1}", WEEKDAY),
    "Windows, 24-hour": ("{0:%H:%M}", WEEKDAY),
    "Windows, English": ("{2}", f"{{0:%A}}, {ENGLISH_DAY}"),
    "Windows, English, 24-hour": ("{0:%H:%M}", f"{{0:%A}}, {ENGLISH_DAY}"),
    "Windows, mixed": ("{5}", WEEKDAY),
}
FORMATS = ANDROID | IOS | WINDOWS


def clocks(at):
    """What stamps are made of: 오후 8:34, 8:34 PM, 8:34pm, 8:34 p.m. (narrow space), PM 8:34."""
    half, hour = ("오전", "오후")[at.hour >= 12], f"{(at.hour - 1) % 12 + 1}:{at:%M}"
    letter = "AP"[at.hour >= 12]
    return (
        f"{half} {hour}",
        f"{hour} {letter}M",
        f"{hour}{letter.lower()}m",
        f"{hour}\u202f{letter.lower()}.m.",
        f"{letter}M {hour}",
    )


def write(format_name, chat, line_break):
    """The chat as that format has it, each record ending in ``line_break``; who has no name is in system lines."""
    windows = format_name in WINDOWS
    stamp, separator = FORMATS[format_name]
    lines, day = ["나 님과 카카오톡 대화"], None
    for at, sender, text, _ in chat:
        if at.date() != day:
            day, rule = at.date(), f" {'-' * 15} " if windows else ""
            lines += ["", (rule + separator.format(at, *clocks(at)) + rule).strip(" ")]
        clock = stamp.format(at, *clocks(at))
        if sender:
            lines.append(f"[{sender}] [{clock}] {text}" if windows else f"{clock}, {sender} : {text}")
        else:
            lines.append(text if windows else f"{clock}{':' if format_name in IOS else ','} {text}")
    return "".join(line + line_break for line in lines)


def timed_as_windows(chat):
    """Windows gives system lines no time: they have that of the message above, or the beginning of the day."""
    timed, now = [], datetime.min
    for message in chat:
        if message.sender:
            now = message.sent_at
        elif now.date() != message.sent_at.date():
            now = message.sent_at.replace(hour=0, minute=0)
        timed.append(message if message.sender else message._replace(sent_at=now))
    return timed


def write_csv(chat, quoting):
    """The chat as macOS has it, with the date in quotes too, or as an editor saves it, with the fewest quotes."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=quoting, lineterminator="\n")
    writer.writerows([f"{at:%Y-%m-%d %H:%M:%S}", sender, text] for at, sender, text, _ in chat)
    return file.getvalue()


# --- reading ---


EVENTS = [
    "하나님이 두리님을 초대했습니다.",
    "하나님이 두리님과 세찌님을 초대했습니다.",
    "하나님이 나갔습니다.",
    "(알수없음)님이 퇴장했습니다.",
    "하나님이 들어왔습니다.운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다. 운영정책 보기",
    "하나님을 내보냈습니다.",
    "방장이 하나님에서 두리님으로 변경되었습니다.",
    "하나님이 부방장이 되었습니다.",
    "하나님이 공지를 등록했습니다.",
    "관리자만 말하기 기능이 활성화되었습니다.",
    "Hana invited Duri.",
    "Hana left.",
    "Hana joined this chatroom.",
]


@st.composite
def rooms(draw):
    """A chat in which people also come and go."""
    chat = draw(chats())
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(chat) - 1))
        chat.insert(place, Message(chat[place].sent_at, "", draw(st.sampled_from(EVENTS)), "system"))
    return chat


@pytest.mark.parametrize("format_name", FORMATS)
@EXAMPLES
@given(chat=rooms())
def test_reading_undoes_writing(format_name, path, chat):
    """Whatever people are called and whatever they say, headers and system lines quoted included."""
    path.write_bytes(write(format_name, chat, "\r\n").encode())
    export = open_export(path)

    assert list(export.messages()) == (timed_as_windows(chat) if format_name in WINDOWS else chat)
    assert export.unread.count == 0


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_placeholder_is_one_in_every_format(format_name, path):
    """And what a person writes about it is speech, whoever stands between."""
    bodies = [(kind, body) for kind, bodies in BODIES.items() for body in bodies if not body.isspace()]
    chat = [
        Message(datetime(2026, 4, 5, 1) + timedelta(minutes=number), "김:팀장, [별] 😀", body, kind)
        for number, (kind, body) in enumerate(bodies)
    ]
    path.write_bytes(write(format_name, chat, "\r\n").encode())

    assert [(message.sent_at, message.sender, message.kind) for message in open_export(path).messages()] == [
        (message.sent_at, message.sender, message.kind) for message in chat
    ]


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def nearly(body):
    """A body, what is but for one character the same, and what begins with a name or ends in a full stop."""
    yield from (body, f"{body}.", f"서연{body}", f"서연님이 {body}", body.translate(FULL_WIDTH))
    yield from (body[:place] + body[place + 1 :] for place in range(len(body)))


@pytest.mark.parametrize(
    "written",
    [lambda chat: write("Android, Korean", chat, "\r\n"), lambda chat: write_csv(chat, csv.QUOTE_ALL)],
    ids=["text", "csv"],
)
def test_a_body_is_of_one_kind_whatever_stands_before_it(written, path):
    """The first row of a sender is read with care, the rows after it only if a first look says so."""
    bodies = {form for bodies in BODIES.values() for body in bodies for form in nearly(body.strip()) if form}
    at = datetime(2026, 4, 5, 13, 0)
    first = [Message(at, f"친구{number}", body) for number, body in enumerate(sorted(bodies))]
    later = [row for message in first for row in (message._replace(text="응"), message)]

    def kinds(chat):
        path.write_bytes(written(chat).encode())
        return [(message.text, message.kind) for message in open_export(path).messages()]

    assert kinds(later)[1::2] == kinds(first)


@pytest.mark.parametrize("format_name", FORMATS)
@EXAMPLES
@given(chat=chats(body=st.text("가나다ㅋ.!?\n\x0b\x85\u2028", max_size=30)))
def test_reading_undoes_writing_without_cr(format_name, path, chat):
    """The same in a file of LF, as long as nobody quotes a header."""
    path.write_bytes(write(format_name, chat, "\n").encode())

    assert list(open_export(path).messages()) == chat


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@EXAMPLES
@given(chat=chats(body=BODY.filter(lambda body: not body.endswith("."))))
def test_reading_undoes_writing_of_a_csv(quoting, path, chat):
    """Quotes, commas and line breaks in any field."""
    path.write_bytes(write_csv(chat, quoting).encode())

    assert list(open_export(path).messages()) == chat


PIECES = st.sampled_from(
    [
        "2026년 3월 3일 오후 1:00, 나 : ",
        "2026년 3월 3일 오후 1:00",
        "2026년 13월 40일 오후 1:00, 나 : ",
        "0년 1월 1일 0:00, ",
        "2026. 3. 3. 오후 1:00: ",
        "Mar 3, 2026 at 13:00, me : ",
        "1:00pm, March 3, 2026, me : ",
        "Mai 99, 0000, 1:00, me : ",
        "오후 1:00, 나 : ",
        "[나] [오후 1:00] ",
        "--------------- 2026년 3월 3일 화요일 ---------------",
        "--------------- 여섯 글자 넘게 ---------------",
        '2026-03-03 13:00:00,"나","',
        '2026-99-03 13:00:00,"나","안녕"',
        ',"","',
        "Date,User,Message",
        '"',
        '""',
        "나님이 나갔습니다.",
        "\r\n",
        "\n",
        "\r",
        "\x00",
        "\ufeff",
        " : ",
    ]
)


@settings(EXAMPLES, max_examples=300)
@given(
    text=st.lists(PIECES | PIECES | st.text(max_size=5), max_size=30).map("".join),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_no_text_makes_the_reader_crash(path, text, encoding):
    """It is read, or refused with a line for people."""
    path.write_bytes(text.encode(encoding, "replace"))
    try:
        messages = list(open_export(path).messages())
    except PersonaError as error:
        assert str(error).startswith(str(path))  # noqa: PT017 - either ending is fine
    else:
        assert all(isinstance(message, Message) for message in messages)


def damaged(content, chance):
    """A file with something wrong: bytes changed, cut out, put in, moved or repeated, lines lost, an end missing."""
    content = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        begin, length = chance.randrange(len(content)), chance.choice((1, 2, 7, 60))
        piece = bytes(content[begin : begin + length])
        match chance.randrange(6):
            case 0:
                content[begin : begin + length] = chance.randbytes(length)
            case 1:
                del content[begin : begin + length]
            case 2:
                content[begin:begin] = (
                    chance.choice((b"\0", b'"', b"\n", b"\r", b"\r\n", b",", b"[", b"\xff\xfe")) * 3
                )
            case 3:
                at = chance.randrange(len(content))
                content[at:at] = piece * chance.choice((1, 3))
            case 4:
                content = content.replace(chance.choice((b"\r", b'"', b"] [", b" : ", b"\n")), b"", 3)
            case _:
                del content[max(1, begin) :]
        content = content or bytearray(b"x")
    return bytes(content)


@pytest.mark.parametrize(
    "export", sorted((Path(__file__).parent / "exports").iterdir()), ids=lambda path: path.name
)
def test_no_damage_makes_the_reader_crash(export, tmp_path):
    """Every format, damaged in a hundred ways: it is read, or refused with a line for people that names the file."""
    chance, path = random.Random(export.name), tmp_path / export.name
    for _ in range(100):
        path.write_bytes(damaged(export.read_bytes(), chance))
        try:
            messages = list(open_export(path).messages())
        except PersonaError as error:
            assert str(error).startswith(str(path))  # noqa: PT017 - either ending is fine
        else:
            assert all(message.kind in get_args(Kind) for message in messages)


# --- merging ---

REPEATS = chats(name=st.sampled_from("AB"), body=st.sampled_from(["ㅋㅋ", "응", "사진"]))
DISTINCT = chats(name=st.sampled_from("AB")).map(
    lambda chat: [message._replace(text=str(number), kind="text") for number, message in enumerate(chat)]
)


def bounds(chat):
    """Where a minute begins, and the end."""
    return [0, *(n for n in range(1, len(chat)) if chat[n].sent_at != chat[n - 1].sent_at), len(chat)]


@EXAMPLES
@given(chat=REPEATS, data=st.data())
def test_merging_overlapping_slices_gives_the_whole(chat, data):
    """Cut between minutes, with every repeat, however many slices and in whatever order."""
    begin, end = sorted(data.draw(st.tuples(*[st.sampled_from(bounds(chat))] * 2)))
    slices = [chat[:end], chat[begin:], chat[begin:end]]

    assert list(merge(map(iter, data.draw(st.permutations(slices))))) == chat


@EXAMPLES
@given(chat=DISTINCT, data=st.data())
def test_merging_slices_cut_within_a_minute_gives_the_whole(chat, data):
    """As long as what is said in that minute differs."""
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(chat))] * 2)))
    assume(begin < end or bounds(chat).count(begin))

    assert list(merge([iter(chat[:end]), iter(chat[begin:])])) == chat


@EXAMPLES
@given(chat=REPEATS, times=st.integers(1, 4))
def test_merging_a_chat_with_itself_changes_nothing(chat, times):
    """The same file given twice is the same chat."""
    assert list(merge([iter(chat) for _ in range(times)])) == chat
