"""What the person in front of the machine sees while it works: lines and bars on stderr, from the table of texts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from persona_core.texts import text


@cache
def console() -> Console:
    """stderr: stdout belongs to ``--json`` and to what a program prints as its result."""
    return Console(stderr=True, highlight=False)


def say(key: str, **values: object) -> None:
    """Print the text of ``key``. Values are printed as they are, never read as markup."""
    console().print(text(key, **values), markup=False, soft_wrap=True)


@contextmanager
def bar(key: str, total: float, **values: object) -> Iterator[Callable[[float], None]]:
    """A progress bar with the time left; the block gets ``advance(amount)``. Silent when stderr is no terminal."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console(),
        disable=not console().is_terminal,
    ) as progress:
        task = progress.add_task(text(key, **values), total=total)
        yield lambda amount: progress.advance(task, amount)
