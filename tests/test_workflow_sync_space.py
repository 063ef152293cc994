"""The workflow that brings the code to the Space: its steps run in a shell, with the Hub on loopback."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from tests.workflow_runner import POSIX, ROOT, Context, Runner, load
from trainer.release.staging import stage_space

SPACE = "minsu/talk-space"
CLAIMS = {"repository": "minsu/kakao-persona", "ref": "refs/heads/main"}


class LockedPage(BaseHTTPRequestHandler):
    """The Space's page as strangers see it."""

    def do_GET(self):
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def page():
    with ThreadingHTTPServer(("127.0.0.1", 0), LockedPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def sync(hub, page, tmp_path):
    """The workflow in minsu's repository, whose Space trusts it; torch and gradio are not installed where it runs."""
    hub.api().create_repo(
        SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g", private=True
    )
    hub.control.script_space(SPACE, stages=["BUILDING", "RUNNING"])
    hub.control.set_space_host(SPACE, page)
    hub.control.trust(f"spaces/{SPACE}", CLAIMS)
    absent = tmp_path / "absent"
    absent.mkdir()
    for name in ("torch", "transformers", "gradio", "peft", "kiwipiepy"):
        (absent / f"{name}.py").write_text(
            "raise ImportError('not installed for a sync')\n", encoding="utf-8"
        )
    path = os.pathsep.join((str(absent), str(ROOT)))
    workflow = load(ROOT / ".github" / "workflows" / "sync-space.yml")
    runner = Runner(workflow, hub.environment(extra={"PYTHONPATH": path}), tmp_path)
    runner.base |= hub.control.as_workflow(CLAIMS)
    runner.contexts = {
        "vars": Context(PERSONA_SPACE=SPACE),
        "secrets": Context(),
        "inputs": Context(),
        "github": Context(
            ref="refs/heads/main", event=SimpleNamespace(repository=SimpleNamespace(fork=False))
        ),
    }
    return runner


def commits(hub) -> list[str]:
    return [commit.title for commit in hub.api().list_repo_commits(SPACE, repo_type="space")]


def code(hub) -> set[str]:
    return set(hub.control.files(SPACE, "spaces"))


@POSIX
def test_a_push_brings_the_code_by_trusted_publishing(hub, sync, tmp_path):
    """One commit with the files of space/ and persona_core/, made with an hour's token; a second run changes nothing."""
    before = len(commits(hub))
    done = sync.step("sync", "Sync")

    assert done.returncode == 0, done.stdout + done.stderr
    stage_space(tmp_path / "staged")
    staged = {path for path in (tmp_path / "staged").rglob("*") if path.is_file()}
    assert code(hub) == {".gitattributes", *(p.relative_to(tmp_path / "staged").as_posix() for p in staged)}
    assert {"app.py", "README.md", "persona_core/prompt.py"} <= code(hub)
    assert len(commits(hub)) == before + 1
    assert "hf_" not in done.stdout + done.stderr
    assert {r.role for r in hub.control.requests if r.method == "POST" and "/commit/" in r.path} == {"oidc"}

    again = sync.step("sync", "Sync")

    assert again.returncode == 0, again.stderr
    assert len(commits(hub)) == before + 1, again.stderr


@POSIX
def test_a_dry_run_changes_nothing(hub, sync):
    """By hand, with the box ticked, it says what would change."""
    before = commits(hub)
    sync.contexts["inputs"] = Context(dry_run=True)

    done = sync.step("sync", "Sync")

    assert done.returncode == 0, done.stdout + done.stderr
    assert commits(hub) == before
    assert "app.py" not in code(hub)


@POSIX
def test_a_secret_token_is_the_alternative(hub, sync):
    """With PERSONA_SPACE_AUTH=token the identity is not asked for, and the token stays out of the log."""
    token = hub.control.issue_token("minsu", "fineGrained", grants={f"spaces/{SPACE}": "write"})
    sync.contexts["vars"] = Context(PERSONA_SPACE=SPACE, PERSONA_SPACE_AUTH="token")
    sync.contexts["secrets"] = Context(HF_TOKEN=token)

    done = sync.step("sync", "Sync")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "app.py" in code(hub)
    assert token not in done.stdout + done.stderr
    assert "/oauth/token" not in {request.path for request in hub.control.requests}


@POSIX
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(CLAIMS | {"repository": "jiho/kakao-persona"}, id="another repository"),
        pytest.param(CLAIMS | {"ref": "refs/heads/other"}, id="another branch"),
        pytest.param(None, id="without id-token: write"),
    ],
)
def test_a_workflow_that_is_not_trusted_gets_nothing(hub, sync, claims):
    """The last line says where to allow it; a secret that lies there is not tried instead."""
    identity = hub.control.as_workflow(claims) if claims else {}
    sync.base = {name: value for name, value in sync.base.items() if "ID_TOKEN" not in name} | identity
    sync.contexts["secrets"] = Context(HF_TOKEN=hub.token)
    before = commits(hub)

    done = sync.step("sync", "Sync")

    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Trusted Publishers" in done.stderr
    assert hub.token not in done.stdout + done.stderr
    assert commits(hub) == before


@POSIX
def test_without_a_space_there_is_a_note_and_nothing_else(sync):
    """The variable that is missing is named; neither tests nor sync begin."""
    sync.contexts["vars"] = Context()

    assert sync.begins("unset")
    assert not sync.begins("test")
    assert sync.workflow["jobs"]["sync"]["needs"] == "test"
    assert "PERSONA_SPACE" in sync.step("unset", "Say what is missing").stdout


@POSIX
def test_in_a_fork_the_note_says_why_nothing_is_synced(sync):
    """Not that a variable were missing which is set."""
    sync.contexts["github"].event.repository.fork = True

    assert sync.begins("unset")
    assert not sync.begins("test")
    assert "Forks are not synced" in sync.step("unset", "Say what is missing").stdout


@pytest.mark.parametrize(
    ("ref", "fork", "begins"), [("main", False, True), ("main", True, False), ("x", False, False)]
)
def test_only_main_of_this_repository_syncs(sync, ref, fork, begins):
    """Neither a fork nor a branch that is started by hand, and never two at a time."""
    sync.contexts["github"] = Context(
        ref=f"refs/heads/{ref}", event=SimpleNamespace(repository=SimpleNamespace(fork=fork))
    )

    assert sync.begins("test") == begins
    assert sync.begins("unset") == fork
    assert set(sync.workflow["on"]) == {"push", "workflow_dispatch"}
    assert sync.workflow["on"]["push"] == {"branches": ["main"], "paths": ["space/**", "persona_core/**"]}
    assert sync.workflow["concurrency"] == {"group": "sync-space", "cancel-in-progress": False}
