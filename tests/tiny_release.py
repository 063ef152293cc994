"""A run with the smallest release there is: real in form, four files, one of them an object of the store.

run = tiny_run(tmp_path / "runs" / "first")
train(run, 2)                       # other weights, and the persona.json that goes with them
push(run, "minsu/talk")             # fetched back and compared, but not asked: such weights say nothing
"""

import json
import struct
from dataclasses import replace
from pathlib import Path

from persona_core.manifest import Base, PersonaManifest
from trainer.release import pushing
from trainer.release.contents import artefacts_in
from trainer.run import Run, open_run
from trainer.settings import Settings

WEIGHTS = "model.safetensors"
CARD = "---\nlanguage: ko\nlicense: apache-2.0\ntags:\n- kakao-persona\n---\n\nA persona.\n"


def tiny_run(folder: Path) -> Run:
    """A run in ``folder`` whose release holds version 0."""
    settings = Settings(exports=("KakaoTalk.txt",), me="가온누리", partner="다솜별", base="tiny")
    run = open_run(folder, settings, {})
    run.release.mkdir()
    (run.release / "README.md").write_text(CARD, encoding="utf-8")
    (run.release / "LICENSE").write_text("The licence of an invented base.\n", encoding="utf-8")
    train(run, 0)
    return run


def train(run: Run, version: int) -> None:
    """Weights of their own for each version, and the persona.json that promises them."""
    header = json.dumps({"w": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + struct.pack("<q", version)
    (run.release / WEIGHTS).write_bytes(weights)
    evaluation = {"taken_tuned": 0.25, "drift_kl": 0.001 * version}
    manifest = PersonaManifest(
        Base("tiny"), f"2026-11-{version + 1:02}T00:00:00+00:00", 2, evaluation=evaluation
    )
    replace(manifest, artefacts=artefacts_in(run.release)).write(run.release)


def push(run: Run, repo_id: str) -> pushing.Pushed:
    """Push without the question at the end."""
    return pushing.push(run, repo_id, lambda folder: None)
