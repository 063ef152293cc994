"""The token the Space reads the private model with: it may read that one repository, and nothing else.

    read_token("me/talk")       # from PERSONA_READ_TOKEN, or typed unseen at the terminal; checked before it is used

The Hub has no call that makes a token, so a person makes it once and is told what to tick. The token that deploys, and any
other that can write or read more, is refused: a Space runs code of many hands, and its secrets are in its environment.
(A read-only mount of the model would need no token at all; whether a free account's Space may have one is not known.)
"""

import os
from contextlib import suppress
from typing import Any

from persona_core.errors import HubError, SettingsError
from persona_core.hub import hub_errors, hub_token
from persona_core.waiting import bound_every_wait
from trainer.progress import ask, say

VARIABLE = "PERSONA_READ_TOKEN"
SETTINGS = "https://huggingface.co/settings/tokens/new?tokenType=fineGrained"
_READS = {"repo.content.read"}


def is_given() -> bool:
    """Whether the environment holds one."""
    return bool(os.environ.get(VARIABLE))


def read_token(model: str, given: str = "") -> str:
    """The token that was ``given`` before, of the environment, or of who sits at the terminal.

    It is proved narrow and able to read ``model``.

    Raises:
        SettingsError: there is none, or it may do more than read ``model``.
        HubError: it is not accepted, or may not read ``model``.
    """
    token = given or os.environ.get(VARIABLE, "").strip()
    if not token:
        say("deploy.token_how", repo=model, url=SETTINGS)
        with suppress(EOFError):  # Ctrl-D: there is none
            token = ask("deploy.token_ask", hidden=True).strip()
    if not token:
        raise SettingsError("deploy.no_read_token", repo=model, url=SETTINGS)
    _require_narrow(token, model)
    return token


def _require_narrow(token: str, model: str) -> None:
    from huggingface_hub import HfApi

    if not token.isascii():
        raise SettingsError("deploy.read_token_refused", repo=model, url=SETTINGS)
    bound_every_wait()
    api = HfApi(token=token)
    try:
        with hub_errors(model):
            described = api.whoami()["auth"].get("accessToken", {})
        role = described.get("role")
        if role != "fineGrained" or token == hub_token():
            raise SettingsError("deploy.token_too_wide", role=role, repo=model, url=SETTINGS)
        if surplus := _surplus(described.get("fineGrained", {}), model):
            raise SettingsError(
                "deploy.token_reaches_more", what=", ".join(surplus), repo=model, url=SETTINGS
            )
        with hub_errors(model):
            api.auth_check(model)
    except HubError as error:
        if error.key in ("hub.token_refused", "hub.not_allowed", "hub.no_repository"):
            raise SettingsError("deploy.read_token_refused", repo=model, url=SETTINGS) from None
        raise


def _surplus(rights: Any, model: str) -> list[str]:
    """What these fine-grained ``rights`` allow besides reading ``model``, as ``place: right``."""
    beyond = [f"*: {right}" for right in rights.get("global") or ()]
    for scope in rights.get("scoped") or ():
        entity = scope["entity"]
        is_it = entity["type"] == "model" and entity.get("name") == model
        allowed = _READS if is_it else set()
        beyond += [
            f"{entity.get('name', entity['type'])}: {right}"
            for right in scope["permissions"]
            if right not in allowed
        ]
    return beyond
