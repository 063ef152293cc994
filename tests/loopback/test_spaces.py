"""The test Hub runs a Space as the real Hub is documented to, and lets in the workflow that the Space trusts."""

import sys
from pathlib import Path

import pytest

from tests.hub.accounts import User
from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL

SPACE = "minsu/talk-space"
SPACE_CARD = "---\ntitle: Talk\nsdk: gradio\nsdk_version: 6.31.0\napp_file: app.py\n---\n"
CLAIMS = {"repository": "minsu/code", "ref": "refs/heads/main"}


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
