"""The run folder: whole or not at all, and never two runs in one."""

import errno
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from persona_core.errors import HubError, SettingsError, StorageError
from trainer.demo import write_export
from trainer.run import load_run, made_folder, open_run, settled, storage, whole_folder, write_whole
from trainer.settings import Settings

SETTINGS = Settings(exports=("chat.txt",), exports_sha256="ab", me="도윤", names=("써니",))


def test_a_run_is_found_again_as_it_began(tmp_path):
    """load_run gives back the settings that open_run wrote."""
    opened = open_run(tmp_path / "a", SETTINGS, {"me": "flag"})

    assert load_run(tmp_path / "a") == opened


def test_run_toml_says_where_each_value_came_from(tmp_path):
    """A value that nobody asked for is a default."""
    open_run(tmp_path, SETTINGS, {"me": "flag"})
    text = (tmp_path / "run.toml").read_text(encoding="utf-8")

    assert 'me = "flag"' in text
    assert 'rank = "default"' in text


def test_the_same_command_opens_the_same_run(tmp_path):
    """What was measured when the run began stays, though it would come out otherwise today."""
    began = open_run(tmp_path, Settings(me="도윤", base="big"), {"me": "flag", "base": "measured"})

    again = open_run(tmp_path, Settings(me="도윤", base="small"), {"me": "flag", "base": "measured"})

    assert again == began


def test_another_setting_in_the_same_folder_is_refused_by_name(tmp_path):
    """Nothing is mixed: the error names what differs, and run.toml stays as it was."""
    open_run(tmp_path, SETTINGS, {"rank": "flag"})
    before = (tmp_path / "run.toml").read_bytes()

    with pytest.raises(SettingsError, match="rank"):
        open_run(
            tmp_path, Settings(me="도윤", exports_sha256="ab", names=("써니",), rank=8), {"rank": "flag"}
        )

    assert (tmp_path / "run.toml").read_bytes() == before


def test_a_moved_export_is_the_same_run_and_is_read_where_it_lies_now(tmp_path):
    """Where the export lies does not matter, what is in it does; the rest stays as the run began."""
    origins = {"exports": "flag", "exports_sha256": "flag"}
    open_run(tmp_path, SETTINGS, origins)
    moved = Settings(exports=("elsewhere.txt",), exports_sha256="ab", me="도윤", names=("써니",))

    opened = open_run(tmp_path, replace(moved, base="small"), origins)

    assert opened.settings == replace(SETTINGS, exports=("elsewhere.txt",))
    assert load_run(tmp_path) == opened
    record = tomllib.loads((tmp_path / "run.toml").read_text(encoding="utf-8"))
    assert record["origins"]["exports"] == "flag"


def test_what_was_left_to_us_is_recorded_when_it_is_known(tmp_path):
    """The number is in run.toml as measured, and the command that began the run still goes on with it."""
    begun = open_run(tmp_path, SETTINGS, {"me": "flag"})

    settled(begun, epochs=4.0)

    record = tomllib.loads((tmp_path / "run.toml").read_text(encoding="utf-8"))
    assert (record["settings"]["epochs"], record["origins"]["epochs"]) == (4.0, "measured")
    assert record["origins"]["me"] == "flag"
    assert open_run(tmp_path, SETTINGS, {"me": "flag"}).settings.epochs == 4.0


def test_what_is_recorded_later_leaves_what_was_recorded_before(tmp_path):
    """Two stages record something each, with the run as it was read when they began."""
    begun = open_run(tmp_path, SETTINGS, {})

    settled(begun, base_revision="0123abc")
    settled(begun, epochs=4.0)

    assert load_run(tmp_path).settings == replace(SETTINGS, base_revision="0123abc", epochs=4.0)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    """The error says what is missing."""
    with pytest.raises(SettingsError):
        load_run(tmp_path)


def test_a_folder_appears_when_it_is_whole(tmp_path):
    """While the block runs nothing stands at the name; afterwards all of it does."""
    with whole_folder(tmp_path / "data") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "data").exists()

    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError()])
def test_a_stage_that_fails_leaves_the_earlier_output_untouched(tmp_path, failure):
    """Neither an error nor Ctrl-C leaves half a folder behind."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "old").write_text("old")

    with pytest.raises(type(failure)), whole_folder(tmp_path / "data") as partial:  # noqa: PT012
        (partial / "new").write_text("new")
        raise failure

    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["old"]


def test_what_a_power_cut_left_over_is_cleared_away(tmp_path):
    """Half a new folder and a former one vanish when a whole one takes the place."""
    for name in (".data.partial", ".data.former", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(name)

    with whole_folder(tmp_path / "data") as partial:
        (partial / "new").write_text("new")

    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["new"]


def test_what_cannot_take_the_place_leaves_the_earlier_output_there(tmp_path):
    """The earlier one has made way already when the new one cannot be renamed, as on Windows one that is looked at."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "old").write_text("old")

    with pytest.raises(StorageError), whole_folder(tmp_path / "data") as partial:
        partial.rmdir()

    assert [p.name for p in tmp_path.iterdir()] == ["data"]
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["old"]


