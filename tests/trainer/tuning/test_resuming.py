"""A run that was stopped, by a power cut, a kill, Ctrl-C, a full disk or a bad loss, goes on from what it had saved."""

import math
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from persona_core.errors import StorageError, TrainingError
from persona_core.texts import text
from tests.trainer.tuning.outcome import curve, same_adapter, same_steps, steps_saved, tensors
from trainer.run import load_run
from trainer.tuning import tune
from trainer.tuning.course import Course

ROOT = Path(__file__).parents[3]


@pytest.fixture
def at_step(monkeypatch):
    """Let something happen when optimizer step ``number`` (from 1) begins; once."""

    def arrange(number, happening):
        original = Course.on_step_begin
        pending = [happening]

        def on_step_begin(self, args, state, control, *, model, **others):
            if state.global_step + 1 == number and pending:
                pending.pop()(model)
            original(self, args, state, control, **others)

        monkeypatch.setattr(Course, "on_step_begin", on_step_begin)

    return arrange


class PowerCutError(Exception):
    """Stands for whatever ends a process without asking."""


def power_cut(_model):
    raise PowerCutError


def test_after_a_power_cut_a_run_goes_on_as_if_there_was_none(trained, make_run, tmp_path, at_step, capfd):
    """The resumed run has the curve and the adapter of the unbroken one; a torn checkpoint is passed over."""
    run = make_run(tmp_path / "run")
    at_step(11, power_cut)
    with pytest.raises(PowerCutError):
        tune(run)
    torn = run.checkpoints / "checkpoint-10"
    torn.mkdir()
    (torn / "trainer_state.json").write_text("{", encoding="utf-8")
    assert not run.adapter.exists()

    tune(load_run(run.path))

    assert text("tuning.resume", step=8, steps=12) in capfd.readouterr().err
    assert not torn.exists()
    assert curve(run) == curve(trained)
    assert same_adapter(run, trained)
    assert same_steps(run, trained)


def test_ctrl_c_saves_the_step_it_was_in(trained, make_run, tmp_path, at_step):
    """After an interrupt nothing is lost but the time to load; the end is that of the unbroken run."""
    run = make_run(tmp_path / "run")
    at_step(6, lambda _model: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        tune(run)
    assert steps_saved(run) == [4, 6]

    tune(load_run(run.path))

    assert curve(run) == curve(trained)
    assert same_adapter(run, trained)


MOMENTS = (
    "adapter_config.json",
    "optimizer.pt",
    ".complete.partial",
)  # of a save, by the file that is opened then
# Forks are cheap where three processes would import everything three times.
KILLED = """
import os, signal, sys
from pathlib import Path
from trainer.run import load_run
from trainer.tuning import prepare_process, tune
import peft, torch, trl, transformers

prepare_process()
for folder in sys.argv[1:]:
    if os.fork():
        assert os.waitstatus_to_exitcode(os.wait()[1]) == -signal.SIGKILL
        continue
    run = load_run(Path(folder))
    file = str(run.checkpoints / "checkpoint-8" / run.path.name)
    def audit(event, arguments):
        if event == "open" and str(arguments[0]) == file:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(audit)
    tune(run)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def killed(make_run, tmp_path_factory):
    """A run for each of `MOMENTS`, killed then at its second save."""
    runs = {moment: make_run(tmp_path_factory.mktemp("killed") / moment) for moment in MOMENTS}
    folders = [run.path for run in runs.values()]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *folders], capture_output=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr.decode()
    return runs


@pytest.mark.skipif(sys.platform == "win32", reason="forks, and SIGKILL")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_it_saves_a_run_goes_on_as_if_it_was_not(trained, killed, moment):
    """SIGKILL at any moment of a save leaves a checkpoint to go on from; curve and adapter are the unbroken run's."""
    run = killed[moment]
    assert (run.checkpoints / "checkpoint-8").exists()

    tune(load_run(run.path))

    assert curve(run) == curve(trained)
    assert same_adapter(run, trained)
    assert same_steps(run, trained)


def test_a_finished_run_is_not_trained_again(trained, make_run, tmp_path, at_step):
    """Killed between its last step and its adapter, a run only has to write the adapter."""
    run = make_run(tmp_path / "run")
    shutil.copytree(trained.checkpoints, run.checkpoints)
    at_step(13, power_cut)
    tune(run)
    assert same_adapter(run, trained)
    assert curve(run) == curve(trained)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # torch keeps its torn file open


@pytest.mark.parametrize("room", [0, 80_000], ids=["for nothing", "for half a checkpoint"])
def test_a_full_disk_loses_nothing(trained, make_run, small_disk, at_step, room):
    """The error says so in one line; with space again, the run goes on from its last complete checkpoint."""
    run = make_run(small_disk / "run")
    filler = small_disk / "filler"

    def fill(_model):
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - room))

    at_step(6, fill)
    with pytest.raises(StorageError) as error:
        tune(run)
    assert error.value.key == "settings.disk_full"
    assert (run.checkpoints / "checkpoint-4" / "complete").exists()

    filler.unlink()
    tune(load_run(run.path))
    assert same_adapter(run, trained)


