"""The Hub's errors in plain words: what, where, what to do, and never a token."""

import json

import pytest

from persona_core import waiting
from persona_core.errors import HubError, NotAllowed, TokenMissing
from persona_core.hub import (
    download_release,
    hub_errors,
    private_repository,
    require_private,
    require_write_token,
)
from tests.hub.faults import Fault
from tests.persona_core.conftest import REPO


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, HubError, r"error 400\). \(because\)"),
        (401, TokenMissing, "does not accept the token"),
        (402, HubError, r"payment. \(because\)"),
        (403, NotAllowed, r"lacks the right that minsu/talk needs. \(because\)"),
        (404, HubError, "cannot be found"),
        (408, HubError, "error 408"),
        (409, HubError, "exists already"),
        (412, HubError, "nothing was overwritten"),
        (429, HubError, "too many requests"),
        (500, HubError, "error 500"),
        (504, HubError, "error 504"),
    ],
)
def test_every_refusal_has_its_words(signed_in, status, kind, said):
    """One line: what, where, and what to do."""
    signed_in.control.inject(Fault.answer(status, message="because", path=f"/api/models/{REPO}"))

    with pytest.raises(kind, match=said) as caught:
        require_private(REPO)

    assert type(caught.value) is kind


def test_a_full_quota_is_told_from_a_missing_right(signed_in):
    """The Hub answers both with 403."""
    signed_in.control.inject(Fault.answer(403, message="Private repository storage limit reached"))

    with pytest.raises(HubError, match="storage is full") as caught:
        require_private(REPO)

    assert not isinstance(caught.value, NotAllowed)


def test_a_broken_connection(signed_in):
    """The answer that never came is an error to mend, not a traceback."""
    signed_in.control.inject(Fault.lose_answer())

    with pytest.raises(HubError, match="cannot be reached"):
        require_private(REPO)


def test_a_silent_hub_does_not_hold_us_for_ever(signed_in, monkeypatch):
    """Every wait has an end, though the client's own default has none."""
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "SILENCE_SECONDS", 0.2)
    signed_in.control.inject(Fault.silence(times=None))

    for rule in (private_repository, require_private, require_write_token, download_release):
        with pytest.raises(HubError, match="cannot be reached"):
            rule(REPO)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("Object is too large", r"does not take one of the files. \(Object is too large\)"),
        ("Storage limit reached", "storage is full"),
    ],
)
def test_an_object_that_the_hub_does_not_take(why, said):
    """The client has no class of its own for it."""
    words = f"LFS batch API returned errors:\nEncountered error for file with OID 9f2c: `{why}`"

    with pytest.raises(HubError, match=said), hub_errors(REPO):
        raise ValueError(words)


def test_a_network_that_answers_in_the_hubs_place():
    """A page to sign in at, where the client looks for JSON."""
    with pytest.raises(HubError, match="cannot be reached"), hub_errors(REPO):
        json.loads("<html>Welcome to our hotel</html>")


def test_a_mistake_of_ours_stays_one():
    """Only what the Hub said is put into words."""
    with pytest.raises(ValueError, match="invented"), hub_errors(REPO):
        raise ValueError("invented")


def test_links_lead_to_the_hub_that_is_used(signed_in):
    """HF_ENDPOINT may be another host."""
    signed_in.control.inject(Fault.answer(401))

    with pytest.raises(TokenMissing, match=f"{signed_in.endpoint}/settings/tokens"):
        require_private(REPO)


def test_a_hub_that_repeats_the_token_does_not_spread_it(signed_in):
    """Not in the text, not in the values kept with it."""
    signed_in.control.inject(Fault.answer(400, message=f"bad token {signed_in.token}"))

    with pytest.raises(HubError, match="bad token hf_…") as caught:
        require_private(REPO)

    assert signed_in.token not in json.dumps(caught.value.values, default=str)
