"""Several exports of one chat as one stream: by time, without doubles, with every genuine repeat.

    phone, March:      12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 사진
    computer, April:   12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 Photo   12:03 잘자
    merged:            12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 사진    12:03 잘자

Exports are read side by side and compared minute by minute, the unit in which phones write, so memory does not grow.
Parts of one long chat (iOS writes -1, -2, …) may be given in any order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path

from persona_core.errors import ExportError, NoMessages
from trainer.chatlog.export import Advance, Export, ignore, open_source
from trainer.chatlog.message import Message
from trainer.chatlog.senders import LISTED, OWN_LABELS, count_senders
from trainer.chatlog.source import find_sources

CUT = 500  # characters after which some phones cut a message; computers keep it whole


@dataclass(frozen=True, slots=True)
class Chat:
    """All exports of one chat. ``own_name`` is who 회원님 or You is, where another of the exports tells."""

    exports: tuple[Export, ...]
    own_name: str = ""

    @property
    def size(self) -> int:
        """In bytes: what `messages` reports to ``advance``, in all."""
        return sum(export.source.size for export in self.exports)

    def messages(self, advance: Advance = ignore) -> Iterator[Message]:
        """Every message once, in order of time.

        Raises (while it is read):
            ExportError: as `Export.messages`.
            NoMessages: nobody says anything.
        """
        spoken = False
        streams = [self._renamed(export.messages(advance)) for export in self.exports]
        for message in streams[0] if len(streams) == 1 else merge(streams):
            spoken = spoken or message.sender != ""
            yield message
        if not spoken:
            raise NoMessages("chatlog.empty", path=", ".join(export.name for export in self.exports))

    def _renamed(self, messages: Iterator[Message]) -> Iterator[Message]:
        if not self.own_name:
            return messages
        return (
            replace(message, sender=self.own_name) if message.sender in OWN_LABELS else message
            for message in messages
        )


def open_chat(paths: Sequence[Path]) -> Chat:
    """The chat whose exports lie at ``paths``; several are read through once, to see that they are of one chat.

    Raises:
        ExportError: nothing to read, or exports of two chats, both named.
        UnknownFormat, NoMessages: as `open_export`.
    """
    exports = tuple(open_source(source) for path in paths for source in find_sources(path))
    if len(exports) == 1:
        return Chat(exports)
    return Chat(exports, _own_name(_speakers(exports)))
