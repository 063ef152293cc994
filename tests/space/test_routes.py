"""Every route of the running page, walked as a stranger, with keys that do not fit, and as herself."""

import re
import time

import httpx2
import pytest
from starlette.routing import Route

import app
from persona_core.invite import make_invite, new_secret, sign
from tests.space.served import (
    SECRET,
    SETTINGS,
    ScriptedEngine,
    free_port,
    invite,
    running_as_a_space,
    served,
    session,
)

OPEN = {"/gradio_api/startup-events", "/manifest.json", "/favicon.ico", "/pwa_icon", "/robots.txt"}


@pytest.fixture(scope="module")
def url():
    with served(ScriptedEngine(["ㅇㅇ"])) as address:
        yield address


@pytest.fixture(scope="module")
def routes():
    """Every path and method gradio registers for this page, with something in place of its variables."""
    page = app.build_page(ScriptedEngine(["ㅇㅇ"]), SETTINGS)
    app.launch(page, SETTINGS, server_port=free_port())
    found = {
        (method, re.sub(r"{\w+(?::\w+)?}", "x", route.path))
        for route in flat(page.server_app.routes)
        for method in (route.methods or ())
    }
    page.close(verbose=False)
    return sorted(found)


def flat(routes):
    """The routes of an application and of the routers FastAPI keeps inside it."""
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            yield from flat(route.original_router.routes)


def statuses(url, routes, **client):
    """The status of each route; streams are not read to their end."""
    found = {}
    with httpx2.Client(base_url=url, timeout=10, **client) as browser:
        for method, path in routes:
            with browser.stream(method, path) as answer:
                found[method, path] = answer.status_code
    return found


def test_the_walk_meets_what_matters(routes):
    """Page, configuration, queue, calls, files, uploads, saved links and monitoring are among the routes."""
    paths = {path for _, path in routes}

    assert len(paths) > 60
    assert {
        "/", "/config", "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/call/x", "/gradio_api/run/x",
        "/gradio_api/upload", "/gradio_api/file=x", "/gradio_api/deep_link", "/gradio_api/info", "/monitoring",
        "/gradio_api/openapi.json", "/gradio_api/proxy=x", "/gradio_api/heartbeat/x", "/gradio_api/vibe-edit",
    } <= paths  # fmt: skip
    assert not paths & {"/docs", "/redoc", "/openapi.json", "/gradio_api/run-history/connect"}


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        sign(SECRET, "visit", int(time.time()) - 1),
        sign(new_secret(), "visit", int(time.time()) + 1_000),
        make_invite(SECRET, 1),
        "guest",
    ],
    ids=["stranger", "expired", "foreign", "an invite", "forged"],
)
def test_every_route_is_behind_the_door(url, routes, cookie):
    """Without a key that fits, every route but the open ones answers 401."""
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
    found = statuses(url, [route for route in routes if "heartbeat" not in route[1]], cookies=cookies)
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
    } <= refused  # fmt: skip


def test_the_chat_cannot_be_called_by_name(url):
    """The page's functions are no public interface."""
    with httpx2.Client(base_url=url, follow_redirects=True) as browser:
        browser.get(invite(url))
        config = browser.get("/config").json()
        named = browser.post("/gradio_api/run/chat", json={"data": ["하이", []]})

    assert {function["api_visibility"] for function in config["dependencies"]} <= {"private", "undocumented"}
    assert named.status_code == 404


# --- as a Space ---


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    with running_as_a_space(tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.mark.parametrize(
    ("cookies", "status"),
    [
        ({}, 401),
        (session("seoyeon"), 200),
        (session("somebody-else"), 401),
        (session("seoyeon", lasts=-1), 401),
        (session("seoyeon", secret="another client"), 401),
    ],
    ids=["stranger", "on the list", "not on the list", "expired", "forged"],
)
def test_on_a_space_only_listed_users_get_in(space, cookies, status):
    """gradio's own signed session, checked against the list on every request."""
    answer = httpx2.get(space, cookies=cookies, headers={"accept": "text/html"})

    assert answer.status_code == status


def test_on_a_space_the_stranger_is_led_to_the_sign_in(space):
    """The locked page links to Hugging Face's sign-in and nothing else is open."""
    answer = httpx2.get(space, headers={"accept": "text/html"})

    assert 'href="/login/huggingface"' in answer.text
    assert "max-age" in answer.headers["strict-transport-security"]
    assert httpx2.get(f"{space}/config").status_code == 401
