"""What stands in the way of a stage is said at once: before a model is loaded, before the Hub is asked."""

import json
import sys
from dataclasses import asdict, replace

import pytest

from persona_core.errors import PersonaError, ReleaseError, SettingsError
from tests.trainer.fidelity.couple import KEPT
from trainer import pipeline
from trainer.run import Run, open_run
from trainer.settings import Settings


@pytest.fixture
def released(tmp_path) -> Run:
    """A run that looks finished: data, adapter, release and every measurement. None of it could be loaded."""
    run = open_run(tmp_path / "run", Settings(), {})
    for folder in (run.data, run.adapter, run.release):
        folder.mkdir()
    for section in ("evaluation", "fidelity"):
        run.add_metrics(section, {})
    run.add_metrics("memory", asdict(KEPT))
    return run


@pytest.mark.parametrize(
    "way",
    [
        lambda run: pipeline.push(run.path, "me/talk"),
        lambda run: pipeline.resume(run.path, {}),
        lambda run: pipeline.resume(run.path, {}, pipeline.Way("me/talk")),
        lambda run: pipeline.export(run.path),
    ],
    ids=["push", "train", "train and push", "export"],
)
def test_what_knows_its_chat_by_heart_goes_no_way_out(released, way):
    """Not by a release that is there already, either; and nobody goes to the network to say so."""
    released.add_metrics("memory", asdict(replace(KEPT, recited=2, most_exposed=38.0)))
    with pytest.raises(ReleaseError, match=r"= 38\.0 \(limit 20\.0\); .* = 2 \(limit 0\)"):
        way(released)


def test_what_was_never_asked_is_not_pushed(released):
    """A release whose memory nobody measured: the line says what to run."""
    released.add_metrics("memory", {})
    with pytest.raises(ReleaseError, match="persona evaluate"):
        pipeline.push(released.path, "me/talk")


@pytest.mark.parametrize("damaged", ["{", "5", "\x00"])
def test_damaged_measurements_are_said_before_anything_is_measured(released, damaged):
    """Delete that file, not the run: the adapter is not lost with it."""
    released.metrics_file.write_text(damaged, encoding="utf-8")
    with pytest.raises(
        SettingsError, match=r"Delete that file alone .*persona evaluate .*the adapter stays"
    ) as told:
        pipeline.evaluate(released.path)
    assert "run folder" not in str(told.value)


def test_a_damaged_quiz_is_said_before_anything_is_measured(released):
    """It would be read at the end."""
    (released.path / "quiz.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"quiz\.json"):
        pipeline.evaluate(released.path)


def test_what_was_measured_is_one_document_for_programs(released, monkeypatch, capfd):
    """Evaluation, likeness, memory and quiz on stdout; plans and curves of the training are not among them."""
    monkeypatch.setattr(pipeline, "_evaluate", lambda run: run.add_metrics("quiz", {"answers": 1}))
    released.add_metrics("training", {"curves": {}})
    pipeline.evaluate(released.path, as_json=True)

    assert json.loads(capfd.readouterr().out) == {
        "evaluation": {},
        "fidelity": {},
        "memory": asdict(KEPT),
        "quiz": {"answers": 1},
    }


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals, and a program by its first line")


def program(folder, line: str) -> str:
    """The path of a program that runs ``line`` of a shell, whatever it is called with."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@POSIX
@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("kill -9 $$", r"killed \(exit code -9\), as happens when memory runs out"),
        ("exit 137", r"killed \(exit code 137\)"),
        ("exit 1", r"stopped \(exit code 1\)\. That is a fault of the program: please report"),
    ],
)
def test_memory_is_blamed_for_a_kill_alone(released, tmp_path, monkeypatch, end, said):
    """Anything else that ends the merging is ours to mend."""
    monkeypatch.setattr(sys, "executable", program(tmp_path, end))
    with pytest.raises(PersonaError, match=said):
        pipeline._export_in_a_fresh_process(released, openvino=False)


@POSIX
@pytest.mark.parametrize("end", ["kill -INT $$", "exit 0", "exit 1"])
def test_ctrl_c_in_the_last_moment_of_the_merging_is_an_interrupt(released, tmp_path, monkeypatch, end):
    """Nobody there answers the signal any more, however it ends: it is no kill, no fault, and no leave to push."""
    monkeypatch.setattr(sys, "executable", program(tmp_path, f"kill -INT $PPID; {end}"))
    with pytest.raises(KeyboardInterrupt):
        pipeline._export_in_a_fresh_process(released, openvino=False)


@POSIX
def test_ctrl_c_that_the_merging_answered_is_not_announced_again(released, tmp_path, monkeypatch):
    """Its line is printed already."""
    monkeypatch.setattr(sys, "executable", program(tmp_path, "kill -INT $PPID; exit 130"))
    with pytest.raises(SystemExit, match="130"):
        pipeline._export_in_a_fresh_process(released, openvino=False)


def test_what_another_version_measured_is_said_before_anything_is_merged(released):
    """The card of the release would want it, an hour later."""
    released.add_metrics("fidelity", {"likeness": {}})
    with pytest.raises(SettingsError, match="another version"):
        pipeline.export(released.path)


def test_what_another_version_measured_is_said_before_anything_is_measured(released):
    """The page at the end would want it."""
    released.add_metrics("drift", {"kl": 0.1})
    with pytest.raises(SettingsError, match="another version"):
        pipeline.evaluate(released.path)
