"""The test Hub answers the unmodified clients as the real Hub is documented to.

Nothing here is mocked: every request leaves huggingface_hub, transformers or peft and comes back
over a socket. What the project's own code does with the answers is tested beside that code.
"""

import hashlib
import json
import sys
import threading
from pathlib import Path

import pytest

from tests.hub.accounts import User
from tests.hub.faults import Fault
from tests.hub_fixtures import Hub

MODEL, SPACE = "minsu/talk", "minsu/talk-space"
WEIGHTS = bytes(range(256)) * 400  # 102,400 bytes, a large object by its name
SPACE_CARD = "---\ntitle: Talk\nsdk: gradio\nsdk_version: 6.31.0\napp_file: app.py\n---\n"
CLAIMS = {"repository": "minsu/code", "ref": "refs/heads/main"}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A folder shaped like a release."""
    folder = tmp_path / "release"
    (folder / "adapter").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlanguage: ko\ntags: [persona]\n---\n# 말투\n", "utf-8")
    (folder / "config.json").write_text("{}", "utf-8")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(WEIGHTS[::-1])
    return folder


@pytest.fixture
def pushed(hub: Hub, release: Path) -> str:
    """The release in a private repository; returns the commit."""
    hub.api().create_repo(MODEL, private=True)
    return hub.api().upload_folder(repo_id=MODEL, folder_path=release).oid


def make_space(hub: Hub, **options: object) -> None:
    """A ZeroGPU Space, which a free account may have, with its two files committed."""
    api = hub.api()
    options = {"space_hardware": "zero-a10g", **options}
    api.create_repo(SPACE, repo_type="space", space_sdk="gradio", **options)  # type: ignore[arg-type]
    commit_space(hub)


def commit_space(hub: Hub, app: str = "demo = None\n") -> None:
    from huggingface_hub import CommitOperationAdd

    files = {"README.md": SPACE_CARD, "app.py": app}
    adds = [CommitOperationAdd(path, text.encode()) for path, text in files.items()]
    hub.api().create_commit(SPACE, adds, commit_message="code", repo_type="space")


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


class TestAccess:
    def test_private_repository_is_invisible_to_strangers(self, hub: Hub, pushed: str):
        """A stranger and nobody get "not found" for what exists and for what does not."""
        from huggingface_hub.errors import RepositoryNotFoundError

        for token, status in ((hub.stranger_token, 404), (False, 401)):
            for name in (MODEL, "minsu/nothing"):
                with pytest.raises(RepositoryNotFoundError) as refused:
                    hub.api(token).model_info(name)
                assert refused.value.response.status_code == status

    def test_public_repository_stays_public_when_created_private_again(self, hub: Hub):
        """create_repo(private=True, exist_ok=True) says yes and changes nothing: the known trap."""
        hub.api().create_repo(MODEL)
        hub.api().create_repo(MODEL, private=True, exist_ok=True)
        assert hub.api().model_info(MODEL).private is False
        hub.api().update_repo_settings(MODEL, private=True)
        assert hub.api().model_info(MODEL).private is True

    def test_existing_name_is_a_conflict(self, hub: Hub, pushed: str):
        """Without exist_ok a taken name raises 409."""
        from huggingface_hub.errors import HfHubHTTPError

        with pytest.raises(HfHubHTTPError, match="already created"):
            hub.api().create_repo(MODEL)

    def test_read_token_reads_and_does_not_write(self, hub: Hub, pushed: str, tmp_path: Path):
        """A read token downloads; creating, committing, tagging and deleting answer 403."""
        from huggingface_hub.errors import HfHubHTTPError

        api = hub.api(hub.read_token)
        api.hf_hub_download(MODEL, "model.safetensors", cache_dir=tmp_path / "cache")
        attempts = (
            lambda: api.create_repo("minsu/new"),
            lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=MODEL),
            lambda: api.create_tag(MODEL, tag="v1"),
            lambda: api.update_repo_settings(MODEL, private=False),
            lambda: api.auth_check(MODEL, write=True),
            lambda: api.delete_repo(MODEL),
        )
        for attempt in attempts:
            with pytest.raises(HfHubHTTPError) as refused:
                attempt()
            assert refused.value.response.status_code == 403
        assert hub.api().model_info(MODEL).sha == pushed

    def test_fine_grained_token_sees_its_one_repository(self, hub: Hub, pushed: str):
        """A read token narrowed to one repository cannot see the owner's other private ones."""
        hub.api().create_repo("minsu/diary", private=True)
        narrow = hub.control.issue_token("minsu", "fineGrained", grants={f"models/{MODEL}": "read"})
        api = hub.api(narrow)
        token = api.whoami()["auth"]["accessToken"]
        assert api.repo_exists(MODEL)
        assert not api.repo_exists("minsu/diary")
        assert token["role"] == "fineGrained"
        assert token["fineGrained"]["scoped"][0]["entity"]["name"] == MODEL

    def test_organisation_members_share_by_role(self, hub: Hub):
        """Who may write in an organisation creates there; who may read sees it."""
        from huggingface_hub.errors import HfHubHTTPError

        hub.control.add_user(User("minsu", orgs={"duo": "write"}))
        hub.control.add_user(User("jiho", orgs={"duo": "read"}))
        hub.api().create_repo("duo/talk", private=True)
        assert hub.api(hub.stranger_token).model_info("duo/talk").private
        with pytest.raises(HfHubHTTPError, match="403"):
            hub.api(hub.stranger_token).delete_repo("duo/talk")

    def test_revoked_and_expired_tokens_are_refused(self, hub: Hub):
        """An unknown token and an expired one both answer 401."""
        from huggingface_hub.errors import HfHubHTTPError

        hub.control.revoke_token(hub.read_token)
        hub.control.expire_token(hub.token)
        for token in (hub.read_token, hub.token):
            with pytest.raises(HfHubHTTPError) as refused:
                hub.api(token).whoami()
            assert refused.value.response.status_code == 401

    def test_full_account_takes_no_more_private_objects(self, hub: Hub, release: Path):
        """Above the owner's quota the LFS batch answers 403 and nothing is committed."""
        from huggingface_hub.errors import HfHubHTTPError

        hub.control.set_quota("minsu", len(WEIGHTS))
        hub.api().create_repo(MODEL, private=True)
        with pytest.raises(HfHubHTTPError, match="storage limit reached"):
            hub.api().upload_folder(repo_id=MODEL, folder_path=release)
        assert list(hub.control.files(MODEL)) == [".gitattributes"]

    def test_missing_file_and_revision_have_their_own_errors(self, hub: Hub, pushed: str):
        """A missing file and a missing revision are told apart from a missing repository."""
        from huggingface_hub.errors import RemoteEntryNotFoundError, RevisionNotFoundError

        with pytest.raises(RemoteEntryNotFoundError):
            hub.api().hf_hub_download(MODEL, "nothing.json")
        with pytest.raises(RevisionNotFoundError):
            hub.api().hf_hub_download(MODEL, "config.json", revision="v9")


