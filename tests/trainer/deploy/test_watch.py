"""A Space on its way up: stages scripted on the Hub on loopback, logs as it streams them, a page of the test's own."""

import pytest

from persona_core.errors import HubError
from tests.hub.faults import Fault
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy import watch
from trainer.deploy.deployment import Request, deploy
from trainer.deploy.watch import wait_for_page


@pytest.fixture
def space(owner):
    """A Space that is there; what was said about it is forgotten."""
    deploy(Request(SPACE, MODEL))
    owner.said()
    owner.page.visits = 0
    return owner


def script(owner, *stages, **words):
    owner.control.script_space(SPACE, stages=stages, **words)


def test_stages_and_logs_are_shown_as_they_come(space):
    """The build's log while it builds, the page's own while it starts; no line twice."""
    script(
        space,
        "BUILDING",
        "BUILDING",
        "APP_STARTING",
        "APP_STARTING",
        "RUNNING",
        build_log=["Collecting torch", "Successfully installed"],
        run_log=["Loading the model…"],
    )

    assert wait_for_page(SPACE) == space.page.url

    said = space.said()
    assert [
        said.count(line) for line in ("Collecting torch", "Successfully installed", "Loading the model…")
    ] == [1, 1, 1]
    assert said.index("Stage: BUILDING") < said.index("Collecting") < said.index("Stage: APP_STARTING")
    assert space.page.visits == 1


@pytest.mark.parametrize(
    ("stage", "match"),
    [
        ("BUILD_ERROR", "could not be built: No matching distribution found for torch==99"),
        ("RUNTIME_ERROR", "crashed: ValueError: no such model"),
        ("CONFIG_ERROR", "has a wrong setting: No matching distribution"),
    ],
)
def test_what_fails_shows_the_log_s_reason(space, stage, match):
    """The last lines of the log, and its last words in the error."""
    script(
        space,
        "BUILDING",
        stage,
        build_log=["Collecting torch", "ERROR: No matching distribution found for torch==99"],
        run_log=["Traceback (most recent call last):", "ValueError: no such model"],
    )

    with pytest.raises(
        HubError,
        match=match.replace("built: No", "built: ERROR: No").replace("setting: No", "setting: ERROR: No"),
    ):
        wait_for_page(SPACE)

    assert "ERROR: No matching distribution" in space.said()


def test_what_says_no_reason_leaves_no_gap(space):
    """Neither a dash for a reason nor a word about a log that was not shown."""
    script(space, "RUNTIME_ERROR")

    with pytest.raises(HubError, match=rf"{SPACE} crashed\. The same command starts it again"):
        wait_for_page(SPACE)


def test_no_log_shows_a_secret(space):
    """Tokens, invite links and what this machine put into the Space are masked, in the log and in the reason."""
    lines = [
        "GET /invite/693f5c80.guessme HTTP/1.1",
        "token hf_jwt_aaa.bbb-ccc and hf_abcdef",
        "name 서연, key kkkk",
    ]
    script(space, "RUNTIME_ERROR", error="hf_abcdef of 서연", run_log=lines)

    with pytest.raises(HubError, match=r"crashed: hf_… of …\. The end of its log is above") as failed:
        wait_for_page(SPACE, known=("서연", "kkkk", ""))

    said = space.said() + str(failed.value)
    assert "GET /invite/… HTTP/1.1" in said
    assert not [word for word in ("guessme", "abcdef", "bbb", "ccc", "서연", "kkkk") if word in said]


def test_the_secrets_of_a_deploy_are_known_to_its_log(space):
    """The names just given, and the invite secret of before."""
    deploy(Request(SPACE, MODEL, invite=True))
    secret = space.settings()["INVITE_SECRET"]
    script(space, "APP_STARTING", "RUNNING", run_log=[f"the secret is {secret}, she is 서연"])

    deploy(Request(SPACE, MODEL, her_name="서연"))

    assert "the secret is …, she is …" in space.said()


def test_a_workflow_s_log_shows_why_a_build_failed_and_nothing_else(space):
    """Others read it: of the page's own log not even the reason."""
    log = ["Collecting torch", "ERROR: hf_abcdef was refused"]
    script(space, "BUILDING", "BUILD_ERROR", build_log=log)
    with pytest.raises(HubError, match=r"could not be built: ERROR: hf_… was refused\. Run the same"):
        wait_for_page(SPACE, code_only=True)

    script(space, "APP_STARTING", "RUNTIME_ERROR", error="서연: hello", run_log=["서연: hello"])
    with pytest.raises(HubError, match=f"To start it again: persona deploy --space {SPACE}$") as failed:
        wait_for_page(SPACE, code_only=True)

    said = space.said() + str(failed.value)
    assert "Collecting" not in said
    assert "서연" not in said


def test_the_hub_s_own_reason_comes_first(space):
    """It knows more than the last line of a log."""
    script(space, "RUNTIME_ERROR", error="Memory limit exceeded (16Gi)", run_log=["Killed"])

    with pytest.raises(HubError, match="Memory limit exceeded"):
        wait_for_page(SPACE)

    assert "Killed" in space.said()


