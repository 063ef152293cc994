"""The test Hub as one server on two loopback ports, and the command that starts it by hand.

    python -m tests.hub_server --storage DIR      # prints HF_ENDPOINT and HF_TOKEN, runs an hour

The second port is the storage origin: the client follows redirects to its own origin with its
token, so large files have to come from another one.
"""

import argparse
import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette

from tests.hub import history, identity, jobs, lfs, reads, repos, spaces, uploads, xet
from tests.hub.accounts import Accounts, User
from tests.hub.control import Control
from tests.hub.errors import HubError, refuse
from tests.hub.state import State
from tests.hub.store import Store
from tests.hub.traffic import SETTLE_TIMEOUT, Traffic, Wire

HOST = "127.0.0.1"
LIFETIME = 3600.0  # seconds a server started by hand runs before it stops by itself
GRACE = 2  # seconds for running requests when the server stops
KEEP_ALIVE = 60  # seconds; the client gives up an idle connection after 5: who asks must be who closes, or meets a reset

ROUTES = [  # the first match wins: fixed paths (/api/spaces/hardware) before /api/{kind}/{owner}/…
    *identity.routes,
    *jobs.routes,
    *spaces.routes,
    *history.routes,
    *uploads.routes,
    *lfs.routes,
    *xet.routes,
    *reads.routes,
    *repos.routes,
]


class HubServer:
    """A Hub in a thread of this process. `reset` gives it a new empty disk, same address.

    with HubServer(tmp_path) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.control.issue_token("minsu"))
    """

    def __init__(self, storage: Path, *, port: int = 0) -> None:
        self._sockets = [_listen(port), _listen(0)]
        hub_port, storage_port = (sock.getsockname()[1] for sock in self._sockets)
        self.endpoint = f"http://{HOST}:{hub_port}"
        self._storage_origin = f"http://{HOST}:{storage_port}"
        self._app = Starlette(routes=ROUTES, exception_handlers={HubError: refuse})
        self._traffic = Traffic(self._app, storage_port=storage_port, label=self._label)
        self._state = self._open(storage)
        config = uvicorn.Config(
            self._traffic,
            http=Wire,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="test-hub", daemon=True)

    def _open(self, storage: Path) -> State:
        state = State(
            endpoint=self.endpoint,
            storage_origin=self._storage_origin,
            store=Store(storage),
            accounts=Accounts.open(storage / "accounts.json"),
            traffic=self._traffic,
            jobs=jobs.Jobs(),
        )
        self._app.state.hub = state
        return state

    def _label(self, authorization: str | None) -> str:
        return self._state.accounts.label(authorization)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve(sockets=self._sockets))
        self._loop.close()

    @property
    def control(self) -> Control:
        return Control(self._state)

    @property
    def crashes(self) -> list[str]:
        """Tracebacks of requests that failed by our own mistake."""
        return list(self._traffic.crashes)

    def start(self) -> Self:
        """The ports listen already: who connects early waits, nobody is refused."""
        self._thread.start()
        return self

    def reset(self, storage: Path) -> None:
        """Forget everything: requests under way are cut, faults, log, accounts and disk are new."""
        self._end_jobs()
        self._traffic.settle(self._loop)
        self._traffic.clear_faults()
        self._traffic.clear_records()
        self._traffic.keeps_bodies = False
        self._traffic.crashes.clear()
        self._state = self._open(storage)

    def stop(self) -> None:
        """Cut what is under way, close the ports, end the thread."""
        self._end_jobs()
        self._traffic.settle(self._loop)
        self._server.should_exit = True
        self._thread.join()

    def _end_jobs(self) -> None:
        asyncio.run_coroutine_threadsafe(self._state.jobs.end_all(), self._loop).result(SETTLE_TIMEOUT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    """IPPROTO_TCP is named because asyncio only then sets TCP_NODELAY (else 40 ms a request)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two servers share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until Ctrl-C, SIGTERM or the end of the lifetime."""
    parser = argparse.ArgumentParser(description="A Hugging Face Hub on loopback, for trying out.")
    parser.add_argument("--storage", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--user", default="minsu", help="the user the printed token belongs to")
    parser.add_argument("--pro", action="store_true", help="give the user the PRO plan")
    parser.add_argument("--xet", action="store_true", help="offer Xet transfers too")
    parser.add_argument("--lifetime", type=float, default=LIFETIME, help="seconds until it stops")
    options = parser.parse_args(arguments)

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with HubServer(options.storage.resolve(), port=options.port) as hub:
        user = User(options.user, plan="pro" if options.pro else "free", can_pay=options.pro)
        hub.control.add_user(user)
        hub.control.offer_xet(on=options.xet)
        print(f"HF_ENDPOINT={hub.endpoint}")
        print(f"HF_TOKEN={hub.control.issue_token(options.user)}", flush=True)
        ended.wait(options.lifetime)


if __name__ == "__main__":
    main()
