"""`--code-only`: a workflow brings the page's files to a Space that is there, and neither sees nor changes anything else."""

import pytest

from persona_core.errors import HubError
from tests.trainer.deploy.asking import asked, run_verb, writes
from tests.trainer.deploy.conftest import SPACE
from trainer.deploy.deployment import deploy, sync_code


def test_a_workflow_s_token_brings_the_code_and_nothing_else(owner, monkeypatch):
    """It may write the files; settings, model and account are not even asked for."""
    deploy(asked(her_name="서연"))
    api = owner.hub.api()
    api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=SPACE, repo_type="space")
    narrow = owner.control.issue_token("minsu", "oidc", grants={f"spaces/{SPACE}": "write"})
    monkeypatch.setenv("HF_TOKEN", narrow)
    monkeypatch.delenv("PERSONA_READ_TOKEN")
    commits = owner.commits()

    with owner.control.recording() as requests:
        assert run_verb("--space", f"https://huggingface.co/spaces/{SPACE}", "--code-only") == 0
        assert run_verb("--space", SPACE, "--code-only") == 0

    assert owner.commits() == commits + 1
    asked_for = {record.path for record in requests}
    assert not [path for path in asked_for if "secrets" in path or "variables" in path or "whoami" in path]


def test_the_code_alone_can_be_tried_dry(owner):
    """For a pull request: what would be sent."""
    deploy(asked())
    with owner.control.recording() as requests:
        assert run_verb("--space", SPACE, "--code-only", "--dry-run") == 0

    assert writes(requests) == []


def test_a_paused_space_stays_paused_when_only_its_code_comes(owner):
    """Its owner paused it; a workflow does not know better."""
    deploy(asked())
    owner.hub.api().pause_space(SPACE)

    sync_code(SPACE)

    assert owner.events()[-1] == "pause"
    assert "stays stopped" in owner.said()


def test_the_code_alone_needs_a_space(owner):
    """Making one takes a model and an account."""
    with pytest.raises(HubError, match="make it once: persona deploy --model"):
        sync_code(SPACE)
