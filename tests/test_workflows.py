"""The workflows: valid, safe, and their steps run in a shell as GitHub's runner would, with the Hub on loopback."""

import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROGRAMS = Path(sys.executable).parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="these steps run on Linux: bash and make")

SPACE = "minsu/talk-space"
CLAIMS = {"repository": "minsu/kakao-persona", "ref": "refs/heads/main"}
SHELLS = {None: ["-e"], "bash": ["--noprofile", "--norc", "-eo", "pipefail"]}  # as the runner starts bash


def load(path: Path) -> dict:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["on"] = document.pop(True)  # YAML 1.1 reads `on` as a truth value
    return document


def steps(path: Path) -> list[dict]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


# --- the runner ---


class Context(dict):
    """`vars.NAME`: empty where nobody set it."""

    def __getattr__(self, name):
        return self.get(name, "")


def evaluate(expression: str, **contexts: dict) -> object:
    """What GitHub makes of an expression: its operators give back an operand, as Python's do."""
    python = expression.replace("&&", " and ").replace("||", " or ").replace("needs.*.result", "results")
    python = re.sub(r"!(?!=)", " not ", python).strip()
    functions = {"format": str.format, "join": lambda words, between: between.join(words)}
    return eval(python, functions, contexts)


def substitute(value: str, **contexts: dict) -> str:
    """`value` with its expressions replaced; truth values are written as GitHub writes them."""

    def replaced(match):
        result = evaluate(match[1], **contexts)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", replaced, str(value))


