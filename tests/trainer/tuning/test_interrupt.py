"""Ctrl-C asks once, and insists the second time."""

import signal

import pytest

from trainer.tuning.interrupt import Interrupt, interruptible


def stop_after(*numbers):
    """A block that gets these signals, and what it saw: whether it was asked to stop, after each."""
    seen = []

    def run():
        interrupt = Interrupt()
        with interruptible(interrupt):
            for number in numbers:
                signal.raise_signal(number)
                seen.append(interrupt.requested)

    return run, seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_the_block_end(number):
    """The block goes on, sees that it was asked to stop, and only then is it interrupted."""
    run, seen = stop_after(number)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [True]


def test_the_second_signal_interrupts_at_once():
    """Whoever presses Ctrl-C twice does not want to wait."""
    run, seen = stop_after(signal.SIGINT, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert seen == [True]


def test_the_handlers_are_what_they_were_before():
    """Afterwards Ctrl-C means again what it meant."""
    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt()
    with interruptible(interrupt):
        assert signal.getsignal(signal.SIGINT) != before
    assert not interrupt.requested
    assert signal.getsignal(signal.SIGINT) == before
