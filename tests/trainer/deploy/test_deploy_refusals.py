"""What cannot be deployed: the line says why and what can be chosen instead, and nothing of somebody else's is touched."""

import pytest

from persona_core.errors import HubError, NotAllowed, RepositoryIsPublic, SettingsError, TokenMissing
from tests.hub.accounts import User
from tests.hub.faults import Fault
from tests.trainer.deploy.asking import asked, run_verb, writes
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy.deployment import Request, deploy


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"revision": "v9"}, HubError, "no version v9. It has: v1"),
        ({"hardware": "abacus"}, SettingsError, "no hardware abacus. Choose one of: zero, cpu, cpu-basic"),
        ({"allow": ("nobody-here",)}, SettingsError, "knows no user nobody-here"),
        ({"allow": ("no body",)}, SettingsError, "knows no user no body"),
        ({"language": "fr"}, SettingsError, "--language"),
        ({"her_name": "서연\n이"}, SettingsError, "--her-name: a name is one line of at most 40"),
        ({"his_name": "도윤\x1b[2J"}, SettingsError, "--his-name: a name is one line"),
        ({"his_name": "도" * 41}, SettingsError, "--his-name: a name is one line"),
        ({"hardware": "cpu"}, HubError, "may not run cpu-basic.*--hardware zero"),
        ({"hardware": "t4-small"}, HubError, "may not run t4-small.*buy credits"),
    ],
)
def test_a_wish_that_cannot_be_granted_changes_nothing(owner, words, error, match):
    """The line says what can be chosen instead."""
    with pytest.raises(error, match=match):
        deploy(asked(**words))

    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_hardware_the_plan_does_not_include_is_refused_before_anything_is_sent(owner):
    """What is known needs no 402; what the Space has already it may keep."""
    with owner.control.recording() as requests, pytest.raises(HubError, match="may not run cpu-basic"):
        deploy(asked(hardware="cpu"))
    assert writes(requests) == []

    owner.control.add_user(User("minsu", plan="pro"))
    deploy(asked(hardware="cpu"))
    owner.control.add_user(User("minsu"))
    deploy(asked(hardware="cpu", her_name="서연"))


def test_a_third_zero_gpu_space_is_refused_with_what_to_do(owner):
    """402 of a free account that has two."""
    for name in ("one", "two"):
        owner.hub.api().create_repo(
            f"minsu/{name}", repo_type="space", space_sdk="gradio", space_hardware="zero-a10g"
        )

    with pytest.raises(HubError, match=r"Free accounts may have 2 ZeroGPU Spaces.*delete one") as refused:
        deploy(asked())
    assert "--hardware zero" not in str(refused.value)


def test_a_space_of_another_kind_is_not_overwritten(owner):
    """It has files, and none of ours."""
    api = owner.hub.api()
    api.create_repo(SPACE, repo_type="space", space_sdk="static")
    api.upload_file(path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id=SPACE, repo_type="space")
    before = owner.control.files(SPACE, "spaces")

    with pytest.raises(HubError, match="runs something else, so nothing was overwritten"):
        deploy(asked())

    assert owner.control.files(SPACE, "spaces") == before
    assert owner.settings() == {}


def test_a_space_of_somebody_else(owner):
    """Nothing is asked of it."""
    with pytest.raises(NotAllowed, match=r"would belong to jiho; this token is minsu's"):
        deploy(Request("jiho/space", MODEL))


def test_a_public_model_is_refused(owner):
    """A voice that everyone can fetch is not put online by us."""
    owner.hub.api().update_repo_settings(MODEL, private=False)

    with pytest.raises(RepositoryIsPublic, match=f"{MODEL} is public"):
        deploy(asked())


