"""What the person in front of the machine sees while it works: lines and bars on stderr, from the table of texts."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from persona_core.errors import PersonaError
from persona_core.texts import text
from trainer import team

YES = ("y", "yes", "ㅛ", "네")  # ㅛ is what y types while the keyboard is Korean


@cache
def console() -> Console:
    """stderr: stdout belongs to ``--json`` and to what a program prints as its result. Of several processes one talks."""
    return Console(stderr=True, highlight=False, quiet=not team.leads())


def say(key: str, **values: object) -> None:
    """Print the text of ``key``. Values are printed as they are, never read as markup."""
    console().print(text(key, **values), markup=False, soft_wrap=True)


def say_error(error: PersonaError) -> None:
    """Print the one line of ``error``, by whichever of several processes meets it first."""
    if team.is_first("error"):
        speaker = Console(stderr=True, highlight=False)
        speaker.print(text("cli.error", message=error), markup=False, soft_wrap=True)


def at_terminal() -> bool:
    """Whether somebody sits there who could answer."""
    return sys.stdin.isatty() and console().is_terminal


def ask(key: str, *, hidden: bool = False) -> str:
    """What the person types after the text of ``key``, unseen if ``hidden``; empty where nobody sits at a terminal."""
    if not at_terminal():
        return ""
    return console().input(text(key) + " ", markup=False, password=hidden)


def agrees(key: str) -> bool:
    """Whether the person answers yes to the text of ``key``; never where nobody sits at a terminal."""
    return ask(key).strip().lower() in YES


class _Rate(ProgressColumn):
    """How much is done in a second: ``3.1 MB/s`` of bytes, ``3.1/s`` of anything else."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0.0
        return Text(f"{speed / 1e6:.1f} MB/s" if task.fields["of_bytes"] else f"{speed:.1f}/s")


@contextmanager
def bar(
    key: str, total: float, *, of_bytes: bool = False, **values: object
) -> Iterator[Callable[[float], None]]:
    """A progress bar with rate and time left; the block gets ``advance(amount)``. Silent when stderr is no terminal."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console(),
        disable=not console().is_terminal,
    ) as progress:
        task = progress.add_task(text(key, **values), total=total, of_bytes=of_bytes)
        yield lambda amount: progress.advance(task, amount)
