"""How a command behaves in a terminal or a pipe: its exit code, its letters, what it leaves when it is interrupted.

Exit codes: 0 done, 1 a bug (with its traceback), 2 the user can mend it (one line), 130 interrupted and resumable::

    app = typer.Typer(cls=Verbs)        # of several verbs
    run(app)                            # the entry point of a program
"""

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from persona_core.errors import PersonaError, SettingsError
from trainer.progress import say, say_error

INTERRUPTED = 130  # the exit code of what Ctrl-C ended


class Verbs(TyperGroup):
    """A program of several verbs, each ending in one of the exit codes."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer's Context is its click's
        return _exits(lambda: super(Verbs, self).invoke(ctx))


class Verb(TyperCommand):
    """A program of one verb, ending in one of the exit codes."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        return _exits(lambda: super(Verb, self).invoke(ctx))


def _exits(invoke: Callable[[], Any]) -> Any:
    """Run a verb: an error the user can mend is one line and exit code 2, Ctrl-C is 130; a bug keeps its traceback."""
    try:
        return invoke()
    except PersonaError as error:
        say_error(error)
        raise typer.Exit(2) from None
    except PermissionError as error:
        say_error(SettingsError("cli.forbidden", path=error.filename or error))
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        say("cli.interrupted")
        raise typer.Exit(INTERRUPTED) from None


def run(verbs: Callable[[], Any]) -> None:
    """Run a program. An interrupted one ends at once: threads of the Hub's client wait for answers, and Python for them.

    So does one that is interrupted while Python ends, with its own exit code: all that was to be done is done.
    """
    _speak_utf8()
    _keep_pipes_clean()
    try:
        verbs()
    except SystemExit as end:
        with suppress(OSError):  # of a closed pipe; Python says so when it ends
            sys.stdout.flush()
            sys.stderr.flush()
        if end.code == INTERRUPTED:
            os._exit(INTERRUPTED)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        signal.signal(signal.SIGINT, lambda *_: os._exit(code))
        raise


def _speak_utf8() -> None:
    """Korean in and out, whatever the console's code page; a byte that is no text is no reason to stop."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _keep_pipes_clean() -> None:
    """Other libraries' progress bars are for a terminal; in a file they are control characters."""
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")
