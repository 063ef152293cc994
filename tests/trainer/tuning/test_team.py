"""Two processes train one run: one of them talks and writes, and the curve is that of one process."""

import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from persona_core.errors import TrainingError
from persona_core.texts import text_in
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.tuning.outcome import read_back, tensors
from trainer.fidelity.memory import SECTION
from trainer.pipeline import MEASURED
from trainer.run import load_run

ROOT = Path(__file__).parents[3]


def launch(*words, processes):
    """`accelerate launch` of the command line on the CPU. Its own `--cpu` would start one process."""
    options = ["--multi_gpu", f"--num_processes={processes}", "--num_machines=1", "--main_process_port=0"]
    options += ["--mixed_precision=no", "--dynamo_backend=no"]
    return subprocess.run(
        [sys.executable, "-m", "accelerate.commands.launch", *options, "-m", "trainer.cli", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "ACCELERATE_USE_CPU": "true", "PERSONA_LANG": "en", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shared(make_run, tmp_path_factory):
    """A run that two processes trained; its evaluation and its release are taken for done. And what they printed."""
    run = make_run(tmp_path_factory.mktemp("team") / "run")
    for done in MEASURED:
        run.add_metrics(done, asdict(KEPT) if done == SECTION else {})
    run.release.mkdir()
    done = launch("train", run.path, processes=2)
    assert done.returncode == 0, done.stderr
    return load_run(run.path), done.stdout, done.stderr


def test_two_processes_have_the_curve_of_one(shared, trained):
    """At every step, in training and held out, the same tokens and nearly the same loss; every step once."""
    two, _, _ = shared
    mine, ours = read_back(two.logs), read_back(trained.logs)
    for name in ("train_num_predictions", "eval_num_predictions", "learning_rate"):
        assert mine[name] == ours[name]
    for name in ("train_total_loss", "eval_total_loss"):
        assert [step for step, _ in mine[name]] == [step for step, _ in ours[name]]
        assert [loss for _, loss in mine[name]] == pytest.approx([loss for _, loss in ours[name]], rel=5e-3)


def test_two_processes_make_the_adapter_of_one(shared, trained):
    """Summing gradients in another order changes the last digits, and nothing more."""
    import torch

    two, _, _ = shared
    ours = tensors(trained.adapter)
    for name, weight in tensors(two.adapter).items():
        assert torch.nn.functional.cosine_similarity(weight.flatten(), ours[name].flatten(), dim=0) > 0.98


def test_one_process_talks_and_writes(shared):
    """Each line is printed once; each process does half of every step; one process' files are there."""
    two, out, err = shared
    assert out == ""
    assert err.count(text_in("en", "tuning.done", step=12, nll="").split("(")[0]) == 1
    plan = two.read_metrics()["plan"]
    assert plan["batch"] * plan["accumulation"] == 2
    assert two.read_metrics()["training"]["processes"] == 2
    assert len(list(two.logs.iterdir())) == 1


def test_a_batch_that_cannot_be_shared_is_refused(make_run, tmp_path, monkeypatch):
    """Three processes cannot take equal shares of four rows; the line names the option."""
    from trainer.tuning.source import source_of
    from trainer.tuning.training import _plan_of

    run = make_run(tmp_path / "run")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(TrainingError, match="--effective-batch 4"):
        _plan_of(run, source_of(run))


SHORT = """
import os
import torch
from trainer import cli
from trainer.tuning.course import Course

def on_step_begin(self, args, state, control, **others):
    if os.environ["RANK"] == "1" and state.global_step == 4:
        raise torch.OutOfMemoryError("CUDA out of memory")
    begin(self, args, state, control, **others)

begin, Course.on_step_begin = Course.on_step_begin, on_step_begin
cli.main()
"""


def test_where_one_process_lacks_memory_all_end_and_one_says_so(make_run, tmp_path):
    """Neither hangs and neither shows a traceback; the smaller plan is recorded for when the command is run again."""
    from torch.distributed import TCPStore

    run = make_run(tmp_path / "run", batch=2)
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # as a launcher holds it
    alike = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    alike |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    alike |= {"ACCELERATE_USE_CPU": "true", "PERSONA_LANG": "en", "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SHORT, "train", run.path],
            cwd=ROOT,
            env={**os.environ, **alike, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [1, 2]
    assert "Traceback" not in "".join(said)
    line = str(TrainingError("memory.run_again", batch=1, accumulation=2))
    assert [one.count(line) for one in said] == [0, 1]
    plan = run.read_metrics()["plan"]
    assert (plan["batch"], plan["accumulation"]) == (1, 2)
    assert (run.checkpoints / "checkpoint-4" / "complete").exists()
