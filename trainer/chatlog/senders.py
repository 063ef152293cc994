"""Who speaks in a chat, and whom a name on the command line means.

participants(paths)                  {"이서연": 5210, "김도윤": 4871}
find_sender("김도윤", participants)   "김도윤"
find_partner("김도윤", participants)  "이서연"
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from persona_core.errors import UnknownName
from trainer.chatlog.message import Message

OWN_LABELS = frozenset(("회원님", "you", "You"))  # what some exports call the person who made them

_UNKNOWN = "(알수없음)"  # how some exports call whoever has left KakaoTalk

_SERVICES = frozenset(
    (
        "카카오톡",
        "카카오페이",
        "카카오뱅크",
        "카카오톡 선물하기",
        "카카오톡쇼핑하기",
        "톡스토어",
        "카카오맵",
        "카카오 T",
    )
)

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
    raise UnknownName("chatlog.unknown_name", name=name, names=_listed(list(participants)))


def find_partner(me: str, participants: Mapping[str, int]) -> str | None:
    """The one person besides ``me``; None where nobody else speaks.

    Raises:
        UnknownName: there are several, and only ``me`` knows who is meant; the text lists them.
    """
    others = [name for name in participants if name != me and not is_service(name)]
    people = [name for name in others if name != _UNKNOWN] or others
    if len(people) > 1:
        raise UnknownName("chatlog.group", me=me, count=len(people), names=_listed(people), first=people[0])
    return people[0] if people else None


def is_service(sender: str) -> bool:
    """Whether nobody writes under this name: a bot, a shop, KakaoTalk itself."""
    return sender in _SERVICES or sender.endswith(("봇", "알림톡"))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (" …" if len(names) > LISTED else "")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
