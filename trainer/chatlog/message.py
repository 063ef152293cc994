"""One message of a chat: what every grammar yields and every later stage reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["text", "media", "system", "deleted"]


@dataclass(frozen=True, slots=True)
class Message:
    """One bubble.

    ``sent_at`` is local time without zone, to the minute (mobile, Windows) or the second (macOS). ``sender`` is the
    name the export shows, empty for system lines and for accounts it no longer knows.
    """

    sent_at: datetime
    sender: str
    text: str
    kind: Kind = "text"
