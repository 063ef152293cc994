"""Find personal data in chat lines and write placeholders in its place.

    masker = Masker(persona="김도윤", partner="이서연")
    masker.mask("서연아 민수 번호 010-0000-1234야").text  ->  "[[PARTNER]]아 [[NAME1]] 번호 [[PHONE]]야"

Speakers become their own placeholders, so that the Space can put the names back; everybody else is [[NAME1]],
[[NAME2]] …, the same number for the same person as long as the `Masker` lives.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from persona_core.manifest import Placeholders
from persona_core.privacy import others, patterns, romanised
from persona_core.privacy.names import Names
from persona_core.privacy.span import Span, blank, blank_placeholders, visible

NOBODY = Names()
_LONGEST_BUBBLE = 20_000  # characters; what is longer is a pasted file, and read piece by piece
_PLACEHOLDERS = Placeholders()


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked line, and what was found: offsets are those of the line before."""

    text: str
    spans: tuple[Span, ...]


def detect(text: str, names: Names = NOBODY) -> tuple[Span, ...]:
    """Every stretch of personal data in ``text``, in order, none overlapping another."""
    return tuple(span for span, _ in _detect(text, names))


def _detect(text: str, names: Names) -> list[tuple[Span, str]]:
    """What `detect` finds, with whose name it is ("" for what is no name)."""
    if len(text) > _LONGEST_BUBBLE:
        return list(_detect_long(text, names))
    seen, offsets = visible(text)
    if len(seen) == len(text):
        return _detect_visible(text, names)
    return [
        (Span(offsets[span.start], offsets[span.end - 1] + 1, span.type), who)
        for span, who in _detect_visible(seen, names)
    ]


def _detect_visible(text: str, names: Names) -> list[tuple[Span, str]]:
    if "[[" in text:
        text = blank_placeholders(text)
    found: list[tuple[Span, str]] = []
    # What is masked brings to light what stands beside it (도윤이도윤이), so that masking again would find more: the
    # look is repeated on the blanked line until there is nothing new.
    while new := _look(text, names):
        found += new
        text = blank(text, [span for span, _ in new])
    return sorted(found, key=lambda item: item[0].start)


def _look(text: str, names: Names) -> list[tuple[Span, str]]:
    found = patterns.find(text)
    if found:
        text = blank(text, found)
    text = romanised.narrow(text)
    named = names.find(text)
    if named:
        text = blank(text, [span for span, _ in named])
    strangers = others.find(text, names.learned)
    if not (found or named or strangers):
        return []
    who = [text[span.start : span.end] for span in strangers]
    return [*((span, "") for span in found), *named, *zip(strangers, who, strict=True)]


def _detect_long(text: str, names: Names) -> Iterator[tuple[Span, str]]:
    start = 0
    while start < len(text):
        end = min(len(text), start + _LONGEST_BUBBLE)
        if end < len(text):  # not inside a word or a number
            end = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end)) + 1 or end
        for span, who in _detect(text[start:end], names):
            yield Span(start + span.start, start + span.end, span.type), who
        start = end


class Masker:
    """Masks the lines of one chat. ``counts`` says how often each type was found, never what.

    ``persona`` and ``partner`` are display names, or several names of the same person, the display name first.
    ``nicknames`` are further pet names, ``others`` further people; ``learned`` is what `learn` found in the chat.
    """

    def __init__(
        self,
        persona: str | Iterable[str] = (),
        partner: str | Iterable[str] = (),
        nicknames: Iterable[str] = (),
        others: Iterable[str] = (),
        *,
        learned: Mapping[str, int] | None = None,
        placeholders: Placeholders = _PLACEHOLDERS,
    ) -> None:
        self.names = Names(persona, partner, nicknames, others, learned)
        self.counts: Counter[str] = Counter()
        self._of_person = {"PERSONA": placeholders.persona, "PARTNER": placeholders.partner}

    def mask(self, text: str) -> Masked:
        """``text`` with placeholders; what is masked already stays as it is."""
        found = _detect(text, self.names)
        return self._masked(text, found) if found else Masked(text, ())

    def mask_bubbles(self, bubbles: Sequence[str]) -> list[Masked]:
        """Consecutive bubbles of one conversation, read together.

        A number split over two bubbles is found, and so is the code that answers 비번 뭐야 in the bubble before.
        """
        masked: list[Masked] = []
        for window in _windows(bubbles):
            masked.extend(self._mask_window(window) if len(window) > 1 else [self.mask(window[0])])
        return masked

    def _mask_window(self, window: Sequence[str]) -> list[Masked]:
        found = _detect("\n".join(window), self.names)
        masked, start = [], 0
        for bubble in window:
            end = start + len(bubble)
            mine = [
                (Span(max(span.start, start) - start, min(span.end, end) - start, span.type), who)
                for span, who in found
                if span.start < end and span.end > start
            ]
            masked.append(self._masked(bubble, mine) if mine else Masked(bubble, ()))
            start = end + 1
        return masked

    def _masked(self, text: str, found: list[tuple[Span, str]]) -> Masked:
        pieces, last = [], 0
        for span, who in found:
            pieces += [text[last : span.start], self._placeholder(span, who)]
            last = span.end
        self.counts.update(span.type for span, _ in found)
        return Masked("".join([*pieces, text[last:]]), tuple(span for span, _ in found))

    def _placeholder(self, span: Span, who: str) -> str:
        if not who:
            return f"[[{span.type}]]"
        key = who if who in self._of_person else others.person(who)
        if key not in self._of_person:
            self._of_person[key] = f"[[NAME{len(self._of_person) - 1}]]"
        return self._of_person[key]


def _windows(bubbles: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of neighbours that must be read together: those with something to look at, and one on either side."""
    telling = [patterns.WORTH_A_LOOK.search(bubble) is not None for bubble in bubbles]
    start = 0
    for index in range(1, len(bubbles) + 1):
        together = index < len(bubbles) and (telling[index - 1] or telling[index])
        if not together and start < index:
            yield bubbles[start:index]
            start = index
