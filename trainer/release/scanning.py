"""What may stand in no text that leaves the machine: tokens, its places, the two people's names, masked facts.

    privacy = Privacy.of(run)
    require_clean("config.json", text, privacy)     # or a ReleaseError that names the file, never what was found

Not every file is read the same way. A vocabulary is the base's own, a hundred thousand pieces of public text: only a
token or a place of this machine can be wrong there. A licence is a public document with its authors' addresses, and a
template is code; facts about people are looked for in what is written here: the card, persona.json and the configs.
"""

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from persona_core.errors import ReleaseError
from persona_core.manifest import Base
from persona_core.privacy import KINDS, Names, detect
from trainer.run import Run

_VOCABULARIES = {"tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json", "tokenizer.model"}
_WRITTEN_HERE = {"README.md", "persona.json", "config.json", "generation_config.json", "adapter_config.json"}

_TOKENS = re.compile(
    r"\bhf_[A-Za-z0-9]{16,}|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_PLACES = re.compile(
    r"(?<![\w./])/(?:home|Users|root|tmp|mnt|media|private|workspace|content|kaggle|var|opt)/\w"
    r"|(?<![A-Za-z])[A-Za-z]:\\{1,2}(?:Users\\|\w+\\{1,2}\w)"
)
_TELLING = 3  # parts of a path, its root among them, below which it is nobody's in particular: /work, C:\data
_DIGEST = re.compile(r"\b[0-9a-f]{40,64}\b")  # of a commit or a file; its digits would pass for an account
# A cell of the card's tables: 0.50 (0.34–0.67), 12.5%, +0.00345, 1,234.
_NUMBER = r"\d{1,3}(?:(?:,\d{3})+|\.\d{1,5})?"
_FIGURE = rf"not measured|[+-]?{_NUMBER}(?:\s?%)?(?: \({_NUMBER}–{_NUMBER}\))?"
_MEASURED = re.compile(rf"\s*(?:–|{_FIGURE})\s*")
_SHAPES = set(KINDS) - {"NAME", "NICKNAME", "SNS_ID", "URL"}  # a card is full of links and of names of models
_NAMES_END = r"(?!(?a:(?<=\w)\w))"  # a Korean particle may follow; "Me" is not in "Measured"
_KOREAN = re.compile("[ㄱ-ㅣ가-힣]")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_BARE_NAME = re.compile(r"[^/\\]+")


@dataclass(frozen=True, slots=True)
class Privacy:
    """The ``places`` of this machine that a run knows, the ``names`` of the people in its chat, and every form of them."""

    places: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    people: Names = field(default_factory=Names)

    @classmethod
    def of(cls, run: Run) -> "Privacy":
        """What ``run`` knows: its folder, its exports, a local base, the home folder; whom its settings name."""
        settings = run.settings
        bases = [settings.base] if Path(settings.base).is_dir() else []
        places = [
            place.resolve() for place in (run.path, Path.home(), *map(Path, (*settings.exports, *bases)))
        ]
        his, hers = (settings.me, *settings.my_names), (settings.partner, *settings.partner_names)
        named = (*his, settings.his_name, *hers, settings.her_name, *settings.names, *settings.nicknames)
        return cls(
            frozenset(str(place) for place in places if len(place.parts) >= _TELLING),
            frozenset(name for name in named if len(name) > 1),
            Names(his, hers, settings.nicknames, settings.names),
        )


NOTHING = Privacy()


def require_clean(
    name: str, text: str, privacy: Privacy = NOTHING, anyway: frozenset[str] = frozenset()
) -> None:
    """Refuse a text that may not leave the machine. ``name`` is its path in the release; see `said_anyway`.

    Raises:
        ReleaseError: a token, a place of this machine, a name, or the shape of a masked fact, or JSON that is none; it
            says which file.
    """
    file = PurePosixPath(name).name
    if _TOKENS.search(text):
        raise ReleaseError("release.token_inside", path=name)
    if any(_stands_in(spelling, text) for place in privacy.places for spelling in _spellings(place)):
        raise ReleaseError("release.path_inside", path=name)
    if file in _VOCABULARIES:
        return
    try:
        parts = list(_strings(json.loads(text))) if name.endswith(".json") else list(_lines(text))
    except ValueError as error:
        raise ReleaseError("release.broken_file", path=name) from error
    if any(_PLACES.search(part) for part in parts):
        raise ReleaseError("release.path_inside", path=name)
    if file in _WRITTEN_HERE and any(_tells(part, privacy, anyway) for part in parts):
        raise ReleaseError("release.fact_inside", path=name)


