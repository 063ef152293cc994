"""Every route of the running page, walked as a stranger, with keys that do not fit, and as herself."""

import re
import time
from dataclasses import replace

import httpx2
import pytest
from starlette.routing import Mount, Route

import app
import assets
from page import READY
from persona_core.invite import make_invite, new_secret, sign
from tests.space.gate import KEY
from tests.space.served import (
    SECRET,
    SETTINGS,
    ScriptedEngine,
    invite,
    running_as_a_space,
    served,
    session,
)
from tests.staged_space import reserved_port

FOR_ALL = replace(SETTINGS, api_key=KEY)
OPEN = {*assets.OPEN, "/favicon.ico", "/robots.txt"}


@pytest.fixture(scope="module")
def url():
    with served(ScriptedEngine(["ㅇㅇ"]), FOR_ALL) as address:
        yield address


@pytest.fixture(scope="module")
def routes():
    """Every path and method of the running page, gradio's and ours, with something in place of their variables."""
    engine = ScriptedEngine(["ㅇㅇ"])
    voice = app.voice_of(engine, FOR_ALL)
    page = app.build_page(voice, FOR_ALL)
    programs = app.routes(voice, engine, FOR_ALL, lambda: READY)
    with reserved_port() as port:
        app.launch(page, FOR_ALL, programs, server_name="127.0.0.1", server_port=port)
    found = {
        (method, re.sub(r"{\w+(?::\w+)?}", "x", path))
        for path, methods in flat(page.server_app.routes)
        for method in methods
    }
    page.close(verbose=False)
    return sorted(found)


def flat(routes, prefix=""):
    """Paths and methods of an application, of what is mounted in it and of the routers FastAPI keeps inside it."""
    for route in routes:
        if isinstance(route, Route):
            yield prefix + route.path, route.methods or ()
        elif isinstance(route, Mount):
            yield from flat(route.routes, prefix + route.path)
        else:
            yield from flat(route.original_router.routes, prefix)


def statuses(url, routes, **client):
    """The status of each route; streams are not read to their end."""
    found = {}
    with httpx2.Client(base_url=url, timeout=10, **client) as browser:
        for method, path in routes:
            with browser.stream(method, path) as answer:
                found[method, path] = answer.status_code
    return found


def visit(secret=SECRET, lasts=1_000):
    """What her cookie holds, for so many seconds from now."""
    return sign(secret, "visit", int(time.time()) + lasts)


def with_another_letter(cookie):
    """``cookie``, but for one letter of its signature."""
    letter = "B" if cookie[-5] == "A" else "A"
    return cookie[:-5] + letter + cookie[-4:]


def test_the_walk_meets_what_matters(routes):
    """Page, configuration, queue, calls, files, uploads, saved links and monitoring are among the routes."""
    paths = {path for _, path in routes}

    assert len(paths) > 60
    assert {
        "/", "/config", "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/call/x", "/gradio_api/run/x",
        "/gradio_api/upload", "/gradio_api/file=x", "/gradio_api/deep_link", "/gradio_api/info", "/monitoring",
        "/gradio_api/openapi.json", "/gradio_api/proxy=x", "/gradio_api/heartbeat/x", "/gradio_api/vibe-edit",
        "/gradio_api/startup-events", "/v1/chat/completions", "/v1/models", "/v1/models/x",
    } <= paths  # fmt: skip
    assert not paths & {"/docs", "/redoc", "/openapi.json", "/gradio_api/run-history/connect"}


@pytest.mark.parametrize(
    "make_cookie",
    [
        lambda: "",
        lambda: visit(lasts=-1),
        lambda: visit(secret=new_secret()),
        lambda: make_invite(SECRET, 1),
        lambda: with_another_letter(visit()),
        lambda: "guest",
    ],
    ids=["stranger", "expired", "foreign", "an invite", "forged", "made up"],
)
def test_every_route_is_behind_the_door(url, routes, make_cookie):
    """Without a key that fits, every route but the open ones answers 401."""
    cookie = make_cookie()
    cookies = {"persona-visit": cookie} if cookie else {}
    found = statuses(url, routes, cookies=cookies)

    assert {route: status for route, status in found.items() if status != 401 and route[1] not in OPEN} == {}


def test_nothing_of_them_stands_in_what_is_open(url):
    """What a stranger can read names neither of the two."""
    with httpx2.Client(base_url=url) as stranger:
        texts = "".join(stranger.get(path).text for path in ("/", *sorted(OPEN)))

    assert [name for name in (SETTINGS.persona_name, SETTINGS.partner_name) if name in texts] == []


def test_she_reaches_the_page_and_what_it_needs_only(url, routes):
    """With her cookie the page works, while files, uploads and everything else do not exist."""
    with httpx2.Client(base_url=url, follow_redirects=True) as browser:
        page = browser.get(invite(url))
        cookies = dict(browser.cookies)
    hers = [route for route in routes if "heartbeat" not in route[1] and not route[1].startswith("/v1/")]
    found = statuses(url, hers, cookies=cookies)
    refused = {path for (_, path), status in found.items() if status == 404}

    assert page.status_code == 200
    assert "도윤" in page.text
    assert "/invite/" not in str(page.url)
    assert 401 not in found.values()
    assert [found["GET", path] for path in ("/", "/config", "/page.css", "/page.js", "/theme.css")] == [
        200
    ] * 5
    assert {
        "/gradio_api/upload", "/gradio_api/file=x", "/gradio_api/deep_link", "/gradio_api/proxy=x", "/monitoring",
        "/gradio_api/call/x", "/gradio_api/api/x", "/gradio_api/vibe-edit", "/gradio_api/openapi.json",
        "/gradio_api/startup-events",
    } <= refused  # fmt: skip


