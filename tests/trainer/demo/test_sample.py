"""The embedded sample: a chat that looks like a real export and holds nobody's data."""

import re
from datetime import timedelta
from itertools import groupby, pairwise
from pathlib import Path
from statistics import mean

import pytest

from persona_core.privacy import Masker
from trainer.demo.sample import (
    PARTNER,
    PARTNER_NAMES,
    PERSONA,
    Line,
    sample_export,
    sample_lines,
    write_sample_export,
)


@pytest.fixture(scope="module")
def messages() -> list[Line]:
    return [line for line in sample_lines() if line.sender]


@pytest.fixture(scope="module")
def export() -> str:
    return sample_export()


def bodies(messages: list[Line], sender: str) -> list[str]:
    return [line.text for line in messages if line.sender == sender]


def bubbles_per_turn(messages: list[Line], sender: str) -> float:
    turns = [(who, len(list(turn))) for who, turn in groupby(messages, key=lambda line: line.sender)]
    return mean(size for who, size in turns if who == sender)


def test_it_is_large_enough_to_train_on(messages: list[Line]) -> None:
    """Two people write at least 2,000 messages over more than five months."""
    assert len(messages) >= 2_000
    assert {line.sender for line in messages} == {PERSONA, PARTNER}
    assert messages[-1].at - messages[0].at > timedelta(days=150)


def test_it_falls_into_many_sessions(messages: list[Line]) -> None:
    """At least 260 conversations are an hour or more apart."""
    pauses = [later.at - earlier.at for earlier, later in pairwise(messages)]
    assert 1 + sum(pause >= timedelta(hours=1) for pause in pauses) >= 260


def test_time_never_runs_backwards(messages: list[Line]) -> None:
    """Every message stands at or after the one before it."""
    times = [line.at for line in sample_lines()]
    assert times == sorted(times)


def test_some_answers_are_late(messages: list[Line]) -> None:
    """A few answers take 20 to 50 minutes, as answers do."""
    waits = [later.at - earlier.at for earlier, later in pairwise(messages) if earlier.sender != later.sender]
    assert sum(timedelta(minutes=20) <= wait <= timedelta(minutes=50) for wait in waits) >= 5


def test_the_two_write_differently(messages: list[Line]) -> None:
    """The persona writes shorter bubbles, more of them per turn, and laughs far more."""
    persona, partner = bodies(messages, PERSONA), bodies(messages, PARTNER)
    assert mean(map(len, persona)) * 2 < mean(map(len, partner))
    assert bubbles_per_turn(messages, PERSONA) > 2
    assert bubbles_per_turn(messages, PARTNER) < 1.2
    laughs_persona = sum("ㅋㅋ" in text for text in persona) / len(persona)
    laughs_partner = sum("ㅋㅋ" in text for text in partner) / len(partner)
    assert laughs_persona > 4 * laughs_partner


def test_each_keeps_their_own_marks(messages: list[Line]) -> None:
    """Question marks, tears and 애교 are the partner's; clipped endings are the persona's."""
    persona, partner = bodies(messages, PERSONA), bodies(messages, PARTNER)
    softness = re.compile(r"[용당]($|[ !?~])|ㅠㅠ|ㅎㅎ|~")
    clipped = re.compile(r"(임|함|음|듯|ㄱㄱ|ㄹㅇ|ㅇㅇ|ㅇㅋ|ㄴㄴ)ㅋ*$")
    assert mean(bool(softness.search(text)) for text in partner) > 0.6
    assert mean(bool(softness.search(text)) for text in persona) < 0.02
    assert mean(bool(clipped.search(text)) for text in persona) > 0.25
    assert mean(bool(clipped.search(text)) for text in partner) < 0.03


def test_conversations_are_not_copies(messages: list[Line]) -> None:
    """No message of ten characters or more is written more than three times."""
    long = [line.text for line in messages if len(line.text) >= 10]
    assert max(map(long.count, set(long))) <= 3


def test_rendering_is_deterministic(export: str) -> None:
    """Two renderings are the same text."""
    assert export == sample_export()


