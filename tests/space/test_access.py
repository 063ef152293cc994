"""The gate: nothing told to strangers, what a guest reaches, and the headers of every answer."""

import asyncio
import re

import pytest

from access import Doors, Gate
from configuration import Settings
from tests.space.gate import BROWSER, OPEN_TO_INVITES, SECRET, guest, visitor

# --- strangers ---


def test_a_stranger_reads_in_both_languages_that_one_must_be_invited(clock):
    """The locked page has status 401 and names nobody."""
    answer = visitor(OPEN_TO_INVITES, clock).get("/", headers=BROWSER)

    assert answer.status_code == 401
    assert "초대받은 사람만 들어올 수 있어요" in answer.text
    assert "By invitation only" in answer.text
    assert "hers" not in answer.text


def test_a_program_without_a_key_gets_one_line_of_json(clock):
    """Programs are refused in their own language."""
    answer = visitor(OPEN_TO_INVITES, clock).post("/gradio_api/queue/join", json={})

    assert (answer.status_code, answer.json()) == (401, {"error": "By invitation only"})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), ["INVITE_SECRET", "ALLOWED_USERS"]),
        (Settings(invite_secret="too short"), ["INVITE_SECRET", "32"]),
        (Settings(allowed_users=frozenset({"seoyeon"})), ["hf_oauth: true"]),
    ],
    ids=["nothing set", "weak secret", "no sign-in on this machine"],
)
def test_with_no_door_nobody_gets_in_and_the_page_says_what_to_set(clock, settings, told):
    """A page that nobody can enter explains itself to its owner, in Korean and English."""
    answer = visitor(settings, clock).get("/", headers=BROWSER)

    assert answer.status_code == 401
    assert "아직 아무도 들어올 수 없어요" in answer.text
    assert "Nobody can come in yet" in answer.text
    assert [word for word in told if answer.text.count(word) < 2] == []  # once per language


def test_only_what_holds_nothing_of_hers_is_open(clock):
    """Icons and the app manifest need no key."""
    stranger = visitor(OPEN_TO_INVITES, clock)
    paths = [
        "/",
        "/config",
        "/assets/x.js",
        "/page.css",
        "/manifest.json",
        "/favicon.ico",
    ]

    assert [path for path in paths if stranger.get(path).status_code == 200] == paths[-2:]


def test_gradio_may_call_itself_until_it_has_launched(clock):
    """Its start-up call comes before anybody can have a key; after it, that address is closed like any other."""
    doors = Doors(OPEN_TO_INVITES, clock)
    stranger = visitor(OPEN_TO_INVITES, clock, doors=doors)

    before = stranger.get("/gradio_api/startup-events").status_code
    doors.launched.set()
    after = stranger.get("/gradio_api/startup-events").status_code

    assert (before, after) == (200, 401)


@pytest.mark.parametrize("host", ["a/manifest.json?", "a/manifest.json#", "a/favicon.ico?x="])
def test_a_host_header_with_a_path_opens_nothing(clock, host):
    """The path that is judged is the path that is served."""
    stranger = visitor(OPEN_TO_INVITES, clock)

    assert stranger.get("/config", headers={"host": host}).status_code == 401


def test_a_websocket_is_closed(clock):
    """gradio uses none, so none is let through."""
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Gate(None, Doors(OPEN_TO_INVITES, clock))({"type": "websocket"}, None, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]


# --- inside ---


def test_a_guest_reaches_what_the_page_needs_and_nothing_else(clock):
    """Files, uploads, saved links, API pages and monitoring are closed to everyone."""
    client = guest(OPEN_TO_INVITES, clock)
    needed = [
        "/",
        "/config",
        "/theme.css",
        "/assets/index.js",
        "/gradio_api/queue/data",
        "/gradio_api/heartbeat/x",
    ]
    closed = [
        "/gradio_api/upload",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/deep_link",
        "/monitoring",
        "/docs",
    ]

    assert [client.get(path).status_code for path in needed] == [200] * len(needed)
    assert [client.get(path).status_code for path in closed] == [404] * len(closed)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_use_her_cookie(clock, origin):
    """gradio would answer any origin with her cookies; the gate does not."""
    client = guest(OPEN_TO_INVITES, clock)

    assert client.post("/gradio_api/queue/join", headers={"origin": origin}).status_code == 403


def test_her_own_page_may_ask(clock):
    """The page's own origin is let through, also as the proxy of a Space names it."""
    client = guest(OPEN_TO_INVITES, clock)
    space = guest(Settings(invite_secret=SECRET, space_host="a-b.hf.space"), clock, url="https://10.0.0.1")

    assert client.post("/gradio_api/cancel", headers={"origin": "http://127.0.0.1:7860"}).status_code == 200
    assert space.post("/gradio_api/cancel", headers={"origin": "https://a-b.hf.space"}).status_code == 200


def test_in_a_frame_the_locked_page_offers_its_own_window(clock):
    """Where a browser keeps third-party cookies away, she can open the page itself."""
    framed = visitor(OPEN_TO_INVITES, clock).get("/", headers={**BROWSER, "sec-fetch-dest": "iframe"})

    assert 'target="_blank"' in framed.text


# --- headers ---


@pytest.mark.parametrize("path", ["/", "/config", "/nowhere", "/invite/wrong"])
def test_every_answer_carries_the_security_headers(clock, path):
    """Found, refused or missing: framed by huggingface.co at most, never cached, never sniffed, never indexed."""
    answer = guest(OPEN_TO_INVITES, clock).get(path)

    assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers


def test_scripts_of_the_page_carry_the_number_of_their_answer(clock):
    """Inline scripts run only with the number drawn for this answer."""
    client = guest(OPEN_TO_INVITES, clock)
    first, second = client.get("/"), client.get("/")
    number = re.search(r"'nonce-([\w-]+)'", first.headers["content-security-policy"])[1]

    assert first.text.count(f'<script nonce="{number}"') == first.text.count("<script") == 2
    assert int(first.headers["content-length"]) == len(first.content)
    assert number not in second.text


def test_what_is_the_same_for_everyone_may_stay_in_the_browser(clock):
    """gradio's own files need not be fetched again each time."""
    assert "cache-control" not in guest(OPEN_TO_INVITES, clock).get("/assets/index.js").headers


def test_https_stays_https(clock):
    """A browser that came by https is told to keep to it."""
    answer = visitor(OPEN_TO_INVITES, clock, url="https://example.hf.space").get("/")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
