"""What the micro-batches of one optimizer step came to: tokens foreseen, and which rows spoiled the loss.

    tally.begin()                                      # a step begins
    tally.add(inputs, loss, correct, predictions)      # each micro-batch; its numbers stay on the device
    tally.counts()                                     # (1204, 3911): tokens foreseen, tokens that carry loss

Nothing waits for the device before someone asks, so counting costs a step nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trainer import team


@dataclass(slots=True)
class Tally:
    """The current step of this process."""

    inputs: list[Mapping[str, Any]] = field(default_factory=list)
    losses: list[Any] = field(default_factory=list)
    correct: list[Any] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        """Forget the step before."""
        for entries in (self.inputs, self.losses, self.correct, self.predictions):
            entries.clear()

    def add(self, inputs: Mapping[str, Any], loss: Any, correct: Any, predictions: Any) -> None:
        """Count a micro-batch: what the model got, and three numbers on the device."""
        self.inputs.append(inputs)
        self.losses.append(loss.detach())
        self.correct.append(correct)
        self.predictions.append(predictions)

    def counts(self) -> tuple[int, int]:
        """Tokens foreseen as most likely, and tokens that carry loss, over all processes of the run."""
        import torch

        both = [int(torch.stack(numbers).sum()) for numbers in (self.correct, self.predictions)]
        correct, predictions = map(int, team.total(*both))
        return correct, predictions

    def is_finite(self) -> bool:
        """Whether every loss of this process' step is a number."""
        import torch

        return bool(torch.stack(self.losses).isfinite().all())

    def suspects(self) -> set[bytes]:
        """The rows of the micro-batches whose loss is no number, or of all if each is one; their ids as bytes."""
        bad = [not bool(loss.isfinite()) for loss in self.losses]
        chosen = [inputs for inputs, is_bad in zip(self.inputs, bad, strict=True) if is_bad or not any(bad)]
        return {row for inputs in chosen for row in _rows(inputs)}


def _rows(inputs: Mapping[str, Any]) -> Iterator[bytes]:
    """The rows of a micro-batch: packed ones begin where positions begin anew, padded ones have a mask."""
    import numpy as np

    ids = inputs["input_ids"].cpu().numpy().astype(np.intc)
    if "position_ids" not in inputs:
        for row, mask in zip(ids, inputs["attention_mask"].cpu().numpy(), strict=True):
            yield row[mask.astype(bool)].tobytes()
        return
    begins = (inputs["position_ids"].flatten() == 0).nonzero().flatten().tolist()
    for begin, end in zip(begins, [*begins[1:], ids.size], strict=True):
        yield ids.flatten()[begin:end].tobytes()
