"""`persona chat`: talk to a run, a release folder or a repository, on the Space's own page or in the terminal."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from persona_core.engine import load_engine
from persona_core.engine.speech import speak
from persona_core.errors import SettingsError
from persona_core.invite import make_invite
from persona_core.manifest import FILE_NAME
from persona_core.privacy.display import given_name
from persona_core.prompt import Turn, clean_bubble
from trainer.progress import console, say
from trainer.run import load_run

HOST = "127.0.0.1"
INVITE_DAYS = 1  # the page here lives as long as the terminal; the link need not outlive the day


def in_browser(source: str, *, revision: str | None, his_name: str, her_name: str, port: int) -> None:
    """Serve the Space's page on this machine, behind the same door, and print the link that opens it.

    Raises:
        SettingsError: the port is taken, or the page did not start.
    """
    _require_free(port)
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    secret = secrets.token_urlsafe(32)
    environment = {
        **os.environ,
        "PERSONA_FOLDER": str(release.resolve()),
        "PERSONA_NAME": his_name,
        "PARTNER_NAME": her_name,
        "INVITE_SECRET": secret,
        "GRADIO_SERVER_NAME": HOST,
        "GRADIO_SERVER_PORT": str(port),
    }
    signal.signal(signal.SIGTERM, _end)
    script = Path(__file__).parent.parent / "space" / "app.py"
    page = subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _listens(port):
            if page.poll() is not None:
                raise SettingsError("chat.page_ended", code=page.returncode)
            time.sleep(0.2)
        say("chat.open", url=f"http://{HOST}:{port}/invite/{make_invite(secret, INVITE_DAYS)}")
        if page.wait():
            raise SettingsError("chat.page_ended", code=page.returncode)
    except KeyboardInterrupt:
        say("chat.closed")
    finally:
        page.terminate()
        page.wait()


def in_terminal(source: str, *, revision: str | None, his_name: str, her_name: str) -> None:
    """Read a line, answer in bubbles, until an empty line or the end of input."""
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    engine = load_engine(release)
    say("chat.begin")
    history: list[Turn] = []
    while line := _line(her_name):
        history.append(Turn("partner", (line,)))
        said: list[str] = []
        for bubble in speak(engine, history, his_name, her_name):
            console().print(f"  {his_name}: {bubble}", markup=False)
            said.append(bubble)
        if said:
            history.append(Turn("persona", tuple(said)))


def _line(name: str) -> str:
    try:
        return clean_bubble(input(f"{name}: " if sys.stdin.isatty() else ""))
    except (EOFError, KeyboardInterrupt):
        return ""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _require_free(port: int) -> None:
    """Gradio would take the next port without a word, and the link would lead to somebody else's page."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise SettingsError("chat.port_taken", port=port) from None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _resolve(source: str, revision: str | None, his_name: str, her_name: str) -> tuple[Path, str, str]:
    """The release folder of ``source``, and the two names: those given, else the run's given names."""
    folder = Path(source)
    if (folder / "run.toml").is_file():
        run = load_run(folder)
        if not run.release.exists():
            raise SettingsError("pipeline.not_exported", folder=folder)
        return (
            run.release,
            his_name or given_name(run.settings.me),
            her_name or given_name(run.settings.partner),
        )
    if not (folder / FILE_NAME).is_file():
        # runs/typo looks like OWNER/NAME; what begins with a folder that is here is not asked of the Hub
        if source.count("/") != 1 or folder.exists() or folder.parent.is_dir():
            raise SettingsError("chat.no_source", source=source)
        from persona_core.hub import download_release

        folder = download_release(source, revision or "main", kind="merged")
    return folder, his_name or "나", her_name or "너"
