"""How a model foresees what it is asked to recite: for each row, its loss and whether it has it word for word.

    recite(model, rows)  ->  [Recital(nll=31.2, exact=False), Recital(nll=0.4, exact=True), …]

Where the likeliest token is the right one at every place, greedy decoding from the same beginning says exactly this:
one forward pass tells, and nothing need be generated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.tuning.evaluation import BATCH_TOKENS, batches, labelled_logits
from trainer.tuning.labels import Row


@dataclass(frozen=True, slots=True)
class Recital:
    """Over the labelled tokens of one row: loss in nats, together; and whether greedy decoding says all of them."""

    nll: float
    exact: bool


def recite(model: Any, rows: Sequence[Row]) -> list[Recital]:
    """One `Recital` for each row, in order. ``model`` is in eval mode; the same every time."""
    import torch

    weights = model.get_input_embeddings().weight
    recitals = []
    with (
        torch.inference_mode(),
        torch.autocast(weights.device.type, dtype=weights.dtype, enabled=weights.dtype != torch.float32),
    ):
        for batch in batches(rows, BATCH_TOKENS):
            logits, targets = labelled_logits(model, batch, weights.device)
            lengths = [row.supervised for row in batch]
            for said, right in zip(logits.split(lengths), targets.split(lengths), strict=True):
                nll = torch.nn.functional.cross_entropy(said.float(), right, reduction="sum").item()
                recitals.append(Recital(nll, bool((said.argmax(-1) == right).all())))
    return recitals
