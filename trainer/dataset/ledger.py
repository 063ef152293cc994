"""What must be known of every example to choose among them: numbers only, some 200 bytes each; words stay on disk."""

from array import array

from trainer.dataset.shaping import Record


class Ledger:
    """One row for each example, in order of time."""

    def __init__(self) -> None:
        self.session = array("q")
        self.turns = array("q")  # persona turns that carry loss
        self.labels = array("q")  # persona messages that carry loss
        self.tokens = array("q")
        self._exchanges = array("q")
        self._replies = array("q")
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self.session)

    def add(self, record: Record) -> None:
        """Append the row of an example."""
        self.session.append(record.session)
        self.turns.append(record.turns)
        self.labels.append(record.labels)
        self.tokens.append(record.tokens)
        self._exchanges.frombytes(record.exchanges)
        self._replies.frombytes(record.replies)
        self._ends.append(len(self._replies))

    def exchanges(self, index: int) -> "array[int]":
        """The fingerprints of an example's trained turns, each with what it answers."""
        return self._exchanges[self._ends[index] : self._ends[index + 1]]

    def replies(self, index: int) -> "array[int]":
        """The fingerprints of an example's trained turns alone."""
        return self._replies[self._ends[index] : self._ends[index + 1]]
