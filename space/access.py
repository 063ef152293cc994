"""Who may come in: every request passes here, and without a key it gets the locked page.

Two doors, both closed until their secret is set. An invite link needs no account: it sets a signed, expiring cookie
and leaves the address bar at once. Signing in with Hugging Face lets in the user names on the list::

    GET /invite/693f5c80.hV1u…   303 to /, Set-Cookie: __Host-persona-visit=…; HttpOnly; Secure
    GET /                        200 with that cookie, 401 and the locked page without

Programs have a door of their own, /v1, which one bearer key opens and no cookie does.

What she needs is a short list of paths; everything else gradio serves (uploads, files, API pages, monitoring) is
closed to everyone. gradio answers requests of any other site with that site's origin allowed, cookies included, so
foreign origins are refused here. Nothing is stored and nothing is logged.
"""

import hashlib
import hmac
import html
import math
import string
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

import assets
from configuration import Settings
from headers import Send, with_headers
from persona_core.invite import DAY_S, SECRET_LENGTH, is_valid, sign
from persona_core.texts import text_in
from question import Refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

VISIT_DAYS = 90  # how long one tap on the link lasts; a new INVITE_SECRET ends every visit at once
WRONG_TRIES = 10  # per address and window; the signature has 256 bits, this keeps the guessing quiet
WINDOW_S = 600
ADDRESSES = 4_096  # remembered at once, so that a flood cannot fill the memory

INVITE = "/invite/"
PROGRAMS = "/v1/"
_API = "/gradio_api/"
_STARTING = f"{_API}startup-events"  # gradio asks its own server for it, without a key, until it has launched
# Browsers fetch icons and the manifest without cookies.
_OPEN = (*assets.OPEN, "/favicon.ico", "/robots.txt")
_SIGN_IN = ("/login/huggingface", "/login/callback", "/logout")
_NEEDED = (
    *("/", "/page.css", "/page.js", "/config", "/theme.css", f"{_API}theme.css", f"{_API}info"),
    *(
        f"{_API}run/predict",
        f"{_API}queue/join",
        f"{_API}queue/data",
        f"{_API}cancel",
        f"{_API}reset",
        f"{_API}app_id",
    ),
)
_NEEDED_BELOW = ("/assets/", "/static/", f"{_API}heartbeat/")

_LOCKED = string.Template((Path(__file__).parent / "locked.html").read_text(encoding="utf-8"))


# --- wrong tries ---


@dataclass
class Throttle:
    """Counts wrong tries by address, in memory, and forgets them after `WINDOW_S` seconds."""

    _tries: dict[str, tuple[int, float]] = field(default_factory=dict)  # address -> count, end of its window

    def wait(self, address: str, now: float) -> int:
        """Seconds until ``address`` may try again; 0 when it may now."""
        count, end = self._tries.get(address, (0, now))
        return max(0, math.ceil(end - now)) if count >= WRONG_TRIES else 0

    def wrong(self, address: str, now: float) -> None:
        """Remember a wrong try."""
        count, end = self._tries.pop(address, (0, 0.0))
        self._tries[address] = (count + 1, end) if now < end else (1, now + WINDOW_S)
        if len(self._tries) > ADDRESSES:
            del self._tries[next(iter(self._tries))]


# --- who is it ---


@dataclass(frozen=True)
class Doors:
    """Decides who a request comes from. ``clock`` gives seconds since 1970; ``launched`` is set by who launches."""

    settings: Settings
    clock: Callable[[], float] = time.time
    launched: threading.Event = field(default_factory=threading.Event)

    def guest(self, request: Request) -> str | None:
        """The name of the guest, or None for a stranger. Also gradio's ``auth_dependency``.

        Each visit has a name of its own, which tells nothing of it: her phone need not wait for her laptop.
        """
        token = request.cookies.get(cookie_name(request, self.settings), "")
        if self.settings.invites and is_valid(self.settings.invite_secret, "visit", token, now=self.clock()):
            return f"guest-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        return self._signed_in(request)

    def _signed_in(self, request: Request) -> str | None:
        """The Hugging Face user name in gradio's signed session, when it is on the list."""
        if not self.settings.sign_in:
            return None
        signed_in = request.session.get("oauth_info") or {}
        user = str(signed_in.get("userinfo", {}).get("preferred_username", ""))
        fresh = signed_in.get("expires_at", 0) > self.clock()
        return user if fresh and user.lower() in self.settings.allowed_users else None

    def is_program(self, request: Request) -> bool:
        """Whether the request brings the key for programs. Takes constant time."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given, right = (hashlib.sha256(k.strip().encode()).digest() for k in (key, self.settings.api_key))
        return hmac.compare_digest(given, right) and scheme.lower() == "bearer"

    def opens(self, token: str) -> bool:
        """Whether ``token`` is an invite that still holds."""
        return self.settings.invites and is_valid(
            self.settings.invite_secret, "invite", token, now=self.clock()
        )

    def visit(self) -> str:
        """A fresh cookie value."""
        return sign(self.settings.invite_secret, "visit", int(self.clock()) + VISIT_DAYS * DAY_S)


def is_secure(request: Request, settings: Settings) -> bool:
    """Whether the visitor's browser speaks https; a Space always does, though its proxy speaks http to us."""
    return bool(settings.space_host) or request.scope["scheme"] == "https"


def cookie_name(request: Request, settings: Settings) -> str:
    """``__Host-`` makes browsers refuse the cookie from any other host or without https."""
    return "__Host-persona-visit" if is_secure(request, settings) else "persona-visit"


# --- the gate ---


