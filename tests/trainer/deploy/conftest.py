"""A release on the Hub on loopback, a page that stands where the Space's would, and what is said to the person."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tiny_release import push, tiny_run, train
from trainer import progress
from trainer.deploy import door, outcome, terms, watch
from trainer.release import pushing

MODEL, SPACE = "minsu/talk", "minsu/talk-space"


class Page:
    """Answers every GET with ``status``."""

    def __init__(self) -> None:
        self.status = 401
        self.visits = 0
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.visits += 1
                self.send_response(page.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="session")
def page_server() -> Iterator[Page]:
    page = Page()
    thread = threading.Thread(target=page.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield page
    page.server.shutdown()
    thread.join()
    page.server.server_close()


@pytest.fixture
def page(page_server: Page) -> Page:
    """The Space's page: locked, as ours is to a stranger."""
    page_server.status, page_server.visits = 401, 0
    return page_server


@dataclass
class Owner:
    """minsu with a pushed release: the ``hub``, where the ``page`` is, and what was said on the terminal."""

    hub: object
    page: Page
    heard: io.StringIO

    @property
    def control(self):
        return self.hub.control

    def narrow_token(self) -> str:
        """A token that reads the model and nothing else."""
        return self.control.issue_token("minsu", "fineGrained", grants={f"models/{MODEL}": "read"})

    def commit_of(self, name: str) -> str:
        meta = self.control.repo(MODEL).meta
        return {**meta["branches"], **meta["tags"]}[name]

    def settings(self) -> dict[str, str]:
        """What the Space would find in its environment."""
        return self.control.space_environment(SPACE)

    @property
    def space(self) -> dict:
        """The Space as the Hub keeps it."""
        return self.control.repo(SPACE, "spaces").meta["space"]

    def events(self) -> list[str]:
        return self.control.space_events(SPACE)

    def commits(self) -> int:
        repo = self.control.repo(SPACE, "spaces")
        return len(list(repo.history(repo.meta["branches"]["main"])))

    def said(self) -> str:
        """What was said since the last time."""
        text = self.heard.getvalue()
        self.heard.truncate(0)
        self.heard.seek(0)
        return text


def release(folder: Path, version: int = 0, *, graph: bool = False) -> None:
    """Push a tiny release with weights of its own; with a ``graph`` it has an openvino artefact."""
    run = tiny_run(folder)
    if graph:
        (run.release / "openvino").mkdir()
        (run.release / "openvino" / "openvino_model.xml").write_text("<net/>", encoding="utf-8")
    train(run, version)
    push(run, MODEL)


@pytest.fixture
def owner(hub, page, monkeypatch, tmp_path) -> Owner:
    """minsu at his machine, with v1 of a tiny release pushed, a narrow token at hand, and no pauses."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http
    from rich.console import Console

    heard = io.StringIO()
    console = Console(file=heard, width=300)
    for module in (progress, outcome, door, terms, watch):
        monkeypatch.setattr(module, "console", lambda: console)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setenv("PERSONA_LANG", "en")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "home" / "token"))
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None, time=_http.time.time))
    monkeypatch.setattr(pushing, "PAUSES_S", ())
    monkeypatch.setattr(watch, "EVERY_S", 0.0)
    hub.control.host_new_spaces(page.url)
    release(tmp_path / "runs" / "first")
    owner = Owner(hub, page, heard)
    monkeypatch.setenv("PERSONA_READ_TOKEN", owner.narrow_token())
    owner.said()
    return owner
