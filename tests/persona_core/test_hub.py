"""The private-repository rules, against the real client and a Hub on loopback."""

import json

import pytest

from persona_core import waiting
from persona_core.errors import EngineError, HubError, NotAllowed, RepositoryIsPublic, TokenMissing
from persona_core.hub import (
    RemoteFile,
    client,
    download_release,
    hub_errors,
    hub_token,
    private_repository,
    repository_name,
    require_private,
    require_write_token,
)
from persona_core.manifest import Artefact, Base, PersonaManifest, digest
from tests.hub.faults import Fault

REPO = "minsu/talk"


@pytest.fixture
def signed_in(hub, monkeypatch, tmp_path):
    """The hub, with minsu's writing token in the environment and nothing in the cache."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return hub


@pytest.fixture
def release(tmp_path):
    """Two artefacts of a few bytes, as a trainer would leave them."""
    folder = tmp_path / "release"
    (folder / "adapter").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "adapter/adapter_model.safetensors", "README.md"):
        (folder / name).write_text(name, encoding="utf-8")
    files = [digest(folder, folder / name) for name in ("config.json", "model.safetensors")]
    adapter = digest(folder, folder / "adapter/adapter_model.safetensors")
    PersonaManifest(
        base=Base("tiny"),
        created_at="2026-11-01T00:00:00+00:00",
        end_of_turn_id=2,
        artefacts=(Artefact("merged", ".", tuple(files)), Artefact("adapter", "adapter", (adapter,))),
    ).write(folder)
    return folder


@pytest.fixture
def published(signed_in, release):
    """The release in a private repository; its commit."""
    signed_in.api().create_repo(REPO, private=True)
    return signed_in.api().upload_folder(repo_id=REPO, folder_path=release).oid


def paths_in(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


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


# --- a pinned, verified download ---


def test_a_release_is_downloaded_and_verified(signed_in, published, release):
    """Branch, tag or commit lead to a folder with the released bytes and nothing that is not an artefact."""
    signed_in.api().create_tag(REPO, tag="v1")

    for revision in ("main", "v1", published):
        folder = download_release(REPO, revision)

        assert folder.name == published
        assert paths_in(folder) == {
            "persona.json",
            "config.json",
            "model.safetensors",
            "adapter/adapter_model.safetensors",
        }
        assert (folder / "model.safetensors").read_bytes() == (release / "model.safetensors").read_bytes()


def test_one_artefact_is_enough(signed_in, published):
    """The page needs the merged weights, not the adapter: the first kind that is there."""
    assert paths_in(download_release(REPO, kinds=("openvino", "merged"))) == {
        "persona.json",
        "config.json",
        "model.safetensors",
    }

    with pytest.raises(EngineError, match="openvino"):
        download_release(REPO, kinds=("openvino",))


def test_a_download_tells_how_far_it_is(signed_in, published):
    """Every step is a part of the released bytes, and the last one is all of them."""
    parts = []

    download_release(REPO, kinds=("merged",), progress=parts.append)

    assert parts == sorted(parts)
    assert 0 < parts[0] <= parts[-1] == 1.0


def test_a_read_only_token_downloads(signed_in, published, monkeypatch):
    """The Space holds no token that may write."""
    monkeypatch.setenv("HF_TOKEN", signed_in.read_token)

    assert download_release(REPO).name == published


def test_a_cached_commit_needs_no_hub(signed_in, published):
    """A pinned commit starts from the cache when the Hub is down; a branch is never guessed."""
    folder = download_release(REPO, published)
    signed_in.control.inject(Fault.answer(503, times=None))

    assert download_release(REPO, published) == folder
    with pytest.raises(HubError, match="503"):
        download_release(REPO, "main")


def test_bytes_that_are_not_the_released_ones_are_refused(signed_in, published, release):
    """A file that does not have the sha256 of persona.json is never handed on."""
    (release / "model.safetensors").write_text("something else", encoding="utf-8")
    signed_in.api().upload_folder(repo_id=REPO, folder_path=release)

    with pytest.raises(HubError, match=r"model\.safetensors.*not what was released"):
        download_release(REPO)

    assert download_release(REPO, published)


def test_a_promised_file_that_is_not_there_is_noticed(signed_in, published):
    """An incomplete repository is no release."""
    signed_in.api().delete_file("config.json", REPO)

    with pytest.raises(HubError, match=r"config\.json"):
        download_release(REPO)


def test_what_cannot_be_downloaded(signed_in, published, monkeypatch):
    """Unknown revision, unknown repository, a repository that holds no persona, a name that is none."""
    signed_in.api().create_repo("minsu/empty", private=True)

    for repo, revision, said in (
        (REPO, "v9", "no revision v9"),
        ("minsu/nothing", "main", "cannot be found"),
        ("minsu/empty", "main", "lacks a file"),
        ("minsu/말투", "main", "OWNER/NAME"),
    ):
        with pytest.raises(HubError, match=said):
            download_release(repo, revision)


def test_a_download_that_is_refused_or_breaks_off(signed_in, published):
    """The reason is found behind the client's own "not in the cache"."""
    for fault, said in (
        (Fault.answer(403, path="/resolve/", message="because", times=None), "lacks the right"),
        (Fault.cut_download(0, path="/resolve/", times=None), "cannot be reached"),
    ):
        signed_in.control.clear_faults()
        signed_in.control.inject(fault)
        with pytest.raises(HubError, match=said):
            download_release(REPO)