def test_a_repository_without_a_release(owner):
    """The line says how to push one."""
    owner.hub.api().create_repo("minsu/empty", private=True)

    with pytest.raises(HubError, match=r"minsu/empty holds no release of persona-train\. Push one"):
        deploy(Request(SPACE, "minsu/empty"))
    with pytest.raises(HubError, match="minsu/empty holds no release"):
        deploy(Request(SPACE, "minsu/empty", revision="v1"))
    with pytest.raises(HubError, match="holds no release of persona-train"):
        deploy(Request(SPACE, "minsu/empty", revision=owner.hub.api().model_info("minsu/empty").sha))


def test_a_push_that_was_never_proved(owner):
    """It has files and no version: the same push ends it."""
    owner.hub.api().delete_tag(MODEL, tag="v1")

    with pytest.raises(HubError, match="pushed but never proved"):
        deploy(asked())


def test_an_organisation_where_one_may_only_read(owner):
    """The role that is missing is named, before anything is asked of the Space."""
    owner.control.add_user(User("minsu", orgs={"gaon": "read", "nuri": "write"}))

    with pytest.raises(NotAllowed, match=r"In gaon your role .* is read.*the role write"):
        deploy(Request("gaon/talk-space", MODEL))


def test_a_model_that_is_not_there(owner):
    """Or that this token may not see: the Hub says no more."""
    with pytest.raises(HubError, match="minsu/other cannot be found"):
        deploy(Request(SPACE, "minsu/other"))


def test_a_token_that_can_only_read(owner, monkeypatch):
    """Said before anything else."""
    monkeypatch.setenv("HF_TOKEN", owner.hub.read_token)

    with pytest.raises(NotAllowed, match="can only read"):
        deploy(asked())


def test_no_token_at_all(owner, monkeypatch):
    """How to get one."""
    monkeypatch.delenv("HF_TOKEN")

    with pytest.raises(TokenMissing, match="hf auth login"):
        deploy(asked())


@pytest.mark.parametrize(
    ("grants", "right"),
    [
        ({}, "to create Spaces for this account"),
        ({f"spaces/{SPACE}": "write"}, "to manage the Space's settings"),
    ],
)
def test_the_right_that_is_missing_is_named(owner, monkeypatch, grants, right):
    """A fine-grained token tells its rights only when it is used."""
    if grants:
        deploy(asked())
    rights = {f"models/{MODEL}": "read", **grants}
    monkeypatch.setenv("HF_TOKEN", owner.control.issue_token("minsu", "fineGrained", grants=rights))

    with pytest.raises(NotAllowed, match=right) as refused:
        deploy(asked())
    page = f"spaces/{SPACE}/settings" if grants else "new-space"
    assert f"/{page}" in str(refused.value)


def test_a_secret_that_cannot_be_set_is_named_without_its_value(owner):
    """And where to set it by hand."""
    deploy(asked())
    owner.said()
    owner.control.inject(Fault.answer(403, method="POST", path="/secrets", times=None))

    with pytest.raises(
        NotAllowed, match=f"the secret PARTNER_NAME could not be set.*{SPACE}/settings"
    ) as refused:
        deploy(asked(her_name="서연"))

    assert "서연" not in str(refused.value) + owner.said()


def test_the_files_cannot_be_written(owner):
    """The right to write them is named."""
    owner.control.inject(Fault.answer(403, path="/commit/", times=None))

    with pytest.raises(NotAllowed, match="to write the Space's files"):
        deploy(asked())


def test_the_verb_needs_a_model_or_the_code_alone(owner):
    """One line, exit code 2; a Space that is not there has no model to go on with."""
    assert run_verb("--space", SPACE) == 2
    assert run_verb("--space", SPACE, "--lock", "--invite") == 2
    assert run_verb("--space", SPACE, "--lock", "--code-only") == 2
    assert run_verb("--space", SPACE, "--code-only", "--hardware", "zero") == 2
    assert run_verb("--space", SPACE, "--code-only", "--invite") == 2
    assert run_verb("--space", "talk", "--model", MODEL) == 2
    assert run_verb("--space", SPACE, "--model", MODEL, "--allow", "jiho,minsu") == 0
    assert owner.settings()["ALLOWED_USERS"] == "jiho,minsu"
