"""`persona prepare` on the command line: files and a report in a folder, one clear line when it cannot be."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .conftest import ME, YOU, days

ROOT = Path(__file__).parents[3]


def prepare(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trainer.cli", "prepare", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PERSONA_LANG": "en"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_an_export_becomes_examples_and_a_report(tmp_path, write_chat):
    """The partner is who wrote most besides me; the format is the asked one."""
    (export,) = write_chat(*days(12)).exports

    done = prepare(
        export, "--me", ME, "--out", tmp_path / "out", "--format", "gemini", "--max-examples", "10"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"partner: {YOU}" in done.stderr
    rows = (tmp_path / "out" / "train.jsonl").read_text("utf-8").splitlines()
    assert len(rows) == 9
    assert set(json.loads(rows[0])) == {"systemInstruction", "contents"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "train.jsonl",
        "validation.jsonl",
        "report.json",
        "report.html",
    }


def test_an_unknown_format_is_refused(tmp_path, write_chat):
    """The line lists those we know; nothing is written."""
    (export,) = write_chat(*days(3)).exports

    done = prepare(export, "--me", ME, "--out", tmp_path / "out", "--format", "sharegpt")

    assert done.returncode == 2
    assert "messages, instruction, vertex-text, vertex-chat, gemini" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_name_nobody_has_is_refused(tmp_path, write_chat):
    """The line says who is there; nothing is written."""
    (export,) = write_chat(*days(3)).exports

    done = prepare(export, "--me", "박하늘", "--out", tmp_path / "out")

    assert done.returncode == 2
    assert ME in done.stderr
    assert not (tmp_path / "out").exists()
