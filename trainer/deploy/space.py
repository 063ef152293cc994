"""The calls that make a Space what it shall be. The Hub's client tries none of them again; `bring` can be called again.

    there = read_space("me/talk-space")     # None: there is none yet
    bring(wish, seal)                       # created if need be, settings, one commit, restarted if it rested

A change of settings restarts a Space, so only what differs is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from persona_core.errors import HubError, NotAllowed
from persona_core.hub import Repository, client, hub_errors, read_repository, repository_url
from persona_core.texts import text
from trainer.deploy.plan import Plan, Secret, Space, Wish, make_plan
from trainer.deploy.seal import Seal
from trainer.deploy.terms import too_little
from trainer.release.pushing import HUBS_OWN
from trainer.release.shelf import read_variables, set_variable

MARKER = "persona_core/manifest.py"  # a Space with this file was made by us
_FRESH = {HUBS_OWN, "README.md"}  # all that the Hub puts into a new one
Right = Literal["create", "files", "settings"]


def read_space(space: str, *, with_settings: bool = True) -> Space | None:
    """What there is; without ``with_settings`` only its files, which a token for the files alone may see.

    Raises:
        HubError: it runs something else, or cannot be read.
        NotAllowed: its settings may not be seen.
    """
    try:
        repository = read_repository(space, repo_type="space")
    except HubError as error:
        if error.key == "hub.no_repository":
            return None
        raise
    _require_ours(repository)
    if not with_settings:
        return Space(repository)
    api = client()
    with _needing("settings", space):
        variables = read_variables(space)
        secrets = {name: secret.description or "" for name, secret in api.get_space_secrets(space).items()}
        runtime = api.get_space_runtime(space)
    return Space(repository, variables, secrets, str(runtime.requested_hardware or ""), str(runtime.stage))


def _require_ours(repository: Repository) -> None:
    """Refuse to overwrite what somebody made for another purpose."""
    names = {file.path for file in repository.files}
    if MARKER not in names and not names <= _FRESH:
        raise HubError("deploy.other_space", space=repository.id, url=page_of_settings(repository.id))


def page_of_settings(space: str) -> str:
    """Where a person changes by hand what a token may not."""
    return repository_url(f"spaces/{space}/settings")


# --- making it so ---


def bring(wish: Wish, seal: Seal | None = None) -> str:
    """Read the Space again and make it what ``wish`` says; what an earlier try has done is found done.

    Returns the commit of its code.

    Raises:
        NotAllowed: the token lacks a right; the text names it.
        HubError: the plan does not allow it, somebody else was quicker, or the Hub did not do it.
    """
    there = read_space(wish.space, with_settings=wish.names_settings)
    if there is None:
        _create(wish)
        there = read_space(wish.space, with_settings=wish.names_settings)
    if there is None:
        raise HubError("hub.no_repository", repo=wish.space)
    plan = make_plan(there, wish, seal)
    _settle(wish.space, plan)
    commit = there.repository.commit
    if plan.sent or plan.deleted:
        commit = _commit(wish, plan, commit)
    if plan.restarts:
        api = client()
        with _needing("settings", wish.space):
            api.restart_space(wish.space)
    return commit


def _create(wish: Wish) -> None:
    """With everything it needs at once: it starts when the code comes, and only then."""
    if wish.hardware is None:
        raise HubError("deploy.no_space", space=wish.space)
    api = client()
    with _needing("create", wish.space, hardware=wish.hardware.name):
        api.create_repo(
            wish.space,
            repo_type="space",
            visibility=wish.visibility,
            space_sdk="gradio",
            space_hardware=wish.hardware.name,  # the default would be refused to a free account
            space_sleep_time=wish.hardware.sleep_s,
            space_secrets=[
                {"key": name, "value": secret.value, "description": secret.mark}
                for name, secret in wish.secrets.items()
            ],
            space_variables=[{"key": name, "value": value} for name, value in wish.variables.items()],
        )


def _settle(space: str, plan: Plan) -> None:
    """Settings before code, and doors before all: who is not invited any more is out first."""
    api = client()
    for name in plan.removed:
        with _needing("settings", space):
            api.delete_space_secret(space, name)
    for name, secret in plan.secrets.items():
        _set_secret(space, name, secret)
    for name, value in plan.variables.items():
        with _needing("settings", space):
            set_variable(space, name, value)
    if plan.hardware:
        with _needing("settings", space, hardware=plan.hardware.name):
            api.request_space_hardware(space, plan.hardware.name, sleep_time=plan.hardware.sleep_s)


def _set_secret(space: str, name: str, secret: Secret) -> None:
    api = client()
    try:
        with hub_errors(space):
            api.add_space_secret(space, name, secret.value, description=secret.mark)
    except NotAllowed as error:
        raise NotAllowed(
            "deploy.no_secret",
            name=name,
            space=space,
            message=error.values.get("message", ""),
            url=page_of_settings(space),
        ) from None


def _commit(wish: Wish, plan: Plan, before: str) -> str:
    """One commit on top of the commit ``before``, or none."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    additions = [CommitOperationAdd(file.path, wish.folder / file.path) for file in plan.sent]
    api = client()
    with _needing("files", wish.space):
        made = api.create_commit(
            wish.space,
            [*additions, *map(CommitOperationDelete, plan.deleted)],
            repo_type="space",
            commit_message="Deploy kakao-persona",
            parent_commit=before,
        )
    return str(made.oid)


@contextmanager
def _needing(right: Right, space: str, *, hardware: str = "") -> Iterator[None]:
    """`hub_errors`, naming the right that is missing, or what to do where the plan does not allow it."""
    try:
        with hub_errors(space):
            yield
    except HubError as error:
        message = error.values.get("message", "")
        if error.key == "hub.not_allowed":
            what = text(f"deploy.right_{right}")
            url = repository_url("new-space") if right == "create" else page_of_settings(space)
            raise NotAllowed("deploy.no_right", right=what, space=space, message=message, url=url) from None
        if error.key == "hub.payment":
            raise too_little(space, hardware, str(message)) from None
        raise