@pytest.mark.parametrize(
    ("change", "named"), [({"learning_rate": 1e-3}, "learning_rate"), ({"rank": 8}, "rank"), ({}, "data")]
)
def test_a_checkpoint_of_another_training_is_refused(trained, make_run, tmp_path, change, named):
    """Settings, base or examples that changed behind the run's back are named; nothing is mixed, nothing deleted."""
    run = make_run(tmp_path / "run", **change)
    shutil.copytree(trained.checkpoints, run.checkpoints)
    if not change:
        lines = run.train_file.read_text(encoding="utf-8").splitlines(keepends=True)
        run.train_file.write_text("".join(lines[1:]), encoding="utf-8")

    with pytest.raises(TrainingError) as error:
        tune(run)

    assert (error.value.key, error.value.values["fields"]) == ("tuning.other_checkpoint", named)
    assert steps_saved(run) == [12]
    assert not run.adapter.exists()


def test_a_loss_that_is_no_number_stops_the_run(make_run, tmp_path, at_step):
    """The error names the step; checkpoint and best adapter are those from before."""

    def spoil(model):
        for name, parameter in model.named_parameters():
            if "lora_A" in name:
                parameter.data.fill_(math.nan)

    run = make_run(tmp_path / "run")
    at_step(6, spoil)
    with pytest.raises(TrainingError, match="6") as error:
        tune(run)
    assert error.value.key == "tuning.diverged"
    assert steps_saved(run) == [4]
    assert not any(tensor.isnan().any() for tensor in tensors(run.checkpoints / "checkpoint-4").values())
    assert not run.adapter.exists()


def test_a_loss_that_is_no_number_names_the_line_it_came_from(make_run, tmp_path, at_step):
    """Of the rows of the step, those of the batch that spoiled it are named, by their lines in train.jsonl."""
    import torch

    run = make_run(tmp_path / "run")
    lines = run.train_file.read_text(encoding="utf-8").splitlines()
    lines[16] = lines[16].replace("ㅎㅎ", "qqq")
    run.train_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def spoil(model):
        def poison(_module, inputs, output):
            is_q = torch.isin(inputs[0], torch.tensor(model.q_ids))
            return torch.where(is_q.any(), torch.full_like(output, math.nan), output)

        from transformers import AutoTokenizer

        model.q_ids = AutoTokenizer.from_pretrained(run.settings.base)("qqq")["input_ids"]
        model.get_input_embeddings().register_forward_hook(poison)

    at_step(1, spoil)
    with pytest.raises(TrainingError) as error:
        tune(run)
    assert error.value.values["rows"] == "17"
    assert "17" in str(error.value)
