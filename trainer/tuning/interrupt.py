"""Ctrl-C in the middle of a long computation: the first one asks, the second insists. SIGTERM only asks.

interrupt = Interrupt()
with interruptible(interrupt):
    for step in steps:
        …
        if interrupt.requested:
            save()
            break
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from trainer.progress import say

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Interrupt:
    """Whether someone asked to stop."""

    requested: bool = False


@contextmanager
def interruptible(interrupt: Interrupt) -> Iterator[None]:
    """Note the first SIGINT or SIGTERM; the block is to look at it and end. The second raises at once.

    After a block that was asked to stop, `KeyboardInterrupt` is raised. Only the main thread may use it.
    """

    def note(number: int, _frame: FrameType | None) -> None:
        if interrupt.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        if interrupt.requested:  # a launcher of several processes sends SIGTERM after everyone got the Ctrl-C
            return
        interrupt.requested = True
        say("tuning.interrupting")

    before = [signal.signal(number, note) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if interrupt.requested:
        raise KeyboardInterrupt
