"""The head of the graph for CPUs, without the tokens that none of his replies is made of.

    head = choose_head(model, tokenizer, train_rows, held_out_rows, generation)   # 63,482 of Qwen3's 151,936, and his own
    shorten(model, head)                                                          # before it is traced
    spell_out(graph, head)                                                        # logits [.., vocabulary] again

Each token of a reply is chosen by multiplying with the whole head: of Qwen3-1.7B a sixth of all weights, more than half of
whose rows are rare words of languages he does not write. Every text can still be said, in shorter pieces; a word that he
says often stays in one.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from persona_core.engine.sampling import distribution
from persona_core.manifest import Generation
from trainer.progress import say
from trainer.tuning.evaluation import LOGITS_AT_ONCE, labelled_logits
from trainer.tuning.labels import Row

# The first tokens of a vocabulary are the pieces that its makers met most: in Qwen's, Netflix, Instagram and Starbucks are
# among so many, and 32,768 would save two hundredths more of the time.
EARLY = 50_000
# In how many examples a later word is said before it counts as his: which they are can be read from the graph, and what
# only a few examples hold shall not be.
OFTEN = 5
HEARD_TOKENS = 2048  # of held-out replies, in some 6,000 of talk: 40 s at what two cores read of a base of 1.7 billion parameters
WORTH = 0.9  # of the head may be kept, or nothing is left out: a tenth is two hundredths of the time
MAX_MISSED = 0.001  # of his tokens, one in some fifty replies: where it is more, the head stays whole

_KOREAN = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e\ufffd]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Head:
    """The tokens ``ids`` of ``vocabulary`` that have a row, and the share of his tokens that is ``missed``."""

    ids: Sequence[int]
    vocabulary: int
    missed: float = 0.0

    @property
    def is_short(self) -> bool:
        return len(self.ids) < self.vocabulary


def whole_head(model: Any) -> Head:
    """Every token of ``model``."""
    vocabulary = model.get_output_embeddings().out_features
    return Head(range(vocabulary), vocabulary)


def choose_head(
    model: Any, tokenizer: Any, rows: Sequence[Row], held_out: Sequence[Row], generation: Generation
) -> Head:
    """What the head of ``model`` shall keep: `spoken_ids`, or all where ``held_out`` replies would miss too many."""
    whole = whole_head(model)
    spoken = spoken_ids(tokenizer, rows, whole.vocabulary)
    if len(spoken) > WORTH * whole.vocabulary:
        return whole
    short = replace(whole, ids=spoken, missed=missed(model, spoken, held_out, generation))
    kept = short if short.missed <= MAX_MISSED else whole
    say(
        "release.short_head" if kept.is_short else "release.whole_head",
        kept=f"{len(spoken):,}", vocabulary=f"{whole.vocabulary:,}", missed=f"{1000 * short.missed:.1f}",
    )  # fmt: skip
    return kept


def spoken_ids(tokenizer: Any, rows: Sequence[Row], vocabulary: int) -> list[int]:
    """The tokens that replies are made of, in ascending order, of the ``vocabulary`` rows of a head.

    They are those that any Korean reply may need, and those that ``rows`` often say.
    """
    examples = Counter(token for row in rows for token in {*row.labels})
    added = tokenizer.added_tokens_decoder
    known = sorted(token for token in tokenizer.get_vocab().values() if token < vocabulary)
    pieces = tokenizer.batch_decode([[token] for token in known])
    return [
        token
        for token, piece in zip(known, pieces, strict=True)
        if token < EARLY or token in added or examples[token] >= OFTEN or _is_for_all(piece.strip())
    ]


def _is_for_all(piece: str) -> bool:
    """Whether a later token is no word of another language: Hangul, a part of a letter, an emoji, a number, one letter."""
    if _KOREAN.search(piece) or not any(character.isalpha() for character in piece):
        return True
    return len(piece) == 1 and not _IDEOGRAPH.match(piece)


def missed(model: Any, spoken: Sequence[int], rows: Sequence[Row], generation: Generation) -> float:
    """The share of the tokens ``model`` would say in the replies of ``rows`` that are not ``spoken``.

    What it would say is what is drawn from: ``generation`` leaves most of a vocabulary out at every token anyway.
    """
    import numpy as np
    import torch

    lacks = np.ones(model.get_output_embeddings().out_features, dtype=bool)
    lacks[list(spoken)] = False
    shares = []
    with torch.inference_mode():
        for row in rows:
            logits, _ = labelled_logits(model, [row], model.device)
            for some in logits.split(LOGITS_AT_ONCE):
                for one in some.float().cpu().numpy():
                    tokens, probabilities = distribution(one, (), generation)
                    shares.append(probabilities[lacks[tokens]].sum())
    return float(np.mean(shares))


def shorten(model: Any, kept: Head) -> None:
    """Leave the head of a model of transformers the rows ``kept``; an embedding that shares them keeps all of its own."""
    import torch

    head = model.get_output_embeddings()
    short = torch.nn.Linear(head.in_features, len(kept.ids), bias=head.bias is not None, device="meta")
    for name, whole in head.named_parameters():
        rows = whole[torch.tensor(kept.ids)].detach()
        setattr(short, name, torch.nn.Parameter(rows, requires_grad=False))
    model.set_output_embeddings(short)


def spell_out(graph: Any, kept: Head) -> None:
    """Give ``graph`` logits ``[.., vocabulary]`` for those of ``kept``: what is never said is as unlikely as can be.

    As unlikely as the least likely of them, not impossible: then the distance to the exact model is still a number.
    """
    import numpy as np
    from openvino import opset13

    places: Any = np.full(kept.vocabulary, len(kept.ids), dtype=np.int32)
    places[list(kept.ids)] = np.arange(len(kept.ids))
    result = graph.output("logits").get_node()
    short = result.input_value(0)
    least = opset13.reduce_min(short, np.array([-1]), keep_dims=True)
    whole = opset13.gather(opset13.concat([short, least.output(0)], -1), places, np.array(-1))
    names = short.get_names()
    short.set_names(set())
    whole.output(0).set_names(names)
    result.input(0).replace_source_output(whole.output(0))
    graph.validate_nodes_and_infer_types()
