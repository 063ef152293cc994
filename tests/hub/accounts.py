"""Who exists on the test Hub: users, their tokens, and the repositories that trust a workflow.

accounts = Accounts.open(Path("accounts.json"))
accounts.add_user(User("minsu"))
token = accounts.issue("minsu", "write")          # -> Token(value="hf_…")
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tests.hub.errors import HubError
from tests.hub.store import timestamp, write_json

Role = Literal["write", "read", "fineGrained", "oidc"]
Grant = Literal["read", "write", "manage"]  # contents; contents; contents and Space settings


@dataclass(frozen=True)
class User:
    """`plan` decides which Spaces may be created, `can_pay` whether hardware may cost money."""

    name: str
    plan: Literal["free", "pro"] = "free"
    can_pay: bool = False
    orgs: Mapping[str, str] = field(default_factory=dict)  # organisation -> role in it


@dataclass(frozen=True)
class Token:
    """`grants` maps a repository key (`models/minsu/talk`) to what a narrow token may do there."""

    value: str
    user: str
    role: Role
    grants: Mapping[str, Grant] = field(default_factory=dict)
    name: str = "test"
    created_at: str = ""
    expires: float | None = None  # seconds since 1970


@dataclass(frozen=True)
class Publisher:
    """A repository that hands a short-lived token to workflows whose claims match exactly."""

    resource: str  # `spaces/minsu/talk-space`; a model has no prefix
    claims: Mapping[str, str]


class Accounts:
    """Saved after every change, so that a server started again by hand knows its tokens."""

    def __init__(self, path: Path, secret: str) -> None:
        self._path = path
        self.secret = secret
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.publishers: list[Publisher] = []

    @classmethod
    def open(cls, path: Path) -> "Accounts":
        if not path.is_file():
            return cls(path, secrets.token_hex(16))
        raw = json.loads(path.read_bytes())
        accounts = cls(path, raw["secret"])
        accounts.users = {u["name"]: User(**u) for u in raw["users"]}
        accounts.tokens = {t["value"]: Token(**t) for t in raw["tokens"]}
        accounts.publishers = [Publisher(**p) for p in raw["publishers"]]
        return accounts

    def _save(self) -> None:
        raw = {
            "secret": self.secret,
            "users": [asdict(user) for user in self.users.values()],
            "tokens": [asdict(token) for token in self.tokens.values()],
            "publishers": [asdict(publisher) for publisher in self.publishers],
        }
        write_json(self._path, raw)

    # -- users and tokens

    def add_user(self, user: User) -> None:
        self.users[user.name] = user
        self._save()

    def issue(
        self,
        user: str,
        role: Role,
        *,
        grants: Mapping[str, Grant] | None = None,
        lifetime: float | None = None,
    ) -> Token:
        """A new token; `lifetime` in seconds. Values are random, so no test can reuse another's."""
        token = Token(
            value=f"hf_{'jwt_' if role == 'oidc' else ''}{secrets.token_hex(17)}",
            user=user,
            role=role,
            grants=dict(grants or {}),
            created_at=timestamp(),
            expires=None if lifetime is None else time.time() + lifetime,
        )
        self.tokens[token.value] = token
        self._save()
        return token

    def revoke(self, value: str) -> None:
        del self.tokens[value]
        self._save()

    def expire(self, value: str) -> None:
        self.tokens[value] = replace(self.tokens[value], expires=0.0)
        self._save()

    def authenticate(self, authorization: str | None) -> Token | None:
        """None for nobody. Raises 401 for a token that is unknown or has expired."""
        if not authorization:
            return None
        token = self.tokens.get(authorization.removeprefix("Bearer "))
        if token is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        if token.expires is not None and token.expires < time.time():
            raise HubError(401, f'User Access Token "{token.name}" is expired')
        return token

    def label(self, authorization: str | None) -> str:
        """Who asks, for the request log: a role, `anonymous` or `invalid`; never the token."""
        try:
            token = self.authenticate(authorization)
        except HubError:
            return "invalid"
        return token.role if token else "anonymous"

    # -- trusted publishing

    def trust(self, resource: str, claims: Mapping[str, str]) -> None:
        self.publishers.append(Publisher(resource, dict(claims)))
        self._save()

    def mint_id_token(self, claims: Mapping[str, str]) -> str:
        """A workflow's identity token; signed by us where GitHub would sign."""
        body = _encode(json.dumps(dict(claims)).encode())
        head = _encode(b'{"alg":"HS256","typ":"JWT"}')
        return f"{head}.{body}.{self.sign(f'{head}.{body}')}"

    def exchange(self, id_token: str, resource: str, *, audience: str) -> Token:
        """A one-hour token for `resource`. Raises 400 invalid_grant with the reason."""
        claims = self._claims(id_token)
        if claims.get("aud") != audience:
            raise _invalid_grant(f"audience must be {audience}")
        trusted = [p for p in self.publishers if p.resource == resource]
        if not trusted:
            raise _invalid_grant(f"no trusted publisher for {resource}")
        if not any(p.claims.items() <= claims.items() for p in trusted):
            raise _invalid_grant("the token's claims match no trusted publisher")
        key = resource if resource.count("/") == 2 else f"models/{resource}"
        owner = key.split("/")[1]
        return self.issue(owner, "oidc", grants={key: "write"}, lifetime=3600)

    def _claims(self, id_token: str) -> dict[str, Any]:
        signed, _, signature = id_token.rpartition(".")
        if not hmac.compare_digest(signature, self.sign(signed)):
            raise _invalid_grant("the identity token's signature is wrong")
        try:
            body = base64.urlsafe_b64decode(signed.partition(".")[2] + "==")
            claims: dict[str, Any] = json.loads(body)
        except (binascii.Error, ValueError):
            raise _invalid_grant("the identity token cannot be read") from None
        return claims

    def sign(self, text: str) -> str:
        """For identity tokens and for addresses that need no login (as S3's signed ones)."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _invalid_grant(reason: str) -> HubError:
    return HubError(400, "invalid_grant", error_description=reason)
