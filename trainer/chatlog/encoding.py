"""Bytes as text: which encoding an export is in, and its lines in blocks that keep memory even.

EF BB BF EC 9D B4 …     UTF-8 with a byte-order mark    mobile, macOS
EC 9D B4 EC 84 9C …     UTF-8                           Windows
C0 CC BC AD BF AC …     CP949                           re-saved by an old editor; so is UTF-16
"""

import codecs
from collections.abc import Callable, Iterator
from typing import IO

from persona_core.errors import ExportError
from trainer.chatlog.unread import UnreadLines

# Bytes read at a time: so few that a block and its messages stay in the processor's cache; with 1 << 20 reading takes
# 1.4 times as long.
BLOCK = 1 << 14

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BARE = ("utf-8", "cp949", "utf-16-le", "utf-16-be")
MARK = "\ufeff"


def readings(sample: bytes) -> Iterator[tuple[str, str]]:
    """Every (encoding, text) in which the beginning of a file can be read, the likeliest first.

    The last one, when there is no other, is UTF-8 with its damaged characters replaced.
    """
    marked = [name for mark, name in _MARKS.items() if sample.startswith(mark)]
    for encoding in marked or _BARE:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(
                sample
            )  # not final: the sample cuts a character
        except UnicodeDecodeError:
            continue
        yield encoding, text.removeprefix(MARK)
    yield "utf-8", sample.decode("utf-8", "replace").removeprefix(MARK)


class Text:
    """The text of an export in blocks of whole lines, each block beginning with the line break before its first line.

    ``crlf`` says that records end in CRLF, so that a bare LF stands inside a message; without it every CRLF becomes LF.
    Lines with damaged characters are counted in ``unread``. ``advance`` hears how many bytes were read.
    """

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        encoding: str,
        *,
        crlf: bool,
        unread: UnreadLines,
        advance: Callable[[float], None],
    ) -> None:
        self.name = name
        self.crlf = crlf
        self.unfinished = False  # the block is the last line, and has no line break
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
            self.unfinished = True
            yield ("\r\n" if self.crlf else "\n") + last

    def _unified(self, text: str) -> str:
        return text if self.crlf else text.replace("\r\n", "\n")

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        line = 1
        first = True
        while raw := self._stream.read(BLOCK):
            self._advance(len(raw))
            try:
                text = decoder.decode(raw)
            except UnicodeDecodeError:
                decoder.errors = "replace"
                text = decoder.decode(raw)
                decoder.errors = "strict"
                for number, content in enumerate(text.split("\n"), start=line):
                    if "\ufffd" in content:
                        self._unread.add(number)
            yield text.removeprefix(MARK) if first else text
            first = False
            line += text.count("\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise ExportError("chatlog.cut", path=self.name, line=line) from error
