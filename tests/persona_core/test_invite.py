"""Invite links: they open their own door until their moment, and only for the secret that signed them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import SettingsError
from persona_core.invite import DAY_S, is_valid, make_invite, new_secret, sign

SECRET = "an invented secret that nobody would ever guess"
NOW = 1_800_000_000.0


def test_an_invite_opens_the_door_for_its_days():
    """It holds up to its last second and not beyond."""
    token = make_invite(SECRET, valid_days=7, now=NOW)

    assert is_valid(SECRET, "invite", token, now=NOW)
    assert is_valid(SECRET, "invite", token, now=NOW + 7 * DAY_S - 1)
    assert not is_valid(SECRET, "invite", token, now=NOW + 7 * DAY_S)


def test_a_new_secret_revokes_every_link():
    """Nothing signed with another secret is valid."""
    token = make_invite(SECRET, valid_days=7, now=NOW)

    assert not is_valid(new_secret(), "invite", token, now=NOW)


def test_a_link_is_no_visit_and_a_visit_is_no_link():
    """Each token opens the door it was signed for."""
    expires = int(NOW) + 60

    assert is_valid(SECRET, "visit", sign(SECRET, "visit", expires), now=NOW)
    assert not is_valid(SECRET, "invite", sign(SECRET, "visit", expires), now=NOW)
    assert not is_valid(SECRET, "visit", sign(SECRET, "invite", expires), now=NOW)


def test_a_longer_life_cannot_be_written_into_a_token():
    """The signature covers the expiry."""
    expiry, signature = sign(SECRET, "invite", int(NOW) - 1).split(".")
    later = f"{int(expiry, 16) + DAY_S:x}.{signature}"

    assert not is_valid(SECRET, "invite", later, now=NOW)


@given(st.text(max_size=80))
def test_no_other_text_is_a_token(text):
    """Whatever stands in the address bar is answered, never believed."""
    assert not is_valid(SECRET, "invite", text, now=0)


@given(st.text(min_size=32, max_size=60), st.integers(min_value=1, max_value=2**40))
def test_a_token_is_one_piece_of_a_url(secret, expires):
    """Tokens hold only letters, digits, dot, hyphen and underscore."""
    token = sign(secret, "invite", expires)

    assert is_valid(secret, "invite", token, now=expires - 1)
    assert token.replace(".", "").replace("-", "").replace("_", "").isascii()
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_short_secret_is_refused():
    """A secret that could be guessed makes no links."""
    with pytest.raises(SettingsError):
        make_invite("hunter2", valid_days=7)


def test_a_new_secret_is_long_enough_and_never_the_same():
    """Two draws differ, and both make links."""
    first, second = new_secret(), new_secret()

    assert first != second
    assert make_invite(first, 1) != make_invite(second, 1)
