"""Ways for a request to go wrong, and which request it strikes.

    Fault.answer(503, at=3)                 # the third request from now, whatever it is
    Fault.cut_upload(1000, method="PUT")    # the next PUT, after 1000 bytes of its body
    Fault.lose_answer(path="/commit/")      # the work is done, the answer never comes

`at` counts the matching requests since the fault was injected.
"""

import re
import threading
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack


class Where(TypedDict, total=False):
    """Which requests a fault strikes; all of them when nothing is said."""

    method: str
    path: str  # a regular expression, searched in the path
    at: int  # the first matching request to strike, from 1
    times: int | None  # how many from there; None is for ever


@dataclass(frozen=True)
class Fault:
    """One way for a request to go wrong; made by the class methods."""

    kind: Literal["answer", "cut_upload", "cut_download", "lose_answer", "hold", "silence"]
    method: str | None = None
    path: str = ""
    at: int = 1
    times: int | None = 1
    status: int = 503
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    amount: int = 0  # bytes
    reached: threading.Event = field(default_factory=threading.Event, repr=False)
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    @classmethod
    def answer(
        cls,
        status: int,
        *,
        message: str = "injected",
        headers: dict[str, str] | None = None,
        **where: Unpack[Where],
    ) -> "Fault":
        """Take the whole request, do nothing, answer `status`."""
        return cls("answer", status=status, message=message, headers=headers or {}, **where)

    @classmethod
    def cut_upload(cls, after: int = 0, **where: Unpack[Where]) -> "Fault":
        """Close the connection when `after` bytes of the request's body have come; do nothing."""
        return cls("cut_upload", amount=after, **where)

    @classmethod
    def cut_download(cls, after: int = 0, **where: Unpack[Where]) -> "Fault":
        """Answer, but close the connection after `after` bytes of the answer's body."""
        return cls("cut_download", amount=after, **where)

    @classmethod
    def lose_answer(cls, **where: Unpack[Where]) -> "Fault":
        """Do the work, then close the connection without a word."""
        return cls("lose_answer", **where)

    @classmethod
    def hold(cls, **where: Unpack[Where]) -> "Fault":
        """Say that it is `reached`, and do the work when it is `released`; see `Control.holding`."""
        return cls("hold", **where)

    @classmethod
    def silence(cls, **where: Unpack[Where]) -> "Fault":
        """Take the request, do nothing and never answer."""
        return cls("silence", **where)

    def matches(self, record: "Record") -> bool:
        return self.method in (None, record.method) and bool(re.search(self.path, record.path))


@dataclass
class Record:
    """One request as the server saw it; `role` says who asked, the token itself is never kept."""

    number: int
    method: str
    path: str
    query: str
    role: str
    origin: Literal["hub", "storage"]
    agent: str = ""  # what the client says of itself
    status: int | None = None  # None: nothing was ever answered
    received: int = 0  # bytes of the request's body
    sent: int = 0  # bytes of the answer's body
    fault: str | None = None
    body: bytearray = field(default_factory=bytearray, repr=False)  # of the request, when bodies are kept


class Armed:
    """An injected fault, counting the requests it matches."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0

    def strikes(self, record: Record) -> bool:
        if not self.fault.matches(record):
            return False
        self.seen += 1
        late = self.seen - self.fault.at
        return late >= 0 and (self.fault.times is None or late < self.fault.times)