def test_of_a_long_log_the_end_is_shown(space):
    """A build prints hundreds of lines before it fails."""
    script(space, "BUILD_ERROR", build_log=[f"line {n}" for n in range(200)])

    with pytest.raises(HubError, match="line 199"):
        wait_for_page(SPACE)

    said = space.said()
    assert ("│ line 160" in said, "│ line 159" in said) == (True, False)


@pytest.mark.parametrize("stage", ["PAUSED", "STOPPED"])
def test_what_stands_still_says_how_to_start_it(space, stage):
    """Somebody stopped it while we looked."""
    script(space, "BUILDING", stage)

    with pytest.raises(HubError, match=f"stands still \\({stage}\\). The same command starts it again"):
        wait_for_page(SPACE)


def test_a_workflow_leaves_a_sleeping_space_asleep(space):
    """The code is there when a visit wakes it."""
    script(space, "SLEEPING")

    assert wait_for_page(SPACE, code_only=True) == space.page.url

    assert "sleeps. The new code runs when a visit wakes it" in space.said()
    assert space.page.visits == 0


@pytest.mark.parametrize(
    ("stage", "match"), [("NO_APP_FILE", "has no app.py"), ("DELETING", "is being deleted")]
)
def test_what_cannot_come_up_is_not_waited_for(space, stage, match):
    """The Hub may lag behind the commit for some looks, and not for ever."""
    script(space, "NO_APP_FILE", "NO_APP_FILE", "BUILDING", "RUNNING")
    wait_for_page(SPACE)

    script(space, stage)
    with pytest.raises(HubError, match=match):
        wait_for_page(SPACE)


@pytest.mark.parametrize(
    ("stages", "status", "seen"),
    [
        (("REPAIRING", "RUNNING"), 401, "the stage is REPAIRING. (Logs: hf spaces logs"),
        (("RUNNING",), 500, "the page answers 500 (401 when it is up)"),
    ],
)
def test_what_is_seen_is_said_while_nothing_new_is(space, monkeypatch, stages, status, seen):
    """A stage nobody knows, a page that only fails: no silence until the end."""
    monkeypatch.setattr(watch, "PULSE_S", 0.0)
    answers = iter([status, 401])
    monkeypatch.setattr(watch, "_answer", lambda page: next(answers))
    script(space, *stages)

    wait_for_page(SPACE)

    assert seen in space.said()


def test_a_sleeping_space_is_woken_by_a_visit(space):
    """As any visitor wakes it."""
    script(space, "SLEEPING", "APP_STARTING", "RUNNING")

    wait_for_page(SPACE)

    assert space.page.visits == 2


def test_a_page_that_is_not_up_yet_is_waited_for(space, monkeypatch):
    """The container runs before the page answers."""
    answers = iter([None, 503, 404, 401])
    monkeypatch.setattr(watch, "_answer", lambda page: next(answers))
    script(space, "RUNNING")

    assert wait_for_page(SPACE) == space.page.url
    assert list(answers) == []


def test_a_page_that_lets_strangers_in_is_an_error(space):
    """A locked page answers 401; what does not is not ours, and the line says how to stop it."""
    space.page.status = 200

    with pytest.raises(HubError, match=f"is not locked! Pause it now: hf spaces pause {SPACE}"):
        wait_for_page(SPACE)


def test_a_private_space_is_said_to_be_hidden(space):
    """A stranger gets 404: the one who is invited would, too."""
    space.page.status = 404

    assert wait_for_page(SPACE) == space.page.url
    assert "only its owner can open it" in space.said()


def test_what_ran_before_is_not_taken_for_the_new(space, monkeypatch):
    """The Hub says which commit runs; for a moment it is still the old one."""
    looks = [
        watch.Look("RUNNING", "old", ""),
        watch.Look("RUNNING", "old", ""),
        watch.Look("RUNNING", "new", ""),
    ]
    monkeypatch.setattr(watch, "_look", lambda space: looks.pop(0))

    wait_for_page(SPACE, commit="new")

    assert (looks, space.page.visits) == ([], 1)


def test_waiting_ends(space, monkeypatch):
    """A Space that never comes up is given up, and the line says how to look again."""
    monkeypatch.setattr(watch, "LONGEST_S", 0.2)
    script(space, "BUILDING")

    with pytest.raises(HubError, match=r"did not come up.*look again with the same command"):
        wait_for_page(SPACE)


def test_ctrl_c_leaves_it_going_on(space, monkeypatch):
    """Only the looking ends."""

    def interrupt(page):
        raise KeyboardInterrupt

    monkeypatch.setattr(watch, "_answer", interrupt)

    with pytest.raises(KeyboardInterrupt):
        wait_for_page(SPACE)

    assert f"{SPACE} goes on by itself. To look again, run the same command" in space.said()


def test_a_log_that_may_not_be_seen_is_no_reason_to_stop(space):
    """A token for the files alone may not see it."""
    space.control.inject(Fault.answer(403, path="/logs/", times=None))
    script(space, "BUILDING", "RUNNING")

    assert wait_for_page(SPACE) == space.page.url
