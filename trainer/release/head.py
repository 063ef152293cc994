"""The head of the graph for CPUs, without the tokens that none of his replies is made of.

    spoken = spoken_ids(tokenizer, train_rows)      # of Qwen3's 151,669 tokens 43,677 and his own
    cost(model, spoken, held_out_rows)              # what that loses, in nats a token
    shorten(model, spoken)                          # before it is traced
    spell_out(graph, spoken, vocabulary)            # logits [.., vocabulary] again

Each token of a reply is chosen by multiplying with the whole head: of Qwen3-1.7B a sixth of all weights, seven tenths of
whose rows are late words of languages he does not write. Every text can still be said, in shorter pieces; a word that he
says often stays in one.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trainer.tuning.evaluation import LOGITS_AT_ONCE, labelled_logits
from trainer.tuning.labels import Row

EARLY = 2**15  # the first tokens of a vocabulary: its bytes, and the pieces that its makers met most
# In how many examples a late word is said before it counts as his: which they are can be read from the graph, and what
# only a few examples hold shall not be.
OFTEN = 5
_KOREAN = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e\ufffd]")
MAX_COST = 0.01  # nats per token, a fifth of what a release may lose: where it is more, the head stays whole


def spoken_ids(tokenizer: Any, rows: Sequence[Row]) -> list[int]:
    """The tokens that replies are made of, in ascending order: what any Korean reply may need, and what ``rows`` often say."""
    examples = Counter(token for row in rows for token in {*row.labels})
    added = tokenizer.added_tokens_decoder
    pieces = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
    return [
        token
        for token, piece in enumerate(pieces)
        if token < EARLY or token in added or examples[token] >= OFTEN or _is_for_all(piece)
    ]


def _is_for_all(piece: str) -> bool:
    """Whether a late token is no word of another language: Hangul, a part of a letter, an emoji, a number."""
    return _KOREAN.search(piece) is not None or not any(character.isalpha() for character in piece)


def cost(model: Any, spoken: Sequence[int], rows: Sequence[Row]) -> float:
    """What ``model`` loses on the replies of ``rows`` when it has no tokens but ``spoken``, in nats per token.

    The divergence from what it is, or the rise of its loss: whichever is more.
    """
    import torch

    divergence, rise, tokens = 0.0, 0.0, 0
    with torch.inference_mode():
        for row in rows:
            logits, said = labelled_logits(model, [row], model.device)
            for whole, their in zip(logits.split(LOGITS_AT_ONCE), said.split(LOGITS_AT_ONCE), strict=True):
                lost = whole.float().log_softmax(-1) - _floored(whole.float(), spoken).log_softmax(-1)
                divergence += float((whole.float().softmax(-1) * lost).sum())
                rise += float(lost.gather(1, their[:, None]).sum())
            tokens += len(said)
    return max(divergence, rise) / max(1, tokens)


def _floored(logits: Any, spoken: Sequence[int]) -> Any:
    """What `spell_out` makes of ``logits`` ``[n, vocabulary]``."""
    kept = logits[:, spoken]
    floored = kept.amin(-1, keepdim=True).repeat(1, logits.shape[1])
    floored[:, spoken] = kept
    return floored


def shorten(model: Any, spoken: Sequence[int]) -> None:
    """Leave the head of a model of transformers the rows ``spoken``; an embedding that shares them keeps all of its own."""
    import torch

    head = model.get_output_embeddings()
    short = torch.nn.Linear(head.in_features, len(spoken), bias=head.bias is not None, device="meta")
    for name, whole in head.named_parameters():
        rows = whole[torch.tensor(spoken)].detach()
        setattr(short, name, torch.nn.Parameter(rows, requires_grad=False))
    model.set_output_embeddings(short)


def spell_out(graph: Any, spoken: Sequence[int], vocabulary: int) -> None:
    """Give ``graph`` logits ``[.., vocabulary]`` for those of ``spoken``: what is never said is as unlikely as can be.

    As unlikely as the least likely of them, not impossible: then the distance to the exact model is still a number.
    """
    import numpy as np
    from openvino import opset13

    places: Any = np.full(vocabulary, len(spoken), dtype=np.int32)
    places[list(spoken)] = np.arange(len(spoken))
    result = graph.output("logits").get_node()
    short = result.input_value(0)
    least = opset13.reduce_min(short, np.array([-1]), keep_dims=True)
    whole = opset13.gather(opset13.concat([short, least.output(0)], -1), places, np.array(-1))
    names = short.get_names()
    short.set_names(set())
    whole.output(0).set_names(names)
    result.input(0).replace_source_output(whole.output(0))
    graph.validate_nodes_and_infer_types()
