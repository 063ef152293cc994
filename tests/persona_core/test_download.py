"""A release is downloaded at one commit, and every byte of it is the one that was released."""

import pytest

from persona_core.errors import EngineError, HubError
from persona_core.hub import download_release
from tests.hub.faults import Fault
from tests.persona_core.conftest import REPO


def paths_in(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


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
