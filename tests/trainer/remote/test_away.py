"""Training on rented hardware: the job is a real process here, the Hub is on loopback, the client is real."""

import io
import json
import signal
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from persona_core.errors import HubError
from tests.trainer.remote.conftest import cheap, repos
from trainer.cli import app
from trainer.remote import away as away_module
from trainer.remote import boot, is_away, train_away
from trainer.remote.depot import send_result
from trainer.remote.job import RECORD, follow, read_job
from trainer.run import load_run
from trainer.tuning import tune
from trainer.tuning.adapter import CONFIG, WEIGHTS

ROOT = Path(__file__).parents[3]
PLANTED = {
    "me": "한가람솔",
    "partner": "윤슬비아",
    "my_names": ("가람솔쨩",),
    "partner_names": ("슬비공주님",),
    "names": ("서해든별",),
    "nicknames": ("꼬물왕자님",),
    "exports": ("/home/garamsol/Documents/KakaoTalkChats-plantedpath.txt",),
    "exports_sha256": "5ec4e7" * 10,
}


def parcels(requests):
    """Every zip file among the bodies, unpacked: name -> content."""
    found = {}
    for record in requests:
        if bytes(record.body[:2]) == b"PK":
            with zipfile.ZipFile(io.BytesIO(bytes(record.body))) as parcel:
                found |= {name: parcel.read(name) for name in parcel.namelist()}
    return found


# --- the whole way ---


@pytest.mark.slow
def test_a_job_trains_what_this_machine_would_have_trained_and_nothing_private_goes_there(
    rich, make_run, tmp_path, capfd
):
    """Every bit of the adapter is the same; no name, path or token is in what was sent; nothing stays on the Hub."""
    rich.control.execute_jobs()
    rich.control.keep_bodies()
    here, there = make_run(tmp_path / "here"), make_run(tmp_path / "garamsol-there", **PLANTED)
    tune(here)

    with rich.control.recording() as requests:
        train_away(there, cheap())

    assert (there.adapter / WEIGHTS).read_bytes() == (here.adapter / WEIGHTS).read_bytes()
    assert json.loads((there.adapter / CONFIG).read_text()) == json.loads((here.adapter / CONFIG).read_text())
    mine, its = here.read_metrics()["training"], there.read_metrics()["training"]
    assert [e["nll"] for e in mine["evaluations"]] == [e["nll"] for e in its["evaluations"]]
    assert list(there.logs.iterdir())
    assert not is_away(there)
    assert sorted(path.name for path in there.path.iterdir()) == [
        "adapter",
        "data",
        "logs",
        "metrics.json",
        "run.toml",
    ]
    assert repos(rich) == []

    [job] = rich.control.jobs
    sent = parcels(requests)
    assert {"run/run.toml", "run/data/train.jsonl", "trainer/tuning/training.py"} < sent.keys()
    bodies = [bytes(record.body) for record in requests] + [*sent.values()]
    planted = [
        value for field in PLANTED.values() for value in ([field] if isinstance(field, str) else field)
    ]
    planted += ["garamsol", str(Path.home()) + "/", str(tmp_path), str(ROOT)]
    for value in planted:
        spelled = (value.encode(), json.dumps(value)[1:-1].encode())
        assert not [body[:80] for body in bodies if any(s in body for s in spelled)], value
    told = json.dumps([job.describe(), job.lines])
    assert rich.token not in told
    assert [rich.token in body.decode(errors="replace") for body in bodies].count(
        True
    ) == 1  # the job's secrets
    assert "Job " + job.id in capfd.readouterr().err


WAITING = """
import time
from trainer.remote import worker
from trainer.tuning.course import Course

def on_step_begin(self, args, state, control, **others):
    while state.global_step == 1 and not self._interrupt.requested:
        time.sleep(0.01)
    begin(self, args, state, control, **others)

begin, Course.on_step_begin = Course.on_step_begin, on_step_begin
worker.main()
"""


