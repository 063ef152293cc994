"""The workflows: valid, safe, and the steps of ci.yml and newest.yml run in a shell as GitHub's runner would."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.workflow_runner import POSIX, PROGRAMS, ROOT, Context, Runner, load

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps(path: Path) -> list[dict]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


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
