"""Waiting for the Hub: an end to every wait, a line for a long one, Ctrl-C for any."""

import threading
import warnings

import pytest

from persona_core.errors import HubError
from persona_core.hub import require_private
from persona_core.waiting import bound_every_wait, interruptible
from tests.hub.faults import Fault

REPO = "minsu/talk"


@pytest.fixture
def signed_in(hub, monkeypatch):
    """The hub, with minsu's writing token in the environment, and an empty repository."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.api().create_repo(REPO, private=True)
    return hub


def said(caplog):
    """Our lines; what others log is no matter of ours."""
    return [record.getMessage() for record in caplog.records if record.name == "persona"]


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "61"}, {"RateLimit": '"api";r=0;t=61', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}],
)  # fmt: skip
def test_a_long_wait_is_left_to_the_person(signed_in, headers):
    """More than a minute is told, in minutes, however the Hub says it."""
    signed_in.control.inject(Fault.answer(429, headers=headers))

    with pytest.raises(HubError, match="asks to wait 2 minutes"):
        require_private(REPO)


def test_a_short_wait_has_a_line(signed_in, caplog):
    """The client sleeps for so long, so that somebody has to say it."""
    signed_in.control.inject(Fault.answer(429, headers={"Retry-After": "5"}))

    with pytest.raises(HubError, match="too many requests"):
        require_private(REPO)

    assert said(caplog) == ["Hugging Face asks to wait 5 s; waiting…"]


def test_a_moment_has_none(signed_in, caplog):
    """Nobody notices a second."""
    signed_in.control.inject(Fault.answer(429, headers={"Retry-After": "1"}))

    with pytest.raises(HubError, match="too many requests"):
        require_private(REPO)

    assert said(caplog) == []


def test_a_full_disk_is_said_once():
    """In our words: the client's own warning is a line of its code."""
    with warnings.catch_warnings(record=True) as raw:
        warnings.simplefilter("always")
        bound_every_wait.__wrapped__()  # pytest has taken back what the first call set
        warnings.warn("Not enough free disk space to download the file.", stacklevel=1)

    assert raw == []


def test_a_call_gives_what_it_gives():
    """Its value, or what it raises."""
    assert interruptible(divmod)(7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        interruptible(divmod)(7, 0)


def test_ctrl_c_waits_for_no_answer(monkeypatch):
    """It reaches whoever waits; the call is left to itself."""
    answered = threading.Event()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("persona_core.waiting.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        interruptible(answered.wait)()

    answered.set()
