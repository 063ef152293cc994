"""The test Hub refuses as the real Hub is documented to: by visibility, by token, by role and by quota."""

from pathlib import Path

import pytest

from tests.hub.accounts import User
from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL, WEIGHTS


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
