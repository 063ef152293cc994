"""`persona chat` beyond this machine: never without asking, never without the door."""

import codecs
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from persona_core.errors import EngineError
from persona_core.prompt import Turn
from tests.space.served import ScriptedEngine, free_port
from tests.tiny_release import WEIGHTS, tiny_run
from trainer import conversation

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="pseudo-terminals, and a program by its first line"
)

# Plays frpc, gradio's tunnel program: any connection to a port of its own reaches the page.
FRPC = """#!{python}
import socket, sys, threading
options = dict(zip(sys.argv, sys.argv[1:]))
door = socket.create_server(("127.0.0.1", 0))
print("start proxy success: http://127.0.0.1:%d" % door.getsockname()[1], flush=True)
def carry(source, target):
    while piece := source.recv(65536):
        target.sendall(piece)
    target.shutdown(socket.SHUT_WR)
while True:
    visitor, _ = door.accept()
    page = socket.create_connection((options["-i"], int(options["-l"])))
    for ends in ((visitor, page), (page, visitor)):
        threading.Thread(target=carry, args=ends, daemon=True).start()
"""


@pytest.fixture
def home(tmp_path):
    """A Hugging Face home in which gradio finds its tunnel program."""
    from gradio.tunneling import BINARY_FILENAME

    program = tmp_path / "home" / "gradio" / "frpc" / BINARY_FILENAME
    program.parent.mkdir(parents=True)
    program.write_text(FRPC.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return tmp_path / "home"


class Chat:
    """`persona chat` at a terminal, as a person sees it."""

    def __init__(self, folder, *words, **environment):
        release = tiny_run(folder / "run").release
        self.port = free_port()
        self._watcher, terminal = os.openpty()
        self.folder = folder / "here"
        self.folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainer.cli", "chat", release, "--port", str(self.port), *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PERSONA_LANG": "en",
                "COLUMNS": "500",
                **environment,
            },
            stdin=terminal,
            stderr=terminal,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(terminal)
        self.said = ""
        self._letters = codecs.getincrementaldecoder("utf-8")()  # a read may end within one

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):  # all have ended
            os.killpg(self._process.pid, signal.SIGKILL)  # the page and the tunnel too
        self._process.communicate()
        os.close(self._watcher)

    def hear(self, pattern: str) -> re.Match[str]:
        """Wait until this was said; the end of the program is the end of the wait."""
        while (match := re.search(pattern, self.said)) is None:
            try:
                self.said += self._letters.decode(os.read(self._watcher, 1 << 16))
            except OSError:  # how a terminal ends
                pytest.fail(self.said)
        return match

    def answer(self, line: str) -> None:
        os.write(self._watcher, f"{line}\n".encode())

    def stop(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        reader = threading.Thread(target=self._drain, daemon=True)
        reader.start()
        code = self._process.wait()
        reader.join()
        return code

    def _drain(self) -> None:
        with contextlib.suppress(OSError):  # how a terminal ends
            while piece := os.read(self._watcher, 1 << 16):
                self.said += self._letters.decode(piece)

    @property
    def printed(self) -> bytes:
        return self._process.stdout.read()


@POSIX
@pytest.mark.slow
def test_a_shared_page_keeps_its_door(tmp_path, home):
    """After a yes the public address leads to the locked page, and only the printed link opens it; it ends with the command."""
    tunnel = {"HF_HOME": str(home), "GRADIO_SHARE_SERVER_ADDRESS": "share.example.com:7000"}
    with Chat(tmp_path, "--share", **tunnel) as chat:
        chat.hear("passes through gradio's servers")
        chat.hear("public address all the same")
        chat.answer("y")
        chat.hear("Asking gradio's servers for a public address")
        address, door = chat.hear(r"Send this link .*?: (https://[^/\s]+)(/invite/\S+)").groups()
        proxied = {
            "Host": "1a2b3c.gradio.live",
            "X-Forwarded-Proto": "https",
        }  # as gradio's servers send it on
        with httpx.Client(base_url=address.replace("https", "http", 1), headers=proxied) as stranger:
            assert stranger.get("/").status_code == 401
            assert stranger.get("/config").status_code == 401
            assert stranger.get("/invite/6fffffff.guessed").status_code == 403
            entered = stranger.get(door)
        cookie = entered.headers["set-cookie"]
        with httpx.Client(base_url=address.replace("https", "http", 1), headers=proxied) as guest:
            page = guest.get("/", headers={"Cookie": cookie.split(";")[0]})

        assert entered.status_code == 303
        assert cookie.startswith("__Host-persona-visit=")
        assert "Secure" in cookie
        assert page.status_code == 200
        assert '"root":"https://1a2b3c.gradio.live"' in page.text
        assert chat.stop() == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(address.replace("https", "http", 1))
        assert chat.printed == b""
        assert list(chat.folder.iterdir()) == []


@POSIX
@pytest.mark.parametrize("answer", ["n", "", "what?"])
def test_without_a_yes_nothing_is_shared(tmp_path, answer):
    """Anything else is a no, and no page is opened either."""
    with Chat(tmp_path, "--share") as chat:
        chat.hear("public address all the same")
        chat.answer(answer)

        assert chat.wait() == 2
        assert "error: No public address was made" in chat.said
        assert "/invite/" not in chat.said


def test_nobody_at_a_terminal_is_no_yes(tmp_path):
    """A script cannot share by a pipe that says y."""
    done = subprocess.run(
        [sys.executable, "-m", "trainer.cli", "chat", tiny_run(tmp_path / "run").release, "--share"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PERSONA_LANG": "en"},
        input="y\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 2
    assert "No public address was made" in done.stderr


@POSIX
@pytest.mark.slow
def test_a_tunnel_that_cannot_be_had_ends_with_its_reason(tmp_path, home):
    """Without gradio's servers there is one line that says so, and no page stays behind."""
    with Chat(tmp_path, "--share", HF_HOME=str(home), HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY="") as chat:
        chat.hear("public address all the same")
        chat.answer("y")

        assert chat.wait() == 2
        assert (
            "No public address could be had (Could not get share link from Gradio API Server.)" in chat.said
        )
        assert "/invite/" not in chat.said
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{chat.port}")


@POSIX
@pytest.mark.slow
def test_the_page_opens_to_the_own_network_only_when_asked(tmp_path):
    """With --lan a second link has this machine's address there; behind it stands the same door.

    No address is named that leads to the locked page.
    """
    with Chat(tmp_path, "--lan") as chat:
        address, door = chat.hear(r"same Wi-Fi .*?: (http://[^/\s]+)(/invite/\S+)").groups()
        with httpx.Client(base_url=address) as phone:
            assert phone.get("/").status_code == 401
            assert phone.get(door).status_code == 303
            assert phone.get("/").status_code == 200
        assert chat.stop() == 0
        assert all("/invite/" in address for address in re.findall(r"http://\S+", chat.said))


def test_ctrl_c_ends_a_reply_and_not_the_talk(tmp_path, monkeypatch, capsys):
    """What he had said stays said; the next line is answered."""
    engine = ScriptedEngine(["ㅇㅇ"], ["응"])
    stream, lines = engine.stream, iter(["밥 먹었어?", "자?", ""])

    def interrupted(history, **options):
        yield from stream(history, **options)
        if len(engine.heard) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(engine, "stream", interrupted)
    monkeypatch.setattr(conversation, "load_engine", lambda _: engine)
    monkeypatch.setattr("builtins.input", lambda _: next(lines))
    release = tiny_run(tmp_path / "run").release
    conversation.in_terminal(str(release), revision=None, his_name="도윤", her_name="서연")

    assert engine.heard[1] == [
        Turn("partner", ("밥 먹었어?",)),
        Turn("persona", ("ㅇㅇ",)),
        Turn("partner", ("자?",)),
    ]
    told = capsys.readouterr()
    assert "Ctrl-C" in told.err
    assert told.out == "  도윤: ㅇㅇ\n  도윤: 응\n"


def test_a_line_that_cannot_be_read_is_not_the_end_of_the_talk(tmp_path, monkeypatch):
    """As of another code page in a pipe: the lines behind it are answered, up to the empty one."""
    engine, lines = ScriptedEngine(["ㅇㅇ"]), iter(["\u200b", "\x07", "자?", ""])
    monkeypatch.setattr(conversation, "load_engine", lambda _: engine)
    monkeypatch.setattr("builtins.input", lambda _: next(lines))
    release = tiny_run(tmp_path / "run").release
    conversation.in_terminal(str(release), revision=None, his_name="도윤", her_name="서연")

    assert engine.heard == [[Turn("partner", ("자?",))]]


def test_weights_that_are_not_those_of_the_release_are_not_talked_to(tmp_path):
    """One wrong bit loads, and would only talk nonsense: it is said before anything is loaded."""
    run = tiny_run(tmp_path / "run")
    weights = run.release / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x80")
    for source in (run.path, run.release):
        with pytest.raises(EngineError) as caught:
            conversation.in_terminal(str(source), revision=None, his_name="도윤", her_name="서연")
        assert (caught.value.key, caught.value.values) == ("engine.damaged", {"folder": run.release})


def test_the_terminal_has_no_page_to_share(tmp_path):
    """--terminal with --share or --lan is refused."""
    for reach in ("--share", "--lan"):
        done = subprocess.run(
            [sys.executable, "-m", "trainer.cli", "chat", "run", "--terminal", reach],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PERSONA_LANG": "en"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

        assert done.returncode == 2
        assert "--terminal" in done.stderr
