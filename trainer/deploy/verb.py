"""`persona deploy`: its words.

    persona deploy --model me/talk --space me/talk-space --invite --her-name 서연 --his-name 도윤
    persona deploy --space me/talk-space --lock             # nobody comes in any more
    persona deploy --space me/talk-space --code-only        # in a workflow: the files, with a token for those alone

The token of the Space comes from PERSONA_READ_TOKEN or is asked for; it is never an option.
"""

from typing import Annotated

import typer

from persona_core.errors import SettingsError
from persona_core.texts import text


def _option(name: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--{name.replace('_', '-')}", help=text(f"deploy.option_{name}"), show_default=False
    )
    return option


def deploy(
    *,
    space: Annotated[str, _option("space")],
    model: Annotated[str, _option("model")] = "",
    revision: Annotated[str, _option("revision")] = "",
    hardware: Annotated[str, _option("hardware")] = "auto",
    allow: Annotated[list[str] | None, _option("allow")] = None,
    invite: Annotated[bool, _option("invite")] = False,
    new_invite: Annotated[bool, _option("new_invite")] = False,
    lock: Annotated[bool, _option("lock")] = False,
    her_name: Annotated[str | None, _option("her_name")] = None,
    his_name: Annotated[str | None, _option("his_name")] = None,
    language: Annotated[str, _option("language")] = "",
    code_only: Annotated[bool, _option("code_only")] = False,
    dry_run: Annotated[bool, _option("dry_run")] = False,
) -> None:
    """Put a release online, for the people who are allowed."""
    from trainer.deploy import deployment

    is_named = [name is not None for name in (allow, her_name, his_name)]
    changes = any((*is_named, revision, hardware != "auto", invite, new_invite, language))
    if lock:
        if changes or code_only:
            raise SettingsError("deploy.lock_alone", space=space)
        deployment.lock(space, dry_run=dry_run)
        return
    if code_only:
        if changes or model:
            raise SettingsError("deploy.code_alone")
        deployment.sync_code(space, dry_run=dry_run)
        return
    request = deployment.Request(
        space,
        model,
        revision,
        hardware,
        None if allow is None else tuple(name for part in allow for name in part.replace(",", " ").split()),
        invite,
        new_invite,
        his_name.strip() if his_name is not None else None,
        her_name.strip() if her_name is not None else None,
        language,
    )
    deployment.deploy(request, dry_run=dry_run)
