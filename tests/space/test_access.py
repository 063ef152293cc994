"""The doors: closed until opened, one key per guest, and nothing told to strangers."""

import asyncio
import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from access import VISIT_DAYS, WINDOW_S, WRONG_TRIES, Doors, Gate, Throttle
from configuration import Settings
from persona_core.invite import DAY_S, make_invite, new_secret, sign

SECRET = "an invented secret that nobody would ever guess"
OPEN_TO_INVITES = Settings(invite_secret=SECRET)
OPEN_TO_USERS = Settings(allowed_users=frozenset({"seoyeon"}), can_sign_in=True)
BROWSER = {"accept": "text/html"}


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


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


def returning(settings, clock, visit):
    """A browser that brings a cookie along."""
    client = visitor(settings, clock)
    client.cookies.set("persona-visit", visit)
    return client


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


# --- the invite door ---


def test_one_tap_on_the_link_lets_her_in(clock):
    """The link answers with a cookie and a redirect that leaves no token in the address bar."""
    client = visitor(OPEN_TO_INVITES, clock)
    answer = client.get(f"/invite/{make_invite(SECRET, 7, now=clock.now)}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_on_https_the_cookie_is_as_strict_as_browsers_can_make_it(clock):
    """__Host-, HttpOnly, Secure, and usable in the frame of huggingface.co."""
    client = visitor(OPEN_TO_INVITES, clock, url="https://example.hf.space")
    cookie = client.get(f"/invite/{make_invite(SECRET, 7, now=clock.now)}").headers["set-cookie"]

    assert cookie.startswith("__Host-persona-visit=")
    assert re.findall(r"; (?!expires)([^;]+)", cookie) == [
        "HttpOnly", f"Max-Age={VISIT_DAYS * DAY_S}", "Path=/", "SameSite=none", "Secure",
    ]  # fmt: skip
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        make_invite(SECRET, -1, now=1_800_000_000),
        make_invite(new_secret(), 7, now=1_800_000_000),
        make_invite(SECRET, 7, now=1_800_000_000).split(".")[0] + "." + "A" * 43,
        sign(SECRET, "visit", 1_900_000_000),
        "",
        "x" * 10_000,
        "../../config",
    ],
    ids=["expired", "rotated", "forged", "a visit", "empty", "endless", "path"],
)
def test_no_other_link_opens_the_door(clock, token):
    """Expired, revoked, forged and foreign links get a page that asks for a new one, and no cookie."""
    answer = visitor(OPEN_TO_INVITES, clock).get("/invite/" + token, headers=BROWSER)

    assert answer.status_code in (401, 403)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("method", "status"), [("HEAD", 401), ("POST", 403)])
def test_only_a_tap_opens_the_door(clock, method, status):
    """A link checker's HEAD and a form's POST set no cookie."""
    answer = visitor(OPEN_TO_INVITES, clock).request(
        method, f"/invite/{make_invite(SECRET, 7, now=clock.now)}"
    )

    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


def test_a_look_at_a_link_is_no_try(clock):
    """Messengers look before she taps: that tells nothing about the link and counts for nothing."""
    messenger = visitor(OPEN_TO_INVITES, clock)
    links = [f"/invite/{make_invite(SECRET, 7, now=clock.now)}", "/invite/wrong"] * WRONG_TRIES

    assert {messenger.head(link).status_code for link in links} == {401}
    assert messenger.get("/invite/wrong").status_code == 403


def test_each_visit_has_a_name_that_tells_nothing(clock):
    """Her phone and her laptop are two visitors; each stays the same one."""
    doors = Doors(OPEN_TO_INVITES, clock)
    visits = [sign(SECRET, "visit", int(clock.now) + seconds) for seconds in (60, 61, 60)]

    def named(visit):
        headers = [(b"cookie", f"persona-visit={visit}".encode())]
        return doors.guest(Request({"type": "http", "scheme": "http", "headers": headers}))

    names = [named(visit) for visit in visits]
    assert names[0] == names[2] != names[1]
    assert all(re.fullmatch("guest-[0-9a-f]{8}", name) for name in names)


def test_a_visit_ends(clock):
    """The cookie opens nothing after its days, even if a browser kept it."""
    client = guest(OPEN_TO_INVITES, clock)

    clock.now += VISIT_DAYS * DAY_S - 1
    assert client.get("/").status_code == 200
    clock.now += 1
    assert client.get("/").status_code == 401


