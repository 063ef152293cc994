"""pytest fixtures around the test Hub; loaded by `pytest_plugins = ["tests.hub_fixtures"]`.

    def test_push(hub):
        hub.api().create_repo("minsu/talk", private=True)
        hub.run([sys.executable, "push.py"], token=hub.token)

One server serves the whole test session at one address, and every test gets it empty. The address
stands in HF_ENDPOINT before any client is imported, so that clients in this process (they read it
at import) find it too, and none can reach the real Hub by mistake.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hub.accounts import User
from tests.hub.control import Control
from tests.hub_server import HubServer

if TYPE_CHECKING:
    from huggingface_hub import HfApi

OWNER, STRANGER = "minsu", "jiho"
COMMAND_TIMEOUT = 800.0  # seconds; below pytest's own, so that a hang shows what was printed

_SERVER = pytest.StashKey[HubServer]()


@dataclass(frozen=True)
class Hub:
    """The server as one test sees it. `folder` is the test's own: storage and client homes."""

    endpoint: str
    control: Control
    folder: Path
    token: str  # minsu's, may write
    read_token: str  # minsu's, may only read
    stranger_token: str  # jiho's, may write, but nothing of minsu's

    def api(self, token: str | bool | None = None) -> "HfApi":
        """The real client, as minsu unless told otherwise; `False` is nobody."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.token if token is None else token)

    def environment(
        self,
        *,
        token: str | None = None,
        home: str = "home",
        xet: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """For another process: this Hub, a home (and cache) below the test's folder, `token`.

        Nothing of the caller's own Hugging Face or GitHub settings passes through.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_CLIENT + _WORKFLOW)}
        given = _client_environment(self.endpoint, self.folder / home, xet=xet)
        return {**kept, **given, **({"HF_TOKEN": token} if token else {}), **(extra or {})}

    def run(
        self,
        command: Sequence[str | Path],
        *,
        check: bool = True,
        cwd: Path | None = None,
        token: str | None = None,
        home: str = "home",
        xet: bool = False,
        extra: Mapping[str, str] | None = None,
        timeout: float = COMMAND_TIMEOUT,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command against this Hub; with `check`, a failure shows what it printed."""
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment(token=token, home=home, xet=xet, extra=extra),
            cwd=cwd,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done


_CLIENT = ("HF_", "HUGGING")  # settings of the Hugging Face clients, the real token among them
_WORKFLOW = ("GITHUB_", "ACTIONS_")  # they would make the client believe it runs in a workflow


def _client_environment(endpoint: str, home: Path, *, xet: bool) -> dict[str, str]:
    return {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: bind the address, and turn the clients to it."""
    if "huggingface_hub" in sys.modules:
        raise pytest.UsageError(
            "huggingface_hub was imported too early: list tests.hub_fixtures in pytest_plugins"
            " of tests/conftest.py"
        )
    folder = tempfile.TemporaryDirectory(prefix="test-hub-", ignore_cleanup_errors=True)
    server = HubServer(Path(folder.name) / "storage").start()
    for name in [name for name in os.environ if name.startswith(_CLIENT)]:
        del os.environ[name]
    home = Path(folder.name) / "home"
    os.environ.update(_client_environment(server.endpoint, home, xet=False))
    config.stash[_SERVER] = server
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(server.stop)


@pytest.fixture
def hub(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Hub]:
    """An empty Hub with minsu (free plan) and jiho; fails the test if the server itself crashed."""
    server = pytestconfig.stash[_SERVER]
    folder = tmp_path / "hub"
    server.reset(folder / "storage")
    control = server.control
    for name in (OWNER, STRANGER):
        control.add_user(User(name))
    yield Hub(
        endpoint=server.endpoint,
        control=control,
        folder=folder,
        token=control.issue_token(OWNER),
        read_token=control.issue_token(OWNER, "read"),
        stranger_token=control.issue_token(STRANGER),
    )
    assert not server.crashes, "".join(server.crashes)