class TestFaults:
    def test_every_request_of_a_sequence_can_be_made_to_fail(self, hub: Hub, release: Path):
        """Whichever request k fails, the failure is seen there and nowhere else."""
        from huggingface_hub.errors import HfHubHTTPError

        api = hub.api()

        def push(name: str) -> None:
            api.create_repo(name, private=True)
            api.model_info(name)
            api.create_tag(name, tag="v1")

        with hub.control.recording() as whole:
            push("minsu/whole")
        assert [r.method for r in whole] == ["POST", "GET", "POST"]
        for k in range(1, len(whole) + 1):
            hub.control.inject(Fault.answer(500, at=k))
            with hub.control.recording() as broken, pytest.raises(HfHubHTTPError):
                push(f"minsu/broken-{k}")
            assert [r.status for r in broken] == [200] * (k - 1) + [500]
            hub.control.clear_faults()

    def test_rate_limit_carries_its_headers(self, hub: Hub):
        """A 429 brings Retry-After to the client, which says so."""
        from huggingface_hub.errors import HfHubHTTPError

        hub.control.inject(Fault.answer(429, headers={"Retry-After": "7"}))
        with pytest.raises(HfHubHTTPError) as refused:
            hub.api().whoami()
        assert refused.value.response.headers["Retry-After"] == "7"
        assert hub.api().whoami()["name"] == "minsu"

    def test_cut_upload_leaves_nothing_behind(self, hub: Hub, release: Path, monkeypatch):
        """A connection cut inside the weights stores no object; the client's retry succeeds."""
        monkeypatch.setattr("time.sleep", lambda _: None)  # the client's own pause before it retries
        hub.api().create_repo(MODEL, private=True)
        hub.control.inject(Fault.cut_upload(10_000, method="PUT"))
        hub.api().upload_folder(repo_id=MODEL, folder_path=release)
        puts = [(r.fault, r.status) for r in hub.control.requests if r.method == "PUT"]
        assert sorted(puts, key=str) == [("cut_upload", None), (None, 200), (None, 200)]
        assert hub.control.files(MODEL)["model.safetensors"] == WEIGHTS

    def test_lost_answer_means_the_commit_landed(self, hub: Hub, pushed: str):
        """The client raises although the file is there."""
        from huggingface_hub.utils import httpx

        hub.control.inject(Fault.lose_answer(path="/commit/"))
        with pytest.raises(httpx.RemoteProtocolError):
            hub.api().upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=MODEL)
        assert hub.control.files(MODEL)["x"] == b"x"
        assert hub.control.requests[-1].status == 200

    def test_cut_download_is_noticed(self, hub: Hub, pushed: str):
        """An answer that ends early raises; the server has sent exactly the bytes it was told to."""
        from huggingface_hub import get_hf_file_metadata, get_session, hf_hub_url
        from huggingface_hub.utils import httpx

        url = hf_hub_url(MODEL, "model.safetensors", endpoint=hub.endpoint)
        signed = get_hf_file_metadata(url, token=hub.token).location
        hub.control.inject(Fault.cut_download(5_000, path="/storage/"))
        with pytest.raises(httpx.RemoteProtocolError):
            get_session().get(signed)
        assert hub.control.requests[-1].sent == 5_000

    def test_silent_and_slow_servers(self, hub: Hub):
        """A silent server runs into the client's timeout; a delayed answer arrives."""
        from huggingface_hub import get_session
        from huggingface_hub.utils import httpx

        url = f"{hub.endpoint}/api/agent-harnesses"
        hub.control.inject(Fault.silence())
        with pytest.raises(httpx.ReadTimeout):
            get_session().get(url, timeout=httpx.Timeout(5.0, read=0.05))
        hub.control.clear_faults()
        hub.control.inject(Fault.delay(0.01))
        assert get_session().get(url).status_code == 200

    def test_faults_can_last(self, hub: Hub):
        """times=None strikes for ever, times=2 twice."""
        from huggingface_hub import get_session

        url = f"{hub.endpoint}/api/agent-harnesses"
        hub.control.inject(Fault.answer(503, at=2, times=2))
        assert [get_session().get(url).status_code for _ in range(4)] == [200, 503, 503, 200]
        hub.control.inject(Fault.answer(500, times=None))
        assert {get_session().get(url).status_code for _ in range(3)} == {500}

    def test_log_names_roles_and_never_tokens(self, hub: Hub, pushed: str):
        """The request log knows who asked by role only."""
        hub.api(hub.read_token).model_info(MODEL)
        assert hub.control.requests[-1].role == "read"
        assert not any(token in str(hub.control.requests) for token in (hub.token, hub.read_token))


