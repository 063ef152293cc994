"""Who speaks in a chat, and whom a name on the command line means.

participants(paths)                  {"이서연": 5210, "김도윤": 4871}
find_sender("김도윤", participants)   "김도윤"
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from persona_core.errors import UnknownName
from trainer.chatlog.message import Message

OWN_LABELS = frozenset(("회원님", "you", "You"))  # what some exports call the person who made them

LISTED = 20  # names in an error: it is one line, and an open chat has hundreds


def count_senders(messages: Iterable[Message]) -> dict[str, int]:
    """How many messages each sender wrote, most first; of whatever kind, but system lines are nobody's."""
    counts = Counter(message.sender for message in messages if message.sender and message.kind != "system")
    return dict(counts.most_common())


def find_sender(name: str, participants: Mapping[str, int]) -> str:
    """The sender that ``name`` means, as the export writes it: spaces around it and its Unicode form do not count.

    Raises:
        UnknownName: nobody is called so; the text lists who is there.
    """
    for sender in participants:
        if _folded(sender) == _folded(name):
            return sender
    names = ", ".join(list(participants)[:LISTED]) + (" …" if len(participants) > LISTED else "")
    raise UnknownName("chatlog.unknown_name", name=name, names=names)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