def test_a_visit_outlives_a_restart_but_not_a_new_secret(clock):
    """The same cookie works on the next process with the same secret, and on none with another."""
    visit = guest(OPEN_TO_INVITES, clock).cookies["persona-visit"]
    later = [OPEN_TO_INVITES, Settings(invite_secret=new_secret()), OPEN_TO_USERS]

    assert [returning(settings, clock, visit).get("/").status_code for settings in later] == [200, 401, 401]


@pytest.mark.parametrize(
    "cookie",
    [sign(new_secret(), "visit", 1_900_000_000), make_invite(SECRET, 7, now=1_800_000_000), "guest", ""],
    ids=["foreign", "an invite", "a word", "empty"],
)
def test_a_made_up_cookie_is_a_stranger(clock, cookie):
    """Only a visit signed with this secret is one."""
    assert returning(OPEN_TO_INVITES, clock, cookie).get("/").status_code == 401


def test_wrong_links_are_throttled_by_address(clock):
    """After some wrong tries who guesses has to wait; a link that holds is never refused."""
    guesser = visitor(OPEN_TO_INVITES, clock)

    answers = [guesser.get("/invite/wrong") for _ in range(WRONG_TRIES + 1)]

    assert [answer.status_code for answer in answers] == [403] * WRONG_TRIES + [429]
    assert answers[-1].headers["retry-after"] == str(WINDOW_S)
    assert guesser.get(f"/invite/{make_invite(SECRET, 7, now=clock.now)}").status_code == 303
    clock.now += WINDOW_S
    assert guesser.get("/invite/wrong").status_code == 403


@pytest.mark.parametrize(
    ("host", "forwarded", "last"),
    [
        ("a-b.hf.space", "{}, 198.51.100.7", 429),
        ("a-b.hf.space", "198.51.100.7, {}", 403),
        ("", "{}", 429),
    ],
    ids=["made up before the proxy", "of the proxy", "not on a Space"],
)
def test_an_address_that_anybody_can_write_is_not_believed(clock, host, forwarded, last):
    """Whom a wrong try counts against is what the Space's own proxy appended, or who is connected."""
    client = visitor(Settings(invite_secret=SECRET, space_host=host), clock)
    tries = [
        client.get("/invite/wrong", headers={"x-forwarded-for": forwarded.format(f"203.0.113.{number}")})
        for number in range(WRONG_TRIES + 1)
    ]

    assert [answer.status_code for answer in tries] == [403] * WRONG_TRIES + [last]


def test_the_throttle_forgets_the_oldest_address_before_it_fills_the_memory():
    """A flood from many addresses costs a bounded table."""
    throttle = Throttle()
    for number in range(10_000):
        throttle.wrong(str(number), now=0)

    assert len(throttle._tries) == 4_096


# --- the sign-in door ---


def signed_in(name, expires_at=1_800_000_060):
    return {"oauth_info": {"userinfo": {"preferred_username": name}, "expires_at": expires_at}}


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (signed_in("seoyeon"), 200),
        (signed_in("SeoYeon"), 200),
        (signed_in("somebody-else"), 401),
        (signed_in("seoyeon", expires_at=1_800_000_000), 401),
        ({}, 401),
        ({"oauth_info": {}}, 401),
    ],
    ids=["on the list", "in other letters", "not on the list", "expired", "not signed in", "empty"],
)
def test_only_names_on_the_list_may_sign_in(clock, session, status):
    """Signing in says who somebody is; the list says who comes in."""
    assert visitor(OPEN_TO_USERS, clock, session=session).get("/").status_code == status


def test_without_a_list_a_signed_in_visitor_is_a_stranger(clock):
    """Hugging Face's sign-in alone opens nothing."""
    settings = Settings(can_sign_in=True)

    assert visitor(settings, clock, session=signed_in("seoyeon")).get("/").status_code == 401


