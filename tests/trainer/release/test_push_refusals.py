"""A push that is refused: to what is or becomes public, by whom it is not allowed, of what may not leave."""

import pytest

from persona_core.errors import HubError, NotAllowed, ReleaseError, RepositoryIsPublic, TokenMissing
from tests.tiny_release import push
from tests.trainer.release.repository import REPO, commits, meanwhile

pytestmark = pytest.mark.usefixtures("impatient")


# --- private or not at all ---


def test_a_public_repository_is_refused(signed_in, released):
    """Nothing is uploaded, and the line says how to make it private."""
    signed_in.api().create_repo(REPO, private=False)

    with (
        signed_in.control.recording() as requests,
        pytest.raises(RepositoryIsPublic, match=f"hf repos settings {REPO} --private"),
    ):
        push(released, REPO)

    assert not [r for r in requests if "/storage/" in r.path or "preupload" in r.path or "commit" in r.path]
    assert signed_in.control.files(REPO).keys() == {".gitattributes"}


def test_a_repository_opened_during_the_upload_gets_no_commit(signed_in, released):
    """The proof is repeated between the weights and the commit that would show them."""
    with pytest.raises(RepositoryIsPublic):
        meanwhile(signed_in, released, lambda: open_up(signed_in), method="PUT", path="/storage/")

    assert commits(signed_in) == ["initial commit"]


def test_a_repository_opened_during_the_commit_is_closed_again(signed_in, released):
    """It is made private at once, and the person is told."""
    with pytest.raises(RepositoryIsPublic, match="became public"):
        meanwhile(signed_in, released, lambda: open_up(signed_in), path="/commit/")

    assert signed_in.api().model_info(REPO).private


def open_up(hub):
    hub.api().update_repo_settings(REPO, private=False)


# --- who may ---


def test_no_token(hub, released):
    """Nothing is asked of the Hub, and the line says how to sign in."""
    with hub.control.recording() as requests, pytest.raises(TokenMissing, match="hf auth login"):
        push(released, REPO)

    assert requests == []


def test_a_refused_token(signed_in, released):
    """A token that was revoked is told apart from one that is missing."""
    signed_in.control.revoke_token(signed_in.token)

    with pytest.raises(TokenMissing, match="does not accept"):
        push(released, REPO)


def test_a_read_only_token(hub, released, monkeypatch):
    """It is noticed before the repository is made."""
    monkeypatch.setenv("HF_TOKEN", hub.read_token)

    with pytest.raises(NotAllowed, match="only read"):
        push(released, REPO)

    with pytest.raises(KeyError):
        hub.control.repo(REPO)


def test_a_fine_grained_token_without_the_right(hub, released, monkeypatch):
    """A token that may only read this repository sends nothing."""
    hub.api().create_repo(REPO, private=True)
    reader = hub.control.issue_token("minsu", "fineGrained", grants={f"models/{REPO}": "read"})
    monkeypatch.setenv("HF_TOKEN", reader)

    with hub.control.recording() as requests, pytest.raises(NotAllowed):
        push(released, REPO)

    assert not [record for record in requests if "preupload" in record.path]


def test_somebody_elses_name(signed_in, released):
    """A repository below another user's name is refused."""
    with pytest.raises(NotAllowed):
        push(released, "jiho/talk")


def test_a_repository_of_something_else(signed_in, released):
    """Files that no persona.json stands beside are not replaced."""
    signed_in.api().create_repo(REPO, private=True)
    signed_in.api().upload_file(path_or_fileobj=b"weights", path_in_repo="pytorch_model.bin", repo_id=REPO)

    with pytest.raises(HubError, match="another name"):
        push(released, REPO)

    assert "pytorch_model.bin" in signed_in.control.files(REPO)


def test_a_bad_name(signed_in, released):
    """OWNER/NAME, nothing else."""
    for name in ("talk", "minsu/talk/again", "minsu/말투"):
        with pytest.raises(HubError, match="OWNER/NAME"):
            push(released, name)


def test_a_release_that_may_not_leave(signed_in, released, copy_of):
    """A planted token stops the push before the Hub is asked anything."""
    run = copy_of(released)
    (run.release / "NOTICE").write_text("hf_" + "Abcd1234" * 4, encoding="utf-8")

    with signed_in.control.recording() as requests, pytest.raises(ReleaseError):
        push(run, REPO)

    assert requests == []
