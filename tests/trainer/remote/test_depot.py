"""The repository between two machines: whole or not at all in both directions."""

import json

import pytest

from persona_core.errors import HubError
from tests.hub.faults import Fault
from tests.trainer.remote.conftest import REPO, checkpoint, ctrl_c_at
from trainer.remote.depot import fetch_result, fetch_state, send_parcel, send_result, send_state
from trainer.run import load_run


def test_a_result_comes_home_whole(depot, worked, make_run, tmp_path):
    """Adapter, curves and measurements; where the base lies over there stays over there."""
    here = make_run(tmp_path / "here")
    send_result(REPO, worked)

    assert fetch_result(REPO, here)

    assert (here.adapter / "adapter_model.safetensors").read_bytes() == b"adapter_model.safetensors"
    assert (here.logs / "events").read_bytes() == b"events"
    assert here.read_metrics() == {"plan": {"batch": 1}, "training": {"steps": 2}}
    assert sorted(path.name for path in here.path.iterdir()) == [
        "adapter",
        "data",
        "logs",
        "metrics.json",
        "run.toml",
    ]


def test_no_result_is_no_error(depot, make_run, tmp_path):
    """A job that ended badly leaves none, nor does a repository that was deleted; the run is as it was."""
    run = make_run(tmp_path / "run")

    assert not fetch_result(REPO, run)
    depot.api().delete_repo(REPO)
    assert not fetch_result(REPO, run)

    assert sorted(path.name for path in run.path.iterdir()) == ["data", "run.toml"]


@pytest.mark.parametrize("name", ["adapter/adapter_model.safetensors", "logs/events"])
def test_a_file_that_is_not_what_the_job_wrote_is_refused(depot, worked, make_run, tmp_path, name):
    """Nothing of that result is put into the run."""
    send_result(REPO, worked)
    depot.api().upload_file(path_or_fileobj=b"other", path_in_repo=f"result/{name}", repo_id=REPO)
    here = make_run(tmp_path / "here")

    with pytest.raises(HubError, match=name):
        fetch_result(REPO, here)

    assert sorted(path.name for path in here.path.iterdir()) == ["data", "run.toml"]


def test_a_broken_download_leaves_nothing_and_the_next_one_succeeds(depot, worked, make_run, tmp_path):
    """Every attempt at the weights is cut: the run is as it was."""
    send_result(REPO, worked)
    here = make_run(tmp_path / "here")
    depot.control.inject(Fault.answer(503, method="GET", path="/storage/", times=None))

    with pytest.raises(HubError):
        fetch_result(REPO, here)
    assert sorted(path.name for path in here.path.iterdir()) == ["data", "run.toml"]
    depot.control.clear_faults()

    assert fetch_result(REPO, here)


def test_ctrl_c_ends_the_wait_for_the_result_at_once(depot, worked, make_run, tmp_path):
    """The client would wait for its threads, and they for a Hub that does not answer; the next attempt succeeds."""
    send_result(REPO, worked)
    here = make_run(tmp_path / "here")

    with ctrl_c_at(depot, method="GET", path="/storage/"), pytest.raises(KeyboardInterrupt):
        fetch_result(REPO, here)

    assert not here.adapter.exists()
    assert fetch_result(REPO, here)


def test_the_answer_to_a_parcel_may_be_lost(depot, tmp_path):
    """The repository is asked what it holds, and the same parcel is not sent twice."""
    parcel = tmp_path / "parcel.zip"
    parcel.write_bytes(b"PK something to train")
    depot.control.inject(Fault.lose_answer(path="/commit/"))

    commit = send_parcel(REPO, parcel)

    with depot.control.recording() as requests:
        assert send_parcel(REPO, parcel) == commit
    assert not [r for r in requests if r.method == "PUT" or "/commit/" in r.path]
    assert depot.control.files(REPO)["parcel.zip"] == b"PK something to train"


def test_complete_checkpoints_go_from_job_to_job(depot, worked, make_run, tmp_path):
    """A half-written one does not, and an older one leaves when its run removes it."""
    for step, complete in ((2, True), (4, True), (6, False)):
        checkpoint(worked, step, complete=complete)

    assert send_state(REPO, worked) == 4
    for file in worked.checkpoints.glob("checkpoint-2/*"):
        file.unlink()
    checkpoint(worked, 8)
    assert send_state(REPO, worked) == 8

    run = make_run(tmp_path / "next")
    fetch_state(REPO, run)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["checkpoint-4", "checkpoint-8"]
    assert (run.checkpoints / "checkpoint-8" / "weights").read_bytes() == b"8"
    assert run.read_metrics() == {"plan": {"batch": 1}, "training": {"steps": 2}}
    assert (run.logs / "events").exists()


def test_a_job_that_begins_anew_finds_nothing_to_take_over(depot, make_run, tmp_path):
    """The run stays what the parcel made it."""
    run = make_run(tmp_path / "run")

    fetch_state(REPO, run)

    assert json.dumps(load_run(run.path).read_metrics()) == "{}"
    assert not run.checkpoints.exists()