# --- the Hub's errors in plain words ---


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, HubError, r"error 400\). \(because\)"),
        (401, TokenMissing, "does not accept the token"),
        (402, HubError, r"payment. \(because\)"),
        (403, NotAllowed, r"lacks the right that minsu/talk needs. \(because\)"),
        (404, HubError, "cannot be found"),
        (408, HubError, "error 408"),
        (409, HubError, "exists already"),
        (412, HubError, "nothing was overwritten"),
        (429, HubError, "too many requests"),
        (500, HubError, "error 500"),
        (504, HubError, "error 504"),
    ],
)
def test_every_refusal_has_its_words(signed_in, status, kind, said):
    """One line: what, where, and what to do."""
    signed_in.control.inject(Fault.answer(status, message="because", path=f"/api/models/{REPO}"))

    with pytest.raises(kind, match=said) as caught:
        require_private(REPO)

    assert type(caught.value) is kind


def test_a_full_quota_is_told_from_a_missing_right(signed_in):
    """The Hub answers both with 403."""
    signed_in.control.inject(Fault.answer(403, message="Private repository storage limit reached"))

    with pytest.raises(HubError, match="storage is full") as caught:
        require_private(REPO)

    assert not isinstance(caught.value, NotAllowed)


def test_a_broken_connection(signed_in):
    """The answer that never came is an error to mend, not a traceback."""
    signed_in.control.inject(Fault.lose_answer())

    with pytest.raises(HubError, match="cannot be reached"):
        require_private(REPO)


def test_a_silent_hub_does_not_hold_us_for_ever(signed_in, monkeypatch):
    """Every wait has an end, though the client's own default has none."""
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "SILENCE_SECONDS", 0.2)

    for rule in (private_repository, require_private, require_write_token, download_release):
        signed_in.control.inject(Fault.silence())
        with pytest.raises(HubError, match="cannot be reached"):
            rule(REPO)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("Object is too large", r"does not take one of the files. \(Object is too large\)"),
        ("Storage limit reached", "storage is full"),
    ],
)
def test_an_object_that_the_hub_does_not_take(why, said):
    """The client has no class of its own for it."""
    words = f"LFS batch API returned errors:\nEncountered error for file with OID 9f2c: `{why}`"

    with pytest.raises(HubError, match=said), hub_errors(REPO):
        raise ValueError(words)


def test_a_mistake_of_ours_stays_one():
    """Only what the Hub said is put into words."""
    with pytest.raises(ValueError, match="invented"), hub_errors(REPO):
        raise ValueError("invented")


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


def test_links_lead_to_the_hub_that_is_used(signed_in):
    """HF_ENDPOINT may be another host."""
    signed_in.control.inject(Fault.answer(401))

    with pytest.raises(TokenMissing, match=f"{signed_in.endpoint}/settings/tokens"):
        require_private(REPO)


def test_a_hub_that_repeats_the_token_does_not_spread_it(signed_in):
    """Not in the text, not in the values kept with it."""
    signed_in.control.inject(Fault.answer(400, message=f"bad token {signed_in.token}"))

    with pytest.raises(HubError, match="bad token hf_…") as caught:
        require_private(REPO)

    assert signed_in.token not in json.dumps(caught.value.values, default=str)
