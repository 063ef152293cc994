"""One question, and the whole reply of an engine to it."""

from persona_core.prompt import Turn

HISTORY = [Turn("partner", ("밥 먹었어?",))]


def last(engine, history=HISTORY, **options) -> list[str]:
    return [[], *engine.stream(history, **options)][-1]
