"""From logits to a token, the same on every engine: who has the same logits and the same seed says the same.

    draws = generator(seed=7)
    sample(logits, said, Generation(temperature=0.9, top_k=50), draws)     # 1423

The rules and their order are those of transformers' warpers: repetition penalty, temperature, top-k, top-p.
"""

from collections.abc import Sequence
from typing import Any

from persona_core.manifest import Generation


def generator(seed: int | None) -> Any:
    """A generator of numpy; the same ``seed``, any integer, draws the same numbers on every machine, None others each time."""
    import numpy as np

    return np.random.default_rng(seed if seed is None or seed >= 0 else [1, -seed])


def sample(logits: Any, said: Sequence[int], chosen: Generation, draws: Any) -> int:
    """Draw one token from ``logits`` (float32, shape ``[vocabulary]``).

    ``said`` are the tokens of the reply so far: what she wrote is not penalised, echoing her words is no repetition.
    """
    import numpy as np

    tokens, probabilities = distribution(logits, said, chosen)
    if len(tokens) == 1:
        return int(tokens[0])
    # In the order of the vocabulary, not of likelihood: the last bits of two engines then move the borders a hair, where
    # they would swap neighbours.
    borders = probabilities.cumsum()
    return int(tokens[np.searchsorted(borders, draws.random() * borders[-1], side="right")])


def distribution(logits: Any, said: Sequence[int], chosen: Generation) -> tuple[Any, Any]:
    """The tokens that may come next, in ascending order, and their probabilities (float64, summing to 1)."""
    import numpy as np

    logits = _penalised(logits, said, chosen.repetition_penalty)
    if chosen.temperature == 0:
        return logits.argmax(keepdims=True), np.ones(1)
    tokens = np.arange(len(logits))
    if 0 < chosen.top_k < len(logits):
        tokens = np.flatnonzero(logits >= np.partition(logits, -chosen.top_k)[-chosen.top_k])
    scores = logits[tokens].astype(np.float64) / chosen.temperature
    weights = np.exp(scores - scores.max())
    probabilities = weights / weights.sum()
    if chosen.top_p < 1:
        order = probabilities.argsort(kind="stable")
        kept = np.sort(order[probabilities[order].cumsum() > 1 - chosen.top_p])
        kept = kept if len(kept) else order[-1:]
        tokens, probabilities = tokens[kept], probabilities[kept] / probabilities[kept].sum()
    return tokens, probabilities


def _penalised(logits: Any, said: Sequence[int], penalty: float) -> Any:
    import numpy as np

    if penalty == 1 or not said:
        return logits
    repeated = np.unique(said)
    scores = logits[repeated]
    logits = logits.copy()
    logits[repeated] = np.where(scores < 0, scores * penalty, scores / penalty)
    return logits
