"""What happened to every message and every example: the counts behind the report, and one masked example a rule.

Each process counts for itself; `Tally.add` puts the counts together.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["message", "example"]


@dataclass(slots=True)
class Dropped:
    """What one rule dropped: ``count`` messages or examples, and how many of the persona's messages that were."""

    unit: Unit = "message"
    count: int = 0
    persona_messages: int = 0
    example: str = ""  # masked

    def add(self, other: "Dropped") -> None:
        self.unit = other.unit
        self.count += other.count
        self.persona_messages += other.persona_messages
        self.example = self.example or other.example


@dataclass(slots=True)
class Tally:
    """Counts of one chat, or of a part of it. Histograms count how often each length occurs."""

    messages: int = 0
    persona_messages: int = 0
    sessions: int = 0
    session_lengths: Counter[int] = field(default_factory=Counter)  # messages in a session
    months: Counter[tuple[int, bool]] = field(default_factory=Counter)  # (202506, by the persona)
    hours: Counter[tuple[int, bool]] = field(default_factory=Counter)
    persona_bursts: Counter[int] = field(default_factory=Counter)  # bubbles in a turn
    partner_bursts: Counter[int] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)  # by type
    dropped: dict[str, Dropped] = field(default_factory=dict)  # by rule

    def drop(
        self, rule: str, *, count: int = 1, persona: int = 0, unit: Unit = "message", example: str = ""
    ) -> None:
        """Count what ``rule`` dropped."""
        self.dropped.setdefault(rule, Dropped(unit)).add(Dropped(unit, count, persona, example))

    def add(self, other: "Tally") -> None:
        """Count what another part of the chat counted."""
        self.messages += other.messages
        self.persona_messages += other.persona_messages
        self.sessions += other.sessions
        self.session_lengths += other.session_lengths
        self.months += other.months
        self.hours += other.hours
        self.persona_bursts += other.persona_bursts
        self.partner_bursts += other.partner_bursts
        self.masked += other.masked
        for rule, dropped in other.dropped.items():
            self.dropped.setdefault(rule, Dropped(dropped.unit)).add(dropped)
