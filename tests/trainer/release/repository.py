"""The repository that releases are pushed to and the Space that runs one of them: what they hold, what is done to them."""

import threading

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


def meanwhile(hub, run, method, path, action):
    """Push, and do ``action`` while the first such request is held back; what push raised is raised."""
    raised = []

    def pushing():
        try:
            push(run, REPO)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=pushing)
    thread.start()
    while thread.is_alive() and not any(r.method == method and path in r.path for r in hub.control.requests):
        thread.join(0.01)
    action()
    thread.join()
    raise raised[0]
