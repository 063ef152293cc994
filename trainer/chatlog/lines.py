"""Lines of an export that were counted instead of read: how many, and where the first of them are.

    Lines(count=3, first=[2, 118, 119])
    Lines(count=1, first=[812], junk="ff fe 00")

Their text is not kept: where they stand says enough.
"""

from dataclasses import dataclass, field

FIRST = 10  # line numbers kept: enough to look them up, however many there are


@dataclass(slots=True)
class Lines:
    """A count that grows while an export is read, and the first line numbers (from 1).

    ``junk`` is the first bytes that are no text, in hexadecimal; empty where all were.
    """

    count: int = 0
    first: list[int] = field(default_factory=list)
    junk: str = ""

    def add(self, line: int) -> None:
        """Count the line with this number."""
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(line)

    def clear(self) -> None:
        """Begin again."""
        self.count = 0
        self.first.clear()
        self.junk = ""
