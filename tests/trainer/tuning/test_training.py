"""A run learns, stops at its best, and goes on after any break as if there had been none."""

import json
import math
import platform
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from persona_core.errors import StorageError, TrainingError
from persona_core.texts import text
from tests.trainer.tuning.test_tensorboard import read_back
from trainer.run import load_run
from trainer.tuning import tune
from trainer.tuning.adapter import CONFIG, WEIGHTS
from trainer.tuning.course import Course

ROOT = Path(__file__).parents[3]


def tensors(folder):
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS)


def same_adapter(one, other):
    import torch

    mine, theirs = tensors(one.adapter), tensors(other.adapter)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def curve(run):
    return [(e["step"], e["nll"], e["accuracy"]) for e in run.read_metrics()["training"]["evaluations"]]


TIMED = ("tokens_per_second", "peak_memory_gib")


def same_steps(one, other):
    """Whether every step of both recorded the same, in the metrics and in the event file, none twice, none missing."""
    mine, theirs = ({n: c for n, c in read_back(run.logs).items() if n not in TIMED} for run in (one, other))
    metrics = (
        {n: c for n, c in run.read_metrics()["training"]["curves"].items() if n not in TIMED}
        for run in (one, other)
    )
    return mine == theirs and next(metrics) == next(metrics)


def steps_saved(run):
    return sorted(int(path.name.split("-")[1]) for path in run.checkpoints.glob("checkpoint-*"))


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


def test_a_run_learns(trained):
    """Held-out loss falls at every evaluation, and the best one is the adapter that is kept."""
    losses = [nll for _, nll, _ in curve(trained)]
    assert losses == sorted(losses, reverse=True)
    training = trained.read_metrics()["training"]
    assert [evaluation["step"] for evaluation in training["evaluations"]] == [4, 8, 12]
    assert training["best"] == training["evaluations"][-1]
    assert (training["steps"], training["examples"], training["epochs"]) == (12, 48, 1.0)


MEASURES = ("total_loss", "fraction_of_correct_next_step_preds", "num_predictions", "perplexity")


def test_the_measures_of_every_step_are_recorded(trained):
    """Loss, perplexity, share foreseen and number of predictions, in training and held out; and how fast, and how big."""
    curves = trained.read_metrics()["training"]["curves"]

    assert set(curves) == {
        *(f"{of}_{name}" for of in ("train", "eval") for name in MEASURES),
        "learning_rate",
        "gradient_norm",
        "tokens_per_second",
        "peak_memory_gib",
    }
    steps = {name: [step for step, _ in curve] for name, curve in curves.items()}
    assert all(steps[name] == ([4, 8, 12] if name.startswith("eval") else [*range(1, 13)]) for name in steps)
    training = trained.read_metrics()["training"]
    assert sum(number for _, number in curves["train_num_predictions"]) == training["supervised_tokens"]
    assert all(0 <= share <= 1 for _, share in curves["train_fraction_of_correct_next_step_preds"])


def test_what_the_run_was_made_with_is_recorded(trained):
    """Seed, versions of Python, system and libraries; no name of the machine."""
    training = trained.read_metrics()["training"]

    assert training["seed"] == 0
    assert training["environment"]["torch"] == version("torch")
    assert training["environment"]["python"] == platform.python_version()
    assert platform.node() not in training["environment"].values()


def test_tensorboard_has_the_same_curves(trained):
    """Every point of the metrics is in the event file, and no step is there twice."""
    curves = trained.read_metrics()["training"]["curves"]

    assert read_back(trained.logs) == {
        name: [(step, pytest.approx(value)) for step, value in curve] for name, curve in curves.items()
    }


def test_the_loss_of_a_step_weighs_every_token_alike(make_run, tmp_path):
    """One step over all rows has the loss and the accuracy that measuring the untrained base gives."""
    from persona_core.prompt import ChatFormat
    from trainer.tuning.base import load_model, load_tokenizer
    from trainer.tuning.evaluation import measure
    from trainer.tuning.labels import read_rows
    from trainer.tuning.source import source_of

    run = make_run(tmp_path / "run", effective_batch=48, evaluations=1)
    tune(run)
    rows = read_rows(load_tokenizer(source_of(run)), run.train_file, ChatFormat(), 128).rows
    score = measure(load_model(source_of(run), "cpu"), rows)
    (first, *_), (share, *_), (number, *_) = (
        run.read_metrics()["training"]["curves"][f"train_{name}"] for name in MEASURES[:3]
    )

    assert first[1] == pytest.approx(score.nll, rel=1e-2)
    assert share[1] == pytest.approx(score.accuracy, abs=0.01)
    assert number[1] == score.tokens