def test_head_is_that_of_an_android_export(export: str) -> None:
    """The file opens with a byte-order mark, the room, the saving date and a day separator."""
    assert export.startswith(
        "\ufeff이서연 님과 카카오톡 대화\r\n"
        "저장한 날짜 : 2025년 12월 1일 오전 9:00\n\n"
        "\r\n"
        "2025년 6월 2일 오전 7:48\r\n"
        "2025년 6월 2일 오전 7:48, 김도윤님이 이서연님을 초대했습니다.\r\n"
        "2025년 6월 2일 오전 7:48, 이서연 : 도윤아 굿모닝~"
    )


def test_records_end_in_crlf_and_messages_break_in_lf(export: str) -> None:
    """Each message is one CRLF record; a break inside a message is a bare LF."""
    record = re.compile(r"\d+년 \d+월 \d+일 (오전|오후) \d+:\d\d, (김도윤|이서연) : ", re.MULTILINE)
    starts = [piece for piece in export.split("\r\n") if record.match(piece)]
    assert len(starts) == sum(line.sender is not None for line in sample_lines())
    assert any("\n" in piece for piece in starts)


def test_each_day_is_announced_once(export: str) -> None:
    """A blank record and the day's first time stand before each day."""
    separators = re.findall(r"\r\n(\d+년 \d+월 \d+일) (?:오전|오후) \d+:\d\d(?=\r\n)", export)
    assert len(separators) == len(set(separators)) == len({line.at.date() for line in sample_lines()})


@pytest.mark.parametrize(
    "body",
    [
        "사진",
        "사진 3장",
        "동영상",
        "이모티콘",
        "삭제된 메시지입니다.",
        "보이스톡 해요",
        "보이스톡 3:21",
        "페이스톡 해요",
    ],
)
def test_it_holds_what_real_exports_hold(messages: list[Line], body: str) -> None:
    """Media, calls, stickers and deletions occur as whole messages."""
    assert body in {line.text for line in messages}


def test_no_phone_number_can_ring(export: str) -> None:
    """Every mobile number starts with 010-0000, a range nobody is given; e-mail is at example.com."""
    numbers = re.findall(r"(?<!\d)01[016789][-. ]?\d{3,4}[-. ]?\d{4}", export)
    assert len(numbers) >= 4
    assert all(re.sub(r"\D", "", number).startswith("0100000") for number in numbers)
    assert {address.partition("@")[2] for address in re.findall(r"[\w.]+@[\w.]+\w", export)} == {
        "example.com"
    }


def test_registration_numbers_cannot_exist(export: str) -> None:
    """The two number-shaped identities have a real date and a wrong check digit."""
    numbers = re.findall(r"(?<!\d)(\d{6})-(\d{7})(?!\d)", export)
    assert len(numbers) == 2
    for date, tail in numbers:
        digits = [int(digit) for digit in date + tail]
        weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
        check = (11 - sum(w * d for w, d in zip(weights, digits, strict=False)) % 11) % 10
        assert digits[-1] != check


@pytest.mark.parametrize(
    "secret",
    [
        "푸른로 12 101동 1502호",
        "별빛로 25 203동 704호",
        "국민은행 000000-01-234567",
        "#0000*1234",
        "현우",
        "민지",
    ],
)
def test_private_facts_are_there_to_be_masked(export: str, secret: str) -> None:
    """Addresses, accounts, a door code and third persons' names prove the masking."""
    assert secret in export


def test_the_pet_name_is_masked_as_the_partner(messages: list[Line]) -> None:
    """Nobody is called 써니 by the demo's model: every one of them is the partner's placeholder."""
    masker = Masker(PERSONA, (PARTNER, *PARTNER_NAMES))
    pet_name = PARTNER_NAMES[0]
    called = [line.text for line in messages if pet_name in line.text]
    masked = [masker.mask(text).text for text in called]
    assert len(called) > 100
    assert all(pet_name not in text and "[[PARTNER]]" in text for text in masked)


def test_writing_leaves_one_whole_file(tmp_path: Path, export: str) -> None:
    """The written bytes are the rendering in UTF-8, and no unfinished file stays behind."""
    write_sample_export(tmp_path / "KakaoTalkChats.txt")
    assert [entry.name for entry in tmp_path.iterdir()] == ["KakaoTalkChats.txt"]
    assert (tmp_path / "KakaoTalkChats.txt").read_bytes() == export.encode("utf-8")
