"""`persona inspect` tells who speaks, when and how; `persona mask` masks line by line."""

import io
import json

import pytest

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
    for word in ("이서연", "김도윤", "Android, Korean, 12-hour", "2026-01-31", "persona-train FILE --me"):
        assert word in shown.err


def test_an_empty_chat_has_no_sessions():
    """Nothing said, nothing counted."""
    assert look([]).sessions == 0


def masked(capsys, lines: str, names=(), nicknames=(), *, as_json=False) -> list[str]:
    mask_lines(io.StringIO(lines), names, nicknames, as_json=as_json)
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
