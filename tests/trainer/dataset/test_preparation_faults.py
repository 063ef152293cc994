"""What cannot be prepared is refused by name, and files that lie in the folder already are not lost by it."""

from contextlib import contextmanager

import pytest

from persona_core.errors import DataError, ExportError, StorageError
from trainer.dataset import prepare
from trainer.dataset.preparation import prepare_files, write_data
from trainer.run import open_run
from trainer.settings import Settings

from .conftest import ME, YOU, days

EARLIER = '{"row_format": "messages"}'


# --- nothing to learn from ---


def test_a_chat_in_which_the_persona_is_silent_is_refused(tmp_path, write_chat):
    """Photos are no words either."""
    with pytest.raises(DataError, match=ME):
        write_data(write_chat((0, YOU, "밥?"), (1, ME, "사진"), (1, YOU, "자?")), tmp_path)


def test_an_empty_export_is_refused(tmp_path):
    """A head and nothing said."""
    path = tmp_path / "empty.txt"
    path.write_text(f"{YOU} 님과 카카오톡 대화\n저장한 날짜 : 2026년 1월 1일 오전 9:00\n", encoding="utf-8")

    with pytest.raises(ExportError):
        write_data(Settings(exports=(str(path),), me=ME, partner=YOU), tmp_path)


def test_an_empty_prepared_file_is_refused(tmp_path):
    """Nothing to train on."""
    path = tmp_path / "empty.jsonl"
    path.touch()

    with pytest.raises(DataError):
        write_data(Settings(exports=(str(path),)), tmp_path)


def test_too_few_examples_are_said_with_what_is_needed(tmp_path, write_chat, monkeypatch):
    """The file, how many there are, and how many it takes."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(DataError, match=r"KakaoTalkChats\.txt: too few examples \(1\).*at least 2"):
        write_data(write_chat(*days(1)), tmp_path)


def test_prepared_rows_and_exports_are_not_mixed(tmp_path, write_chat):
    """The line names the prepared file."""
    chat = write_chat(*days(3))

    with pytest.raises(DataError, match=r"mine\.jsonl"):
        write_data(Settings(exports=(*chat.exports, "mine.jsonl"), me=ME), tmp_path)


# --- the folder it is written to ---


@pytest.fixture
def big_chat(write_chat):
    return write_chat(*days(30))


@contextmanager
def little_room():
    """Writes beyond 4 kB of a file fail, as on a full disk; Windows has no such limit."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_leaves_the_earlier_output_untouched(tmp_path, big_chat):
    """One clear error; the four files of before are as they were, and nothing half-written is left."""
    out = tmp_path / "out"
    out.mkdir()
    for name in ("train.jsonl", "validation.jsonl", "report.json", "report.html"):
        (out / name).write_text(EARLIER, encoding="utf-8")

    with pytest.raises(StorageError) as error, little_room():
        prepare_files(big_chat, out, "messages")

    assert str(out) in str(error.value)
    assert {path.name: path.read_text("utf-8") for path in out.iterdir()} == dict.fromkeys(
        ("train.jsonl", "validation.jsonl", "report.json", "report.html"), EARLIER
    )


def test_a_run_whose_disk_fills_has_no_data_folder(tmp_path, big_chat):
    """The stage is done again when there is room."""
    run = open_run(tmp_path / "run", big_chat, {})

    with pytest.raises(StorageError), little_room():
        prepare(run)

    assert [path.name for path in run.path.iterdir()] == ["run.toml"]


def test_examples_of_somebody_else_are_not_replaced(tmp_path, write_chat):
    """A train.jsonl without our report beside it stays as it is, and is named."""
    (tmp_path / "train.jsonl").write_text("theirs", encoding="utf-8")

    with pytest.raises(StorageError, match=r"train\.jsonl"):
        prepare_files(write_chat(*days(10)), tmp_path, "messages")

    assert (tmp_path / "train.jsonl").read_text("utf-8") == "theirs"


def test_other_files_of_the_folder_stay(tmp_path, write_chat):
    """--out may be a folder in use."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    prepare_files(write_chat(*days(10)), tmp_path, "messages")

    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"
    assert {"train.jsonl", "validation.jsonl", "report.json", "report.html"} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
