"""What holds for every chat: reading undoes writing, merging undoes cutting, and nothing makes the reader crash."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from persona_core.errors import PersonaError
from trainer.chatlog import Message, open_export
from trainer.chatlog.kinds import BOTS, classify
from trainer.chatlog.merge import merge

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """One file for all examples."""
    return tmp_path_factory.mktemp("properties") / "chat.txt"


# --- chats ---

NAME = st.text("가나다라 ab()[].♥😀:,/'\"", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and " : " not in f" {name} " and name not in BOTS and "] [" not in name
)
# Every character but CR, which KakaoTalk writes only at the end of a record, and what no encoding can hold.
BODY = st.text(
    st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=40
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
MOBILE = {
    "Android, Korean": ("{0.year}년 {0.month}월 {0.day}일 {1}", "{0.year}년 {0.month}월 {0.day}일 {1}"),
    "Android, English": ("{0:%B} {0.day}, {0.year}, {2}", "{0:%B} {0.day}, {0.year}, {2}"),
    "Android, old English": (
        "{0:%I:%M%p}, {0:%B} {0.day}, {0.year}",
        "{0:%I:%M%p}, {0:%B} {0.day}, {0.year}",
    ),
    "iOS, Korean": ("{0.year}. {0.month}. {0.day}. {1}", "{0.year}년 {0.month}월 {0.day}일 월요일"),
    "iOS, Korean, 24-hour": (
        "{0.year}. {0.month}. {0.day}. {0:%H:%M}",
        "{0.year}년 {0.month}월 {0.day}일 월요일",
    ),
    "iOS, Korean, time only": ("{1}", "{0.year}년 {0.month}월 {0.day}일 월요일"),
    "iOS, English": ("{0:%b} {0.day}, {0.year} at {0:%H:%M}", "{0:%A, %B} {0.day}, {0.year}"),
    "iOS, old English": ("{0:%b} {0.day}, {0.year}, {2}", "{0:%A, %B} {0.day}, {0.year}"),
}
WINDOWS = {
    "Windows, Korean": ("{1}", "{0.year}년 {0.month}월 {0.day}일 월요일"),
    "Windows, 24-hour": ("{0:%H:%M}", "{0.year}년 {0.month}월 {0.day}일 월요일"),
    "Windows, English": ("{2}", "{0:%A, %B} {0.day}, {0.year}"),
}


def write(format_name, chat, line_break):
    """The chat as that format has it, each record ending in ``line_break``."""
    windows = format_name in WINDOWS
    stamp, separator = (WINDOWS | MOBILE)[format_name]
    lines, day = ["나 님과 카카오톡 대화"], None
    for at, sender, text, _ in chat:
        korean = f"{'오전' if at.hour < 12 else '오후'} {(at.hour - 1) % 12 + 1}:{at:%M}"
        english = f"{(at.hour - 1) % 12 + 1}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"
        if at.date() != day:
            day, rule = at.date(), f" {'-' * 15} " if windows else ""
            lines += ["", (rule + separator.format(at, korean, english) + rule).strip(" ")]
        clock = stamp.format(at, korean, english)
        lines.append(f"[{sender}] [{clock}] {text}" if windows else f"{clock}, {sender} : {text}")
    return "".join(line + line_break for line in lines)


def write_csv(chat):
    """The chat as macOS has it, with the date in quotes too."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([f"{at:%Y-%m-%d %H:%M:%S}", sender, text] for at, sender, text, _ in chat)
    return file.getvalue()


# --- reading ---


@pytest.mark.parametrize("format_name", [*MOBILE, *WINDOWS])
@EXAMPLES
@given(chat=chats())
def test_reading_undoes_writing(format_name, path, chat):
    """Whatever people are called and whatever they say, headers and system lines quoted included."""
    path.write_bytes(write(format_name, chat, "\r\n").encode())
    export = open_export(path)

    assert list(export.messages()) == chat
    assert export.unread.count == 0


@pytest.mark.parametrize("format_name", [*MOBILE, *WINDOWS])
@EXAMPLES
@given(chat=chats(body=st.text("가나다ㅋ.!?\n\x0b\x85\u2028", max_size=30)))
def test_reading_undoes_writing_without_cr(format_name, path, chat):
    """The same in a file of LF, as long as nobody quotes a header."""
    path.write_bytes(write(format_name, chat, "\n").encode())

    assert list(open_export(path).messages()) == chat


@EXAMPLES
@given(chat=chats(body=BODY.filter(lambda body: not body.endswith("."))))
def test_reading_undoes_writing_of_a_csv(path, chat):
    """Quotes, commas and line breaks in any field."""
    path.write_bytes(write_csv(chat).encode())

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


@EXAMPLES
@given(chat=chats(), seed=st.randoms(use_true_random=False))
def test_no_damage_makes_the_reader_crash(path, chat, seed):
    """Bytes changed, cut out or put in."""
    content = bytearray(write("Android, Korean", chat, "\r\n").encode())
    for _ in range(5):
        at = seed.randrange(len(content))
        content[at : at + seed.randrange(3)] = seed.randbytes(seed.randrange(3))
        assume(content)
    path.write_bytes(content)
    try:
        list(open_export(path).messages())
    except PersonaError as error:
        assert str(error).startswith(str(path))  # noqa: PT017


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
