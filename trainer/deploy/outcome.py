"""What is said of a Space around a change: what will change, and, whatever stops it, what the Space is now.

with untouched("me/talk-space"):            # fails: "Nothing was changed at me/talk-space."
    …
with telling(plan, wish, seal):             # fails: as before, new, or what is left; and whether a door stands open
    bring(wish, seal)
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from persona_core.errors import PersonaError
from trainer.deploy import door
from trainer.deploy.plan import Plan, Wish, make_plan
from trainer.deploy.seal import Seal
from trainer.deploy.space import page_of_settings, read_space
from trainer.progress import console, say


def show_changes(plan: Plan, space: str) -> None:
    """Each change, before it is made."""
    say("deploy.unchanged" if plan.is_empty else "deploy.changes", space=space)
    for line in plan.lines:
        console().print(f"  • {line}", markup=False, soft_wrap=True)


def give(result: str) -> None:
    """Print the ``result`` for a program that reads stdout; a person has read it already."""
    if not sys.stdout.isatty():
        sys.stdout.write(f"{result}\n")


@contextmanager
def untouched(space: str, *, locks: bool = False) -> Iterator[None]:
    """Say of what fails or is interrupted inside the block that it changed nothing; that it ``locks`` nothing, too."""
    try:
        yield
    except (PersonaError, KeyboardInterrupt):
        say("deploy.untouched", space=space)
        if locks:
            _say_open(space)
        raise


@contextmanager
def telling(first: Plan, wish: Wish, seal: Seal | None = None) -> Iterator[None]:
    """When the block fails or is interrupted, look what the Space is now, and say it before the reason."""
    try:
        yield
    except (PersonaError, KeyboardInterrupt):
        if {*_left(first, wish, seal)} & {*door.DOORS}:
            _say_open(wish.space)
        raise


def _left(first: Plan, wish: Wish, seal: Seal | None) -> tuple[str, ...]:
    """Say what is left to do of ``wish``; the secrets that are still to be removed, as far as anybody knows."""
    try:
        left = make_plan(read_space(wish.space, with_settings=wish.names_settings), wish, seal)
    except PersonaError:
        say("deploy.either", space=wish.space, url=page_of_settings(wish.space))
        return first.removed
    if left.is_empty:
        say("deploy.all_new", space=wish.space)
    elif left.lines == first.lines:
        say("deploy.all_old", space=wish.space)
    else:
        say("deploy.half", space=wish.space, left="; ".join(left.lines))
    return left.removed


def _say_open(space: str) -> None:
    say("deploy.still_open", space=space, url=page_of_settings(space))
