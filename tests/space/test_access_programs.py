"""The door of programs: one key opens what is theirs, and nothing else does."""

import pytest

from access import WINDOW_S, WRONG_TRIES
from configuration import Settings
from persona_core.invite import make_invite
from tests.space.gate import KEY, OPEN_TO_INVITES, SECRET, guest, visitor

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
