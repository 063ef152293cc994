"""A Space that is there: another deploy changes what has changed, and nothing else."""

import pytest

from persona_core.errors import StorageError
from tests.hub.accounts import User
from tests.trainer.deploy.asking import asked, run_verb, writes
from tests.trainer.deploy.conftest import MODEL, SPACE, release
from trainer.deploy.deployment import deploy
from trainer.deploy.seal import FILE_NAME
from trainer.release.withdrawal import roll_back


def test_twice_changes_nothing(owner):
    """The second run sends nothing but reads, and nothing restarts."""
    request = asked(invite=True, his_name="도윤", her_name="서연", allow=("jiho",), language="en")
    deploy(request)
    events = owner.events()

    with owner.control.recording() as requests:
        deploy(request)

    assert writes(requests) == []
    assert owner.events() == events


def test_dry_run_only_reads(owner):
    """Neither a Space that is not there nor one that is changes."""
    with owner.control.recording() as requests:
        deploy(asked(invite=True), dry_run=True)
    assert writes(requests) == []
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")

    deploy(asked(invite=True))
    with owner.control.recording() as requests:
        deploy(asked(her_name="서연", allow=("jiho",)), dry_run=True)
    assert writes(requests) == []
    assert "PARTNER_NAME" not in owner.settings()


def test_the_key_of_the_seal_is_made_with_the_first_secret(owner, tmp_path):
    """A dry run leaves nothing on this machine either."""
    deploy(asked(invite=True), dry_run=True)
    assert not (tmp_path / "home").exists()

    deploy(asked(invite=True))
    assert [file.name for file in (tmp_path / "home").iterdir()] == [FILE_NAME]


def test_a_home_that_cannot_be_written_stops_no_dry_run(owner, tmp_path):
    """The deploy itself says which file it could not write, and that nothing was changed."""
    (tmp_path / "home").write_text("a file where the folder would be", encoding="utf-8")

    deploy(asked(invite=True), dry_run=True)
    with pytest.raises(StorageError, match=FILE_NAME):
        deploy(asked(invite=True))

    assert f"Nothing was changed at {SPACE}" in owner.said()
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_a_damaged_key_of_the_seal_stops_a_deploy(owner, tmp_path):
    """Before anything is changed, and the line before says so."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / FILE_NAME).write_bytes(b"")

    with pytest.raises(StorageError, match=f"{FILE_NAME} is damaged"):
        deploy(asked(invite=True))

    assert f"Nothing was changed at {SPACE}" in owner.said()


def test_only_what_changed_is_set(owner):
    """One name of two: one secret, one restart; what is not named stays."""
    deploy(asked(his_name="도윤", her_name="서연"))
    before = len(owner.events())

    deploy(asked(his_name="도윤", her_name="연이"))

    assert owner.events()[before:] == ["secrets: PARTNER_NAME"]
    assert owner.settings()["PERSONA_NAME"] == "도윤"


def test_a_new_release_moves_the_pin(owner, tmp_path):
    """The newest version by default; an older one by its name; a rollback and a deploy agree."""
    deploy(asked())
    release(tmp_path / "runs" / "second", version=7)
    before = len(owner.events())

    deploy(asked())
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v2")
    assert owner.events()[before:] == ["variables: PERSONA_REVISION"]

    deploy(asked(revision="v1"))
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v1")

    roll_back(MODEL, "v1")
    events = owner.events()
    deploy(asked())
    assert owner.events() == events


def test_what_was_changed_in_the_space_by_hand_is_put_right_by_one_commit(owner):
    """A stale file goes, an edited one is sent, nothing else."""
    deploy(asked())
    api = owner.hub.api()
    api.upload_file(path_or_fileobj=b"old", path_in_repo="old.py", repo_id=SPACE, repo_type="space")
    api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=SPACE, repo_type="space")
    commits = owner.commits()
    owner.said()

    deploy(asked())

    assert owner.commits() == commits + 1
    assert "old.py" not in owner.control.files(SPACE, "spaces")
    assert "one commit: 1 file(s) sent, 1 removed" in owner.said()


def test_one_change_needs_no_model(owner, tmp_path):
    """The Space goes on with the model and the version it has; a newer version comes when the model is named."""
    deploy(asked(her_name="서연"))
    release(tmp_path / "runs" / "second", version=7)

    assert run_verb("--space", SPACE, "--her-name", "연이") == 0
    assert owner.settings()["PARTNER_NAME"] == "연이"
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v1")

    assert run_verb("--space", SPACE, "--revision", "v2") == 0
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v2")


def test_an_empty_name_is_taken_away(owner):
    """And only that one."""
    deploy(asked(his_name="도윤", her_name="서연"))

    assert run_verb("--space", SPACE, "--her-name", "") == 0

    assert owner.settings().keys() & {"PERSONA_NAME", "PARTNER_NAME"} == {"PERSONA_NAME"}


@pytest.mark.parametrize("stage", ["PAUSED", "STOPPED", "RUNTIME_ERROR", "BUILD_ERROR"])
def test_a_space_that_stands_still_is_started_again(owner, stage):
    """Deploying says that it shall run."""
    deploy(asked())
    with owner.control.repo(SPACE, "spaces").edit() as meta:
        meta["space"]["stages"] = [stage]

    deploy(asked())

    assert owner.events()[-1] == "restart"
    assert "start it again: it stands still" in owner.said()


def test_what_starting_again_costs_is_said(owner):
    """Of hardware that is paid by the hour."""
    owner.control.add_user(User("minsu", can_pay=True))
    deploy(asked(hardware="t4-small"))
    owner.hub.api().pause_space(SPACE)

    deploy(asked(), dry_run=True)

    assert "While it is up it costs $0.40 an hour" in owner.said()