def test_the_locked_page_offers_the_sign_in_that_exists(clock):
    """A link to sign in where there is a list, and a word to who is not on it."""
    stranger = visitor(OPEN_TO_USERS, clock).get("/", headers=BROWSER).text
    other = visitor(OPEN_TO_USERS, clock, session=signed_in("somebody-else")).get("/", headers=BROWSER).text
    invited_only = visitor(OPEN_TO_INVITES, clock).get("/", headers=BROWSER).text

    assert 'href="/login/huggingface"' in stranger
    assert "This account is not on the guest list." in other
    assert "/login/huggingface" not in invited_only


def test_both_doors_stand_side_by_side(clock):
    """An invite and a sign-in each open the page that has both."""
    both = Settings(invite_secret=SECRET, allowed_users=frozenset({"seoyeon"}), can_sign_in=True)

    assert guest(both, clock).get("/").status_code == 200
    assert visitor(both, clock, session=signed_in("seoyeon")).get("/").status_code == 200
    assert visitor(both, clock).get("/").status_code == 401


# --- the door of programs ---

KEY = "an invented key that no program would ever guess"
OPEN_TO_PROGRAMS = Settings(invite_secret=SECRET, api_key=KEY)


def bearer(key):
    return {"authorization": f"Bearer {key}"}


@pytest.mark.parametrize("settings", [OPEN_TO_INVITES, Settings(invite_secret=SECRET, api_key=KEY[:31])])
def test_without_a_key_set_there_is_nothing_for_programs(clock, settings):
    """Off, or set too short: not found, for strangers, for guests and for who guessed the short one."""
    for client in (visitor(settings, clock), guest(settings, clock)):
        for headers in ({}, bearer(settings.api_key), bearer(KEY)):
            answer = client.post("/v1/chat/completions", headers=headers)
            assert (answer.status_code, answer.json()) == (
                404,
                {"error": "There is nothing at this address."},
            )


def test_the_key_opens_what_is_for_programs_and_nothing_else(clock):
    """Neither door opens the other."""
    stranger, her = visitor(OPEN_TO_PROGRAMS, clock), guest(OPEN_TO_PROGRAMS, clock)

    assert stranger.post("/v1/chat/completions", headers=bearer(KEY)).status_code == 200
    assert stranger.get("/v1/models", headers={"authorization": f"bearer  {KEY} "}).status_code == 200
    assert [stranger.get(path, headers=bearer(KEY)).status_code for path in ("/", "/config")] == [401, 401]
    assert her.get("/v1/models").status_code == 401
    assert her.get("/").status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        KEY,
        f"Basic {KEY}",
        "Bearer",
        "Bearer ",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}x",
        f"Bearer {SECRET}",
    ],
)
def test_no_other_key_opens_it(clock, authorization):
    """The answer has the shape that programs know, and names no reason."""
    answer = visitor(OPEN_TO_PROGRAMS, clock).get("/v1/models", headers={"authorization": authorization})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {
        "error": {
            "message": "A key that fits is needed.",
            "type": "authentication_error",
            "param": None,
            "code": "invalid_api_key",
        }
    }


def test_wrong_keys_are_throttled_by_address(clock):
    """As wrong links are; her link and the right key do not wait, and a missing key is no guess."""
    guesser = visitor(OPEN_TO_PROGRAMS, clock)

    assert [guesser.get("/v1/models").status_code for _ in range(WRONG_TRIES + 1)] == [401] * (
        WRONG_TRIES + 1
    )
    assert [guesser.get("/v1/models", headers=bearer("x")).status_code for _ in range(WRONG_TRIES + 1)] == [
        *[401] * WRONG_TRIES,
        429,
    ]
    waiting = guesser.get("/v1/models", headers=bearer("x"))
    assert (waiting.status_code, waiting.headers["retry-after"]) == (429, str(WINDOW_S))
    assert waiting.json()["error"]["type"] == "rate_limit_error"
    assert guesser.get("/v1/models", headers=bearer(KEY)).status_code == 200
    assert guesser.get(f"/invite/{make_invite(SECRET, 7, now=clock.now)}").status_code == 303
    clock.now += WINDOW_S
    assert guesser.get("/v1/models", headers=bearer("x")).status_code == 401


def test_a_page_of_another_site_cannot_use_the_key(clock):
    """The key is for programs, not for scripts of other pages."""
    answer = visitor(OPEN_TO_PROGRAMS, clock).get(
        "/v1/models", headers={**bearer(KEY), "origin": "https://elsewhere.example"}
    )

    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")


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
