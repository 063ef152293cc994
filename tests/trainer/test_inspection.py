"""`persona inspect` tells who speaks, when and how; `persona mask` masks line by line."""

import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_core.errors import DataError, SettingsError
from trainer.inspection import inspect, look, mask_lines

EXPORT = """\ufeff이서연 님과 카카오톡 대화
저장한 날짜 : 2026년 3월 16일 오후 4:45


2026년 1월 31일 오후 11:58
2026년 1월 31일 오후 11:58, 이서연 : 오빠 자요?
2026년 1월 31일 오후 11:59, 김도윤 : ㅇㅇ
2026년 1월 31일 오후 11:59, 김도윤 : 이제 자려고ㅋㅋ

2026년 3월 1일 오전 9:00
2026년 3월 1일 오전 9:00, 김도윤 : 일어났어
2026년 3월 1일 오전 9:00, 이서연 : 사진
2026년 3월 1일 오전 9:01, 이서연님이 김민수님을 초대했습니다.
2026년 3월 1일 오전 9:02, 이서연 : 잘 잤어요ㅎㅎ ㅠ
"""


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "KakaoTalkChats.txt"
    path.write_bytes(EXPORT.replace("\n", "\r\n").encode())
    return path


def test_the_document_counts_everything(export, capsys):
    """One JSON document on stdout, and nothing else."""
    inspect([export], as_json=True)

    document = json.loads(capsys.readouterr().out)
    people = document.pop("participants")
    assert document == {
        "files": [
            {
                "path": str(export),
                "platform": "Android",
                "language": "ko",
                "clock_hours": 12,
                "unread_lines": 0,
                "first_unread": [],
            }
        ],
        "messages": 7,
        "sessions": 2,
        "span": {"first": "2026-01-31T23:58:00", "last": "2026-03-01T09:02:00"},
        "kinds": {"text": 5, "media": 1, "system": 1},
        "per_month": {"2026-01": 3, "2026-02": 0, "2026-03": 3},
        "per_hour": [0] * 9 + [3] + [0] * 13 + [3],
    }
    assert [(p["name"], p["messages"], p["share"]) for p in people] == [
        ("이서연", 3, 0.5),
        ("김도윤", 3, 0.5),
    ]


def test_the_style_of_each_speaker_is_counted(export, capsys):
    """Lengths, bursts, ㅋ, ㅎ, ㅠ, short replies, 존댓말."""
    inspect([export], as_json=True)

    hers, his = (person["style"] for person in json.loads(capsys.readouterr().out)["participants"])
    assert his == {
        "messages": 3,
        "mean_length": 4.7,
        "bubbles_per_turn": 1.5,
        "laugh_share": 0.333,
        "soft_laugh_share": 0.0,
        "cry_share": 0.0,
        "short_share": 0.333,
        "polite_share": 0.0,
    }
    assert (hers["polite_share"], hers["soft_laugh_share"], hers["cry_share"]) == (1.0, 0.5, 0.5)


