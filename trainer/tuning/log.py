"""What a training recorded, as curves: the trainer's own log, read. It is in every checkpoint, so it outlives a break.

    curves(state)  ->  {"train_total_loss": [(1, 4.21), (2, 4.02), …], "eval_total_loss": [(50, 3.39), …], …}

The names of the measures are those of the managed tuning services. Losses are nats a token, over tokens that carry
loss; a fraction is the share of them foreseen as most likely; predictions are their number in the step.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainer.tuning.tensorboard import Point

GIB = 2**30
MOST = 700  # nats: the exponential of more is hardly a float

Curves = dict[str, list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The held-out score after ``step`` optimizer steps."""

    step: int
    nll: float
    accuracy: float
    tokens: int
    tokens_per_second: float  # of the training since the process began, validation excluded

    def entry(self) -> dict[str, Any]:
        """As it stands in the log."""
        return asdict(self)


def evaluations(state: Any) -> list[Evaluation]:
    """Every evaluation so far, oldest first."""
    names = Evaluation.__dataclass_fields__
    return [Evaluation(**{n: entry[n] for n in names}) for entry in state.log_history if "nll" in entry]


def best(state: Any) -> Evaluation:
    """The evaluation with the lowest loss, the first of equals."""
    return min(evaluations(state), key=lambda evaluation: evaluation.nll)


def curves_at(entry: Mapping[str, Any]) -> dict[str, float]:
    """The measures that one entry of the log holds, by name; none for the trainer's summary."""
    if "nll" in entry:
        return _measures("eval", entry["nll"], entry["accuracy"], entry["tokens"])
    if "loss" not in entry:
        return {}
    return {
        **_measures("train", entry["loss"], entry["accuracy"], entry["predictions"]),
        "learning_rate": entry["learning_rate"],
        "gradient_norm": entry["grad_norm"],
        "tokens_per_second": entry["tokens_per_second"],
        "peak_memory_gib": entry["peak_memory"] / GIB,
    }


def _measures(of: str, loss: float, accuracy: float, predictions: int) -> dict[str, float]:
    return {
        f"{of}_total_loss": loss,
        f"{of}_perplexity": math.exp(min(loss, MOST)),
        f"{of}_fraction_of_correct_next_step_preds": accuracy,
        f"{of}_num_predictions": predictions,
    }


def points(state: Any) -> Iterator[Point]:
    """The log as points of an event file."""
    for entry in state.log_history:
        if values := curves_at(entry):
            yield entry["step"], entry["time"], values


def curves(state: Any) -> Curves:
    """Every measure, each as its steps and values in order."""
    return _by_name((step, values) for step, _, values in points(state))


def _by_name(rows: Iterable[tuple[int, Mapping[str, float]]]) -> Curves:
    found: Curves = {}
    for step, values in rows:
        for name, value in values.items():
            found.setdefault(name, []).append((step, value))
    return found


def thinned(curve: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most ``most`` + 1 points of a curve, evenly, with its last."""
    every = max(1, math.ceil(len(curve) / most))
    return [*curve[:-1:every], *curve[-1:]]