def test_the_chat_cannot_be_called_by_name(url):
    """The page's functions are no public interface."""
    with httpx2.Client(base_url=url, follow_redirects=True) as browser:
        browser.get(invite(url))
        config = browser.get("/config").json()
        named = browser.post("/gradio_api/run/chat", json={"data": ["하이", []]})

    assert {function["api_visibility"] for function in config["dependencies"]} <= {"private", "undocumented"}
    assert named.status_code == 404


def test_her_cookie_is_no_key_and_the_key_is_no_cookie(url, routes):
    """Programs reach what is theirs and nothing of the page; she the page and nothing of theirs."""
    cookie = {"persona-visit": visit()}
    theirs = [route for route in routes if route[1].startswith("/v1/")]
    others = [route for route in routes if route not in theirs and route[1] not in OPEN]
    key = {"authorization": f"Bearer {KEY}"}

    assert set(statuses(url, theirs, cookies=cookie).values()) == {401}
    assert set(statuses(url, others, headers=key).values()) == {401}
    assert set(statuses(url, theirs, headers=key).values()) == {
        200,
        400,
        404,
    }  # no body; no model of that name


def test_a_visit_survives_a_restart_and_ends_with_the_secret(url):
    """Another process with the same secret knows her; with a new secret nobody is known, by cookie or by link."""
    cookies = {"persona-visit": visit()}
    with served(ScriptedEngine(["ㅇㅇ"])) as again:
        assert httpx2.get(f"{again}/config", cookies=cookies).status_code == 200
        assert httpx2.get(f"{again}/v1/models", headers={"authorization": f"Bearer {KEY}"}).status_code == 404
    with served(ScriptedEngine(["ㅇㅇ"]), replace(SETTINGS, invite_secret=new_secret())) as rotated:
        assert httpx2.get(f"{rotated}/config", cookies=cookies).status_code == 401
        assert httpx2.get(invite(rotated)).status_code == 403


def test_no_key_of_anybody_reaches_the_log(url, capfd):
    """Links, wrong ones too, cookies and keys: nothing is written down."""
    link = invite(url)
    with httpx2.Client(base_url=url, follow_redirects=True) as browser:
        browser.get(link)
        browser.get("/invite/an-old-link")
        browser.post("/v1/chat/completions", headers={"authorization": f"Bearer {KEY}"}, content=b"{")
        browser.get("/v1/models", headers={"authorization": "Bearer another-key"})

    assert "".join(capfd.readouterr()) == ""


def test_another_site_is_answered_by_neither_door(url):
    """With her cookie or with the key: a foreign origin gets nothing, and no leave to read it."""
    keys = {"authorization": f"Bearer {KEY}", "origin": "https://elsewhere.example"}
    cookies = {"persona-visit": visit()}
    with httpx2.Client(base_url=url, headers=keys, cookies=cookies) as site:
        answers = [site.get("/config"), site.get("/v1/models"), site.post("/v1/chat/completions", json={})]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert [answer for answer in answers if "access-control-allow-origin" in answer.headers] == []


def test_inside_the_frame_of_hugging_face_she_is_let_in_where_her_browser_sends_the_cookie(url):
    """That site, and no other, may frame the page."""
    cookies = {"persona-visit": visit()}
    framed = httpx2.get(
        url, cookies=cookies, headers={"sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site"}
    )

    assert framed.status_code == 200
    assert "frame-ancestors 'self' https://huggingface.co" in framed.headers["content-security-policy"]
    assert "x-frame-options" not in framed.headers


# --- as a Space ---

PATIENCE_S = 60.0  # while it imports what its model needs, it is slow to answer


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    with running_as_a_space(tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.mark.parametrize(
    ("make_cookies", "status"),
    [
        (dict, 401),
        (lambda: session("seoyeon"), 200),
        (lambda: session("somebody-else"), 401),
        (lambda: session("seoyeon", lasts=-1), 401),
        (lambda: session("seoyeon", secret="another client"), 401),
    ],
    ids=["stranger", "on the list", "not on the list", "expired", "forged"],
)
def test_on_a_space_only_listed_users_get_in(space, make_cookies, status):
    """gradio's own signed session, checked against the list on every request."""
    answer = httpx2.get(space, cookies=make_cookies(), headers={"accept": "text/html"}, timeout=PATIENCE_S)

    assert answer.status_code == status


def test_on_a_space_the_stranger_is_led_to_the_sign_in(space):
    """The locked page links to Hugging Face's sign-in and nothing else is open."""
    answer = httpx2.get(space, headers={"accept": "text/html"}, timeout=PATIENCE_S)

    assert 'href="/login/huggingface"' in answer.text
    assert "max-age" in answer.headers["strict-transport-security"]
    assert httpx2.get(f"{space}/config", timeout=PATIENCE_S).status_code == 401
