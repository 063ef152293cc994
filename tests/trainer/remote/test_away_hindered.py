"""What may hinder a job: no yes, no such place, no right, no credit, a lost answer, Ctrl-C. Nothing is left unsaid."""

import json
from dataclasses import replace

import pytest

from persona_core.errors import HubError, NotAllowed, RepositoryIsPublic, SettingsError, TokenMissing
from tests.hub.faults import Fault
from tests.trainer.remote.conftest import REPO, cheap, ctrl_c_at, repos
from trainer.remote import away as away_module
from trainer.remote import find_place, is_away, train_away
from trainer.remote.depot import close_depot, send_parcel, send_result
from trainer.remote.job import OWN_TOKEN, End, Job, follow, read_job, record_job

# --- before anything is sent ---


def test_nothing_begins_without_a_yes(rich, make_run, tmp_path, capfd):
    """Where nobody can be asked, the price is shown, --yes is named, and no byte has left."""
    run = make_run(tmp_path / "run")

    with rich.control.recording() as requests, pytest.raises(SettingsError, match="--yes"):
        train_away(run, find_place("hf-jobs:t4-small"))

    said = capfd.readouterr().err
    assert "→ t4-small" in said
    assert "$ 0.40/h" in said
    assert "l4x1" in said
    assert {record.method for record in requests} == {"GET"}
    assert not is_away(run)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("ssh:nas", "--on hf-jobs:FLAVOR"),
        ("hf-jobs:tpu", r"cpu-basic \(\$0.01/h\)"),
        ("hf-jobs:a10g-largex2", "several GPUs"),
    ],
)
def test_a_place_that_is_none_is_refused_with_those_there_are(rich, place, said):
    """The flavours are named with their price an hour."""
    with pytest.raises(SettingsError, match=said):
        find_place(place)


@pytest.mark.parametrize("place", ["hf-jobs", "hf-jobs:"])
def test_a_place_without_a_flavour_is_refused_before_anything_is_asked(hub, place):
    """The line says how to see what there is; no request is made."""
    before = len(hub.control.requests)
    with pytest.raises(SettingsError, match="hf jobs hardware"):
        find_place(place)
    assert len(hub.control.requests) == before


def test_a_base_that_lies_in_a_folder_of_this_machine_stays_here(rich, make_run, tiny_base, tmp_path):
    """Only bases of the Hub, and the shipped one, can be read over there."""
    run = make_run(tmp_path / "run", base=str(tiny_base))

    with pytest.raises(SettingsError, match="is a folder of this computer"):
        train_away(run, cheap())

    assert repos(rich) == []


def test_a_base_too_big_for_the_flavour_is_said_before_it_costs_anything(
    rich, make_run, tmp_path, monkeypatch
):
    """The flavours that would do are named."""
    place = cheap()
    cramped = replace(place, flavour=replace(place.flavour, memory=10**8))

    with pytest.raises(SettingsError, match=r"does not fit cpu-basic.*It fits: t4-small, l4x1"):
        train_away(make_run(tmp_path / "run"), cramped)

    assert repos(rich) == []


# --- what the Hub may say ---


def test_without_credit_nothing_stays_on_the_hub(rich, make_run, tmp_path):
    """402 names billing and the way without it; the parcel is deleted again, and the run waits for nothing."""
    rich.control.inject(
        Fault.answer(402, message="balance is insufficient", method="POST", path="/api/jobs/")
    )
    run = make_run(tmp_path / "run")

    with pytest.raises(HubError, match=r"positive credit balance. \(balance is insufficient\)"):
        train_away(run, cheap())

    assert repos(rich) == []
    assert not is_away(run)


def test_a_token_without_the_right_to_jobs_is_told_so(rich, make_run, tmp_path, monkeypatch):
    """A narrow token is refused before a repository is made."""
    monkeypatch.setenv("HF_TOKEN", rich.control.issue_token("minsu", "fineGrained"))

    with pytest.raises(NotAllowed, match=r"may not start jobs.*job.write"):
        train_away(make_run(tmp_path / "run"), cheap())

    assert repos(rich) == []


def test_a_token_that_expired_is_told_so(rich, make_run, tmp_path, monkeypatch):
    """401 leads to a new token."""
    place = cheap()
    rich.control.expire_token(rich.token)

    with pytest.raises(TokenMissing, match="does not accept the token"):
        train_away(make_run(tmp_path / "run"), place)


def test_a_repository_that_everyone_sees_gets_nothing(rich, make_run, tmp_path):
    """Should its name be taken by a public one, no byte goes there."""
    rich.control.script_job("boom", stage="ERROR", message="Job failed with exit code: 1. Reason: Error")
    run = make_run(tmp_path / "run")
    with pytest.raises(HubError):
        train_away(run, cheap())
    [repo] = repos(rich)
    rich.api().update_repo_settings(repo, private=False)

    with rich.control.recording() as requests, pytest.raises(RepositoryIsPublic):
        train_away(run, cheap())

    assert not [r for r in requests if r.method == "PUT" or "/commit/" in r.path]


def test_somebodys_own_repository_is_not_touched(rich, tmp_path):
    """Files that are not ours mean that it is not ours."""
    rich.api().create_repo("minsu/persona-job-1", private=True)
    rich.api().upload_file(path_or_fileobj=b"mine", path_in_repo="novel.txt", repo_id="minsu/persona-job-1")
    (tmp_path / "parcel.zip").write_bytes(b"PK")

    with pytest.raises(HubError, match="did not put there"):
        send_parcel("minsu/persona-job-1", tmp_path / "parcel.zip")

    assert rich.control.files("minsu/persona-job-1").keys() == {".gitattributes", "novel.txt"}


