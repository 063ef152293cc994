"""Who may come in: a list that is replaced as a whole, and `--lock`, which shuts both doors or says that they are open."""

import pytest

from persona_core.errors import HubError, NotAllowed
from tests.hub.faults import Fault
from tests.trainer.deploy.asking import asked, run_verb, writes
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy.deployment import deploy, lock

# --- those who may sign in ---


def test_exactly_those_who_are_allowed_may_sign_in(owner):
    """A later list replaces the one before."""
    deploy(asked(allow=("minsu", "jiho")))
    assert owner.settings()["ALLOWED_USERS"] == "jiho,minsu"

    deploy(asked(allow=("minsu",)))
    assert owner.settings()["ALLOWED_USERS"] == "minsu"


def test_an_empty_list_lets_nobody_sign_in(owner):
    """The other door stays as it is."""
    deploy(asked(allow=("jiho",), invite=True))

    assert run_verb("--space", SPACE, "--allow", "") == 0

    assert owner.settings().keys() & {"ALLOWED_USERS", "INVITE_SECRET"} == {"INVITE_SECRET"}


# --- the lock ---


@pytest.fixture
def open_space(owner):
    """A Space with both doors open and a name set; its past is forgotten."""
    deploy(asked(allow=("jiho",), invite=True, her_name="서연"))
    owner.said()
    return owner


def doors(owner):
    return owner.settings().keys() & {"ALLOWED_USERS", "INVITE_SECRET"}


def test_lock_shuts_both_doors_and_touches_nothing_else(open_space):
    """Two secrets go; nothing is committed, restarted or asked of the model. Again, it says that it is locked."""
    before, commits = len(open_space.events()), open_space.commits()

    with open_space.control.recording() as requests:
        assert run_verb("--space", SPACE, "--lock") == 0
        assert f"Both doors of {SPACE} are shut" in open_space.said()
        assert run_verb("--space", SPACE, "--lock") == 0
        assert f"{SPACE} is locked already" in open_space.said()

    assert doors(open_space) == set()
    assert open_space.settings()["PARTNER_NAME"] == "서연"
    assert open_space.events()[before:] == ["secrets: INVITE_SECRET", "secrets: ALLOWED_USERS"]
    assert open_space.commits() == commits
    assert not [record.path for record in requests if MODEL in record.path.replace(SPACE, "")]


def test_lock_does_not_need_the_model(open_space):
    """Public or gone, with a wrong release or none: the door is what counts."""
    open_space.hub.api().update_repo_settings(MODEL, private=False)
    assert run_verb("--space", SPACE, "--model", MODEL, "--lock") == 0
    assert doors(open_space) == set()

    open_space.hub.api().delete_repo(MODEL)
    assert run_verb("--space", SPACE, "--lock") == 0


def test_lock_leaves_a_paused_space_paused(open_space):
    """It is locked when its owner starts it."""
    open_space.hub.api().pause_space(SPACE)

    lock(SPACE)

    assert doors(open_space) == set()
    assert "restart" not in open_space.events()
    assert open_space.space["stages"] == ["PAUSED"]


def test_lock_creates_nothing(open_space):
    """A mistyped name is no new Space, and is said to have locked nothing."""
    with open_space.control.recording() as requests, pytest.raises(HubError, match="nothing was locked"):
        lock("minsu/talk-spaec")

    assert writes(requests) == []


def test_lock_can_be_tried_dry(open_space):
    """It says which secrets would go."""
    lock(SPACE, dry_run=True)

    assert doors(open_space) == {"ALLOWED_USERS", "INVITE_SECRET"}
    assert "remove the secret INVITE_SECRET" in open_space.said()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.answer(403, method="DELETE", path="/secrets", times=None), id="not allowed"),
        pytest.param(Fault.answer(500, method="DELETE", path="/secrets", times=None), id="it does not do it"),
        pytest.param(Fault.answer(500, times=None), id="down"),
        pytest.param(Fault.answer(403, path="/secrets", times=None), id="not even looked at"),
    ],
)
def test_a_lock_that_fails_says_that_the_door_is_open(open_space, fault):
    """And how to shut it by hand; nothing is said to be locked."""
    open_space.control.inject(fault)

    with pytest.raises(HubError):
        lock(SPACE)

    said = open_space.said()
    assert f"{SPACE} is NOT locked: a door that was open is STILL OPEN" in said
    assert f"hf spaces pause {SPACE}" in said
    assert "shut" not in said.replace("shut it by hand", "")
    assert doors(open_space) == {"ALLOWED_USERS", "INVITE_SECRET"}


def test_half_a_lock_says_so_too(open_space):
    """One of the two doors is shut; the same command shuts the other."""
    open_space.control.inject(Fault.answer(500, method="DELETE", path="/secrets", at=2))

    with pytest.raises(HubError):
        lock(SPACE)

    said = open_space.said()
    assert "Left: remove the secret ALLOWED_USERS" in said
    assert "STILL OPEN" in said
    lock(SPACE)
    assert doors(open_space) == set()


def test_a_list_that_cannot_be_emptied_says_that_the_door_is_open(open_space):
    """The same of `--allow ''`, with the change that failed."""
    open_space.control.inject(Fault.answer(403, method="DELETE", path="/secrets", times=None))

    with pytest.raises(NotAllowed):
        deploy(asked(allow=()))

    assert "STILL OPEN" in open_space.said()


def test_a_program_s_key_is_named_by_the_lock(open_space):
    """It comes by neither door, and was set by hand."""
    open_space.hub.api().add_space_secret(SPACE, "PERSONA_API_KEY", "k" * 40)

    lock(SPACE)

    assert "A program that knows PERSONA_API_KEY can still ask" in open_space.said()
