"""Bytes as text: which encoding an export is in, and its lines in blocks that keep memory even.

EF BB BF EC 9D B4 …     UTF-8 with a byte-order mark    mobile, macOS
EC 9D B4 EC 84 9C …     UTF-8                           Windows
C0 CC BC AD BF AC …     CP949                           re-saved by an old editor; so is UTF-16
"""

import codecs
from collections.abc import Callable, Iterator
from typing import IO

from persona_core.errors import ExportError
from trainer.chatlog.lines import Lines

# Bytes read at a time: so few that a block and its messages stay in the processor's cache; with 1 << 20 reading takes
# 1.4 times as long.
BLOCK = 1 << 14

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BARE = ("utf-8", "cp949", "utf-16-le", "utf-16-be")
MARK = "\ufeff"
SHOWN = 8  # bytes of junk that an error shows

# UTF-8 in which so few of the characters beyond ASCII are damaged is UTF-8 all the same; CP949 read as UTF-8 has more
# damaged ones than others.
_MOSTLY = 0.1


def is_damaged(text: str) -> bool:
    """Whether bytes that are no text stood in it: what cannot be decoded, or zeros."""
    return "\ufffd" in text or "\0" in text


def readings(sample: bytes) -> Iterator[tuple[str, str]]:
    """Every (encoding, text) in which the beginning of a file can be read, the likeliest first.

    UTF-8 with a few damaged characters comes before whatever else the bytes can be taken for; the last one, when there
    is no other, is UTF-8 however damaged.
    """
    marked = [name for mark, name in _MARKS.items() if sample.startswith(mark)]
    replaced = sample.decode("utf-8", "replace").removeprefix(MARK)
    beyond_ascii = sum(not character.isascii() for character in replaced)
    if 0 < replaced.count("\ufffd") <= _MOSTLY * beyond_ascii:
        yield "utf-8", replaced
    for encoding in marked or _BARE:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = decoder.decode(sample)  # not final: the sample cuts a character
        except UnicodeDecodeError:
            continue
        yield encoding, text.removeprefix(MARK)
    yield "utf-8", replaced


class Text:
    """The text of an export in blocks of whole lines, each block beginning with the line break before its first line.

    ``crlf`` says that records end in CRLF, so that a bare LF stands inside a message; without it every CRLF becomes LF.
    Lines with bytes that are no text are counted in ``unread``. ``advance`` hears how many bytes were read.
    ``unfinished`` is, once it was read, the last line if that has no line break; it is a block of its own.
    """

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        encoding: str,
        *,
        crlf: bool,
        unread: Lines,
        advance: Callable[[float], None],
    ) -> None:
        self.name = name
        self.crlf = crlf
        self.unfinished = ""
        self._junk_line = 0  # the last line with bytes that are no text
        self._stream = stream
        self._encoding = encoding
        self._unread = unread
        self._advance = advance

    def __iter__(self) -> Iterator[str]:
        parts = ["\r\n" if self.crlf else "\n"]
        for chunk in self._decoded():
            end = chunk.rfind("\n")
            if end < 0:
                parts.append(chunk)
                continue
            block, rest = "".join(parts) + chunk[:end], chunk[end:]
            if block.endswith("\r"):
                block, rest = block[:-1], "\r" + rest
            yield self._unified(block)
            parts = [rest]
        if last := self._unified("".join(parts)).strip("\r\n"):
            self.unfinished = last
            yield ("\r\n" if self.crlf else "\n") + last

    def _unified(self, text: str) -> str:
        return text if self.crlf else text.replace("\r\n", "\n")

    def forbid_junk(self, line: int) -> None:
        """Called where an export breaks off, at the line where it does.

        Raises:
            ExportError: bytes that are no text stand there or after it; the error shows them.
        """
        if self._junk_line >= line:
            raise ExportError("chatlog.junk", path=self.name, line=self._junk_line, junk=self._unread.junk)

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        line = 1
        first = True
        while raw := self._stream.read(BLOCK):
            self._advance(len(raw))
            try:
                text = decoder.decode(raw)
            except UnicodeDecodeError as error:
                decoder.errors = "replace"
                text = decoder.decode(raw)
                decoder.errors = "strict"
                self._note_junk(text, line, error.object[error.start :])
            else:
                if "\0" in text:
                    self._note_junk(text, line, text[text.index("\0") :].encode(errors="replace"))
            yield text.removeprefix(MARK) if first else text
            first = False
            line += text.count("\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            self.forbid_junk(line)
            raise ExportError("chatlog.cut", path=self.name, line=line) from error

    def _note_junk(self, text: str, line: int, junk: bytes) -> None:
        self._unread.junk = self._unread.junk or junk[:SHOWN].hex(" ")
        for number, content in enumerate(text.split("\n"), start=line):
            if is_damaged(content):
                self._unread.add(number)
                self._junk_line = number
