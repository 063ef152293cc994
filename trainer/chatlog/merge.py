"""Several exports of one chat as one stream: by time, without doubles, with every genuine repeat.

    phone, March:      12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 사진
    computer, April:   12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 Photo   12:03 잘자
    merged:            12:01 ㅋㅋ   12:01 ㅋㅋ   12:02 사진    12:03 잘자

Exports are read side by side and compared minute by minute, the unit in which phones write, so memory does not grow.
Parts of one long chat (iOS writes -1, -2, …) may be given in any order.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, combinations, groupby
from pathlib import Path

from persona_core.errors import ExportError, NoMessages
from trainer.chatlog.export import Advance, Export, ignore, open_source
from trainer.chatlog.message import Message
from trainer.chatlog.senders import LISTED, OWN_LABELS, count_senders
from trainer.chatlog.source import find_sources

CUT = 500  # characters after which some phones cut a message; computers keep it whole


@dataclass(frozen=True, slots=True)
class Chat:
    """All exports of one chat. ``own_name`` is who 회원님 or You is, where the exports do not agree on it."""

    exports: tuple[Export, ...]
    own_name: str = ""

    @property
    def size(self) -> int:
        """In bytes: what `messages` reports to ``advance``, in all."""
        return sum(export.source.size for export in self.exports)

    def messages(self, advance: Advance = ignore) -> Iterator[Message]:
        """Every message once, in order of time. Reading begins here, up to the first message of anybody.

        Raises:
            NoMessages: nobody says anything.
            ExportError: as `Export.messages`, also while the rest is read.
        """
        streams = [self._renamed(export.messages(advance)) for export in self.exports]
        messages = streams[0] if len(streams) == 1 else merge(streams)
        begun: list[Message] = []
        for message in messages:
            begun.append(message)
            if message.sender:
                return chain(begun, messages)
        raise NoMessages("chatlog.empty", path=", ".join(export.name for export in self.exports))

    def _renamed(self, messages: Iterator[Message]) -> Iterator[Message]:
        if not self.own_name:
            return messages
        return (
            message._replace(sender=self.own_name) if message.sender in OWN_LABELS else message
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
    speakers = [frozenset(count_senders(export.messages())) for export in exports]
    for (one, its_names), (other, others_names) in combinations(zip(exports, speakers, strict=True), 2):
        if not _one_chat(one.room_title, its_names, other.room_title, others_names):
            raise ExportError(
                "chatlog.two_chats",
                first=one.name,
                first_names=_listed(its_names),
                second=other.name,
                second_names=_listed(others_names),
            )
    return Chat(exports, _own_name(speakers))


def merge_exports(paths: Sequence[Path], advance: Advance = ignore) -> Iterator[Message]:
    """Every message of the chat at ``paths``, once, in order of time; raises what `open_chat` and `Chat` do."""
    return open_chat(paths).messages(advance)


def participants(paths: Sequence[Path]) -> dict[str, int]:
    """How many messages each sender of the chat at ``paths`` wrote, most first; raises what `merge_exports` does."""
    return count_senders(merge_exports(paths))


# --- one chat or two ---


def _one_chat(title: str, names: frozenset[str], other_title: str, other_names: frozenset[str]) -> bool:
    """Whether two exports can be of one chat. Me is in all my chats, so one common name says nothing.

    Titles decide when they agree; when they differ, a room was renamed only if its people are the same, or most are.
    Own labels are no names.
    """
    names, other_names = names - OWN_LABELS, other_names - OWN_LABELS
    common = len(names & other_names)
    if names == other_names or (title and title == other_title):
        return True
    if title and other_title:
        return common >= 3
    return common >= 2 or names <= other_names or other_names <= names


def _own_name(speakers: Sequence[frozenset[str]]) -> str:
    """Who speaks in the exports without an own label, and never under their name in those with one.

    Where they do not tell, 회원님 and You are one person all the same: what the first export says.
    """
    labelled = [names for names in speakers if names & OWN_LABELS]
    unseen = frozenset().union(*speakers) - frozenset().union(*labelled)
    if labelled and len(unseen) == 1:
        return next(iter(unseen))
    labels = [label for names in labelled for label in sorted(names & OWN_LABELS)]
    return labels[0] if len(set(labels)) > 1 else ""


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)[:LISTED])


# --- minute by minute ---


@dataclass(frozen=True, slots=True)
class _Minute:
    """What one export has of a minute, and where its next minutes come from."""

    at: datetime
    messages: list[Message]
    later: Iterator[tuple[datetime, Iterator[Message]]]


def merge(streams: Iterable[Iterator[Message]]) -> Iterator[Message]:
    """Streams of one chat, each in order of time, as one: what several have comes once."""
    heads = [head for stream in streams if (head := _next(groupby(stream, _minute)))]
    heads.sort(key=lambda head: head.at)  # who began earlier knows better how a shared minute begins
    while heads:
        now = min(head.at for head in heads)
        together: list[Message] = []
        for head in heads:
            if head.at == now:
                together = unite(together, head.messages)
        yield from together
        nexts = [_next(head.later) if head.at == now else head for head in heads]
        heads = [head for head in nexts if head]


def unite(first: list[Message], second: list[Message]) -> list[Message]:
    """``first`` with what only ``second`` has, each where ``second`` has it; of a cut message the whole one."""
    if not first or first == second:
        return second
    places: dict[_Key, deque[int]] = {}
    for place, message in enumerate(first):
        places.setdefault(_key(message), deque()).append(place)
    united = [[message] for message in first]
    before: list[Message] = []  # those for which nothing of `first` has come yet
    last = None
    for message in second:
        if same := places.get(_key(message)):
            place = same.popleft()
            if len(message.text) > len(united[place][0].text):
                united[place][0] = message
            if last is None:
                united[place][:0], before = before, []
            last = place
        elif last is None:
            before.append(message)
        else:
            united[last].append(message)
    return [message for group in united for message in group] + before


_Key = tuple[str, str, str]


def _key(message: Message) -> _Key:
    """What makes two messages of a minute the same: placeholders differ by platform and language, kinds do not."""
    text = message.text[:CUT] if message.kind in ("text", "link") else ""
    return message.sender, message.kind, text


def _minute(message: Message) -> datetime:
    at = message.sent_at
    return at.replace(second=0) if at.second else at


def _next(groups: Iterator[tuple[datetime, Iterator[Message]]]) -> _Minute | None:
    for at, messages in groups:
        return _Minute(at, list(messages), groups)
    return None
