"""Everything one running server knows, and the one place that decides who may do what.

repo = repo_of(request, need="write")     # the repository in the path, or the right refusal
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.hub.accounts import Accounts, Token, User
from tests.hub.errors import HubError, repo_not_found
from tests.hub.store import KINDS, Repo, Store
from tests.hub.traffic import Traffic

if TYPE_CHECKING:
    from tests.hub.jobs import Jobs

MULTIPART_THRESHOLD = 5_000_000_000  # bytes; S3 takes no single upload above 5 GB
MULTIPART_CHUNK = 100_000_000  # bytes a part; the client only accepts what the server says

Handler = Callable[[Request], Awaitable[Response]]
Need = Literal["read", "write", "manage"]


@dataclass
class State:
    """`endpoint` is the Hub's origin, `storage_origin` the other one that serves large files."""

    endpoint: str
    storage_origin: str
    store: Store
    accounts: Accounts
    traffic: Traffic
    jobs: "Jobs"
    xet: bool = False  # offer the client's default transfer
    multipart_threshold: int = MULTIPART_THRESHOLD
    multipart_chunk: int = MULTIPART_CHUNK
    page_size: int = 1000  # entries of a listing before the next page
    space_host: str | None = None  # where the pages of new Spaces are said to live
    quotas: dict[str, int] = field(default_factory=dict)  # owner -> bytes of private storage
    workflows: dict[str, dict[str, str]] = field(default_factory=dict)  # request token -> claims

    def signed(self, origin: str, path: str) -> str:
        """An address that works without a login, as long as nobody changes its path."""
        return f"{origin}{quote(path)}?signature={self.accounts.sign(path)}"

    def check_signature(self, request: Request) -> None:
        if request.query_params.get("signature") != self.accounts.sign(request.scope["path"]):
            raise HubError(403, "SignatureDoesNotMatch")

    def check_quota(self, repo: Repo, more: int) -> None:
        """Raises the 403 of a full account before `more` bytes are taken in."""
        limit = self.quotas.get(repo.owner)
        if limit is None or repo.meta["visibility"] == "public":
            return
        used = sum(r.stored_bytes() for kind in KINDS for r in self.store.all(kind) if r.owner == repo.owner)
        if used + more > limit:
            raise HubError(
                403,
                "Private repository storage limit reached, please upgrade your plan"
                " to increase your private storage limit.",
            )


@dataclass(frozen=True)
class Visitor:
    """Who stands behind a request; a token never allows more than its user may do."""

    user: User | None
    token: Token | None

    @property
    def name(self) -> str:
        assert self.user is not None
        return "[OIDC]" if self.token and self.token.role == "oidc" else self.user.name

    def belongs_to(self, owner: str) -> bool:
        return self.user is not None and (owner == self.user.name or owner in self.user.orgs)

    def may_write_for(self, owner: str) -> bool:
        """Create, delete and rename need a full write token."""
        if self.user is None or self.token is None or self.token.role != "write":
            return False
        return owner == self.user.name or self.user.orgs.get(owner) in ("write", "admin")

    def may(self, need: Need, repo: Repo) -> bool:
        if need == "read" and repo.meta["visibility"] == "public":
            return True
        if self.token is None or not self.belongs_to(repo.owner):
            return False
        if need == "read" and self.token.role in ("read", "write"):
            return True
        levels = ("read", "write", "manage")
        grant = self.token.grants.get(repo.key)
        if grant is not None:
            return levels.index(grant) >= levels.index(need)
        return self.may_write_for(repo.owner)


def state_of(request: Request) -> State:
    state: State = request.app.state.hub
    return state


def visitor_of(request: Request) -> Visitor:
    accounts = state_of(request).accounts
    token = accounts.authenticate(request.headers.get("authorization"))
    return Visitor(accounts.users[token.user] if token else None, token)


def repo_of(request: Request, need: Need = "read", *, kind: str = "models") -> Repo:
    """The repository the path names, of `kind` where the path does not say.

    Raises 404 (401 for nobody) when it cannot be seen, 403 when it can only be seen.
    """
    visitor = visitor_of(request)
    params = request.path_params
    repo_id = f"{params['owner']}/{params['name']}"
    repo = state_of(request).store.find(params.get("kind", kind), repo_id)
    if repo is None or not visitor.may("read", repo):
        raise repo_not_found(anonymous=visitor.user is None)
    if not visitor.may(need, repo):
        if visitor.user is None:
            raise HubError(401, "Invalid username or password.")
        raise HubError(
            403,
            f"Forbidden: pass a token with the right to {need} the content of this repo"
            f" ({repo.id}); yours has the role {visitor.token.role if visitor.token else 'none'}.",
        )
    return repo


class _Kind(Convertor[str]):
    regex = "models|datasets|spaces"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("kind", _Kind())


def web_routes(path: str, handler: Handler, methods: list[str]) -> list[Route]:
    """Routes outside /api: models carry no prefix there, the other kinds do."""
    return [
        Route("/{kind:kind}" + path, handler, methods=methods),
        Route(path, handler, methods=methods),
    ]
