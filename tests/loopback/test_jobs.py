"""The loopback Hub's Jobs, through the real client: really run, really listed, really refused."""

import pytest
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.accounts import User

SAY = 'import os; print(os.environ["WORD"], os.environ["HF_TOKEN"], os.getcwd() == os.environ["HOME"])'


@pytest.fixture
def paid(hub):
    hub.control.add_user(User("minsu", can_pay=True))
    hub.control.execute_jobs()
    return hub


def run(hub, *command, **more):
    return hub.api().run_job(image="python:3.12", command=[*command], namespace="minsu", **more)


def test_a_job_is_run_with_its_environment_in_a_folder_of_its_own(paid):
    """Its lines are streamed without the Hub's own first one, and it ends as COMPLETED."""
    job = run(paid, "python", "-c", SAY, env={"WORD": "hi"}, secrets={"HF_TOKEN": "a secret"})

    lines = list(paid.api().fetch_job_logs(job_id=job.id, namespace="minsu", follow=True))

    assert lines == ["hi a secret True"]
    assert paid.api().inspect_job(job_id=job.id, namespace="minsu").status.stage == "COMPLETED"


def test_a_secret_is_never_told_again(paid):
    """Its name is."""
    job = run(paid, "true", secrets={"HF_TOKEN": "a secret"})

    assert paid.api().inspect_job(job_id=job.id, namespace="minsu").secrets == {"HF_TOKEN": ""}


def test_a_failure_is_told_with_its_exit_code(paid):
    """The stage is ERROR."""
    job = run(paid, "python", "-c", "raise SystemExit(3)")

    status = paid.api().wait_for_job(job.id, namespace="minsu", poll_interval=0.05).status

    assert (status.stage, status.message) == ("ERROR", "Job failed with exit code: 3. Reason: Error")


def test_a_job_is_cancelled_and_found_by_its_name_until_then(paid):
    """Listing takes stages and labels."""
    job = run(paid, "sleep", "600", name="talk")
    api, living = paid.api(), {"status": ["SCHEDULING", "RUNNING"], "namespace": "minsu"}

    assert [found.id for found in api.list_jobs(labels={"name": "talk"}, **living)] == [job.id]
    assert list(api.list_jobs(labels={"name": "other"}, **living)) == []
    api.cancel_job(job_id=job.id, namespace="minsu")
    assert list(api.list_jobs(**living)) == []
    assert api.inspect_job(job_id=job.id, namespace="minsu").status.stage == "CANCELED"


def test_a_job_that_takes_too_long_is_ended(paid):
    """The limit is the one it was begun with."""
    job = run(paid, "sleep", "600", timeout=1)

    status = paid.api().wait_for_job(job.id, namespace="minsu", poll_interval=0.05).status

    assert (status.stage, status.message) == ("ERROR", "Job timeout")


@pytest.mark.parametrize(("token", "status"), [("read_token", 403), ("stranger_token", 403)])
def test_only_the_owner_with_a_writing_token_starts_jobs(paid, token, status):
    """Others are refused before money is spoken of."""
    with pytest.raises(HfHubHTTPError) as caught:
        paid.api(getattr(paid, token)).run_job(image="python:3.12", command=["true"], namespace="minsu")

    assert caught.value.response.status_code == status


def test_jobs_want_credit(hub):
    """402 for an account that cannot pay, whatever its plan."""
    with pytest.raises(HfHubHTTPError, match="credit balance is insufficient") as caught:
        run(hub, "true")

    assert caught.value.response.status_code == 402


def test_the_hardware_has_a_price(hub):
    """By the minute, with the GPU and its memory."""
    prices = {info.name: info for info in hub.api().list_jobs_hardware()}

    assert prices["l4x1"].unit_cost_usd * 60 == pytest.approx(0.8)
    assert (prices["l4x1"].accelerator.model, prices["l4x1"].accelerator.vram) == ("L4", "24 GB")
    assert prices["cpu-basic"].accelerator is None
