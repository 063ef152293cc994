"""The token of the Space reads one repository and nothing else; any other is refused before it is used."""

import pytest

from persona_core.errors import HubError, SettingsError
from tests.hub.faults import Fault
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy import read_token as room
from trainer.deploy.deployment import Request, deploy


@pytest.fixture
def given(owner, monkeypatch):
    """``given(token)``: put one into the environment."""
    return lambda token: monkeypatch.setenv(room.VARIABLE, token)


def test_a_narrow_token_becomes_the_space_s(owner, given):
    """As HF_TOKEN, which the Hub's client reads there; the owner's own never does."""
    token = owner.narrow_token()
    given(token)

    deploy(Request(SPACE, MODEL))

    assert owner.settings()["HF_TOKEN"] == token
    assert owner.hub.token not in owner.settings().values()


def test_it_is_needed_once(owner, monkeypatch):
    """The next deploy leaves it; another model asks for another one."""
    deploy(Request(SPACE, MODEL))
    monkeypatch.delenv(room.VARIABLE)

    deploy(Request(SPACE, MODEL))

    with owner.control.repo(SPACE, "spaces").edit() as meta:
        meta["space"]["variables"]["PERSONA_REPO"]["value"] = "minsu/other"
    with pytest.raises(SettingsError, match="no token to read minsu/talk"):
        deploy(Request(SPACE, MODEL))


def test_without_a_terminal_it_says_where_to_make_one(owner, monkeypatch):
    """What to tick, and the variable to put it into; nothing is created."""
    monkeypatch.delenv(room.VARIABLE)

    with pytest.raises(
        SettingsError, match=r"settings/tokens/new\?tokenType=fineGrained.*PERSONA_READ_TOKEN"
    ):
        deploy(Request(SPACE, MODEL))

    assert "tick 'Read access to contents of selected repos'" in owner.said()
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


@pytest.mark.parametrize(
    ("role", "grants", "match"),
    [
        ("write", None, r"This token \(write\) can read or write more"),
        ("read", None, r"This token \(read\) can read or write more"),
        ("fineGrained", {f"models/{MODEL}": "write"}, f"{MODEL}: repo.write"),
        (
            "fineGrained",
            {f"models/{MODEL}": "read", "models/minsu/diary": "read"},
            "minsu/diary: repo.content.read",
        ),
        (
            "fineGrained",
            {f"spaces/{MODEL}": "read", f"models/{MODEL}": "read"},
            f"{MODEL}: repo.content.read",
        ),
        ("fineGrained", {}, "cannot read minsu/talk"),
    ],
)
def test_a_token_that_does_more_or_less_is_refused(owner, given, role, grants, match):
    """The line says what it does too much, and where to make a better one; the token itself is in no line."""
    token = owner.control.issue_token("minsu", role, grants=grants)
    given(token)

    with pytest.raises(SettingsError, match=match) as refused:
        deploy(Request(SPACE, MODEL))

    assert "settings/tokens" in str(refused.value)
    assert token not in str(refused.value) + owner.said()
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_the_owner_s_own_token_is_refused_however_narrow(owner, given, monkeypatch):
    """It deploys: it may do more than read."""
    own = owner.narrow_token()
    monkeypatch.setenv("HF_TOKEN", own)

    with pytest.raises(SettingsError, match="can read or write more"):
        room._require_narrow(own, MODEL)


@pytest.mark.parametrize("token", ["hf_nothing", "토큰"])
def test_a_token_the_hub_does_not_know(owner, given, token):
    """Mistyped, or revoked."""
    given(token)

    with pytest.raises(SettingsError, match="cannot read minsu/talk"):
        deploy(Request(SPACE, MODEL))


def test_a_hub_that_does_not_answer_is_no_fault_of_the_token(owner):
    """It is not called wrong."""
    owner.control.inject(Fault.answer(503, path="auth-check", times=None))

    with pytest.raises(HubError, match="error 503"):
        room.read_token(MODEL)


def test_rights_without_a_repository_count(owner):
    """Global ones, and those on the whole account; an entry that ticks nothing is nothing."""
    scopes = [
        {"entity": {"type": "model", "name": MODEL}, "permissions": ["repo.content.read"]},
        {"entity": {"type": "user", "name": "minsu"}, "permissions": []},
    ]
    assert room._surplus({"global": [], "scoped": scopes}, MODEL) == []
    assert room._surplus({"global": ["post.write"], "scoped": scopes}, MODEL) == ["*: post.write"]
    wide = {"entity": {"type": "user", "name": "minsu"}, "permissions": ["repo.content.read"]}
    assert room._surplus({"scoped": [*scopes, wide]}, MODEL) == ["minsu: repo.content.read"]
