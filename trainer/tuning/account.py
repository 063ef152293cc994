"""Whose Hugging Face token this machine holds, and what it may do; the token itself is never shown.

inspect_account()    Account(token=True, reached=True, user="minsu", organisations=(), name="my-pc", role="write")
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from persona_core.errors import PersonaError
from persona_core.hub import client, hub_errors

PATIENCE = 5.0  # seconds for the Hub's answer: a look at the machine does not wait for a network


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


@dataclass(frozen=True, slots=True)
class Account:
    """``reached``: the Hub answered. ``role`` is read, write or fineGrained; empty where it refused the token.

    ``endpoint``: where the Hub is looked for.
    """

    token: bool
    reached: bool = False
    user: str = ""
    organisations: tuple[str, ...] = ()
    name: str = ""
    role: str = ""
    endpoint: str = field(default_factory=_endpoint)


def inspect_account() -> Account:
    """Ask the Hub (that of ``HF_ENDPOINT``) about the token; without one, or offline, nothing is asked."""
    from huggingface_hub import constants, get_token

    if not get_token():
        return Account(token=False)
    answers: list[Account] = []
    if not constants.is_offline_mode():
        asking = threading.Thread(
            target=lambda: answers.append(_ask()), daemon=True
        )  # ends with us, answered or not
        asking.start()
        asking.join(PATIENCE)
    return answers[0] if answers else Account(token=True)


def _ask() -> Account:
    try:
        with hub_errors("whoami"):
            return _read(client().whoami())
    except PersonaError as error:
        return Account(token=True, reached=error.key == "hub.token_refused")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Account(token=True)  # a network's page to log in at, or a mirror that tells less


def _read(identity: dict[str, Any]) -> Account:
    token = identity["auth"].get("accessToken", {})
    return Account(
        token=True,
        reached=True,
        user=identity["name"],
        organisations=tuple(organisation["name"] for organisation in identity["orgs"]),
        name=token.get("displayName", ""),
        role=token.get("role", ""),
    )
