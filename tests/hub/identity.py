"""Who am I, what the Hub thinks of a card, and a workflow's identity turned into a token."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.accounts import Token, User
from tests.hub.cards import check_card
from tests.hub.errors import HubError
from tests.hub.state import state_of, visitor_of

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
PERMISSIONS = {
    "read": ["repo.content.read"],
    "write": ["repo.content.read", "repo.write"],
    "manage": ["repo.content.read", "repo.write", "space.settings"],
}


async def whoami(request: Request) -> Response:
    visitor = visitor_of(request)
    if visitor.user is None or visitor.token is None:
        raise HubError(401, "Invalid username or password.")
    user = visitor.user
    orgs = [
        {"type": "org", "id": f"org-{name}", "name": name, "fullname": name, "roleInOrg": role}
        for name, role in user.orgs.items()
    ]
    return JSONResponse(
        {
            "type": "user",
            "id": f"user-{user.name}",
            "name": user.name,
            "fullname": user.name,
            "isPro": user.plan == "pro",
            "canPay": user.can_pay,
            "avatarUrl": f"/avatars/{user.name}.svg",
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": _describe(visitor.token)},
        }
    )


def _describe(token: Token) -> dict[str, object]:
    described: dict[str, object] = {
        "displayName": token.name,
        "role": token.role,
        "createdAt": token.created_at,
    }
    if token.role == "fineGrained":
        scoped = [
            {
                "entity": {"_id": key, "type": key.split("s/")[0], "name": key.split("/", 1)[1]},
                "permissions": PERMISSIONS[grant],
            }
            for key, grant in token.grants.items()
        ]
        described["fineGrained"] = {"global": [], "scoped": scoped}
    return described


async def user_overview(request: Request) -> Response:
    user: User | None = state_of(request).accounts.users.get(request.path_params["name"])
    if user is None:
        raise HubError(404, "This user does not exist")
    return JSONResponse(
        {"user": user.name, "fullname": user.name, "isPro": user.plan == "pro", "type": "user"}
    )


async def validate_yaml(request: Request) -> Response:
    body = await request.json()
    errors, warnings = check_card(body["content"], f"{body['repoType']}s")
    answer = {
        "errors": [{"message": text} for text in errors],
        "warnings": [{"message": text} for text in warnings],
    }
    return JSONResponse(answer, 400 if errors else 200)


async def agent_harnesses(_: Request) -> Response:
    return JSONResponse({"standardEnvVars": [], "harnesses": {}})


async def exchange_token(request: Request) -> Response:
    """RFC 8693: a workflow's identity token for an hour's right to write one repository."""
    state = state_of(request)
    body = await request.json()
    if body.get("grant_type") != TOKEN_EXCHANGE or body.get("subject_token_type") != ID_TOKEN:
        raise HubError(400, "unsupported_grant_type", error_description="only token-exchange")
    token = state.accounts.exchange(body["subject_token"], body["resource"], audience=state.endpoint)
    return JSONResponse(
        {
            "access_token": token.value,
            "token_type": "bearer",
            "expires_in": 3600,
            "issued_token_type": ACCESS_TOKEN,
        }
    )


async def mint_id_token(request: Request) -> Response:
    """Stands where GitHub's runner serves ACTIONS_ID_TOKEN_REQUEST_URL; see Control.as_workflow."""
    state = state_of(request)
    claims = state.workflows.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if claims is None:
        raise HubError(401, "unknown request token")
    claims = {**claims, "aud": request.query_params["audience"]}
    return JSONResponse({"value": state.accounts.mint_id_token(claims)})


routes = [
    Route("/api/whoami-v2", whoami),
    Route("/api/users/{name}/overview", user_overview),
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    Route("/api/agent-harnesses", agent_harnesses),
    Route("/oauth/token", exchange_token, methods=["POST"]),
    Route("/github/id-token", mint_id_token),
]