class Gate:
    """ASGI middleware that answers for everyone who may not pass."""

    def __init__(self, app: App, doors: Doors) -> None:
        self._app = app
        self._doors = doors
        self._settings = doors.settings
        self._throttle = Throttle()
        self._wrong_keys = Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # gradio has no WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        answer = self._refusal(request) or self._app
        secure = is_secure(request, self._settings)
        await answer(scope, receive, with_headers(send, scope["path"], secure=secure))

    def _refusal(self, request: Request) -> Response | None:
        """The answer of the gate; None lets the request through."""
        path = request.scope["path"]  # request.url would believe a Host header that has a path in it
        if path.startswith(INVITE):
            return self._enter(request, path.removeprefix(INVITE))
        if path.startswith(PROGRAMS):
            return self._programs(request)
        if not self._own_origin(request.headers):
            return self._page(request, 403, "foreign_origin")
        if self._is_open(path):
            return None
        if self._doors.guest(request) is None:
            return self._locked(request)
        needed = path in _NEEDED or path.startswith(_NEEDED_BELOW)
        return None if needed else self._page(request, 404, "not_found")

    def _is_open(self, path: str) -> bool:
        if path == _STARTING:
            return not self._doors.launched.is_set()
        return path in _OPEN or (self._settings.sign_in and path in _SIGN_IN)

    def _enter(self, request: Request, token: str) -> Response:
        """The invite door. A link that holds is never refused, whoever else guesses from her address."""
        if request.method == "HEAD":  # a messenger that looks at a link before it is tapped
            return self._locked(request)
        if request.method == "GET" and self._doors.opens(token):
            return self._welcome(request)
        now, address = self._doors.clock(), self._address(request)
        if seconds := self._throttle.wait(address, now):
            return self._page(request, 429, "throttled_title", "throttled_hint", retry_after=seconds)
        self._throttle.wrong(address, now)
        return self._page(request, 403, "bad_invite_title", "bad_invite_hint")

    def _welcome(self, request: Request) -> Response:
        """The page, with a visit for a cookie and without the link in the address bar."""
        secure = is_secure(request, self._settings)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(
            cookie_name(request, self._settings),
            self._doors.visit(),
            max_age=VISIT_DAYS * DAY_S,
            httponly=True,
            secure=secure,
            samesite="none"
            if secure
            else "lax",  # none: inside the frame of huggingface.co, where a browser allows it
        )
        return response

    def _programs(self, request: Request) -> Response | None:
        """The door of programs. Without a key of its own there is nothing behind it."""
        if not self._settings.answers_programs:
            return self._page(request, 404, "not_found")
        if not self._own_origin(request.headers):
            return Refusal(403, _say("en", "space.foreign_origin")).answer()
        if self._doors.is_program(request):
            return None
        now, address = self._doors.clock(), self._address(request)
        if seconds := self._wrong_keys.wait(address, now):
            return Refusal(429, "Too many wrong keys came from here.", retry_after=seconds).answer()
        if "authorization" in request.headers:  # who brings none does not guess
            self._wrong_keys.wrong(address, now)
        return Refusal(401, "A key that fits is needed.", code="invalid_api_key").answer()

    def _address(self, request: Request) -> str:
        """Whom a wrong try counts against: on a Space, what its proxy appended; what stands before, anybody can write."""
        forwarded = request.headers.get("x-forwarded-for", "") if self._settings.space_host else ""
        return forwarded.rpartition(",")[2].strip() or (request.client.host if request.client else "")

    def _own_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        own = {headers.get("host"), headers.get("x-forwarded-host"), self._settings.space_host}
        return origin is None or urlsplit(origin).netloc in own - {None, ""}

    def _locked(self, request: Request) -> Response:
        if not (self._settings.invites or self._settings.sign_in):
            return self._page(request, 401, "no_door_title", *self._settings.door_problems())
        hints = ["locked_hint"] if self._settings.invites else []
        if self._settings.sign_in and request.session.get("oauth_info"):
            hints.append("locked_user")
        return self._page(request, 401, "locked_title", *hints)

    def _page(self, request: Request, status: int, title: str, *hints: str, retry_after: int = 0) -> Response:
        """A page in both languages for people, one line of JSON for programs."""
        keys = [key if "." in key else f"space.{key}" for key in (title, *hints)]
        headers = {"Retry-After": str(retry_after)} if retry_after else {}
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"error": _say("en", keys[0])}, status, headers)
        return HTMLResponse(self._html(request, keys, sign_in=status == 401), status, headers)

    def _html(self, request: Request, keys: list[str], *, sign_in: bool) -> str:
        framed = request.headers.get("sec-fetch-dest") == "iframe"  # where Safari keeps cookies from us
        links = []
        if sign_in and self._settings.sign_in:
            links.append(_link("/login/huggingface", "sign_in", self._settings.language, new_window=framed))
        if framed:
            links.append(_link("/", "own_window", self._settings.language, new_window=True))
        return _LOCKED.substitute(
            title=html.escape(_say(self._settings.language, "space.title")),
            language=self._settings.language,
            korean=_paragraphs("ko", keys),
            english=_paragraphs("en", keys),
            links="".join(links),
        )


def _say(language: str, key: str) -> str:
    return text_in(language, key, length=SECRET_LENGTH)


def _paragraphs(language: str, keys: list[str]) -> str:
    title, *hints = (html.escape(_say(language, key)) for key in keys)
    return f"<h1>{title}</h1>" + "".join(f"<p>{hint}</p>" for hint in hints)


def _link(href: str, key: str, language: str, *, new_window: bool) -> str:
    target = ' target="_blank" rel="noopener"' if new_window else ""
    return f'<a href="{href}"{target}>{html.escape(_say(language, f"space.{key}"))}</a>'
