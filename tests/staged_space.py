"""A Space's own files, started as Spaces start them, and what a stranger gets there."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
HANG_SECONDS = 800  # below pytest's own, so that a hang shows the log


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port for a child to listen on, bound here meanwhile so that nobody else is given it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the child does: both may bind it
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        if sys.platform == "win32":  # where the child could not
            holder.close()
        yield port


@contextmanager
def running_space(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The staged Space as a process that sees its own folder and the installed libraries, not this checkout."""
    program = (
        "import runpy, sys\n"
        f"sys.path[:] = ['.', *(p for p in sys.path if p and not p.startswith({str(ROOT)!r})"
        f" or {str(ROOT)!r} + '/.venv' in p)]\n"
        "runpy.run_path('app.py', run_name='__main__')\n"
    )
    environment = {k: v for k, v in environment.items() if k != "PYTHONPATH"}
    with reserved_port() as port, (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=folder,
            env={**environment, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            deadline = time.monotonic() + HANG_SECONDS
            while status(url) is None:
                assert process.poll() is None, (folder / "log.txt").read_text()
                assert time.monotonic() < deadline, (folder / "log.txt").read_text()
                time.sleep(0.5)
            yield url
        finally:
            process.terminate()
            process.wait()


def status(url: str) -> int | None:
    """The HTTP status of a stranger's GET, or None while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=HANG_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None
