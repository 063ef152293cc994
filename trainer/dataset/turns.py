"""Messages -> sessions -> turns: silence ends a session, the other's answer ends a turn, nothing else does.

A late reply is still a reply: two messages 59 minutes apart stay together under the default gap of 60. What is no
speech still separates turns: when the partner answers with a photo, what the persona says before and after it are two
turns, with a partner turn of ``…`` between them.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from persona_core.prompt import OPENING, Turn, clean_bubble
from trainer.chatlog.message import Message
from trainer.dataset.curation import Spoken

Session = tuple[Message, ...]
WORDLESS = Turn("partner", (OPENING,))  # a photo, a call, a link: the partner's turn, without words


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


def to_turns(session: Iterable[Spoken]) -> list[Turn]:
    """Consecutive bubbles of one side, in order; what a rule drops has no words."""
    turns: list[Turn] = []
    for by_persona, said in groupby(session, key=attrgetter("by_persona")):
        bubbles = tuple(clean_bubble(spoken.text) for spoken in said if not spoken.rule)
        if not bubbles:
            continue
        role = "persona" if by_persona else "partner"
        if turns and turns[-1].role == role:
            if by_persona:
                turns.append(WORDLESS)
            else:
                bubbles = turns.pop().bubbles + bubbles
        turns.append(Turn("persona" if by_persona else "partner", bubbles))
    return turns
