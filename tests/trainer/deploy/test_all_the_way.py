"""`persona train … --push … --deploy …`: what is left of the way is gone in one command."""

import re

import pytest
from typer.testing import CliRunner

from persona_core.errors import HubError
from tests.tiny_release import tiny_run
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.cli import app
from trainer.deploy.deployment import check_space, deploy_run


def test_a_run_goes_online_under_the_two_given_names(owner, tmp_path):
    """As the chat called them, and with a link for her at the end."""
    deploy_run(tiny_run(tmp_path / "run"), SPACE, MODEL)

    assert (owner.settings()["PERSONA_NAME"], owner.settings()["PARTNER_NAME"]) == ("가온누리", "다솜별")
    assert len(re.findall("/invite/", owner.said())) == 1


def test_a_space_of_another_kind_is_refused_before_the_training(owner):
    """Hours earlier; nothing is created by looking."""
    api = owner.hub.api()
    api.create_repo("minsu/game", repo_type="space", space_sdk="static")
    api.upload_file(
        path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id="minsu/game", repo_type="space"
    )
    check_space(SPACE)

    with pytest.raises(HubError, match="runs something else"):
        check_space("minsu/game")

    done = CliRunner().invoke(app, ["train", "--demo", "--push", MODEL, "--deploy", "minsu/game"])
    assert done.exit_code == 2
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_deploying_needs_a_pushed_model(owner):
    """One line, before anything is read."""
    assert CliRunner().invoke(app, ["train", "--demo", "--deploy", SPACE]).exit_code == 2