def test_the_table_names_who_speaks_and_what_to_type_next(export, capsys, monkeypatch):
    """For people it goes to stderr, so that a pipe stays clean."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    inspect([export], as_json=False)

    shown = capsys.readouterr()
    assert shown.out == ""
    for word in ("이서연", "김도윤", "Android, Korean, 12-hour", "2026-01-31"):
        assert word in shown.err
    assert f'persona-train {export} --me "김도윤"' in " ".join(shown.err.split())


def test_an_empty_chat_has_no_sessions():
    """Nothing said, nothing counted."""
    assert look([]).sessions == 0


@pytest.mark.parametrize(
    ("title", "senders", "owner"),
    [
        ("이서연", ("이서연", "김도윤"), "김도윤"),  # a room of two is called by the other one's name
        ("우리 둘", ("이서연", "김도윤"), ""),
        ("이서연", ("이서연", "김도윤", "박하늘"), ""),  # in a group whoever wrote most may be anybody
        ("동기들", ("이서연", "회원님", "박하늘"), "회원님"),
        ("이서연", ("이서연",), ""),
    ],
)
def test_only_an_export_that_tells_whose_it_is_suggests_a_name(
    tmp_path, capsys, monkeypatch, title, senders, owner
):
    """A wrong suggestion trains a bystander; without evidence he is asked for his name."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    said = "".join(f"2026년 1월 31일 오후 11:58, {name} : 안녕\r\n" for name in senders)
    path = tmp_path / "my chat.txt"
    path.write_bytes(
        EXPORT.split("2026년 1월")[0].replace("이서연", title).replace("\n", "\r\n").encode() + said.encode()
    )

    inspect([path], as_json=False)

    (shown,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Next:")]
    assert shown.startswith(f'Next: persona-train "{path}" --me ' + (f'"{owner}"' if owner else "NAME"))


@pytest.mark.parametrize(
    ("mine", "hers", "options"),
    [
        ("회원님", "이서연", "--my-names YOUR-NAME"),
        ("김도윤", "♥", "--partner-names THEIR-NAME"),
        ("You", "내사랑♥", "--my-names YOUR-NAME --partner-names THEIR-NAME"),
    ],
)
def test_where_a_label_is_no_name_the_suggestion_asks_for_one(
    tmp_path, capsys, monkeypatch, mine, hers, options
):
    """What it prints is what can be typed: training refuses a label in whose place nothing could be masked."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    path = tmp_path / "chat.txt"
    path.write_text(EXPORT.replace("김도윤", mine).replace("이서연", hers), encoding="utf-8", newline="\r\n")

    inspect([path], as_json=False)

    assert f'--me "{mine}" {options} ' in " ".join(capsys.readouterr().err.split())


def test_lines_that_could_not_be_read_are_counted_with_their_numbers(tmp_path, capsys, monkeypatch):
    """What stands before the first message is of none."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    path = tmp_path / "chat.txt"
    path.write_bytes(EXPORT.replace("\n\n\n", "\n\nwhat is this\n", 1).replace("\n", "\r\n").encode())

    inspect([path], as_json=False)

    assert "lines that could not be read: 1 (line 4)" in capsys.readouterr().err


def masked(capsys, lines: str, names=(), nicknames=(), *, as_json=False) -> list[str]:
    mask_lines(io.BytesIO(lines.encode()), names, nicknames, as_json=as_json)
    return capsys.readouterr().out.splitlines()


def test_lines_come_back_masked_one_for_one(capsys):
    """Blank lines too; the names given first are the persona's and the partner's."""
    lines = "서연아 내 번호 010-0000-1234야\n\nㅇㅇ 도윤이도\r\n"

    assert masked(capsys, lines, ["김도윤", "이서연"]) == [
        "[[PARTNER]]아 내 번호 [[PHONE]]야",
        "",
        "ㅇㅇ [[PERSONA]]이도",
    ]


def test_json_gives_offsets_into_the_original_line(capsys):
    """One object a line; what stands between start and end is what was masked."""
    line = "서연아 내 번호 010-0000-1234야"

    (row,) = map(json.loads, masked(capsys, line, ["김도윤", "이서연"], as_json=True))

    assert [(line[s["start"] : s["end"]], s["type"]) for s in row["spans"]] == [
        ("서연", "NAME"),
        ("010-0000-1234", "PHONE"),
    ]
    assert row["text"] == "[[PARTNER]]아 내 번호 [[PHONE]]야"


def test_nicknames_and_further_people_are_masked(capsys):
    """The third name and on are other people's."""
    (line,) = masked(capsys, "뽀야미 어디야 라온하제랑 있어?", ["김도윤", "이서연", "라온하제"], ["뽀야미"])

    assert "뽀야미" not in line
    assert "라온하제" not in line


LINES = (
    "",
    "   ",
    "\ufeff번호 010-0000-1234",
    "\t010-0000-1234\t서연아",
    "０１０－００００－１２３４ 야",
    "👩\u200d👩\u200d👧 전화 010 0000 1234 👍🏽",
    "\u1106\u1175\u11ab\u1109\u116e야 010-0000-1234 Cafe\u0301",
    "a\rb\x0bc\u2028d\x85e 010-0000-1234",
    "\0\x01 someone@example.com",
    "[[PHONE]] 010-0000-1234",
    "가" * 100_000 + " 010-0000-1234",
)


def between(line: str, spans: list[dict]) -> list[str]:
    """What of a line stands outside its spans."""
    edges = [0, *(edge for span in spans for edge in (span["start"], span["end"])), len(line)]
    assert edges == sorted(edges)
    return [line[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def assert_exact(line: str, row: dict) -> None:
    """Outside its spans the line is what it was."""
    rest = r"\[\[[A-Z_]+\d*\]\]".join(map(re.escape, between(line, row["spans"])))
    assert re.fullmatch(rest, row["text"])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whatever_a_line_holds_the_offsets_are_its_own(capsys, end):
    """Marks, tabs, emoji, loose jamo, other line ends: one line in is one line out."""
    rows = [
        json.loads(row) for row in masked(capsys, end.join(LINES) + end, ["김도윤", "이서연"], as_json=True)
    ]

    for line, row in zip(LINES, rows, strict=True):
        assert_exact(line, row)
    found = [[span["type"] for span in row["spans"]] for row in rows]
    assert found[2:6] == [["PHONE"], ["PHONE", "NAME"], ["PHONE"], ["PHONE"]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])), max_size=4))
def test_any_line_gives_one_object_that_fits_it(capsys, lines):
    """A carriage return before the end of a line is a part of that end."""
    rows = [json.loads(row) for row in masked(capsys, "".join(line + "\n" for line in lines), as_json=True)]

    for line, row in zip(lines, rows, strict=True):
        assert_exact(line.removesuffix("\r"), row)


def test_lines_are_messages_of_their_own(capsys):
    """Halves of a number on two lines are two short numbers; in a chat the bubbles around them would tell."""
    assert masked(capsys, "010-0000-\n1234\n") == ["010-0000-", "1234"]


def test_a_line_that_is_not_utf8_is_refused_by_its_number(capsys, monkeypatch):
    """Those before it are answered."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(DataError, match="line 2"):
        mask_lines(io.BytesIO(b"ok\n\xc0\xcc\n"), (), (), as_json=False)

    assert capsys.readouterr().out == "ok\n"


def test_a_name_that_nothing_could_match_is_refused(monkeypatch):
    """Better than to leave every line as it is, and say nothing."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(SettingsError, match="--nicknames: nobody can be found in a chat by '~'"):
        mask_lines(io.BytesIO(b""), ["김도윤"], ["~"], as_json=False)


def test_prepared_rows_are_said_to_be_prepared_rows():
    """And what one can do with them."""
    with pytest.raises(DataError, match=r"train\.jsonl is a prepared data set.*persona-train train\.jsonl"):
        inspect([Path("train.jsonl")], as_json=False)
