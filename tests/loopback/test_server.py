"""The test Hub as a server: on loopback, empty for every test, one commit after the other, and started by hand.

How it answers stands in the other tests/test_hub_*.py. Nothing is mocked in any of them: every request leaves
huggingface_hub, transformers or peft and comes back over a socket. What the project's own code does with the answers
is tested beside that code.
"""

import sys
import threading
from pathlib import Path

from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL


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
                command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
            ) as server:
                assert server.stdout is not None
                endpoint, token = (server.stdout.readline().strip().split("=")[1] for _ in "ab")
                tokens.append(token)
                api = HfApi(endpoint=endpoint, token=tokens[0])
                if turn == 0:
                    api.create_repo("minsu/kept", private=True)
                assert api.repo_exists("minsu/kept")
                server.terminate()
                assert server.wait() == (1 if sys.platform == "win32" else 0)
