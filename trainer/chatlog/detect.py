"""Which of the known formats a file is: encoding, platform, language and clock, from its first bytes.

    "\\ufeff이서연 님과 카카오톡 대화\\r\\n…"     Android, Korean, 12-hour    utf-8
    "Date,User,Message\\n2025-12-29 …"        macOS, 24-hour              utf-8

The grammar whose header comes first in the file wins: a message may quote any of the others.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from persona_core.errors import NoMessages, UnknownFormat
from trainer.chatlog import macos
from trainer.chatlog.android import ANDROID
from trainer.chatlog.clock import has_marker
from trainer.chatlog.encoding import readings
from trainer.chatlog.grammar import Format, Grammar, records
from trainer.chatlog.ios import IOS
from trainer.chatlog.title import is_head, room_title
from trainer.chatlog.windows import WINDOWS

GRAMMARS = (*ANDROID, *IOS, *WINDOWS)
SAMPLE = 1 << 18  # bytes: a first message of 50,000 characters still leaves room for a header

_MACOS = re.compile(rf"(?:\A|\n){macos.ROW}")
_HANGUL = re.compile("[가-힣]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")


@dataclass(frozen=True, slots=True)
class Detected:
    """``grammar`` is None for the macOS csv; ``crlf`` says that records, not only some lines, end in CRLF."""

    format: Format
    encoding: str
    room_title: str
    grammar: Grammar | None
    crlf: bool


def detect(sample: bytes, path: Path) -> Detected:
    """What the file at ``path``, which begins with ``sample``, is.

    Raises:
        UnknownFormat: no export we know; the text lists those we do.
        NoMessages: the head of an export and nothing else.
    """
    if not sample.strip():
        raise UnknownFormat("chatlog.hollow", path=path)
    read = list(readings(sample))
    for encoding, text in read:
        if found := _recognise(text, encoding, path):
            return found
    text = read[0][1]
    if is_head(_first_line(text)) or text.strip() == ",".join(macos.HEAD):
        raise NoMessages("chatlog.empty", path=path)
    raise UnknownFormat("chatlog.binary" if _NO_TEXT.search(text) else "chatlog.unknown_format", path=path)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Where a grammar's first header is, what its clock says, and its first separator (empty: none)."""

    start: int
    clock: str
    separator: str


def _recognise(text: str, encoding: str, path: Path) -> Detected | None:
    title = room_title(_first_line(text), path)
    fits = [(fit, grammar) for grammar in GRAMMARS if (fit := _fit(grammar, text))]
    csv = _MACOS.search(text)
    if csv and all(csv.start() < fit.start for fit, _ in fits):
        return Detected(Format("macOS", "", 24), encoding, title, None, crlf=False)
    if not fits:
        return None
    # Android and iOS share the English header, not the separator.
    fit, grammar = min(fits, key=lambda pair: (pair[0].start, not pair[0].separator))
    language = grammar.language or ("ko" if _HANGUL.search(fit.separator) else "en")
    format = Format(grammar.platform, language, 12 if has_marker(fit.clock) else 24)
    return Detected(format, encoding, title, grammar, _ends_in_crlf(grammar, text))


def _fit(grammar: Grammar, text: str) -> _Fit | None:
    header: re.Match[str] | None = None
    separator = ""
    for match in records(grammar, r"\r?\n").finditer("\n" + text):
        header = header or (match if match["clock"] else None)
        separator = separator or match["date"] or ""
        if header and separator:
            break
    if header is None or not (separator or grammar.day_in_header):
        return None
    return _Fit(header.start(), header["clock"], separator)


def _ends_in_crlf(grammar: Grammar, text: str) -> bool:
    """Whether most records of a sample do."""
    in_crlf = len(records(grammar, "\r\n").findall("\r\n" + text))
    return 2 * in_crlf > len(records(grammar, r"\r?\n").findall("\n" + text))


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
