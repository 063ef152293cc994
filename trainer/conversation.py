"""`persona chat`: talk to a run, a release folder or a repository, on the Space's own page or in the terminal."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from persona_core.engine import kinds_for, load_engine
from persona_core.engine.loading import require_readable
from persona_core.engine.speech import speak
from persona_core.errors import EngineError, SettingsError
from persona_core.invite import make_invite, new_secret
from persona_core.manifest import FILE_NAME, PersonaManifest
from persona_core.prompt import Turn, clean_bubble
from trainer.progress import agrees, say
from trainer.run import load_run
from trainer.tunnel import LOOPBACK, public_address

EVERYWHERE = "0.0.0.0"  # noqa: S104  # --lan asks for every network this machine is in
INVITE_DAYS = 1  # the page here lives as long as the terminal; the link need not outlive the day


def in_browser(
    source: str,
    *,
    revision: str | None,
    his_name: str,
    her_name: str,
    port: int,
    lan: bool = False,
    share: bool = False,
) -> None:
    """Serve the Space's page on this machine, behind the same door, and print the link that opens it.

    With ``lan`` it is served to the own network too, with ``share``, after a yes, through gradio's servers.

    Raises:
        SettingsError: gradio is not installed, the port is taken, the page did not start, nobody said yes, or there is no tunnel.
    """
    if find_spec("gradio") is None:
        raise SettingsError("chat.no_gradio")
    if share:
        _require_consent()
    home = _address_at_home() if lan else LOOPBACK
    host = EVERYWHERE if lan else LOOPBACK
    _require_free(host, port)
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    secret = new_secret()
    environment = {
        **os.environ,
        "PERSONA_FOLDER": str(release.resolve()),
        "PERSONA_NAME": his_name,
        "PARTNER_NAME": her_name,
        "INVITE_SECRET": secret,
        "GRADIO_SERVER_NAME": host,
        "GRADIO_SERVER_PORT": str(port),
        "PERSONA_LINK": "shown",  # the page need not name an address that shows it locked
    }
    door = f"/invite/{make_invite(secret, INVITE_DAYS)}"
    signal.signal(signal.SIGTERM, _end)
    try:
        with _page(environment, port) as page, ExitStack() as tunnel:
            public = ""
            if share:
                say("chat.asks_address")
                public = tunnel.enter_context(public_address(port))
            say("chat.open", url=f"http://{LOOPBACK}:{port}{door}")
            if lan:
                say("chat.open_at_home", url=f"http://{home}:{port}{door}")
            if share:
                say("chat.open_shared", url=f"{public}{door}")
            if page.wait():
                raise SettingsError("chat.page_ended", code=page.returncode)
    except KeyboardInterrupt:
        say("chat.closed")


@contextmanager
def _page(environment: Mapping[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The page as a process of its own, from the moment it answers until the block ends."""
    script = Path(__file__).parent.parent / "space" / "app.py"
    page = subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _listens(port):
            if page.poll() is not None:
                raise SettingsError("chat.page_ended", code=page.returncode)
            time.sleep(0.2)
        yield page
    finally:
        page.terminate()
        page.wait()


def in_terminal(source: str, *, revision: str | None, his_name: str, her_name: str) -> None:
    """Read a line, answer in bubbles, until an empty line or the end of input; answers go to the standard output."""
    release, his_name, her_name = _resolve(source, revision, his_name, her_name)
    engine = load_engine(release)
    say("chat.begin")
    history: list[Turn] = []
    while line := _line(her_name):
        history.append(Turn("partner", (line,)))
        said: list[str] = []
        try:
            for bubble in speak(engine, history, his_name, her_name):
                sys.stdout.write(f"  {his_name}: {bubble}\n")
                sys.stdout.flush()
                said.append(bubble)
        except KeyboardInterrupt:  # of the reply, not of the talk
            say("chat.stopped")
        if said:
            history.append(Turn("persona", tuple(said)))


def _line(name: str) -> str:
    """What she writes next, empty when she has done; a line of which nothing can be read is passed over."""
    prompt = f"{name}: " if sys.stdin.isatty() else ""
    try:
        while written := input(prompt).strip():
            if line := clean_bubble(written):
                return line
    except (EOFError, KeyboardInterrupt):
        if prompt:
            sys.stdout.write("\n")  # the shell's own prompt begins a line
    return ""


def _require_consent() -> None:
    say("chat.share_warning")
    if not agrees("chat.share_question"):
        raise SettingsError("chat.not_shared")


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _require_free(host: str, port: int) -> None:
    """Gradio would take the next port without a word, and the link would lead to somebody else's page."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SettingsError("chat.port_taken", port=port) from None


def _address_at_home() -> str:
    """The address of this machine in its own network: the one it would send from. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # an address of documents, behind the default route of every network
        except OSError:
            raise SettingsError("chat.no_network") from None
        return str(probe.getsockname()[0])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _resolve(source: str, revision: str | None, his_name: str, her_name: str) -> tuple[Path, str, str]:
    """The release folder of ``source``, and the two names: those given, else the run's given names."""
    folder = Path(source)
    if (folder / "run.toml").is_file():
        run = load_run(folder)
        if not run.release.exists():
            raise SettingsError("pipeline.not_exported", folder=folder)
        return (
            _proved(run.release),
            his_name or run.settings.his_name,
            her_name or run.settings.her_name,
        )
    if (folder / FILE_NAME).is_file():
        _proved(folder)
    else:
        # runs/typo looks like OWNER/NAME; what begins with a folder that is here is not asked of the Hub
        if source.count("/") != 1 or folder.exists() or folder.parent.is_dir():
            raise SettingsError("chat.no_source", source=source)
        from persona_core.hub import download_release

        folder = download_release(source, revision or "main", kinds=kinds_for())
    return folder, his_name or "나", her_name or "너"


def _proved(release: Path) -> Path:
    """``release``, when what this machine will load of it is as it was released: wrong numbers would only talk nonsense.

    Raises:
        EngineError: it is not.
    """
    manifest = PersonaManifest.read(release)
    kind = manifest.best(kinds_for())
    artefact = kind and manifest.artefact(kind)
    for file in artefact.files if artefact else ():
        require_readable(release / file.path)
        if not file.stands_in(release):
            raise EngineError("engine.damaged", folder=release)
    return release
