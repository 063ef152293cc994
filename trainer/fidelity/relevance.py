"""Whether what a model would say answers what was asked, so that style is not bought with nonsense.

    Relevance(nll=3.9, perplexity=49.4, tokens=731, retrieved=Interval(0.35, 0.23, 0.48), candidates=10)

Two measures by the model's own likelihood of what the person really wrote: how well it foresees the real next turn, and
how often it finds the real one among ten that he wrote at ten moments. A reply counts by what this history adds to it:
log p(reply | history), less its mean over the ten histories, which is pointwise mutual information. Likelihood per token
would choose what is always likely, ㅇㅇ, whatever was asked (on the demo it finds no more than chance); a model that knows
his lines by heart and ignores the question would look good. Here it gains nothing: it is at chance.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from persona_core.engine.decoding import prompt_ids
from persona_core.prompt import OPENING, Turn, encode
from trainer.fidelity.bootstrap import Interval, share
from trainer.fidelity.contestants import Contestant, Stage
from trainer.fidelity.moments import Moment

CANDIDATES = 10  # replies to choose from: chance is one in ten
TIE = 0.01  # nats; the same reply read in another batch differs by less
LONGEST = 64  # tokens of a reply that are scored; ten of them over a vocabulary of 150,000 take 190 MB


@dataclass(frozen=True, slots=True)
class Relevance:
    """Of one contestant; ``nll`` in nats per token of the real replies, their end-of-turn tokens included."""

    nll: float
    perplexity: float
    tokens: int
    retrieved: Interval
    candidates: int


def relevance(
    stage: Stage,
    contestant: Contestant,
    moments: Sequence[Moment],
    seed: int,
    advance: Callable[[float], None] = lambda _: None,
) -> Relevance:
    """Measure ``contestant`` on ``moments`` (not empty)."""
    nll, tokens = 0.0, 0
    found: list[float] = []
    groups = rounds(moments, seed)
    with stage.model(contestant) as model:
        scorer = _Scorer(model, stage, contestant)
        for group in groups:
            replies = [moment.reply for moment in group]
            grid = []
            for moment in group:
                grid.append(scorer.log_likelihoods(moment.history, replies))
                advance(1)
            nll -= sum(row[place] for place, row in enumerate(grid))
            tokens += sum(len(scorer.ids(reply)) for reply in replies)
            found += retrieved(grid)
    return Relevance(nll / tokens, math.exp(nll / tokens), tokens, share(found, seed), len(groups[0]))


def rounds(moments: Sequence[Moment], seed: int) -> list[list[Moment]]:
    """Rounds of ten moments with ten different replies, each other's candidates; where none fills, one of fewer.

    ㅇㅇ twice in a round could not be told apart. What fills no round is left out.
    """
    mixed = random.Random(seed).sample(moments, k=len(moments))  # neighbours talk about the same
    filled: list[dict[tuple[str, ...], Moment]] = []
    for moment in mixed:
        place = next((one for one in filled if len(one) < CANDIDATES and moment.reply not in one), None)
        if place is None:
            filled.append(place := {})
        place[moment.reply] = moment
    full = [list(one.values()) for one in filled if len(one) == CANDIDATES]
    return full or [list(filled[0].values())]


def retrieved(grid: Sequence[Sequence[float]]) -> list[float]:
    """For each history (row) 1 when it speaks most for its own reply (column), 0 when for another; a tie is shared."""
    usual = [fmean(column) for column in zip(*grid, strict=True)]
    found = []
    for place, row in enumerate(grid):
        gains = [likely - mean for likely, mean in zip(row, usual, strict=True)]
        best = [gain > max(gains) - TIE for gain in gains]
        found.append(best[place] / sum(best))
    return found


class _Scorer:
    """Log-likelihoods of replies, the prompt being the one the engine would send."""

    def __init__(self, model: Any, stage: Stage, contestant: Contestant) -> None:
        self._model = model
        self._tokenizer = stage.trained.tokenizer
        self._shots = contestant.shots
        self._manifest = stage.manifest(contestant)
        self._room = stage.room

    def ids(self, reply: tuple[str, ...]) -> list[int]:
        """The tokens of a reply, its end included: the same after every history."""
        turns = (Turn("partner", (OPENING,)), Turn("persona", reply))
        encoded = encode(self._tokenizer, turns, self._manifest.chat_format)
        return [i for i, is_reply in zip(encoded.ids, encoded.is_reply, strict=True) if is_reply][:LONGEST]

    def log_likelihoods(self, history: Sequence[Turn], replies: Sequence[tuple[str, ...]]) -> list[float]:
        """In nats, of each of ``replies`` after ``history``. The prompt is read once, then all of them together."""
        import torch

        prompt = prompt_ids(self._tokenizer, (*self._shots, *history), self._manifest, self._room)
        rows = [torch.tensor(self.ids(reply)) for reply in replies]
        device = self._model.get_input_embeddings().weight.device
        with torch.inference_mode():
            asked = torch.tensor([prompt], device=device)
            read = self._model(input_ids=asked, use_cache=True, logits_to_keep=1)
            # A copy for each reply, in the way that every cache knows: a beam search that goes on from one beam.
            read.past_key_values.reorder_cache(torch.zeros(len(rows), dtype=torch.long, device=device))
            # Padded at the end: nothing that is read comes after it.
            said = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(device)
            out = self._model(
                input_ids=said[:, :-1],
                past_key_values=read.past_key_values,
                use_cache=True,
            )
            first = read.logits[0, -1].float().log_softmax(-1)
            return [
                float(first[row[0]] + _chosen(logits[: len(row) - 1], row[1:].to(device)))
                for row, logits in zip(rows, out.logits, strict=True)
            ]


def _chosen(logits: Any, tokens: Any) -> Any:
    """The log-likelihood of ``tokens`` ``[n]`` under ``logits`` ``[n, vocabulary]``, summed."""
    return logits.float().log_softmax(-1).gather(-1, tokens[:, None]).sum()
