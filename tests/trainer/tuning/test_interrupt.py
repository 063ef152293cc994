"""Ctrl-C asks once, and insists the second time."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from persona_core.prompt import ChatFormat
from persona_core.texts import text_in
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.tuning.conftest import small_talk
from trainer.dataset.example import write_examples
from trainer.fidelity.memory import SECTION
from trainer.pipeline import MEASURED
from trainer.run import load_run
from trainer.tuning.interrupt import Interrupt, interruptible

ROOT = Path(__file__).parents[3]


def stop_after(*numbers):
    """A block that gets these signals, and what it saw: whether it was asked to stop, after each."""
    seen = []

    def run():
        interrupt = Interrupt()
        with interruptible(interrupt):
            for number in numbers:
                signal.raise_signal(number)
                seen.append(interrupt.requested)

    return run, seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_the_block_end(number):
    """The block goes on, sees that it was asked to stop, and only then is it interrupted."""
    run, seen = stop_after(number)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [True]


def test_the_second_signal_interrupts_at_once():
    """Whoever presses Ctrl-C twice does not want to wait."""
    run, seen = stop_after(signal.SIGINT, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [True]


def test_a_second_sigterm_does_not_insist():
    """A launcher sends it to every process after a Ctrl-C reached them all."""
    run, seen = stop_after(signal.SIGINT, signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [True, True]


def test_the_handlers_are_what_they_were_before():
    """Afterwards Ctrl-C means again what it meant."""
    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt()
    with interruptible(interrupt):
        assert signal.getsignal(signal.SIGINT) != before
    assert not interrupt.requested
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to a group of processes")
def test_ctrl_c_during_the_export_is_announced_once(trained, tmp_path):
    """Parent and child both get it, as at a terminal; one line is printed, and the exit code is that of an interrupt."""
    shutil.copytree(trained.path, tmp_path / "run")
    run = load_run(tmp_path / "run")
    for done in MEASURED:
        run.add_metrics(done, asdict(KEPT) if done == SECTION else {})
    write_examples(run.validation_file, small_talk(40, seed=1), ChatFormat())  # enough to be exported
    process = subprocess.Popen(
        [sys.executable, "-m", "trainer.cli", "train", tmp_path / "run"],
        cwd=ROOT,
        env={**os.environ, "PERSONA_LANG": "en"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    merging = text_in("en", "release.merging", base="", bits=4).split()[0]
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith(merging):
            os.killpg(process.pid, signal.SIGINT)

    assert process.wait() == 130, said
    assert "".join(said).count(text_in("en", "cli.interrupted")) == 1
    assert "Traceback" not in "".join(said)
