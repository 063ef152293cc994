"""Messages -> sessions -> turns: silence ends a session, the other's answer ends a turn, nothing else does.

A late reply is still a reply: two messages 59 minutes apart stay together under the default gap of 60. What is no
speech still separates turns: when the partner answers with a photo, what the persona says before and after it are two
turns, with a partner turn of ``…`` between them. So does what a third person says in a group room, of which no word is
learned: a reply follows what the partner said since the persona last spoke, whoever spoke in between, and ``…`` where
only others did.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby

from persona_core.prompt import OPENING, Role, Turn, clean_bubble
from trainer.chatlog.message import Message
from trainer.dataset.curation import NOBODYS, OTHERS, Spoken

Session = tuple[Message, ...]
LONGEST = 2_000  # messages: hours without a pause; memory stays even, and windows are far shorter anyway
WORDLESS = Turn("partner", (OPENING,))  # a photo, a call, a link: the partner's turn, without words


def split_sessions(messages: Iterable[Message], gap: timedelta, persona: str) -> Iterator[Session]:
    """Cut where nobody wrote for longer than ``gap``. Messages come in order of time.

    In a room that is never silent a session also ends after `LONGEST` messages, where the persona has just answered.
    """
    session: list[Message] = []
    for message in messages:
        if session and (message.sent_at - session[-1].sent_at > gap or _is_full(session, message, persona)):
            yield tuple(session)
            session = []
        session.append(message)
    if session:
        yield tuple(session)


def _is_full(session: list[Message], following: Message, persona: str) -> bool:
    if len(session) < LONGEST:
        return False
    return session[-1].sender == persona != following.sender or len(session) >= 5 * LONGEST


def to_turns(session: Iterable[Spoken]) -> list[Turn]:
    """Consecutive bubbles of one side, in order; what a rule drops has no words."""
    turns: list[Turn] = []
    of_a_side = (spoken for spoken in session if spoken.rule not in NOBODYS)
    for (by_persona, _), said in groupby(of_a_side, key=lambda s: (s.by_persona, s.rule == OTHERS)):
        bubbles = tuple(clean_bubble(spoken.text) for spoken in said if not spoken.rule)
        if not bubbles:
            continue
        role: Role = "persona" if by_persona else "partner"
        if turns and turns[-1].role == role:
            if by_persona:
                turns.append(WORDLESS)
            else:
                bubbles = turns.pop().bubbles + bubbles
        turns.append(Turn(role, bubbles))
    return turns
