"""What was found: a stretch of one line and the type of personal data it holds.

    Span(5, 18, "PHONE")   in "내 번호 010-0000-1234야"

A masked stretch is written as its placeholder, ``[[PHONE]]``; inside the detectors it is blanked with its type's
`FILL` character, so that what is masked already and what is masked now look the same to every pattern.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from persona_core.invisible import FILLERS, JOINER, MARKS, SELECTORS, ZERO_WIDTH, is_ordinary

Kind = Literal[
    "NAME",
    "NICKNAME",
    "PHONE",
    "ADDRESS",
    "ACCOUNT",
    "CARD",
    "CARD_EXP",
    "CARD_CVC",
    "RRN",
    "FRN",
    "PASSPORT",
    "DRIVER_LICENSE",
    "BRN",
    "PASSCODE",
    "BIRTHDAY",
    "EMAIL",
    "SNS_ID",
    "VEHICLE",
    "TRACKING",
    "COORD",
    "URL",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Private-use characters; U+E000 and U+E001 are the chat format's own marks. KEPT covers what must not be looked
# into: a link to a film is no secret, but its digits would pass for an account.
FILL: dict[Kind, str] = {kind: chr(0xE100 + i) for i, kind in enumerate(KINDS)}
KEPT = "\ue0ff"
FILLED = "\ue0ff-\ue1ff"  # inside a character class: anything blanked

PLACEHOLDER = re.compile(r"\[\[([A-Z_]{2,16})\d*\]\]")


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` is personal data of this type. Offsets count characters of the original line."""

    start: int
    end: int
    type: Kind


# A colour code, with or without its escape, is not seen either.
_INVISIBLE = re.compile(
    f"(?:\x1b?\\[[0-9]{{1,2}}(?:;[0-9]{{1,3}}){{0,4}}m|[{ZERO_WIDTH}{FILLERS}{JOINER}{SELECTORS}{MARKS}])+"
)


def visible(text: str) -> tuple[str, Sequence[int]]:
    """``text`` without what cannot be seen, and for every character left its offset in ``text``."""
    if is_ordinary(text):
        return text, range(len(text))
    hidden = {i for match in _INVISIBLE.finditer(text) for i in range(*match.span())}
    offsets = [i for i in range(len(text)) if i not in hidden]
    return "".join(text[i] for i in offsets), offsets


def blank(text: str, spans: list[Span]) -> str:
    """``text`` with every span overwritten by its type's fill; the length stays."""
    for span in spans:
        text = text[: span.start] + FILL[span.type] * (span.end - span.start) + text[span.end :]
    return text


def blank_placeholders(text: str) -> str:
    """``text`` with the placeholders of an earlier masking blanked; the length stays."""
    return PLACEHOLDER.sub(_fill_placeholder, text)


def _fill_placeholder(match: re.Match[str]) -> str:
    name = match[1]
    kind: Kind = next(
        (kind for kind in KINDS if kind == name), "NAME"
    )  # PERSONA, PARTNER and NAME2 are names
    return FILL[kind] * len(match[0])
