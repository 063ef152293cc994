"""An engine that speaks with names: what the page, the terminal and everybody else who shows replies goes through.

The model reads the two names as it learned them, as placeholders; what it writes gets them back, and what nobody may
read is left out::

    for bubble in speak(engine, [Turn("partner", ("도윤아 뭐해?",))], "도윤", "서연"):
        print(bubble)           # "서연아", "집 가는중ㅋㅋㅋ"
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from persona_core.manifest import Placeholders
from persona_core.privacy import Names, restore, scrub
from persona_core.prompt import Turn, clean_bubble

TRIES = 3  # replies drawn until one has something that may be read

_PLACEHOLDER = {"PERSONA": Placeholders().persona, "PARTNER": Placeholders().partner}


class Speaker(Protocol):
    """What is needed of an engine. See `persona_core.engine.Engine`."""

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]: ...


def speak(engine: Speaker, turns: Sequence[Turn], persona_name: str, partner_name: str) -> Iterator[str]:
    """The persona's bubbles, as the partner may read them. Closing the iterator stops the model.

    A reply of which nothing may be shown is drawn again, up to `TRIES` times.
    """
    names = Names(persona_name, partner_name)
    unnamed = [Turn(turn.role, tuple(without(names, bubble) for bubble in turn.bubbles)) for turn in turns]
    for _ in range(TRIES):
        count, spoke = 0, False
        for bubbles in engine.stream(unnamed):
            for raw in bubbles[count:]:
                if bubble := clean_bubble(restore(scrub(raw), persona_name, partner_name)):
                    spoke = True
                    yield bubble
            count = len(bubbles)
        if spoke:
            return


def without(names: Names, text: str) -> str:
    """``text`` with placeholders for the two names."""
    for span, who in reversed(names.find(text)):
        text = text[: span.start] + _PLACEHOLDER[who] + text[span.end :]
    return text
