"""Rows that were prepared before, in whatever format, are prepared again without a loss."""

import json
from pathlib import Path

import pytest

from persona_core.prompt import Turn
from trainer.dataset.preparation import prepare_files, write_data
from trainer.dataset.row_rules import FORMATS
from trainer.settings import Settings

from .conftest import ME, YOU, days
from .written import read


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text("utf-8"))


@pytest.mark.parametrize("row_format", ["instruction", "vertex-text"])
def test_short_replies_of_one_reply_rows_are_no_copies(tmp_path, write_chat, row_format):
    """Photos answered with 응 and ㅇㅇ make rows that are equal; read back, each is learned."""
    talk = [
        line
        for reply in ("응", "ㅇㅇ", "헐", "파스타!") * 5
        for line in (
            (24 * 60, YOU, "사진"),
            (1, ME, reply),
            (0, YOU, "나 이제 집에 가려고"),
            (0, ME, "조심히 와"),
        )
    ]
    first, again = tmp_path / "first", tmp_path / "again"
    prepare_files(write_chat(*talk, *days(3)), first, row_format)
    files = tuple(str(first / name) for name in ("train.jsonl", "validation.jsonl"))

    prepare_files(Settings(exports=files), again, row_format)

    assert report_of(again)["learned_messages"] == report_of(first)["learned_messages"]


@pytest.mark.parametrize("row_format", FORMATS)
def test_what_was_written_in_any_format_is_prepared_again_without_a_loss(tmp_path, write_chat, row_format):
    """Rows of one reply share most of their history; that makes none a copy of the other."""
    talk = [
        line
        for number in range(30)
        for line in (
            (0, YOU, f"그래서 {number}번째 날에는 어디에 가서 누구랑 무엇을 했는지 말해 줘"),
            (0, ME, f"{_word(number)}에 갔지"),
        )
    ]
    first, again = tmp_path / "first", tmp_path / "again"
    prepare_files(write_chat(*talk, *days(10)), first, row_format)
    files = tuple(str(first / name) for name in ("train.jsonl", "validation.jsonl"))

    prepare_files(Settings(exports=files), again, row_format)

    learned = [
        [turn for part in read(folder) for example in part for turn in example.learned]
        for folder in (first, again)
    ]
    assert learned[0] == learned[1]
    assert len(learned[0]) == 40
    assert report_of(again)["dropped"] == {}


def _word(number: int) -> str:
    return "".join(chr(ord("가") + 28 * (number * 7 + i * 13)) for i in range(3))


@pytest.mark.parametrize("row_format", ["instruction", "vertex-text", "vertex-chat", "gemini"])
def test_another_format_holds_the_same_replies(tmp_path, write_chat, row_format):
    """And can be prepared again from its own files, which changes nothing but the split."""
    chat = write_chat(*days(12))
    prepare_files(chat, tmp_path / "mine", row_format)
    again = Settings(
        exports=tuple(str(tmp_path / "mine" / name) for name in ("train.jsonl", "validation.jsonl"))
    )
    prepare_files(again, tmp_path / "again", "messages")
    write_data(chat, tmp_path)

    def replies(folder: Path) -> list[Turn]:
        return [turn for part in read(folder) for example in part for turn in example.learned]

    assert replies(tmp_path / "mine") == replies(tmp_path / "again") == replies(tmp_path)
    assert len(replies(tmp_path)) == 12
