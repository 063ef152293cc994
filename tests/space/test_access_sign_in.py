"""The sign-in door: who is on the list comes in with a Hugging Face account."""

import pytest

from configuration import Settings
from tests.space.gate import BROWSER, OPEN_TO_INVITES, OPEN_TO_USERS, SECRET, guest, visitor


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
