"""The way back: placeholders in a reply become the two names, and nothing else that is private is ever shown.

restore("[[PARTNER]]야 밥 먹었어?", "도윤", "서연")  ->  "서연아 밥 먹었어?"
scrub("내 번호 [[PHONE]]이야")                       ->  ""        (the caller drops an empty bubble)
"""

import re
from collections.abc import Iterable

from persona_core.manifest import Placeholders
from persona_core.privacy import patterns
from persona_core.privacy.particles import fit
from persona_core.privacy.span import blank_placeholders, visible
from persona_core.prompt import clean_bubble
from persona_core.texts import text_in

PLACEHOLDERS = Placeholders()
_SOMEBODY = re.compile(r"\[\[NAME\d*\]\]")
# What is left of a placeholder that was cut or misspelled: [[PHO, [PHONE], PARTNER]].
_BROKEN = re.compile(r"\[\[|\]\]|\[\s?[A-Z_]{2,}|[A-Z_]{3,}\d*\s?\]")


def restore(
    text: str, persona_name: str, partner_name: str, placeholders: Placeholders = PLACEHOLDERS
) -> str:
    """``text`` with both names in the place of their placeholders, each with the particle it takes."""
    names = {placeholders.persona: persona_name, placeholders.partner: partner_name}
    return _put(text, names)


def _put(text: str, names: dict[str, str]) -> str:
    """``text`` with each key replaced by its name, and the Hangul behind it by the form that fits."""

    def name_and_tail(match: re.Match[str]) -> str:
        name = names[match[1]]
        return name + fit(name, match[2], text[: match.start()].rpartition("\n")[2])

    return re.sub("(" + "|".join(map(re.escape, names)) + ")([가-힣]*)", name_and_tail, text)


def scrub(text: str, keep: Iterable[str] = (PLACEHOLDERS.persona, PLACEHOLDERS.partner)) -> str:
    """``text``, clean, or "" when it holds a placeholder or anything in the shape of personal data.

    Cleaned here, so that nothing comes to light afterwards. Placeholders in ``keep`` stay for `restore`. Third persons
    (``[[NAME1]]``) become 친구. Call it on what a model wrote, bubble by bubble, before `restore`: it holds back a bubble
    that ends in half a placeholder.
    """
    text = clean_bubble(text)
    text = _put(
        text, dict.fromkeys(_SOMEBODY.findall(text) or ["[[NAME]]"], text_in("ko", "privacy.somebody"))
    )
    seen, _ = visible(text)
    rest = seen
    for placeholder in keep:
        rest = rest.replace(placeholder, " ")
    if _BROKEN.search(rest) or patterns.find(blank_placeholders(seen)):
        return ""
    return text
