"""What every answer carries: a content policy, no caching of anything of hers, no referrer, no search engines.

gradio writes its configuration into the page as inline scripts. Each answer draws a number for them, so that no other
inline script runs, and nothing comes from or goes to another host::

    <script nonce="p3Jt…">window.gradio_config = …    Content-Security-Policy: script-src 'self' 'nonce-p3Jt…'; …
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_YEAR_S = 365 * 24 * 60 * 60
_KEPT_BY_BROWSERS = ("/assets/", "/static/")  # the same for everyone, and named by their contents
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def content_policy(nonce: str) -> str:
    """The Content-Security-Policy of an answer whose inline scripts carry ``nonce``."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self' 'unsafe-inline'",  # gradio styles by attribute
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self' https://huggingface.co",
        )
    )


def with_headers(send: Send, path: str, *, secure: bool) -> Send:
    """``send`` for an answer to ``path``, with the headers above; ``secure`` when the browser speaks https."""
    nonce = secrets.token_urlsafe(16)
    start: Message = {}
    body = bytearray()

    async def add_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["Content-Security-Policy"] = content_policy(nonce)
            if not (path.startswith(_KEPT_BY_BROWSERS) and message["status"] == 200):
                headers["Cache-Control"] = "no-store"
            if secure:
                headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
        await send(message)

    async def mark_scripts(message: Message) -> None:
        """Hold the page back until it is whole, and give its scripts the number."""
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            page = bytes(body).replace(b"<script", f'<script nonce="{nonce}"'.encode())
            MutableHeaders(scope=start)["Content-Length"] = str(len(page))
            await add_headers(start)
            await send({"type": "http.response.body", "body": page})

    return mark_scripts if path == "/" else add_headers
