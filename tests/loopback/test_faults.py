"""The faults a test can ask of the test Hub, as the unmodified client meets them; and the log of its requests."""

from pathlib import Path

import pytest

from tests.hub.faults import Fault
from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL, WEIGHTS


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

    def test_a_silent_server_runs_into_the_clients_timeout(self, hub: Hub):
        """The request was taken, and nothing is ever said."""
        from huggingface_hub import get_session
        from huggingface_hub.utils import httpx

        hub.control.inject(Fault.silence())
        with pytest.raises(httpx.ReadTimeout):
            get_session().get(f"{hub.endpoint}/api/agent-harnesses", timeout=httpx.Timeout(5.0, read=0.05))

    def test_a_held_request_waits_for_the_test(self, hub: Hub):
        """Its work is done when the block ends, and not before."""
        with hub.control.holding(lambda: hub.api().create_repo(MODEL), path="/repos/create") as creating:
            with pytest.raises(KeyError):
                hub.control.repo(MODEL)
            assert not creating.done()

        assert creating.result().repo_id == MODEL
        assert hub.control.repo(MODEL)

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
