"""One question, the whole reply of an engine to it, and how a reply ends."""

from persona_core.prompt import Turn

HISTORY = [Turn("partner", ("밥 먹었어?",))]


def last(engine, history=HISTORY, **options) -> list[str]:
    return [[], *engine.stream(history, **options)][-1]


def ending(stream):
    """What ``stream`` returns when there is no more."""
    while True:
        try:
            next(stream)
        except StopIteration as end:
            return end.value
