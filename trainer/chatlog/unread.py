"""The lines of an export that could not be read: how many, and where the first of them are.

    UnreadLines(count=3, first=[2, 118, 119])

Their text is not kept: where they stand says enough.
"""

from dataclasses import dataclass, field

FIRST = 10  # line numbers kept: enough to look them up, however many there are


@dataclass(slots=True)
class UnreadLines:
    """A count that grows while an export is read, and the first line numbers (from 1)."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count the line with this number."""
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(line)

    def clear(self) -> None:
        """Begin again."""
        self.count = 0
        self.first.clear()
