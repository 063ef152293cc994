"""A public address for a page of this machine, through gradio's share servers, for as long as a block lasts.

The tunnel forwards what comes, and the page keeps its own door: without an invite a stranger sees the locked page.

    with public_address(7860) as url:      # "https://1a2b3c….gradio.live"; gone when the block ends
        ...
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout

from persona_core.errors import SettingsError

LOOPBACK = "127.0.0.1"


@contextmanager
def public_address(port: int) -> Iterator[str]:
    """The https address under which everybody reaches ``port`` of this machine until the block ends.

    Raises:
        SettingsError: gradio's servers cannot be reached, or they give no tunnel.
    """
    from gradio.tunneling import CURRENT_TUNNELS

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            yield _open(port, folder)
        finally:
            with redirect_stdout(None):  # it prints what it kills
                for tunnel in CURRENT_TUNNELS:
                    tunnel.kill()


def _open(port: int, folder: str) -> str:
    """Open the tunnel with ``folder`` as working directory: there gradio leaves the certificate it was given."""
    from gradio.exceptions import ChecksumMismatchError
    from gradio.networking import setup_tunnel
    from httpx import HTTPError

    try:
        with chdir(folder):
            address: str = setup_tunnel(LOOPBACK, port, secrets.token_urlsafe(32), None, None)
    except (RuntimeError, OSError, ValueError, HTTPError, ChecksumMismatchError) as error:
        raise SettingsError("chat.no_tunnel", reason=_reason(error)) from error
    return address.replace("http://", "https://", 1).rstrip("/")  # their servers speak https to the world


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
