"""The test Hub keeps a model repository as the real Hub is documented to: uploads, downloads, listings, history."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL, WEIGHTS


class TestModelRepository:
    def test_uploaded_folder_comes_back_byte_for_byte(self, hub: Hub, release: Path, tmp_path: Path):
        """Small and large files of an upload are the same after a snapshot download."""
        api = hub.api()
        api.create_repo(MODEL, private=True)
        api.upload_folder(repo_id=MODEL, folder_path=release)
        got = Path(api.snapshot_download(MODEL, cache_dir=tmp_path / "cache"))
        for path in release.rglob("*.*"):
            assert (got / path.relative_to(release)).read_bytes() == path.read_bytes()

    def test_information_tells_sizes_hashes_and_tags(self, hub: Hub, pushed: str):
        """model_info knows the commit, the card's tags, and the sha256 of each large file."""
        info = hub.api().model_info(MODEL, files_metadata=True)
        assert info.siblings is not None
        large = {s.rfilename: s.lfs for s in info.siblings if s.lfs}
        assert (info.sha, info.private, info.tags) == (pushed, True, ["persona", "ko"])
        assert set(large) == {"model.safetensors", "adapter/adapter_model.safetensors"}
        assert large["model.safetensors"].sha256 == hashlib.sha256(WEIGHTS).hexdigest()
        assert info.used_storage == 2 * len(WEIGHTS)

    def test_tree_and_paths_are_listed_in_pages(self, hub: Hub, pushed: str):
        """The listing holds files and folders, however many pages it takes."""
        hub.control.set_page_size(2)
        tree = {entry.path for entry in hub.api().list_repo_tree(MODEL, recursive=True)}
        top = {entry.path for entry in hub.api().list_repo_tree(MODEL, expand=True)}
        some = hub.api().get_paths_info(MODEL, ["config.json", "adapter", "missing"])
        assert top == {".gitattributes", "README.md", "config.json", "model.safetensors", "adapter"}
        assert tree == top | {"adapter/adapter_model.safetensors"}
        assert [entry.path for entry in some] == ["config.json", "adapter"]

    def test_unchanged_upload_sends_no_object_and_makes_no_commit(self, hub: Hub, release: Path, pushed: str):
        """Pushing the same folder again ends at the same commit without one byte of weights."""
        with hub.control.recording() as requests:
            again = hub.api().upload_folder(repo_id=MODEL, folder_path=release)
        assert again.oid == pushed
        assert not [r for r in requests if r.method == "PUT" or "/commit/" in r.path]

    def test_large_object_can_go_in_parts(self, hub: Hub, release: Path, tmp_path: Path):
        """Above the threshold an object is sent in parts and joined again."""
        hub.control.set_multipart(threshold=50_000, chunk=40_000)
        api = hub.api()
        api.create_repo(MODEL)
        api.upload_file(path_or_fileobj=release / "model.safetensors", path_in_repo="m.bin", repo_id=MODEL)
        parts = [r.received for r in hub.control.requests if r.method == "PUT"]
        assert sorted(parts) == [22_400, 40_000, 40_000]
        assert hub.control.files(MODEL)["m.bin"] == WEIGHTS

    def test_large_files_are_served_by_another_origin_without_the_token(
        self, hub: Hub, pushed: str, tmp_path: Path
    ):
        """A large download is redirected to the storage port, where nobody shows a token."""
        hub.api().hf_hub_download(MODEL, "model.safetensors", cache_dir=tmp_path / "cache")
        head, get = hub.control.requests[-2:]
        assert (head.method, head.origin, head.role, head.status) == ("HEAD", "hub", "write", 302)
        assert (get.method, get.origin, get.role, get.sent) == (
            "GET",
            "storage",
            "anonymous",
            len(WEIGHTS),
        )

    def test_storage_address_with_a_wrong_signature_is_refused(self, hub: Hub, pushed: str):
        """Knowing a sha256 is not enough to get a private object."""
        from huggingface_hub import get_hf_file_metadata, get_session, hf_hub_url

        url = hf_hub_url(MODEL, "model.safetensors", endpoint=hub.endpoint)
        signed = get_hf_file_metadata(url, token=hub.token).location
        assert get_session().get(signed).content == WEIGHTS
        assert get_session().get(signed[:-1] + "x").status_code == 403

    def test_commit_of_an_object_that_never_arrived_is_refused(self, hub: Hub, pushed: str):
        """A commit cannot name a large object the Hub does not hold."""
        from huggingface_hub import get_session

        line = {"path": "x.bin", "algo": "sha256", "oid": "0" * 64, "size": 1}
        header = {"key": "header", "value": {"summary": "x"}}
        body = "\n".join(json.dumps(item) for item in (header, {"key": "lfsFile", "value": line}))
        answer = get_session().post(
            f"{hub.endpoint}/api/models/{MODEL}/commit/main",
            content=body,
            headers={"Authorization": f"Bearer {hub.token}"},
        )
        assert answer.status_code == 400
        assert "x.bin" not in hub.control.files(MODEL)

    def test_stale_parent_is_refused(self, hub: Hub, release: Path, pushed: str):
        """Of two pushers that start from the same commit, the second gets a 412."""
        from huggingface_hub.errors import HfHubHTTPError

        def push(text: str) -> None:
            hub.api().upload_file(
                path_or_fileobj=text.encode(),
                path_in_repo="note.txt",
                repo_id=MODEL,
                parent_commit=pushed,
            )

        push("first")
        with pytest.raises(HfHubHTTPError) as refused:
            push("second")
        assert refused.value.response.status_code == 412
        assert hub.control.files(MODEL)["note.txt"] == b"first"

    def test_delete_patterns_remove_stale_files_in_the_same_commit(
        self, hub: Hub, release: Path, pushed: str
    ):
        """upload_folder with delete_patterns leaves exactly the folder and .gitattributes."""
        (release / "config.json").unlink()
        hub.api().upload_folder(repo_id=MODEL, folder_path=release, delete_patterns="*")
        assert set(hub.control.files(MODEL)) == {
            ".gitattributes",
            "README.md",
            "model.safetensors",
            "adapter/adapter_model.safetensors",
        }
        assert len(hub.api().list_repo_commits(MODEL)) == 3

    def test_broken_card_is_refused_before_anything_is_sent(self, hub: Hub, release: Path):
        """A README whose YAML does not parse stops the upload at the first request."""
        hub.api().create_repo(MODEL)
        (release / "README.md").write_text("---\nlanguage: [ko\n---\n", "utf-8")
        with pytest.raises(ValueError, match="Invalid metadata"):
            hub.api().upload_folder(repo_id=MODEL, folder_path=release)
        assert list(hub.control.files(MODEL)) == [".gitattributes"]

    def test_tags_branches_and_history(self, hub: Hub, pushed: str):
        """A tag names a commit once, can be downloaded from, and can be deleted."""
        from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

        api = hub.api()
        api.create_tag(MODEL, tag="v1", revision=pushed)
        api.create_branch(MODEL, branch="trial", revision="v1")
        with pytest.raises(HfHubHTTPError, match="exists already"):
            api.create_tag(MODEL, tag="v1")
        api.delete_file("config.json", MODEL)
        refs = api.list_repo_refs(MODEL)
        assert [(t.name, t.target_commit) for t in refs.tags] == [("v1", pushed)]
        assert [branch.name for branch in refs.branches] == ["main", "trial"]
        assert [c.title for c in api.list_repo_commits(MODEL)][-1] == "initial commit"
        assert api.file_exists(MODEL, "config.json", revision="v1")
        assert not api.file_exists(MODEL, "config.json")
        api.delete_tag(MODEL, tag="v1")
        with pytest.raises(RevisionNotFoundError):
            api.model_info(MODEL, revision="v1")

    def test_squash_frees_what_nothing_reaches(self, hub: Hub, pushed: str):
        """After a squash the deleted weights are gone and the storage is free; a tag holds them."""
        from huggingface_hub.errors import RevisionNotFoundError

        api = hub.api()
        api.create_tag(MODEL, tag="v1", revision=pushed)
        api.delete_file("model.safetensors", MODEL)
        api.super_squash_history(MODEL)
        assert len(api.list_repo_commits(MODEL)) == 1
        assert api.model_info(MODEL).used_storage == 2 * len(WEIGHTS)
        api.delete_tag(MODEL, tag="v1")
        api.super_squash_history(MODEL)
        assert api.model_info(MODEL).used_storage == len(WEIGHTS)
        with pytest.raises(RevisionNotFoundError):
            api.model_info(MODEL, revision=pushed)

    def test_large_files_can_be_deleted_from_all_of_history(self, hub: Hub, pushed: str):
        """permanently_delete_lfs_files rewrites the commits and frees the storage."""
        api = hub.api()
        weights = [f for f in api.list_lfs_files(MODEL) if f.filename == "model.safetensors"]
        api.permanently_delete_lfs_files(MODEL, weights)
        assert not api.file_exists(MODEL, "model.safetensors")
        assert api.model_info(MODEL).used_storage == len(WEIGHTS)

    def test_listing_shows_an_author_s_visible_models(self, hub: Hub, pushed: str):
        """list_models filters by author and tag, and shows private ones to their owner only."""
        hub.api().create_repo("minsu/other")
        seen = {m.id: m.private for m in hub.api().list_models(author="minsu")}
        public = [m.id for m in hub.api(hub.stranger_token).list_models(author="minsu")]
        tagged = [m.id for m in hub.api().list_models(author="minsu", filter=["persona", "ko"])]
        assert seen == {MODEL: True, "minsu/other": False}
        assert public == ["minsu/other"]
        assert tagged == [MODEL]

    def test_deleted_repository_is_gone(self, hub: Hub, pushed: str):
        """delete_repo removes it, its files included; a second call finds nothing."""
        from huggingface_hub.errors import RepositoryNotFoundError

        hub.api().delete_repo(MODEL)
        assert not hub.api().repo_exists(MODEL)
        with pytest.raises(RepositoryNotFoundError):
            hub.api().delete_repo(MODEL)
