"""The real page on loopback, with an engine whose lines a test writes."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import itsdangerous

import app
from assets import HERE
from configuration import Settings
from page import READY
from persona_core.invite import make_invite
from persona_core.manifest import Generation
from tests.space.gate import SECRET
from tests.staged_space import reserved_port

SETTINGS = Settings(invite_secret=SECRET, persona_name="도윤", partner_name="서연", human_rhythm=False)


class ScriptedEngine:
    """Says its lines, one reply after the other; with `hold`, each bubble waits for a permit of the test.

    A bubble counts as a token where a reply has a limit. `most_at_once` is of replies.
    """

    manifest = SimpleNamespace(generation=Generation())

    def __init__(self, *replies):
        self.permits = threading.Semaphore(0)
        self.at_once = self.most_at_once = 0
        self._counting = threading.Lock()
        self.begin(*replies)

    def begin(self, *replies):
        """Forget what was, and say these from now on."""
        self.replies = replies
        self.heard = []
        self.drawn = []  # seed and generation of each reply
        self.hold = False
        self.permits.release(100)  # to a reply that is held yet: the test that held it has failed
        self.permits = threading.Semaphore(0)

    def stream(self, history, *, seed=None, generation=None):
        self.heard.append(history)
        self.drawn.append((seed, generation))
        reply = self.replies[(len(self.heard) - 1) % len(self.replies)]
        if isinstance(reply, Exception):
            raise reply
        if history[-1].role == "persona":  # a reply that is gone on with
            reply = reply[len(history[-1].bubbles) :]
        longest = (generation or self.manifest.generation).max_new_tokens
        self._count(1)
        try:
            for count in range(1, min(len(reply), longest) + 1):
                if self.hold:
                    self.permits.acquire(timeout=600)  # seconds: a hang, not a slow machine
                yield list(reply[:count])
        finally:
            self._count(-1)
        return len(reply) >= longest

    def _count(self, more):
        with self._counting:
            self.at_once += more
            self.most_at_once = max(self.most_at_once, self.at_once)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(engine, settings=SETTINGS, status=lambda: READY) -> Iterator[str]:
    """The address of the page, while it runs."""
    voice = app.voice_of(engine, settings)
    page = app.build_page(voice, settings, status)
    programs = app.routes(voice, engine, settings, status)
    with reserved_port() as port:
        url = app.launch(page, settings, programs, server_name="127.0.0.1", server_port=port)
        try:
            yield url.rstrip("/")
        finally:
            page.close(verbose=False)


def invite(url: str) -> str:
    """The link that lets her in."""
    return f"{url}/invite/{make_invite(SECRET, 1)}"


@contextmanager
def running_as_a_space(folder: Path) -> Iterator[str]:
    """The page as Spaces start it, with Hugging Face's sign-in, one allowed user, and no model in ``folder``."""
    with reserved_port() as port, a_space_at(port, folder):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def a_space_at(port: int, folder: Path) -> Iterator[None]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PERSONA_", "GRADIO_", "HF_"))}
    environment = {
        **kept,
        "PYTHONPATH": str(HERE.parent),
        "GRADIO_SERVER_PORT": str(port),
        "SYSTEM": "spaces",
        "SPACE_ID": "minsu/talk",
        "SPACE_HOST": f"127.0.0.1:{port}",
        "OAUTH_CLIENT_ID": "an invented id",
        "OAUTH_CLIENT_SECRET": "an invented client secret",
        "OAUTH_SCOPES": "openid profile",
        "OPENID_PROVIDER_URL": "http://127.0.0.1:1",
        "ALLOWED_USERS": "seoyeon",
        "PERSONA_FOLDER": str(folder),
    }
    process = subprocess.Popen(
        [sys.executable, HERE / "app.py"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    said = []
    while (line := process.stderr.readline()) and str(port) not in line:
        said.append(line)
    assert line, "".join(said)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def session(name, lasts=3_600, secret="an invented client secret") -> dict[str, str]:
    """The session cookie that gradio's sign-in leaves for ``name``."""
    info = {"userinfo": {"preferred_username": name}, "expires_at": time.time() + lasts}
    key = hashlib.sha256(f"{secret}-v4".encode()).hexdigest()
    data = b64encode(json.dumps({"oauth_info": info}).encode())
    return {"session": itsdangerous.TimestampSigner(key).sign(data).decode()}