@dataclass
class Runner:
    """Runs the `run` steps of a workflow; its environment is the workflow's and ``base``."""

    workflow: dict
    base: dict[str, str]
    folder: Path
    contexts: dict = field(default_factory=dict)

    def step(self, job: str, name: str) -> subprocess.CompletedProcess[str]:
        (step,) = (step for step in self.workflow["jobs"][job]["steps"] if step.get("name") == name)
        environment = {
            key: substitute(value, **self.contexts)
            for layer in (self.workflow, self.workflow["jobs"][job], step)
            for key, value in layer.get("env", {}).items()
        }
        shell = self.workflow.get("defaults", {}).get("run", {}).get("shell")
        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        return subprocess.run(
            ["bash", *SHELLS[shell], script],
            cwd=ROOT,
            env={**self.base, **environment, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def begins(self, job: str) -> bool:
        return bool(evaluate(self.workflow["jobs"][job].get("if", "True"), **self.contexts))


# --- all of them ---


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_one_that_github_accepts(path):
    """By the schema that GitHub's editor uses."""
    done = subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_nothing_in_the_workflows_can_be_misused():
    """zizmor knows the ways: injected templates, wide rights, unpinned actions, stale credentials, and twenty more."""
    done = subprocess.run(
        [
            PROGRAMS / "zizmor",
            "--offline",
            "--pedantic",
            "--strict-collection",
            ROOT / ".github" / "workflows",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_shells_get_no_expressions(path):
    """A tag can be moved and a commit cannot; what is written into a script would be run."""
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
        else:
            assert "${{" not in step["run"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_given_job_by_job(path):
    """Nothing for the workflow; a job reads at most, and only the sync job may ask who it is."""
    document = load(path)
    given = {
        name: dict(job.get("permissions", {}))
        for name, job in document["jobs"].items()
        if job.get("permissions")
    }

    assert document["permissions"] == {}
    assert all(rights.pop("contents") == "read" for rights in given.values())
    assert {name for name, rights in given.items() if rights} == (
        {"sync"} if path.stem == "sync-space" else set()
    )
    assert "pull_request_target" not in document["on"]
    assert "workflow_run" not in document["on"]


@POSIX
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_of_a_step_exists(path):
    """The Makefile's targets, the script of `.ci`, and the programs of the environment."""
    targets = {
        target
        for step in steps(path)
        for target in re.findall(r"\bmake (?:--silent )?([\w./-]+)", step.get("run", ""))
    }
    scripts = {
        script for step in steps(path) for script in re.findall(r"(?<![\w/])\.ci/\w+", step.get("run", ""))
    }

    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
    assert targets | scripts
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)


# --- ci.yml ---


@pytest.fixture
def ci(tmp_path):
    return Runner(load(ROOT / ".github" / "workflows" / "ci.yml"), dict(os.environ), tmp_path)


def test_ci_runs_on_every_python_the_project_names_and_on_windows(ci):
    """The matrix is the classifiers of pyproject.toml."""
    named = re.findall(r"Python :: (\d\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    jobs = ci.workflow["jobs"]

    assert jobs["linux"]["strategy"]["matrix"]["python"] == named
    assert jobs["windows"]["runs-on"].startswith("windows")


@POSIX
@pytest.mark.parametrize(
    ("results", "green"),
    [
        (("success", "success"), True),
        (("failure", "success"), False),
        (("success", "cancelled"), False),
        (("success", "skipped"), False),
    ],
)
def test_all_green_is_green_when_every_job_is(ci, results, green):
    """It runs always and needs all the others, so that a job that did not run is no success."""
    last = ci.workflow["jobs"]["all-green"]
    ci.contexts = {"vars": Context(), "results": results}

    assert set(last["needs"]) == set(ci.workflow["jobs"]) - {"all-green"}
    assert last["if"] == "always()"
    assert (ci.step("all-green", "Every job has succeeded").returncode == 0) == green


# --- newest.yml ---


@pytest.fixture
def newest(tmp_path):
    """The workflow on a machine whose environment holds a newer typer than the tested one, and nothing else."""
    programs = tmp_path / "venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").write_text("#!/bin/sh\necho typer==99.0\n", encoding="utf-8")
    (programs / "python").chmod(0o755)
    (programs.parent / "installed").touch()
    machine = {
        "VENV": str(programs.parent),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    path = ROOT / ".github" / "workflows" / "newest.yml"
    return Runner(load(path), os.environ | machine, tmp_path, {"vars": Context()})


@POSIX
def test_the_newest_versions_are_taken_because_nothing_pins_them(newest):
    """The workflow's empty PINS is the Makefile's: pip gets no constraints."""
    plain = ["make", "--dry-run", "--always-make", "VENV=elsewhere", "elsewhere/installed"]
    pinned, free = (
        subprocess.run(plain, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
        for environment in (newest.base, newest.base | {"PINS": newest.workflow["env"]["PINS"]})
    )

    assert "-c constraints.txt -e" in pinned
    assert "-e '.[train,space,cpu,dev]'" in free
    assert "constraints" not in free


@POSIX
def test_the_summary_shows_what_is_newer(newest):
    """Old and new version of what changed, as a difference."""
    done = newest.step("newest", "What is newer")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^< typer==0\.\d+", done.stdout, flags=re.MULTILINE)
    assert "\n> typer==99.0\n" in (newest.folder / "summary.md").read_text(encoding="utf-8")


@POSIX
@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("tests.log", "FAILED tests/test_docs.py::test_a - AssertionError"),
        ("types.log", 'trainer/run.py:1: error: Module "typer" has no attribute "Typer"'),
        ("install.log", "No matching distribution found for typer<99"),
    ],
)
def test_the_summary_shows_what_broke(newest, log, line):
    """The names of failed tests, what the types no longer are, or why nothing could be installed."""
    (newest.folder / log).write_text(f"much else\n{line}\n", encoding="utf-8")

    done = newest.step("newest", "What broke")

    assert done.returncode == 0, done.stderr
    assert line in (newest.folder / "summary.md").read_text(encoding="utf-8")
    assert newest.workflow["jobs"]["newest"]["steps"][-1]["if"] == "failure()"


# --- sync-space.yml ---


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
def test_a_push_brings_the_code_by_trusted_publishing(hub, sync):
    """One commit with the files of space/ and persona_core/, made with an hour's token; a second run changes nothing."""
    before = len(commits(hub))
    done = sync.step("sync", "Sync")

    assert done.returncode == 0, done.stdout + done.stderr
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
