"""The invite door: one tap on her link lets her in for some days, and no other link does."""

import re

import pytest
from starlette.requests import Request

from access import VISIT_DAYS, WINDOW_S, WRONG_TRIES, Doors, Throttle
from configuration import Settings
from persona_core.invite import DAY_S, make_invite, new_secret, sign
from tests.space.gate import BROWSER, OPEN_TO_INVITES, OPEN_TO_USERS, SECRET, guest, visitor


def returning(settings, clock, visit):
    """A browser that brings a cookie along."""
    client = visitor(settings, clock)
    client.cookies.set("persona-visit", visit)
    return client


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
