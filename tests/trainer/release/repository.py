"""The repository that releases are pushed to and the Space that runs one of them: what they hold, what is done to them."""

from tests.tiny_release import WEIGHTS, push
from trainer.cli import app

REPO, SPACE = "minsu/talk", "minsu/talk-space"


def open_space(hub, revision):
    """A Space of minsu's that runs the persona at ``revision``."""
    variables = [{"key": "PERSONA_REPO", "value": REPO}, {"key": "PERSONA_REVISION", "value": revision}]
    hub.api().create_repo(
        SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g", private=True, space_variables=variables
    )  # fmt: skip


def commit_of(hub, name):
    meta = hub.control.repo(REPO).meta
    return {**meta["branches"], **meta["tags"]}[name]


def runs(hub):
    return hub.control.space_environment(SPACE)["PERSONA_REVISION"]


def weights(hub, revision="main"):
    return hub.control.repo(REPO).resolve(revision).files[WEIGHTS].sha256


def run_verb(*words):
    """`persona …` as a person without a terminal would run it: its exit code and what it printed on stdout."""
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout


def commits(hub):
    return [commit.title for commit in hub.api().list_repo_commits(REPO)]


def meanwhile(hub, run, action, **where):
    """Push, and do ``action`` while the first such request is held back; what push raises is raised."""
    with hub.control.holding(lambda: push(run, REPO), **where) as pushing:
        action()
    pushing.result()
