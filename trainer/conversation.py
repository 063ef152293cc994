"""`persona chat`: talk to a run, a release folder or a repository, on the Space's own page or in the terminal."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from persona_core.engine import load_engine
from persona_core.errors import SettingsError
from persona_core.invite import make_invite
from persona_core.manifest import FILE_NAME
from persona_core.privacy import restore, scrub
from persona_core.prompt import Turn, clean_bubble
from trainer.progress import console, say
from trainer.run import load_run

INVITE_DAYS = 1  # the page here lives as long as the terminal; the link need not outlive the day


def in_browser(source: str, *, revision: str | None, his_name: str, her_name: str, port: int) -> None:
    """Serve the Space's page on this machine, behind the same door, and print the link that opens it."""
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    secret = secrets.token_urlsafe(32)
    say("chat.open", url=f"http://127.0.0.1:{port}/invite/{make_invite(secret, INVITE_DAYS)}")
    page = Path(__file__).parent.parent / "space" / "app.py"
    environment = {
        **os.environ,
        "PERSONA_FOLDER": str(release),
        "PERSONA_NAME": his_name,
        "PARTNER_NAME": her_name,
        "INVITE_SECRET": secret,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    subprocess.run([sys.executable, str(page)], env=environment, check=False)


def in_terminal(source: str, *, revision: str | None, his_name: str, her_name: str, port: int) -> None:  # noqa: ARG001  # the same words as the page
    """Read a line, answer in bubbles, until an empty line or the end of input."""
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    engine = load_engine(release)
    say("chat.begin")
    history: list[Turn] = []
    while line := _line(her_name):
        history.append(Turn("partner", (line,)))
        said: tuple[str, ...] = ()
        for bubbles in engine.stream(history):
            for bubble in bubbles[len(said) :]:
                if shown := restore(scrub(bubble), his_name, her_name):
                    console().print(f"  {his_name}: {shown}", markup=False)
            said = tuple(bubbles)
        if said:
            history.append(Turn("persona", said))


def _line(name: str) -> str:
    try:
        return clean_bubble(input(f"{name}: "))
    except EOFError:
        return ""


def _resolve(source: str, revision: str | None, his_name: str, her_name: str) -> tuple[Path, str, str]:
    """The release folder of ``source``, and the two names: those given, else the run's."""
    folder = Path(source)
    if (folder / "run.toml").is_file():
        run = load_run(folder)
        if not run.release.exists():
            raise SettingsError("pipeline.not_exported", folder=folder)
        return run.release, his_name or run.settings.me, her_name or run.settings.partner
    if not (folder / FILE_NAME).is_file():
        if source.count("/") != 1 or folder.exists():
            raise SettingsError("chat.no_source", source=source)
        from persona_core.hub import download_release

        folder = download_release(source, revision or "main", kind="merged")
    return folder, his_name or "나", her_name or "너"
