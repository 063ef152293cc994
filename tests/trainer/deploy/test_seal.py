"""Whether a secret is still what it shall be: a mark that fits one value, and tells nothing without the key."""

import os
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import StorageError
from persona_core.invite import SECRET_LENGTH, is_valid, make_invite
from trainer.deploy.seal import FILE_NAME, Seal

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


@pytest.fixture
def home(monkeypatch, tmp_path):
    """Where the Hub's token lies; not there yet."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "home" / "token"))
    return tmp_path / "home"


def test_the_key_is_kept_once_for_its_owner_alone(home):
    """32 random bytes beside the Hub's token, and nothing before it is to be kept."""
    first = Seal.of_this_machine()
    assert not home.exists()

    first.keep()
    second = Seal.of_this_machine()
    second.keep()

    (file,) = home.iterdir()
    assert first == second
    assert file.read_bytes() == first.key
    assert len(first.key) == 32
    assert first.key.hex() not in repr(first)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_key_is_on_the_disk_before_it_has_its_name(home, monkeypatch):
    """A power cut leaves the whole of it or no such file."""
    synced = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (sync(file), synced.append((home / FILE_NAME).exists())))

    Seal.of_this_machine().keep()

    assert synced == [False]
    assert (home / FILE_NAME).exists()


@pytest.mark.parametrize("content", [b"", b"h" * 31, b"h" * 33])
def test_a_damaged_key_is_refused(home, content):
    """With an empty one whoever reads the mark could make the invite secret; the line says what happens to the links."""
    home.mkdir()
    (home / FILE_NAME).write_bytes(content)

    with pytest.raises(
        StorageError,
        match=f"{FILE_NAME} is damaged.*{len(content)} bytes instead of 32.*links sent before stay good",
    ):
        Seal.of_this_machine()

    assert (home / FILE_NAME).read_bytes() == content


def test_a_key_that_cannot_be_kept(home):
    """One line that names the file, whatever the system says."""
    home.write_text("a file where the folder would be", encoding="utf-8")

    with pytest.raises(StorageError, match=FILE_NAME):
        Seal.of_this_machine().keep()