@pytest.fixture
def slow_boot(tmp_path, monkeypatch):
    """A job whose second step begins when it is told to end, and not before."""
    program = Path(boot.__file__).read_text(encoding="utf-8")
    as_it_is = '"-m", "trainer.remote.worker"'
    assert as_it_is in program
    (tmp_path / "boot.py").write_text(program.replace(as_it_is, f'"-c", {WAITING!r}'), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(boot, "__file__", str(tmp_path / "boot.py"))
        yield patch


@pytest.mark.slow
def test_a_job_that_runs_out_of_time_is_gone_on_with_from_its_checkpoint(rich, make_run, tmp_path, slow_boot):
    """The error says how; the next job takes the checkpoint over, and its adapter is the one of an unbroken run."""
    rich.control.execute_jobs()
    rich.control.time_out_job("step 1 of 3")
    here, run = (make_run(tmp_path / name, epochs=3.0, evaluations=3) for name in ("here", "run"))
    tune(here)

    with pytest.raises(HubError, match="ran out of its time"):
        train_away(run, cheap())
    slow_boot.undo()
    assert not run.adapter.exists()
    assert not is_away(run)
    train_away(run, cheap())

    first, second = rich.control.jobs
    assert (first.stage, second.stage) == ("ERROR", "COMPLETED")
    assert "Going on from step 2 of 3." in [line["data"] for line in second.lines]
    assert (run.adapter / WEIGHTS).read_bytes() == (here.adapter / WEIGHTS).read_bytes()
    assert run.read_metrics()["training"]["curves"].keys() == here.read_metrics()["training"]["curves"].keys()
    assert repos(rich) == []


def test_ctrl_c_leaves_the_job_running_and_the_same_run_follows_it_again(
    rich, make_run, worked, tmp_path, monkeypatch, capfd
):
    """The job's id is in the run; without a place it is the same job that is followed, and its result comes home."""
    rich.control.script_job("step 1 of 2", stage="RUNNING")
    run = make_run(tmp_path / "run")

    def interrupt(job):
        return follow(job, lambda _: signal.raise_signal(signal.SIGINT))

    with monkeypatch.context() as patch:
        patch.setattr(away_module, "follow", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_away(run, cheap())
    [job] = rich.control.jobs
    assert (is_away(load_run(run.path)), job.stage) == (True, "RUNNING")
    said = capfd.readouterr().err
    assert f"persona train {run.path}" in said
    assert f"hf jobs cancel minsu/{job.id}" in said

    send_result(read_job(run).repo, worked)
    rich.api().cancel_job(job_id=job.id, namespace="minsu")
    train_away(load_run(run.path))

    assert (run.adapter / WEIGHTS).read_bytes() == (worked.adapter / WEIGHTS).read_bytes()
    assert [other.id for other in rich.control.jobs] == [job.id]
    assert repos(rich) == []


# --- the command line ---


def test_the_option_is_understood_by_the_command(rich, make_run, tmp_path):
    """`persona train RUN --on` ends with code 2 and the price, and sends nothing."""
    run = make_run(tmp_path / "run")

    done = CliRunner().invoke(app, ["train", str(run.path), "--on", "hf-jobs:cpu-basic"])

    assert done.exit_code == 2
    assert "add --yes" in done.stderr
    assert not (run.path / RECORD).exists()
    assert repos(rich) == []


@pytest.mark.slow
def test_the_whole_way_goes_on_here_when_the_adapter_is_home(rich, tmp_path):
    """One command: masked here, trained there, measured, merged and pushed from here; only the release stays."""
    rich.control.execute_jobs()
    words = "train --demo --max-examples 20 --validation-share 0.5 --epochs 1 --on hf-jobs:cpu-basic --yes --no-openvino --push minsu/talk"

    done = rich.run(
        [sys.executable, "-m", "trainer.cli", *words.split()],
        token=rich.token,
        extra={"PYTHONPATH": str(ROOT), "PERSONA_LANG": "en"},
        cwd=tmp_path,
    )

    assert "The adapter is home" in done.stderr
    assert repos(rich) == ["minsu/talk"]
    assert (
        rich.control.files("minsu/talk")["adapter/" + WEIGHTS]
        == (tmp_path / "runs" / "demo" / "adapter" / WEIGHTS).read_bytes()
    )
