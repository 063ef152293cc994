"""`persona train … --push … --deploy …`: what is left of the way is gone in one command."""

import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from persona_core.errors import HubError, SettingsError
from tests.tiny_release import tiny_run
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.cli import app
from trainer.deploy.deployment import deploy_run, get_ready
from trainer.run import load_run


def test_a_run_goes_online_under_the_two_given_names(owner, tmp_path):
    """As the chat called them, and with a link for her at the end."""
    deploy_run(tiny_run(tmp_path / "run"), get_ready(SPACE, MODEL))

    assert (owner.settings()["PERSONA_NAME"], owner.settings()["PARTNER_NAME"]) == ("가온누리", "다솜별")
    assert len(re.findall("/invite/", owner.said())) == 1


def test_a_space_of_another_kind_is_refused_before_the_training(owner):
    """Hours earlier; nothing is created by looking."""
    api = owner.hub.api()
    api.create_repo("minsu/game", repo_type="space", space_sdk="static")
    api.upload_file(
        path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id="minsu/game", repo_type="space"
    )
    get_ready(SPACE, MODEL)

    with pytest.raises(HubError, match="runs something else"):
        get_ready("minsu/game", MODEL)

    done = CliRunner().invoke(app, ["train", "--demo", "--push", MODEL, "--deploy", "minsu/game"])
    assert done.exit_code == 2
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_deploying_needs_a_pushed_model(owner):
    """One line, before anything is read."""
    assert CliRunner().invoke(app, ["train", "--demo", "--deploy", SPACE]).exit_code == 2


def test_the_space_s_token_is_asked_for_before_the_training(owner, monkeypatch):
    """A script without one, or with one that does too much, hears so hours earlier."""
    monkeypatch.delenv("PERSONA_READ_TOKEN")
    with pytest.raises(SettingsError, match=f"no token to read {MODEL}"):
        get_ready(SPACE, MODEL)

    monkeypatch.setenv("PERSONA_READ_TOKEN", owner.hub.read_token)
    with pytest.raises(SettingsError, match=r"This token \(read\) can read or write more"):
        get_ready(SPACE, MODEL)

    done = CliRunner().invoke(app, ["train", "--demo", "--push", MODEL, "--deploy", SPACE])
    assert done.exit_code == 2


def test_a_token_for_a_model_that_is_not_there_yet_can_be_made(owner, monkeypatch):
    """Its repository is made first, private and empty."""
    monkeypatch.delenv("PERSONA_READ_TOKEN")

    with pytest.raises(SettingsError, match="no token to read minsu/new"):
        get_ready(SPACE, "minsu/new")

    assert "minsu/new was made, private and empty" in owner.said()
    assert owner.hub.api().model_info("minsu/new").private


def test_what_was_typed_before_the_training_is_used_after_it(owner, monkeypatch, tmp_path):
    """From memory: it is in no environment and in no file of the run."""
    request = get_ready(SPACE, MODEL)
    monkeypatch.delenv("PERSONA_READ_TOKEN")
    run = tiny_run(tmp_path / "run")

    deploy_run(run, request)

    assert owner.settings()["HF_TOKEN"] == request.token
    assert request.token not in repr(request)
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert not [path for path in files if request.token.encode() in path.read_bytes()]


def test_a_space_that_reads_the_model_needs_no_token_again(owner, monkeypatch, tmp_path):
    """The second training asks for nothing."""
    run = tiny_run(tmp_path / "run")
    deploy_run(run, get_ready(SPACE, MODEL))
    monkeypatch.delenv("PERSONA_READ_TOKEN")

    assert get_ready(SPACE, MODEL).token == ""


def test_a_name_the_page_could_not_show_is_left_out(owner, tmp_path):
    """Hours of training do not end at it."""
    run = tiny_run(tmp_path / "run")
    text = (run.path / "run.toml").read_text(encoding="utf-8")
    (run.path / "run.toml").write_text(text.replace("가온누리", "가" * 41), encoding="utf-8")

    deploy_run(load_run(run.path), replace(get_ready(SPACE, MODEL), invite=False))

    assert "PERSONA_NAME" not in owner.settings()