def test_a_power_cut_in_the_last_moment_costs_nothing(tmp_path):
    """The earlier output has made way and nothing stands there: it comes back, and stays when the next attempt fails."""
    (tmp_path / ".data.former").mkdir()

    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "data"):
        raise KeyboardInterrupt

    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_a_full_disk_is_said_in_one_line(tmp_path):
    """The real error of a real full device becomes a StorageError that names the file, and nothing is left."""
    with (
        pytest.raises(StorageError) as full,
        whole_folder(tmp_path / "data"),
        open("/dev/full", "w") as device,
    ):
        device.write("x" * 100_000)

    assert full.value.key == "settings.disk_full"
    assert list(tmp_path.iterdir()) == []


def test_a_forbidden_folder_is_said_in_one_line(tmp_path):
    """A file where a folder should be cannot be written into."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError) as refused:
        open_run(tmp_path / "file" / "run", SETTINGS, {})

    assert refused.value.key == "settings.cannot_write"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOENT, "no folder can be made there"),
        (errno.ENOTDIR, "a file stands where a folder should be"),
        (errno.EEXIST, "a file stands where a folder should be"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EIO, "does not answer"),
        (errno.EMFILE, os.strerror(errno.EMFILE)),
    ],
)
def test_whatever_the_system_says_of_a_path_is_one_line(number, reason, monkeypatch):
    """The line names the path and the reason; what has no words of ours keeps the system's."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(StorageError) as refused, storage(Path("out")):
        raise OSError(number, os.strerror(number))

    assert str(refused.value).startswith("out cannot be written: ")
    assert reason in str(refused.value)


def test_an_error_that_has_its_line_keeps_it(tmp_path):
    """Some of ours are OSErrors: they are not explained a second time."""
    with pytest.raises(HubError), storage(tmp_path):
        raise HubError("hub.unreachable")


def test_folders_made_for_nothing_go_again(tmp_path):
    """Those that were there stay, and so does what has something in it."""
    with pytest.raises(ValueError, match="no"), made_folder(tmp_path / "a" / "b"):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []

    with pytest.raises(ValueError, match="no"), made_folder(tmp_path / "a" / "b"):  # noqa: PT012
        (tmp_path / "a" / "kept").write_text("")
        raise ValueError("no")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_new_folders_are_closed_to_other_users(tmp_path):
    """A run, what a stage fills, and whatever is made above them; a folder that was there keeps its rights."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o755)

    open_run(theirs / "runs" / "a", SETTINGS, {})
    with whole_folder(theirs / "runs" / "a" / "data"), made_folder(theirs):
        pass
    write_export(theirs / "demo")

    rights = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.rglob("*") if path.is_dir()}
    closed = dict.fromkeys(("runs", "a", "data", "demo", "sample"), "0o700")
    assert rights == {"theirs": "0o755", **closed}


def test_other_errors_are_not_called_a_full_disk(tmp_path):
    """Only what the reader can mend is translated."""
    with pytest.raises(FileNotFoundError) as error, whole_folder(tmp_path / "data"):
        (tmp_path / "nothing").read_text()

    assert error.value.errno == errno.ENOENT


def test_a_file_is_replaced_whole(tmp_path):
    """write_whole leaves exactly the new text under exactly the name."""
    write_whole(tmp_path / "a.json", "1")
    write_whole(tmp_path / "a.json", "2\n")

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.json": b"2\n"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rank": 0}, "--rank 0 cannot be used. Possible: ≥ 1"),
        ({"epochs": -1}, "--epochs -1 cannot be used. Possible: 0–1000"),
        ({"validation_share": 0.9}, "--validation-share 0.9 cannot be used. Possible: > 0, ≤ 0.5"),
        ({"validation_share": float("nan")}, "--validation-share nan cannot be used. Possible: > 0, ≤ 0.5"),
        ({"batch": 3, "effective_batch": 8}, "--batch 3 cannot be used. Possible: 0, 1, 2, 4, 8"),
        ({"effective_batch": 10**9}, "--effective-batch 1000000000 cannot be used. Possible: 1–1024"),
        ({"max_length": 1}, "--max-length 1 cannot be used. Possible: ≥ 64"),
        ({"session_gap_minutes": 10**12}, "--session-gap 1000000000000 cannot be used. Possible: 1–525600"),
        ({"device": "tpu"}, "--device tpu cannot be used. Possible: auto, cpu, cuda"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_what_can(wrong, said, monkeypatch):
    """The error quotes the flag to change, its value, and the values there are."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(SettingsError) as error:
        Settings(**wrong)

    assert str(error.value) == said
