"""The real page on loopback, with an engine whose lines a test writes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import app
from configuration import Settings
from persona_core.invite import make_invite

SECRET = "an invented secret that nobody would ever guess"
SETTINGS = Settings(invite_secret=SECRET, persona_name="도윤", partner_name="서연", human_rhythm=False)


class ScriptedEngine:
    """Says its lines, one reply after the other; with `hold`, each bubble waits for a permit of the test."""

    def __init__(self, *replies):
        self.begin(*replies)

    def begin(self, *replies):
        """Forget what was, and say these from now on."""
        self.replies = replies
        self.heard = []
        self.hold = False
        self.permits = threading.Semaphore(0)

    def stream(self, history, *, seed=None):
        self.heard.append(history)
        reply = self.replies[(len(self.heard) - 1) % len(self.replies)]
        if isinstance(reply, Exception):
            raise reply
        for count in range(1, len(reply) + 1):
            if self.hold:
                self.permits.acquire(timeout=30)
            yield list(reply[:count])


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(engine, settings=SETTINGS, **options) -> Iterator[str]:
    """The address of the page, while it runs."""
    page = app.build_page(engine, settings, **options)
    url = app.launch(page, settings, server_name="127.0.0.1", server_port=free_port())
    try:
        yield url.rstrip("/")
    finally:
        page.close(verbose=False)


def invite(url: str) -> str:
    """The link that lets her in."""
    return f"{url}/invite/{make_invite(SECRET, 1)}"
