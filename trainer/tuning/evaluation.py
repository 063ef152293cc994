"""How well a model foresees what the person really wrote: loss per token on talk it never saw, base beside tuned.

    {"base":  {"nll": 4.71, "perplexity": 111.0, "accuracy": 0.21, "tokens": 5120},
     "tuned": {"nll": 3.02, "perplexity": 20.5,  "accuracy": 0.43, "tokens": 5120}, "nll_reduction": 0.36}

Every labelled token weighs the same, so the figures do not depend on how rows fall into batches; and only labelled
positions ever become logits, a few at a time, so a long validation set costs time but no memory.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, chain
from typing import Any

from persona_core.prompt import ChatFormat
from trainer import team
from trainer.progress import say
from trainer.run import Run
from trainer.tuning.base import choose_device, load_model, load_tokenizer, prepare_process
from trainer.tuning.labels import IGNORED, Row, read_rows
from trainer.tuning.source import Source, source_of

BATCH_TOKENS = 1024  # of rows in one forward: enough to keep a GPU busy, little beside the weights
LOGITS_AT_ONCE = 128  # positions in float32: 80 MB a copy at a vocabulary of 150,000


@dataclass(frozen=True, slots=True)
class Score:
    """Over all labelled tokens: mean negative log-likelihood in nats, and the share foreseen as most likely."""

    nll: float
    accuracy: float
    tokens: int

    @property
    def perplexity(self) -> float:
        return math.exp(self.nll) if self.nll < 700 else math.inf  # exp(710) is beyond a float


@dataclass(frozen=True, slots=True)
class Trained:
    """A run's base with its adapter on it (a PeftModel: the base alone is one ``disable_adapter`` away)."""

    source: Source
    tokenizer: Any
    model: Any


def load_trained(run: Run) -> Trained:
    """What a run has trained, to be measured.

    Raises:
        TrainingError, HubError: see `trainer.tuning.base` and `.source`.
    """
    prepare_process()
    from peft import PeftModel

    source = source_of(run)
    base = load_model(source, choose_device(run.settings.device))
    return Trained(source, load_tokenizer(source), PeftModel.from_pretrained(base, str(run.adapter)))


def evaluate(run: Run, trained: Trained) -> None:
    """Measure base and tuned on validation.jsonl: section ``evaluation`` of the run's metrics.

    Raises:
        DataError: see `trainer.tuning.labels`.
    """
    model, settings = trained.model, run.settings
    held_out = read_rows(trained.tokenizer, run.validation_file, ChatFormat(), settings.max_length).rows
    tuned = measure(model, held_out)
    with model.disable_adapter():
        base = measure(model, held_out)
    run.add_metrics("evaluation", comparison(base, tuned))
    say("tuning.compared", base=f"{base.nll:.3f}", tuned=f"{tuned.nll:.3f}", tokens=f"{tuned.tokens:,}")


def comparison(base: Score, tuned: Score) -> dict[str, Any]:
    """Both scores as plain numbers, and by which share the loss fell."""
    scores = {
        name: {**asdict(score), "perplexity": score.perplexity}
        for name, score in (("base", base), ("tuned", tuned))
    }
    return {**scores, "nll_reduction": 1 - tuned.nll / base.nll}


def measure(model: Any, rows: Sequence[Row]) -> Score:
    """Score ``model`` on the labelled tokens of ``rows``; the same every time. Leaves its mode as it was.

    Several processes score a share each, and each gets the score of all.
    """
    import torch

    dtype = model.get_input_embeddings().weight.dtype
    device = model.get_input_embeddings().weight.device
    was_training = model.training
    nll, correct, tokens = 0.0, 0.0, 0.0
    model.eval()
    with (
        torch.inference_mode(),
        torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32),  # as in training
    ):
        for batch in batches(team.share(rows), BATCH_TOKENS):
            logits, targets = labelled_logits(model, batch, device)
            for some, their in zip(logits.split(LOGITS_AT_ONCE), targets.split(LOGITS_AT_ONCE), strict=True):
                nll += torch.nn.functional.cross_entropy(some.float(), their, reduction="sum").item()
                correct += int((some.argmax(-1) == their).sum())
            tokens += len(targets)
    model.train(was_training)
    nll, correct, tokens = team.total(nll, correct, tokens)
    return Score(nll / tokens, correct / tokens, int(tokens))


def batches(rows: Iterable[Row], limit: int) -> Iterator[list[Row]]:
    """Neighbouring rows, together at most ``limit`` tokens; a longer row comes alone."""
    batch: list[Row] = []
    for row in rows:
        if batch and sum(len(r.input_ids) for r in batch) + len(row.input_ids) > limit:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def labelled_logits(model: Any, batch: Sequence[Row], device: Any) -> tuple[Any, Any]:
    """Logits ``[n, vocabulary]`` and targets ``[n]`` of the labelled tokens of rows laid end to end.

    Positions that begin anew tell transformers where a row begins: it keeps attention inside each. `by_row` reads the
    same from ``cu_seq_lens_q``, and took half of sdpa's time for 1,024 tokens on a CPU.
    """
    import torch

    ends = accumulate(len(row.input_ids) for row in batch)

    ids = torch.tensor(list(chain.from_iterable(row.input_ids for row in batch)))
    positions = torch.cat([torch.arange(len(row.input_ids)) for row in batch])
    labels = torch.tensor(list(chain.from_iterable(row.labels for row in batch)))
    labelled = ((labels != IGNORED) & (positions > 0)).nonzero().flatten()
    logits = model(
        input_ids=ids[None].to(device),
        position_ids=positions[None].to(device),
        cu_seq_lens_q=torch.tensor([0, *ends]),
        logits_to_keep=(labelled - 1).to(device),  # the token before foresees it
        use_cache=False,
    ).logits[0]
    return logits, labels[labelled].to(device)
