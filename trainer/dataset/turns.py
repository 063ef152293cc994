"""Messages -> sessions -> turns: silence ends a session, the other's answer ends a turn, nothing else does.

A late reply is still a reply: two messages 59 minutes apart stay together under the default gap of 60.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby

from persona_core.prompt import Role, Turn, clean_bubble
from trainer.chatlog.message import Message

Session = tuple[Message, ...]


def split_sessions(messages: Iterable[Message], gap: timedelta) -> Iterator[Session]:
    """Cut where nobody wrote for longer than ``gap``. Messages come in order of time."""
    session: list[Message] = []
    for message in messages:
        if session and message.sent_at - session[-1].sent_at > gap:
            yield tuple(session)
            session = []
        session.append(message)
    if session:
        yield tuple(session)


def to_turns(session: Iterable[Message], persona: str) -> tuple[Turn, ...]:
    """Consecutive bubbles of one side, in order. Whoever is not ``persona`` is the partner."""
    said = [
        ("persona" if message.sender == persona else "partner", bubble)
        for message in session
        if (bubble := clean_bubble(message.text))
    ]
    sides: tuple[Role, Role] = ("persona", "partner")
    return tuple(
        Turn(sides[side != "persona"], tuple(bubble for _, bubble in bubbles))
        for side, bubbles in groupby(said, key=lambda pair: pair[0])
    )
