"""Invite links and the visits they open: one secret signs both, and a new secret revokes all of them.

A token is its last moment (hexadecimal seconds since 1970) and a signature over that and the door it opens::

    make_invite(secret, valid_days=7)  ->  "693f5c80.hV1u…"      /invite/693f5c80.hV1u…

A link cannot be used as a visit, nor a visit as a link: they are signed for different doors. Nothing is stored, so
both survive every restart. Standard library only, so that the command line and the Space share it.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from typing import Literal

from persona_core.errors import SettingsError

Door = Literal["invite", "visit"]

SECRET_LENGTH = (
    32  # characters: shorter ones could be guessed, and the throttle cannot help against that offline
)
DAY_S = 24 * 60 * 60

_TOKEN = re.compile(r"([0-9a-f]{1,12})\.([A-Za-z0-9_-]{43})")  # expiry, SHA-256 in unpadded base64


def new_secret() -> str:
    """A secret nobody guesses: 43 characters that are safe in URLs, shells and Space settings."""
    return secrets.token_urlsafe(32)


def check_secret(secret: str) -> None:
    """Refuse a secret that is too short to keep a door.

    Raises:
        SettingsError: fewer than `SECRET_LENGTH` characters.
    """
    if len(secret) < SECRET_LENGTH:
        raise SettingsError("space.weak_secret", length=SECRET_LENGTH)


def make_invite(secret: str, valid_days: float, *, now: float | None = None) -> str:
    """The token of an invite link that opens the door for ``valid_days`` days from ``now`` (seconds since 1970).

    Raises:
        SettingsError: the secret is too short.
    """
    check_secret(secret)
    moment = time.time() if now is None else now
    return sign(secret, "invite", int(moment + valid_days * DAY_S))


def sign(secret: str, door: Door, expires_at: int) -> str:
    """A token that opens ``door`` until ``expires_at`` (seconds since 1970)."""
    signature = hmac.digest(secret.encode(), f"kakao-persona:{door}:{expires_at}".encode(), hashlib.sha256)
    return f"{expires_at:x}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def is_valid(secret: str, door: Door, token: str, *, now: float) -> bool:
    """Whether ``token`` was signed with ``secret`` for ``door`` and still holds at ``now``. Takes constant time."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return False
    expires_at = int(match[1], 16)
    genuine = hmac.compare_digest(sign(secret, door, expires_at), token)
    return genuine and now < expires_at
