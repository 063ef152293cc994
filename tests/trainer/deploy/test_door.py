"""Who comes in: invite links that outlive another deploy, and a QR code a phone can read."""

import re

import pytest
from rich.console import Console

from persona_core.invite import is_valid
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy.deployment import Request, deploy
from trainer.deploy.door import qr_code


def links(owner):
    return re.findall(r"/invite/(\S+)", owner.said())


def opens(owner, link):
    return is_valid(owner.settings()["INVITE_SECRET"], "invite", link, now=0)


def test_an_invite_is_a_link_that_opens_the_page(owner):
    """Shown once, with its days and a warning."""
    deploy(Request(SPACE, MODEL, invite=True))

    (link,) = links(owner)
    assert opens(owner, link)


def test_another_deploy_does_not_revoke_her_link(owner):
    """With or without asking for a link again: the secret stays, so does the link."""
    deploy(Request(SPACE, MODEL, invite=True))
    (first,) = links(owner)

    deploy(Request(SPACE, MODEL))
    deploy(Request(SPACE, MODEL, invite=True))

    (again,) = links(owner)
    assert opens(owner, first)
    assert opens(owner, again)
    assert owner.events() == ["created", "commit"]


def test_a_new_invite_ends_the_old_links(owner):
    """Only when it is asked for."""
    deploy(Request(SPACE, MODEL, invite=True))
    (first,) = links(owner)

    deploy(Request(SPACE, MODEL, new_invite=True))

    (second,) = links(owner)
    assert (opens(owner, first), opens(owner, second)) == (False, True)


def test_another_machine_cannot_show_the_link_and_breaks_nothing(owner, monkeypatch, tmp_path):
    """The key of the secret is not there; what can be done is said."""
    from huggingface_hub import constants

    deploy(Request(SPACE, MODEL, invite=True))
    (first,) = links(owner)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "elsewhere" / "token"))
    monkeypatch.delenv("PERSONA_READ_TOKEN")

    deploy(Request(SPACE, MODEL, invite=True))

    assert "made on another machine" in owner.heard.getvalue()
    assert links(owner) == []
    assert opens(owner, first)


def test_a_secret_set_by_hand_stays(owner):
    """Whoever made links with it keeps them."""
    deploy(Request(SPACE, MODEL))
    owner.hub.api().add_space_secret(SPACE, "INVITE_SECRET", "x" * 40)

    deploy(Request(SPACE, MODEL, invite=True))

    assert owner.settings()["INVITE_SECRET"] == "x" * 40


@pytest.mark.parametrize(
    "link", ["https://minsu-talk-space.hf.space/invite/693f5c80." + "a" * 43, "https://a.b/c"]
)
def test_the_qr_code_holds_the_link(link):
    """Each module of the terminal's picture is the module of the code, two rows a line."""
    import segno

    modules = [list(row) for row in segno.make(link, error="l", micro=False).matrix_iter(border=4)]
    lines = qr_code(link).plain.split("\n")

    halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    drawn = [[halves[sign][half] for sign in line] for line in lines for half in (0, 1)]
    assert drawn[: len(modules)] == modules
    assert max(len(line) for line in lines) < 60  # fits a terminal


def test_the_qr_code_is_shown_where_there_is_a_terminal_only(owner, monkeypatch):
    """In a log it would be noise, and a key lying about; in a terminal it does not fit into no camera could read it."""
    from trainer.deploy import door

    def is_shown(terminal):
        monkeypatch.setattr(door, "console", lambda: terminal)
        deploy(Request(SPACE, MODEL, invite=True))
        return "▀" in owner.said()

    assert not is_shown(Console(file=owner.heard, width=300))
    assert is_shown(Console(file=owner.heard, width=60, force_terminal=True))
    assert not is_shown(Console(file=owner.heard, width=30, force_terminal=True))
