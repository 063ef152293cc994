"""An engine that speaks with names: what the page, the terminal and everybody else who shows replies goes through.

The model reads the two names as it learned them, as placeholders; what it writes gets them back, and what nobody may
read, or he would never send, is left out::

    for bubble in speak(engine, [Turn("partner", ("도윤아 뭐해?",))], "도윤", "서연"):
        print(bubble)           # "서연아", "집 가는중ㅋㅋㅋ"
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from persona_core.engine.taste import is_stale, is_stuck, recites
from persona_core.manifest import Placeholders
from persona_core.privacy import Names, restore, scrub
from persona_core.prompt import Turn

TRIES = 3  # times a reply is begun, or gone on with, before what is wrong with it is left out

_PLACEHOLDER = {"PERSONA": Placeholders().persona, "PARTNER": Placeholders().partner}
_BRACKETS = re.compile(r"\[{2,}|\]{2,}")


class Speaker(Protocol):
    """What is needed of an engine. See `persona_core.engine.Engine`."""

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]: ...


def speak(
    engine: Speaker,
    turns: Sequence[Turn],
    persona_name: str,
    partner_name: str,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """The persona's bubbles, as the partner may read them. Closing the iterator stops the model.

    A bubble that repeats, echoes or recites (see `.taste`) is drawn again from where the reply stood before it, a reply
    of which nothing may be shown from its beginning, in `TRIES` tries together; in the last one it is left out.
    ``stopped`` is asked whenever the engine gives a sign of life.
    """
    names = Names(persona_name, partner_name)
    unnamed = [Turn(turn.role, tuple(without(names, bubble) for bubble in turn.bubbles)) for turn in turns]
    raws: list[str] = []  # what was said as the model wrote it,
    said: list[str] = []  # and as she reads it
    for is_last in (*[False] * (TRIES - 1), True):
        begun = [Turn("persona", tuple(raws))] if raws else []
        for raw in _bubbles(engine.stream([*unnamed, *begun]), stopped):
            bubble = restore(scrub(raw), persona_name, partner_name)
            if not bubble:
                continue
            if is_stuck(bubble) or is_stale(bubble, said, turns) or recites(raw, raws):
                if is_last:
                    continue
                break
            raws.append(raw)
            said.append(bubble)
            yield bubble
        else:
            if said or stopped():
                return


def _bubbles(stream: Iterator[list[str]], stopped: Callable[[], bool]) -> Iterator[str]:
    """Each bubble of ``stream`` once, until it ends or is ``stopped``."""
    count = 0
    for bubbles in stream:
        if stopped():
            return
        yield from bubbles[count:]
        count = len(bubbles)


def without(names: Names, text: str) -> str:
    """``text`` with placeholders for the two names, and without any that was typed."""
    text = _BRACKETS.sub(lambda brackets: brackets[0][0], text)
    for span, who in reversed(names.find(text)):
        text = text[: span.start] + _PLACEHOLDER[who] + text[span.end :]
    return text