def test_the_adapter_is_two_files_that_name_no_path(trained, tiny_base):
    """Weights and configuration; the base is known by its bare name."""
    assert {path.name for path in trained.adapter.iterdir()} == {WEIGHTS, CONFIG}
    config = json.loads((trained.adapter / CONFIG).read_text(encoding="utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == ("tiny-qwen3", None)
    assert str(tiny_base.parent) not in (trained.adapter / CONFIG).read_text(encoding="utf-8")


def test_the_adapter_is_in_full_precision(trained):
    """Every LoRA weight is float32, and so is what the optimizer remembers of it."""
    import torch

    assert {tensor.dtype for tensor in tensors(trained.adapter).values()} == {torch.float32}
    optimizer = torch.load(trained.checkpoints / "checkpoint-12" / "optimizer.pt", weights_only=True)
    assert {state["exp_avg"].dtype for state in optimizer["state"].values()} == {torch.float32}


def test_checkpoints_hold_what_resuming_needs_and_no_more(trained):
    """No pickled settings with paths or tokens, no model card, no tokenizer; the best and the newest are kept."""
    assert steps_saved(trained) == [12]
    assert {path.name for path in (trained.checkpoints / "checkpoint-12").iterdir()} == {
        WEIGHTS,
        CONFIG,
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "trainer_state.json",
        "complete",
    }
    assert not (trained.checkpoints / "README.md").exists()


def test_the_same_settings_make_the_same_adapter(trained, make_run, tmp_path):
    """Two runs over the same examples are equal bit by bit."""
    again = make_run(tmp_path / "again")
    tune(again)
    assert same_adapter(again, trained)


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


def test_a_run_that_gets_no_better_stops_early_and_keeps_its_best(make_run, tmp_path):
    """With a learning rate far too high, the adapter is that of the best evaluation, not of the last."""
    run = make_run(tmp_path / "run", learning_rate=0.3, evaluations=12, patience=2)
    tune(run)
    training = run.read_metrics()["training"]
    assert training["steps"] < training["planned_steps"] == 12
    assert training["best"] == training["evaluations"][-3]
    assert training["best"]["nll"] == min(evaluation["nll"] for evaluation in training["evaluations"])


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


def test_nothing_is_written_to_stdout(make_run, tmp_path, capfd):
    """stdout belongs to --json; what a person reads goes to stderr, and no example's text is in it."""
    run = make_run(tmp_path / "run", epochs=0.2)
    tune(run)
    out, err = capfd.readouterr()
    assert out == ""
    assert "tiny-qwen3" in err
    assert "밥" not in err


def test_the_loss_on_a_cpu_is_that_of_trl(trained, tokenizer, tmp_path):
    """Scoring labelled positions alone changes the work, not the result."""
    import torch
    from transformers import TrainerCallback
    from trl import SFTTrainer

    from persona_core.prompt import ChatFormat
    from trainer.tuning.labels import read_rows
    from trainer.tuning.sft import build_trainer, score_by_fused_head, score_on_cpu
    from trainer.tuning.source import source_of
    from trainer.tuning.training import _plan_of

    source = source_of(trained)
    rows = read_rows(tokenizer, trained.train_file, ChatFormat(), 128).rows
    trainer = build_trainer(
        trained,
        source=source,
        plan=_plan_of(trained, source),
        rows=rows,
        tokenizer=tokenizer,
        course=TrainerCallback(),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    items = (batch["labels"] != -100).sum()
    with torch.no_grad():
        ours = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=items)
        theirs = SFTTrainer.compute_loss(trainer, trainer.model, dict(batch), num_items_in_batch=items)
        by_head, on_cpu = score_by_fused_head(trainer.model, batch), score_on_cpu(trainer.model, batch)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-3)
    assert [float(number) for number in on_cpu] == pytest.approx(
        [float(number) for number in by_head], rel=1e-3
    )
