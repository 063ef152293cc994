"""What of our own folders may leave the machine: the code, and whatever else lies there stays."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from persona_core.manifest import Base
from trainer import rooms
from trainer.release.staging import stage_space
from trainer.remote.parcel import make_parcel
from trainer.run import open_run
from trainer.settings import Settings
from trainer.tuning.source import Source

ROOT = Path(__file__).parents[2]
STRAY = (
    "KakaoTalkChats.txt",
    "KakaoTalk_20260101_0900.png",
    "icons/KakaoTalk_20260101_0901.png",
    "app.py~",
    ".#app.py",
    ".env",
    "report.html",
    "report.json",
    "metrics.json",
    "train.jsonl",
    "run.toml",
    "data/run.toml",
    "texts/run/run.toml",
    "runs/demo/run.toml",
    "runs/demo/report.html",
    "runs/demo/data/train.jsonl",
    "__pycache__/app.cpython-311.pyc",
)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The rooms in a folder of this test."""
    home = tmp_path / "home"
    for room in rooms._FILES:
        shutil.copytree(ROOT / room, home / room, ignore=shutil.ignore_patterns("__pycache__", "demo"))
    monkeypatch.setattr(rooms, "HOME", home)
    return home


def staged(folder: Path) -> set[str]:
    stage_space(folder)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def packed(tmp_path: Path) -> set[str]:
    run = open_run(tmp_path / "run", Settings(), {})
    run.data.mkdir(exist_ok=True)
    for file in (run.train_file, run.validation_file):
        file.write_text("", encoding="utf-8")
    make_parcel(run, Source("owner/model", Base("owner/model", "0123abc")), tmp_path / "parcel.zip")
    with zipfile.ZipFile(tmp_path / "parcel.zip") as parcel:
        return set(parcel.namelist())


def test_a_file_that_strayed_into_a_room_goes_nowhere(copied, tmp_path):
    """A chat, a photo, a run, an editor's copy: neither the public Space nor a job's parcel holds one of them."""
    before = staged(tmp_path / "before"), packed(tmp_path)
    for room in rooms._FILES:
        for name in STRAY:
            (copied / room / name).parent.mkdir(parents=True, exist_ok=True)
            (copied / room / name).write_text("이서연 : 뭐 해?", encoding="utf-8")

    assert (staged(tmp_path / "after"), packed(tmp_path)) == before
    assert before[0] > {"app.py", "page.js", "icons/icon-512.png", "persona_core/texts/space.toml"}
    assert before[1] > {"trainer/cli.py", "trainer/dataset/page.html", "persona_core/texts/space.toml"}


def test_every_file_of_ours_goes():
    """A new one has to be put on the list; the demo's chat and base stay here."""
    ours = subprocess.run(
        ["git", "ls-files", *rooms._FILES], capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.splitlines()
    if not ours:
        pytest.skip("not a git checkout")

    shown = {f"{room}/{name}" for room in rooms._FILES for name in rooms.files_of(room)}
    stay = {name for name in ours if name.startswith("trainer/demo/") and not name.endswith(".py")}
    assert {*ours} - shown == stay
