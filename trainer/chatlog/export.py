"""One export, opened: what it is, and its messages as a stream.

    export = open_export(Path("KakaoTalk_Chats_2026-02-16.zip"))
    str(export.format)        "Android, Korean, 12-hour"
    export.room_title         "이서연"
    for message in export.messages(): …
    export.unread             Lines(count=0, first=[])

`merge` puts several exports of one chat together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from persona_core.errors import ExportError
from trainer.chatlog.detect import SAMPLE, detect
from trainer.chatlog.encoding import Text
from trainer.chatlog.grammar import Format, Grammar
from trainer.chatlog.lines import Lines
from trainer.chatlog.macos import Table
from trainer.chatlog.message import Message
from trainer.chatlog.records import Records
from trainer.chatlog.source import Source, find_sources

Advance = Callable[[float], None]  # hears how many bytes were read since it was last called


def ignore(_: float) -> None:
    """An `Advance` for whoever shows no progress."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file KakaoTalk wrote, of a known format.

    ``unread`` are lines of no message and damaged ones, ``oversized`` where messages longer than anybody types begin,
    ``quoted`` lines that begin like a message of an earlier time, and are part of the one above them; all are complete
    once `messages` is read to its end.
    """

    source: Source
    format: Format
    encoding: str
    room_title: str
    grammar: Grammar | None  # None: the macOS csv
    crlf: bool
    unread: Lines = field(default_factory=Lines)
    oversized: Lines = field(default_factory=Lines)
    quoted: Lines = field(default_factory=Lines)

    @property
    def name(self) -> str:
        """The file as a person would look for it."""
        return self.source.name

    def messages(self, advance: Advance = ignore) -> Iterator[Message]:
        """Every message in the file's order; memory does not grow with the file.

        Raises (while it is read):
            ExportError: the file is cut, its csv quotes are broken, or its time runs backwards; with the line.
        """
        return chain.from_iterable(self._batches(advance))

    def _batches(self, advance: Advance) -> Iterator[list[Message]]:
        self.unread.clear()
        self.oversized.clear()
        self.quoted.clear()
        with self.source.open() as stream:
            text = Text(stream, self.name, self.encoding, crlf=self.crlf, unread=self.unread, advance=advance)
            if self.grammar is None:
                yield from Table(text, self.unread, self.oversized)
            else:
                yield from Records(
                    text,
                    self.grammar,
                    self.room_title,
                    unread=self.unread,
                    oversized=self.oversized,
                    quoted=self.quoted,
                )


def open_export(path: Path) -> Export:
    """The export at ``path``, which is a file, or an Android folder or zip.

    Raises:
        ExportError: there is nothing to read, or several exports, at ``path``.
        UnknownFormat: the file is none of the formats we know.
        NoMessages: it has a head and nothing else.
    """
    source, *others = find_sources(path)
    if others:
        raise ExportError("chatlog.several_inside", path=path, count=1 + len(others))
    return open_source(source)


def open_source(source: Source) -> Export:
    """The export that ``source`` holds; raises what `open_export` does."""
    with source.open() as stream:
        found = detect(stream.read(SAMPLE), Path(source.name))
    return Export(
        source, found.format, found.encoding, found.room_title, grammar=found.grammar, crlf=found.crlf
    )
