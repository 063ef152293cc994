"""The private-repository rules, against the real client and a Hub on loopback."""

import pytest

from persona_core.errors import HubError, NotAllowed, RepositoryIsPublic, TokenMissing
from persona_core.hub import (
    RemoteFile,
    client,
    download_release,
    hub_token,
    private_repository,
    repository_name,
    require_private,
    require_write_token,
)
from tests.persona_core.conftest import REPO

# --- the token ---


def test_a_token_that_no_header_could_carry_is_refused(hub, monkeypatch):
    """Korean letters in HF_TOKEN are a mistake, not a crash."""
    monkeypatch.setenv("HF_TOKEN", "한글토큰")

    with pytest.raises(TokenMissing, match="does not accept"):
        hub_token()


def test_the_token_comes_from_the_environment(monkeypatch):
    """HF_TOKEN, with the blanks of a careless paste removed."""
    monkeypatch.setenv("HF_TOKEN", "hf_invented\n")

    assert hub_token() == "hf_invented"


def test_the_token_comes_from_hf_auth_login(hub, monkeypatch):
    """What `hf auth login` has left in the home folder."""
    from huggingface_hub import constants

    monkeypatch.delenv("HF_TOKEN", raising=False)
    hub.folder.mkdir(exist_ok=True)
    (hub.folder / "token").write_text("hf_invented", encoding="utf-8")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(hub.folder / "token"))

    assert hub_token() == "hf_invented"


def test_no_token(hub, monkeypatch):
    """Without one every rule says how to sign in, and the Hub is not asked."""
    monkeypatch.delenv("HF_TOKEN", raising=False)

    for rule in (private_repository, require_private, require_write_token, download_release):
        with pytest.raises(TokenMissing, match="hf auth login"):
            rule(REPO)
    assert hub.control.requests == []


def test_the_client_does_not_show_its_token(signed_in):
    """Printing it, or its attributes' names, tells nothing."""
    assert signed_in.token not in repr(client())


def test_a_write_token_is_told_from_a_read_only_one(hub, monkeypatch):
    """The Hub says which it is."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    require_write_token(REPO)

    monkeypatch.setenv("HF_TOKEN", hub.read_token)
    with pytest.raises(NotAllowed, match="only read"):
        require_write_token(REPO)


# --- private or not at all ---


def test_a_repository_is_created_private(signed_in):
    """And read back: its commit, its files."""
    repository = private_repository(REPO)

    assert signed_in.api().model_info(REPO).private
    assert repository.commit == signed_in.api().model_info(REPO).sha
    assert [file.path for file in repository.files] == [".gitattributes"]


def test_an_existing_private_repository_is_taken_as_it_is(signed_in, published):
    """Objects are known by sha256, small files by git's id."""
    repository = private_repository(REPO)

    assert repository.commit == published
    files = {file.path: file for file in repository.files}
    assert files["model.safetensors"] == RemoteFile(
        "model.safetensors", 17, digest_of(b"model.safetensors"), files["model.safetensors"].blob
    )
    assert files["config.json"].sha256 is None


def digest_of(content):
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_an_existing_public_repository_is_refused_and_left_alone(signed_in):
    """`create_repo(private=True)` would say nothing; the proof does."""
    signed_in.api().create_repo(REPO, private=False)

    with pytest.raises(RepositoryIsPublic, match=f"hf repos settings {REPO} --private"):
        private_repository(REPO)

    assert not signed_in.api().model_info(REPO).private


def test_a_space_is_proved_private_too(signed_in):
    """The rule holds for both kinds of repository."""
    signed_in.api().create_repo(REPO, repo_type="space", space_sdk="static", private=False)

    with pytest.raises(RepositoryIsPublic):
        require_private(REPO, repo_type="space")


def test_somebody_elses_repository_cannot_be_seen(signed_in, monkeypatch, published):
    """A private repository of another user does not exist for me."""
    monkeypatch.setenv("HF_TOKEN", signed_in.stranger_token)

    with pytest.raises(HubError, match="cannot be found"):
        require_private(REPO)


# --- the repository's name ---


@pytest.mark.parametrize(
    "typed",
    [
        "minsu/talk",
        " minsu/talk ",
        "https://huggingface.co/minsu/talk",
        "https://huggingface.co/minsu/talk/",
        "https://huggingface.co/minsu/talk/tree/main",
        "https://huggingface.co/spaces/minsu/talk",
        "http://127.0.0.1:8000/minsu/talk",
    ],
)
def test_a_name_as_people_give_it(typed):
    """As it is, or as the browser shows it."""
    assert repository_name(typed) == "minsu/talk"


@pytest.mark.parametrize(
    "typed", ["", "talk", "minsu/", "minsu/...", "minsu/말투", "a/b/c", "https://huggingface.co/minsu"]
)
def test_what_is_no_name(typed):
    """The line shows what one looks like."""
    with pytest.raises(HubError, match="OWNER/NAME"):
        repository_name(typed)
