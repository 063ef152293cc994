"""A small page behind the gate, and browsers before it.

stranger = visitor(OPEN_TO_INVITES, clock)
stranger.get("/").status_code    # 401
guest(OPEN_TO_INVITES, clock).get("/").status_code    # 200
"""

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from access import Doors, Gate
from configuration import Settings
from persona_core.invite import make_invite

SECRET = "an invented secret that nobody would ever guess"
KEY = "an invented key that no program would ever guess"
OPEN_TO_INVITES = Settings(invite_secret=SECRET)
OPEN_TO_USERS = Settings(allowed_users=frozenset({"seoyeon"}), can_sign_in=True)
BROWSER = {"accept": "text/html"}


def visitor(
    settings, clock, *, session=None, url="http://127.0.0.1:7860", address="198.51.100.7", doors=None
):
    """A browser without cookies before a small page behind the gate. ``session`` is what gradio's sign-in keeps."""

    def page(_):
        return HTMLResponse("<script>1</script><p>hers</p><script type=module>2</script>")

    def inside(_):
        return PlainTextResponse("inside")

    app = Starlette(routes=[Route("/", page), Route("/{path:path}", inside, methods=["GET", "POST"])])
    gate = Gate(app, doors or Doors(settings, clock))

    async def with_session(scope, receive, send):
        await gate({**scope, "session": session or {}}, receive, send)

    return TestClient(with_session, base_url=url, follow_redirects=False, client=(address, 50_000))


def guest(settings, clock, **options):
    """A browser that came in by an invite link."""
    client = visitor(settings, clock, **options)
    assert client.get(f"/invite/{make_invite(SECRET, 7, now=clock.now)}").status_code == 303
    return client