@pytest.mark.parametrize(
    ("stage", "message", "said"),
    [
        ("ERROR", "Job failed with exit code: 1. Reason: Error", r"without a result. \(Job failed with exit"),
        ("ERROR", "Job timeout", "ran out of its time"),
        ("CANCELED", None, "was cancelled"),
        ("COMPLETED", None, "without a result"),
    ],
)
def test_a_job_without_a_result_leaves_the_run_as_it_was(
    rich, make_run, tmp_path, capfd, stage, message, said
):
    """Its last lines are shown, the error names the next command, and the run waits for no job any more."""
    rich.control.script_job("Traceback: boom", stage=stage, message=message)
    run = make_run(tmp_path / "run")

    with pytest.raises(HubError, match=said) as caught:
        train_away(run, cheap())

    assert "Traceback: boom" in capfd.readouterr().err
    assert f"persona train {run.path} --on hf-jobs:cpu-basic" in str(caught.value)
    assert sorted(path.name for path in run.path.iterdir()) == ["data", "metrics.json", "run.toml"]


def test_a_lost_answer_does_not_start_a_second_job(rich, make_run, tmp_path):
    """The job was begun and its id never came: the same command finds it by its name."""
    rich.control.inject(Fault.lose_answer(method="POST", path="/api/jobs/"))
    run = make_run(tmp_path / "run")
    with pytest.raises(HubError, match="cannot be reached"):
        train_away(run, cheap())
    [job] = rich.control.jobs

    rich.control.inject(Fault.answer(503, path="/logs"))
    with pytest.raises(HubError, match="have trouble"):
        train_away(run, cheap())

    assert [j.id for j in rich.control.jobs] == [job.id]
    assert read_job(run).id == job.id


def test_a_broken_log_is_taken_up_where_it_broke(rich, monkeypatch):
    """No line is shown twice and none is lost."""
    monkeypatch.setattr(
        "huggingface_hub.hf_api.time.sleep", lambda _: None
    )  # the client waits before it asks again
    rich.control.script_job(*map(str, range(20)), stage="RUNNING")
    rich.control.inject(Fault.cut_download(700, path="/logs"))
    info = rich.api().run_job(image="python:3.12", command=["true"], namespace="minsu")
    job = Job(info.id, "minsu", "cpu-basic", "minsu/persona-job-1", info.url)
    shown = []

    def show(line):
        shown.append(line)
        if line == "19":
            rich.api().cancel_job(job_id=job.id, namespace="minsu")

    assert follow(job, show) == End("CANCELED")
    assert shown == [str(number) for number in range(20)]


def test_the_job_gets_the_narrower_token_where_there_is_one(rich, make_run, tmp_path, monkeypatch):
    """PERSONA_JOB_TOKEN goes to the job as its secret, and nowhere else."""
    rich.control.script_job(stage="ERROR")
    run = make_run(tmp_path / "run")
    with pytest.raises(HubError):
        train_away(run, cheap())
    [repo] = repos(rich)
    narrow = rich.control.issue_token("minsu", "fineGrained", grants={f"models/{repo}": "write"})
    monkeypatch.setenv(OWN_TOKEN, narrow)

    with pytest.raises(HubError):
        train_away(run, cheap())

    assert [job.spec["secrets"] for job in rich.control.jobs] == [
        {"HF_TOKEN": rich.token},
        {"HF_TOKEN": narrow},
    ]
    assert all(narrow not in json.dumps(job.describe()) for job in rich.control.jobs)


def test_a_repository_that_cannot_be_deleted_is_named(rich, make_run, tmp_path, capfd, monkeypatch):
    """The adapter is worth more than the tidying: no error, but the command that does it."""
    rich.control.inject(Fault.answer(402, method="POST", path="/api/jobs/"))
    rich.control.inject(Fault.answer(503, method="DELETE", path="/api/repos/delete"))

    with pytest.raises(HubError, match="positive credit balance"):
        train_away(make_run(tmp_path / "run"), cheap())

    assert f"hf repos delete {repos(rich)[0]}" in capfd.readouterr().err
    close_depot(repos(rich)[0])
    assert repos(rich) == []


def test_ctrl_c_while_a_job_begins_says_that_it_may_have(rich, make_run, tmp_path, capfd):
    """It may cost money already, and what was sent is on the Hub; the same command finds the job."""
    run = make_run(tmp_path / "run")

    with ctrl_c_at(rich, method="POST", path="/api/jobs/"), pytest.raises(KeyboardInterrupt):
        train_away(run, cheap())

    assert not is_away(run)
    said = capfd.readouterr().err
    assert "The job may have begun." in said
    assert f"hf repos delete {repos(rich)[0]}" in said


def test_ctrl_c_while_tidying_says_what_stays_on_the_hub(
    depot, worked, make_run, tmp_path, capfd, monkeypatch
):
    """The adapter is home; the masked chat is still there, and the line names the command that deletes it."""
    depot.control.script_job("done")
    info = depot.api().run_job(image="python:3.12", command=["true"], namespace="minsu")
    run = make_run(tmp_path / "run")
    record_job(run, Job(info.id, "minsu", "cpu-basic", REPO, info.url))
    send_result(REPO, worked)

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(away_module, "close_depot", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_away(run)

    assert run.adapter.exists()
    assert f"hf repos delete {REPO} (Ctrl-C)" in capfd.readouterr().err
