"""Names with the mark in them that ends a name in a header: known from elsewhere, they say where to cut.

    2026년 3월 3일 오후 1:00, 소이 : 하트 : 안녕
    "소이 : 하트 님과 카카오톡 대화", "김도윤님이 소이 : 하트님을 초대했습니다."

Without such a line the first " : " ends the name.
"""

import re

from trainer.chatlog.events import is_about, is_bare_system, is_english_event, is_system

MARK = " : "
_MOST = 1_000  # names remembered; more than any room has of this kind
_PARTING = re.compile(r"님(?:[이을과] |, ?)| invited | and |, | joined| left|\.$")


class Names:
    """The names with a " : " that one export has told so far, beginning with the person its room is called by."""

    def __init__(self, room_title: str) -> None:
        self._by_beginning: dict[str, list[str]] = {}
        self._count = 0
        self._add(room_title)

    def hear(self, line: str) -> None:
        """Remember whom a system line names."""
        if MARK in line and is_bare_system(line):
            for name in _PARTING.split(line)[:-1]:  # the last part is what they did
                self._add(name)

    def is_open(self, sender: str) -> bool:
        """Whether a header cut at the first mark gives ``sender`` for somebody with a longer name."""
        return sender in self._by_beginning

    def cut(self, sender: str, body: str) -> tuple[str | None, str]:
        """Sender and body as the names tell; the sender is None where it is all a system line."""
        line = f"{sender}{MARK}{body}"
        for name in self._by_beginning.get(sender, ()):
            if line.startswith(name + MARK):
                return name, line[len(name + MARK) :]
            if line.startswith(name) and is_system(line):
                return None, line
        invited = " invited " in sender and is_english_event(line)
        return (None, line) if invited or is_about(sender, body) else (sender, body)

    def _add(self, name: str) -> None:
        beginning, mark, _ = name.partition(MARK)
        known = self._by_beginning.setdefault(beginning, []) if mark and self._count < _MOST else None
        if known is not None and name not in known:
            known.append(name)
            known.sort(key=len, reverse=True)
            self._count += 1