class TestSpace:
    def test_free_account_gets_zero_gpu_but_not_cpu_basic(self, hub: Hub):
        """A Gradio Space on cpu-basic costs a free account 402; ZeroGPU and PRO do not."""
        from huggingface_hub.errors import HfHubHTTPError

        with pytest.raises(HfHubHTTPError, match="402"):
            make_space(hub, space_hardware="cpu-basic")
        make_space(hub)
        with pytest.raises(HfHubHTTPError, match="402"):
            hub.api().request_space_hardware(SPACE, "cpu-basic")
        with pytest.raises(HfHubHTTPError, match="402"):
            hub.api().request_space_hardware(SPACE, "t4-small", sleep_time=300)
        hub.control.add_user(User("minsu", plan="pro", can_pay=True))
        runtime = hub.api().request_space_hardware(SPACE, "t4-small", sleep_time=300)
        assert (runtime.requested_hardware, runtime.sleep_time) == ("t4-small", 300)

    def test_space_walks_through_its_stages(self, hub: Hub):
        """Without an app file nothing starts; after the commit each look is one stage on."""
        api = hub.api()
        api.create_repo(SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g")
        assert api.get_space_runtime(SPACE).stage == "NO_APP_FILE"
        commit_space(hub)
        stages = [api.get_space_runtime(SPACE).stage for _ in range(4)]
        assert stages == ["BUILDING", "APP_STARTING", "RUNNING", "RUNNING"]
        assert api.get_space_runtime(SPACE).hardware == "zero-a10g"
        assert api.pause_space(SPACE).stage == "PAUSED"
        commit_space(hub, "demo = 1\n")
        assert api.get_space_runtime(SPACE).stage == "PAUSED"
        assert api.restart_space(SPACE).stage == "BUILDING"
        happened = ["created", "commit", "pause", "commit", "restart"]
        assert hub.control.space_events(SPACE) == happened

    def test_scripted_build_error_tells_its_reason(self, hub: Hub):
        """A script of stages ends in an error whose message and log the client can read."""
        make_space(hub)
        hub.control.script_space(
            SPACE,
            stages=["BUILDING", "BUILD_ERROR"],
            error="job failed",
            build_log=["collecting torch", "no matching distribution"],
        )
        api = hub.api()
        stages = [api.get_space_runtime(SPACE) for _ in range(2)]
        assert [runtime.stage for runtime in stages] == ["BUILDING", "BUILD_ERROR"]
        assert stages[1].raw["errorMessage"] == "job failed"
        for follow in (False, True):
            lines = list(api.fetch_space_logs(SPACE, build=True, follow=follow))
            assert lines == ["collecting torch\n", "no matching distribution\n"]
        assert list(api.fetch_space_logs(SPACE)) == []

    def test_log_that_stays_open_is_live(self, hub: Hub):
        """A running Space's log does not end by itself; its lines arrive all the same."""
        make_space(hub)
        hub.control.script_space(SPACE, stages=["RUNNING"], run_log=["ready"], logs_stay_open=True)
        lines = iter(hub.api().fetch_space_logs(SPACE, follow=True))
        assert next(lines) == "ready\n"

    def test_secrets_are_told_by_name_only(self, hub: Hub):
        """A secret's value goes in and never comes out, except into the Space's environment."""
        make_space(hub, space_secrets=[{"key": "DOOR", "value": "open sesame"}])
        api = hub.api()
        api.add_space_secret(SPACE, "HF_TOKEN", "hf_invented", description="reads the model")
        told = api.get_space_secrets(SPACE)
        assert {key: told[key].description for key in told} == {
            "DOOR": "",
            "HF_TOKEN": "reads the model",
        }
        assert hub.control.space_environment(SPACE)["HF_TOKEN"] == "hf_invented"
        assert "sesame" not in str(told)
        api.delete_space_secret(SPACE, "DOOR")
        assert list(api.get_space_secrets(SPACE)) == ["HF_TOKEN"]

    def test_variables_are_public_settings(self, hub: Hub):
        """Variables come back with their values; each change starts the Space again."""
        make_space(hub)
        api = hub.api()
        api.add_space_variable(SPACE, "MODEL", MODEL)
        assert api.get_space_variables(SPACE)["MODEL"].value == MODEL
        assert api.delete_space_variable(SPACE, "MODEL") == {}
        assert hub.control.space_events(SPACE) == [
            "created",
            "commit",
            "variables: MODEL",
            "variables: MODEL",
        ]

    def test_volumes_host_and_sleep_time(self, hub: Hub):
        """Volumes are set and removed whole; the page's address and the sleep time can be set."""
        from huggingface_hub import Volume

        make_space(hub)
        api = hub.api()
        volume = Volume(type="model", source=MODEL, mount_path="/models/talk", read_only=True)
        api.set_space_volumes(SPACE, [volume])
        assert api.get_space_runtime(SPACE).volumes == [volume]
        api.delete_space_volumes(SPACE)
        assert api.get_space_runtime(SPACE).volumes is None
        assert api.set_space_sleep_time(SPACE, 600).sleep_time == 600
        assert api.space_info(SPACE).host == "https://minsu-talk-space.hf.space"
        hub.control.set_space_host(SPACE, "http://127.0.0.1:7860")
        assert api.space_info(SPACE).host == "http://127.0.0.1:7860"

    def test_protected_needs_pro_and_a_space_needs_its_card(self, hub: Hub):
        """A free account gets 402 for a protected Space; a Space without a card is refused."""
        from huggingface_hub.errors import BadRequestError, HfHubHTTPError

        make_space(hub)
        with pytest.raises(HfHubHTTPError, match="402"):
            hub.api().update_repo_settings(SPACE, visibility="protected", repo_type="space")
        with pytest.raises(BadRequestError):
            hub.api().delete_file("README.md", SPACE, repo_type="space")

    def test_prices_are_listed(self, hub: Hub):
        """The hardware catalogue names what costs nothing and what does."""
        prices = {item.name: item.unit_cost_usd for item in hub.api().list_spaces_hardware()}
        assert prices["zero-a10g"] == 0
        assert prices["t4-small"] == pytest.approx(0.40 / 60)


class TestTrustedPublishing:
    def test_workflow_pushes_to_the_space_that_trusts_it(self, hub: Hub, tmp_path: Path):
        """In a job with the right claims the client gets a token by itself and commits as [OIDC]."""
        make_space(hub)
        hub.control.trust(f"spaces/{SPACE}", CLAIMS)
        code = (
            "from huggingface_hub import HfApi\n"
            f"HfApi().upload_file(path_or_fileobj=b'x', path_in_repo='x.txt', repo_id='{SPACE}',"
            " repo_type='space')\n"
        )
        job = {"HF_OIDC_RESOURCE": f"spaces/{SPACE}", **hub.control.as_workflow(CLAIMS)}
        hub.run([sys.executable, "-c", code], extra=job)
        assert hub.control.files(SPACE, "spaces")["x.txt"] == b"x"
        assert hub.api().list_repo_commits(SPACE, repo_type="space")[0].authors == ["[OIDC]"]

    def test_token_is_narrow_and_claims_must_match(self, hub: Hub):
        """Wrong claims are an invalid_grant; the token writes its Space and nothing else."""
        from huggingface_hub._oidc import exchange_oidc_token
        from huggingface_hub.errors import HfHubHTTPError

        make_space(hub)
        hub.control.trust(f"spaces/{SPACE}", CLAIMS)

        def exchange(claims: dict[str, str]) -> str:
            identity = hub.control.mint_id_token(claims)
            granted = exchange_oidc_token(
                subject_token=identity, resource=f"spaces/{SPACE}", endpoint=hub.endpoint
            )
            return str(granted["access_token"])

        for wrong in ({**CLAIMS, "ref": "refs/heads/fork"}, {**CLAIMS, "aud": "elsewhere"}):
            with pytest.raises(HfHubHTTPError, match="invalid_grant"):
                exchange(wrong)
        api = hub.api(exchange(CLAIMS))
        api.auth_check(SPACE, repo_type="space", write=True)
        for attempt in (
            lambda: api.add_space_secret(SPACE, "A", "b"),
            lambda: api.create_repo("minsu/new"),
        ):
            with pytest.raises(HfHubHTTPError, match="403"):
                attempt()


class TestXet:
    PUSH = (
        "import sys; from huggingface_hub import HfApi\n"
        "HfApi().upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])\n"
    )
    PULL = (
        "import sys; from huggingface_hub import hf_hub_download\n"
        "print(hf_hub_download(sys.argv[1], 'model.safetensors'))\n"
    )

    def test_default_transfer_works_without_a_network(self, hub: Hub, release: Path):
        """Pushed by Xet, the weights come back by Xet and, for clients without it, by LFS."""
        hub.control.offer_xet()
        hub.api().create_repo(MODEL, private=True)
        push = [sys.executable, "-c", self.PUSH, MODEL, release]
        hub.run(push, token=hub.token, xet=True)
        assert not [r for r in hub.control.requests if r.method == "PUT"]
        for xet in (True, False):
            with hub.control.recording() as requests:
                pull = [sys.executable, "-c", self.PULL, MODEL]
                done = hub.run(pull, token=hub.read_token, xet=xet, home=f"home-{xet}")
            assert Path(done.stdout.strip()).read_bytes() == WEIGHTS
            assert any("/xet-read-token/" in r.path for r in requests) is xet

    def test_switched_off_it_fails_as_the_client_does(self, hub: Hub, release: Path):
        """A client that insists on Xet gets a network error from a Hub that has none."""
        hub.api().create_repo(MODEL, private=True)
        push = [sys.executable, "-c", self.PUSH, MODEL, release]
        done = hub.run(push, token=hub.token, xet=True, check=False)
        assert "ConnectionError" in done.stderr
        assert list(hub.control.files(MODEL)) == [".gitattributes"]


class TestOtherClients:
    def test_hf_command_downloads(self, hub: Hub, pushed: str, tmp_path: Path):
        """`hf download` gets the repository with a token from the environment."""
        hf = [sys.executable, "-m", "huggingface_hub.cli.hf"]
        hub.run([*hf, "download", MODEL, "--local-dir", tmp_path / "got"], token=hub.read_token)
        assert (tmp_path / "got" / "model.safetensors").read_bytes() == WEIGHTS

    @pytest.mark.slow
    def test_transformers_and_peft_load_from_the_repository(self, hub: Hub, tmp_path: Path):
        """A tiny random model and its adapter, pushed to one private repository, load and answer."""
        import torch
        from peft import LoraConfig, PeftModel, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from tests.tiny_model import build_tiny_model

        base = build_tiny_model(tmp_path / "base")
        api = hub.api()
        api.create_repo(MODEL, private=True)
        model = AutoModelForCausalLM.from_pretrained(base)
        adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"]))
        adapted.save_pretrained(tmp_path / "adapter")
        api.upload_folder(repo_id=MODEL, folder_path=base)
        api.upload_folder(repo_id=MODEL, folder_path=tmp_path / "adapter", path_in_repo="adapter")

        client = {"token": hub.read_token, "cache_dir": tmp_path / "cache"}
        tokenizer = AutoTokenizer.from_pretrained(MODEL, **client)
        loaded = AutoModelForCausalLM.from_pretrained(MODEL, **client)
        with_adapter = PeftModel.from_pretrained(loaded, MODEL, subfolder="adapter", **client)
        words = tokenizer("뭐 해?", return_tensors="pt")
        with torch.inference_mode():
            there, here = with_adapter(**words).logits, adapted.eval()(**words).logits
        assert torch.equal(there, here)


class TestServer:
    def test_fixture_is_empty_for_every_test(self, hub: Hub):
        """No repository, request or fault of an earlier test is left."""
        assert hub.control.requests == []
        assert list(hub.api().list_models()) == []

    def test_both_ports_are_on_loopback(self, hub: Hub, pushed: str):
        """Nothing is served to other machines."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(MODEL, "model.safetensors", endpoint=hub.endpoint)
        location = get_hf_file_metadata(url, token=hub.token).location
        assert hub.endpoint.startswith("http://127.0.0.1:")
        assert location.startswith("http://127.0.0.1:")

    def test_parallel_pushers_make_one_line_of_history(self, hub: Hub, pushed: str):
        """Commits that arrive at once are put one after the other; none is lost."""

        def push(number: int) -> None:
            hub.api().upload_file(path_or_fileobj=b"x", path_in_repo=f"{number}.txt", repo_id=MODEL)

        threads = [threading.Thread(target=push, args=(n,)) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(hub.api().list_repo_commits(MODEL)) == 7
        assert {f"{n}.txt" for n in range(5)} <= set(hub.control.files(MODEL))

    def test_started_by_hand_it_keeps_its_disk(self, tmp_path: Path):
        """The command prints an address and a token, ends by itself, and remembers its content."""
        import subprocess

        from huggingface_hub import HfApi

        command = [sys.executable, "-m", "tests.hub_server", "--storage", str(tmp_path / "disk")]
        tokens = []
        for turn in range(2):
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
            ) as server:
                assert server.stdout is not None
                endpoint, token = (server.stdout.readline().strip().split("=")[1] for _ in "ab")
                tokens.append(token)
                api = HfApi(endpoint=endpoint, token=tokens[0])
                if turn == 0:
                    api.create_repo("minsu/kept", private=True)
                assert api.repo_exists("minsu/kept")
                server.terminate()
                assert server.wait(10) == (1 if sys.platform == "win32" else 0)
