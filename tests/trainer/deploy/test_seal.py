"""Whether a secret is still what it shall be: a mark that fits one value, and tells nothing without the key."""

import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.invite import SECRET_LENGTH, is_valid, make_invite
from trainer.deploy.seal import Seal

HERE, ELSEWHERE = Seal(b"h" * 32), Seal(b"e" * 32)
SPACE, NAME = "minsu/talk-space", "PARTNER_NAME"


@given(st.text(), st.text())
def test_a_mark_fits_its_value_and_no_other(value, other):
    """On this machine, for this Space and this name; on another machine it fits nothing."""
    mark = HERE.mark(SPACE, NAME, value)

    assert HERE.fits(SPACE, NAME, value, mark)
    assert HERE.fits(SPACE, NAME, other, mark) == (value == other)
    assert not HERE.fits("minsu/other", NAME, value, mark)
    assert not HERE.fits(SPACE, "PERSONA_NAME", value, mark)
    assert not ELSEWHERE.fits(SPACE, NAME, value, mark)


def test_the_same_value_is_marked_differently_each_time():
    """So that nobody sees that two Spaces hold the same name."""
    assert HERE.mark(SPACE, NAME, "서연") != HERE.mark(SPACE, NAME, "서연")


@pytest.mark.parametrize("description", ["", "her name", "kakao-persona", "kakao-persona 00:00"])
def test_a_description_that_is_no_mark_fits_nothing(description):
    """Of a secret that was set by hand."""
    assert not HERE.fits(SPACE, NAME, "서연", description)
    assert HERE.reveal_invite_secret(SPACE, "INVITE_SECRET", description) is None


def test_the_invite_secret_is_found_again_from_its_mark():
    """Here, and nowhere else."""
    salt = "0" * 32
    secret = HERE.invite_secret(SPACE, salt)
    mark = HERE.mark(SPACE, "INVITE_SECRET", secret, salt)

    assert len(secret) >= SECRET_LENGTH
    assert HERE.reveal_invite_secret(SPACE, "INVITE_SECRET", mark) == secret
    assert ELSEWHERE.reveal_invite_secret(SPACE, "INVITE_SECRET", mark) is None
    assert is_valid(secret, "invite", make_invite(secret, 7, now=0).strip(), now=1)


def test_the_key_is_made_once_for_its_owner_alone(monkeypatch, tmp_path):
    """32 random bytes beside the Hub's token."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "home" / "token"))

    first, second = Seal.of_this_machine(), Seal.of_this_machine()

    (file,) = (tmp_path / "home").iterdir()
    assert first == second
    assert file.read_bytes() == first.key
    assert len(first.key) == 32
    assert first.key.hex() not in repr(first)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