def said_anyway(*texts: str) -> frozenset[str]:
    """The lines of ``texts`` that are made of nobody's chat, figures apart: names are looked for in every other line.

    A label in a messenger may be any word: where she is called 모델 the card's "모델이에요" tells nothing.
    """
    return frozenset(_without_figures(line) for text in texts for line in _lines(text))


def require_clean_header(name: str, weights: Path) -> None:
    """Refuse a safetensors file with a token or a place in its header; the rest of it are numbers.

    Raises:
        ReleaseError: there is one, or the file has no such header.
    """
    with weights.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 0 < length <= weights.stat().st_size - 8:
            raise ReleaseError("release.no_header", path=name)
        header = file.read(length).decode("utf-8", errors="replace")
    if _TOKENS.search(header):
        raise ReleaseError("release.token_inside", path=name)
    if _PLACES.search(header):
        raise ReleaseError("release.path_inside", path=name)


def require_named_base(config: str, base: Base) -> None:
    """Refuse an adapter whose base is not the one of persona.json, by its Hub id and revision or by a bare name.

    Raises:
        ReleaseError: others could not load it, or it names a folder of this machine.
    """
    raw = json.loads(config)
    named = Base(raw.get("base_model_name_or_path") or "", raw.get("revision"))
    on_the_hub = _HUB_ID.fullmatch(named.id) and named.revision
    if named != Base(base.id, base.revision) or not (on_the_hub or _BARE_NAME.fullmatch(named.id)):
        raise ReleaseError("release.base_not_named", base=base.id)


def _spellings(place: str) -> tuple[str, ...]:
    """As it is, and as JSON writes it."""
    return place, json.dumps(place)[1:-1], place.replace("\\", "/")


def _stands_in(place: str, text: str) -> bool:
    return place in text and re.search(rf"{re.escape(place)}(?!\w)", text) is not None


def _strings(document: Any) -> Iterator[str]:
    """Every string of a JSON document, keys too. A number is a measurement or a size."""
    match document:
        case str():
            yield document
        case list():
            for item in document:
                yield from _strings(item)
        case dict():
            for key, value in document.items():
                yield key
                yield from _strings(value)


def _lines(text: str) -> Iterator[str]:
    """Every line; of a table's row of measurements its label alone, for several beside each other pass for a number to call."""
    for line in text.splitlines():
        label, *values = line.strip("|").split("|") if line.startswith("|") else [line]
        is_measured = len(values) > 1 and all(map(_MEASURED.fullmatch, values))
        yield label if is_measured else line


def _without_figures(line: str) -> str:
    return re.sub(_FIGURE, "0", line)


def _tells(part: str, privacy: Privacy, anyway: frozenset[str]) -> bool:
    """Whether ``part`` holds a name, or what masking would have replaced."""
    if _without_figures(part) not in anyway and _names_somebody(part, privacy):
        return True
    return any(span.type in _SHAPES for span in detect(_DIGEST.sub("", part)))


def _names_somebody(part: str, privacy: Privacy) -> bool:
    """Whether a name stands in ``part`` as it is written, or in a Korean form of it: 서연이한테, 도유니가.

    Masking finds a name in Latin letters however it is written; here max_length would be Max.
    """
    if any(re.search(rf"(?<!\w){re.escape(name)}{_NAMES_END}", part) for name in privacy.names):
        return True
    return any(_KOREAN.search(part, span.start, span.end) for span, _ in privacy.people.find(part))
