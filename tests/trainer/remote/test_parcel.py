"""What travels: an allow-list, in one file with the same bytes each time."""

import tomllib
import zipfile
from dataclasses import asdict, fields
from importlib.metadata import version

import pytest

from persona_core.errors import SettingsError
from persona_core.manifest import Base
from trainer.demo import base_path
from trainer.remote import parcel
from trainer.remote.parcel import TRAVELLING, constraints, make_parcel
from trainer.settings import Settings
from trainer.tuning.source import Source

STAY = {  # whose chat, how it was cut, and what only this machine has
    "exports",
    "exports_sha256",
    "me",
    "partner",
    "my_names",
    "partner_names",
    "names",
    "nicknames",
    "session_gap_minutes",
    "validation_share",
    "max_examples",
    "device",
    "accepted_licence",
}
ON_THE_HUB = Source("owner/model", Base("owner/model", "0123abc", "mit"))
SHIPPED = Source(str(base_path().resolve()), Base("tiny-korean"))


def unpacked(path):
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_every_setting_either_travels_or_stays():
    """A new setting has to be put on one of the two lists; until then it stays."""
    travelling = {*TRAVELLING, "base", "base_revision"}

    assert {field.name for field in fields(Settings)} - travelling - STAY <= set()
    assert travelling & STAY == set()


def test_the_settings_that_stay_are_the_defaults_over_there(make_run, tmp_path):
    """run.toml of the parcel says what is trained, and nothing of whom."""
    run = make_run(tmp_path / "run", me="김도윤", partner="이서연", exports=("chat.txt",), rank=4, seed=7)

    make_parcel(run, ON_THE_HUB, tmp_path / "parcel.zip")

    there = tomllib.loads(unpacked(tmp_path / "parcel.zip")["run/run.toml"].decode())
    default = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(Settings()).items()}
    assert {name: there["settings"][name] for name in STAY} == {name: default[name] for name in STAY}
    assert there["settings"]["base"] == "owner/model"
    assert there["settings"]["base_revision"] == "0123abc"
    assert (there["settings"]["rank"], there["settings"]["seed"]) == (4, 7)
    assert set(there["origins"].values()) == {"default"}


def test_rows_and_code_travel_and_nothing_else(make_run, tmp_path):
    """The report of what was masked stays, and so does everything compiled or unknown."""
    run = make_run(tmp_path / "run")
    run.data_report.write_text("{}", encoding="utf-8")

    make_parcel(run, ON_THE_HUB, tmp_path / "parcel.zip")

    sent = unpacked(tmp_path / "parcel.zip")
    assert sent["run/data/train.jsonl"] == run.train_file.read_bytes()
    assert {name for name in sent if name.startswith("run/")} == {
        "run/run.toml",
        "run/data/train.jsonl",
        "run/data/validation.jsonl",
    }
    assert {name.split("/")[0] for name in sent} == {
        "run",
        "trainer",
        "persona_core",
        "requirements.txt",
        "constraints.txt",
    }
    assert {name.rpartition(".")[2] for name in sent} == {"py", "toml", "html", "txt", "jsonl"}


def test_the_shipped_base_travels_with_the_code(make_run, tmp_path):
    """It is named by its place in the code, not by its place on this machine."""
    make_parcel(make_run(tmp_path / "run"), SHIPPED, tmp_path / "parcel.zip")

    sent = unpacked(tmp_path / "parcel.zip")
    there = tomllib.loads(sent["run/run.toml"].decode())
    assert there["settings"]["base"] == "trainer/demo/tiny-korean"
    assert "trainer/demo/tiny-korean/model.safetensors" in sent


def test_the_same_run_makes_the_same_parcel(make_run, tmp_path):
    """Bytes and key depend on neither folder nor time nor names; another setting is another key."""
    one, two, other = (
        make_run(tmp_path / name, **changes)
        for name, changes in (("a", {}), ("b", {"me": "김도윤"}), ("c", {"rank": 8}))
    )

    keys = [make_parcel(run, ON_THE_HUB, tmp_path / f"{run.path.name}.zip") for run in (one, two, other)]

    assert keys[0] == keys[1] != keys[2]
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_base_in_another_folder_does_not_travel(make_run, tmp_path):
    """Weights of this machine are not ours to send."""
    with pytest.raises(SettingsError, match="my-model"):
        make_parcel(
            make_run(tmp_path / "run"), Source(str(tmp_path), Base("my-model")), tmp_path / "parcel.zip"
        )


def test_the_libraries_are_those_of_this_machine_in_a_build_for_the_other(monkeypatch):
    """Exact versions without a local build's mark; what torch itself chooses is left to it."""
    pins = dict(line.split("==") for line in constraints().splitlines())

    assert pins["torch"] == version("torch").split("+")[0]
    assert pins["transformers"] == version("transformers")
    assert {name for name in pins if name.startswith(parcel.CHOSEN_BY_TORCH)} == set()
