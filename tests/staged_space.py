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


@contextmanager
def running_space(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The staged Space as a process that sees its own folder and the installed libraries, not this checkout."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = (
        "import runpy, sys\n"
        f"sys.path[:] = ['.', *(p for p in sys.path if p and not p.startswith({str(ROOT)!r})"
        f" or {str(ROOT)!r} + '/.venv' in p)]\n"
        "runpy.run_path('app.py', run_name='__main__')\n"
    )
    environment = {k: v for k, v in environment.items() if k != "PYTHONPATH"}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=folder,
            env={**environment, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while status(url) is None:
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def status(url: str) -> int | None:
    """The HTTP status of a stranger's GET, or None while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None
