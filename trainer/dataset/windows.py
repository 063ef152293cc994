"""Turns of one session -> examples that fit the context: every persona turn is trained exactly once.

A session that fits is one example. A longer one becomes several windows; each new one repeats just enough of the
turns before it as context, without training them again::

    turns    p1 me1 p2 me2 p3 me3          budget: four turns
    windows  p1 me1 p2 me2                 trains me1, me2
                    p2 me2 p3 me3          trains me3

Repeated context begins with the partner, as every conversation does when it is served.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from persona_core.prompt import Turn
from trainer.dataset.example import Example

CONTEXT_SHARE = 0.25  # of the budget: what a later window repeats; a reply mostly hangs on the last few turns
TOKENS_PER_TURN = 8  # role header and end-of-turn token in the longest template we know (Llama 3)


def estimated_tokens(turn: Turn) -> int:
    """About how many tokens a turn takes, from above: Korean is at most one token a character on the listed bases.

    The exact count is made where the tokenizer is (`trainer.tuning.labels`); windows cut here leave little to do.
    """
    return TOKENS_PER_TURN + sum(len(bubble) + 1 for bubble in turn.bubbles)


class Span(NamedTuple):
    """A window over turns ``begin`` to ``end`` (exclusive); what stands before ``fresh`` is repeated as context."""

    begin: int
    fresh: int
    end: int

    def cut(self, turns: Sequence[Turn]) -> Example:
        """The example in ``turns``; of its persona turns the fresh ones carry loss."""
        spoken = (place for place in range(self.begin, self.end) if turns[place].role == "persona")
        return Example(tuple(turns[self.begin : self.end]), tuple(place >= self.fresh for place in spoken))


def spans(turns: Sequence[Turn], budget: int) -> Iterator[Span]:
    """The windows of a session, of at most ``budget`` tokens each (estimated). Each ends in a persona turn that is fresh."""
    costs = [estimated_tokens(turn) for turn in turns]
    final = _last_persona(turns, 0, len(turns))
    begin = 0  # where the next window starts
    fresh = 0  # the first turn no window has trained yet
    while final is not None and fresh <= final:
        end = _reach(costs, begin, budget, at_least=fresh + 1)
        last = _last_persona(turns, fresh, end)
        if last is None:  # full before the persona speaks: forget older context, keep the newest
            begin += 1
            fresh = max(fresh, begin)
            continue
        yield Span(begin, fresh, last + 1)
        fresh = last + 1
        begin = _step_back(turns, costs, fresh, int(budget * CONTEXT_SHARE))


def _reach(costs: Sequence[int], begin: int, budget: int, *, at_least: int) -> int:
    """The end of the longest window from ``begin`` within ``budget``, but never before ``at_least``."""
    total, end = 0, begin
    while end < len(costs) and (total + costs[end] <= budget or end < at_least):
        total += costs[end]
        end += 1
    return end


def _last_persona(turns: Sequence[Turn], begin: int, end: int) -> int | None:
    return next((i for i in range(end - 1, begin - 1, -1) if turns[i].role == "persona"), None)


def _step_back(turns: Sequence[Turn], costs: Sequence[int], index: int, context: int) -> int:
    """How far before ``index`` a window may begin, with the partner, so that what it repeats costs ``context``."""
    begin = index
    while index > 0 and costs[index - 1] <= context:
        index -= 1
        context -= costs[index]
        if turns[index].role == "partner":
            begin = index
    return begin
