"""Attention inside the rows of a packed batch, and only there.

    rows of one sequence   a a a b b          computed by sdpa: 25 scores, 16 of them masked away or unused
                                              computed here:    a's 9 and b's 4

transformers keeps packed rows apart by a mask and computes what the mask hides, too: of 1,024 tokens that hold ten
examples, nine tenths. Here every row is a call of its own with its own part of the mask, so the numbers are the same.
On a CPU that is where most of a packed step went (61 % of it at 1,024 tokens), and a third of what was left was sdpa's
backward, which in bfloat16 takes three times as long as the products written out; so short rows are. A GPU keeps
transformers' way: there many small calls have a price of their own, and nobody has measured which is dearer.
"""

from itertools import pairwise
from typing import Any

BY_ROW = "by_row"  # the name of this way to compute attention, beside transformers' "sdpa"

# Tokens of a row whose attention is written out. Forward and backward of 110 tokens and 8 heads of 64 in bfloat16: 1.0 ms
# for 3.0 of sdpa's, of 500 tokens 14 for 21 (one core, AVX-512). Longer rows would keep too many scores for the backward.
SHORT = 256


def attend_by_row(model: Any) -> None:
    """Let ``model`` compute attention row by row wherever a batch says where its rows begin, as trl's do."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(BY_ROW, by_row)
    AttentionMaskInterface.register(BY_ROW, sdpa_mask)
    model.set_attn_implementation(BY_ROW)


def by_row(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    *,
    cu_seq_lens_q: Any = None,
    **others: Any,
) -> tuple[Any, None]:
    """What transformers' sdpa computes; ``cu_seq_lens_q`` says where rows begin, and where the last one ends."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if attention_mask is None or cu_seq_lens_q is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **others)  # type: ignore[no-any-return]
    # What is wide sdpa computes as quickly, and what is special it refuses or computes itself.
    special = any(others.get(name) is not None for name in ("softcap", "position_bias"))
    write_out = query.dtype == torch.bfloat16 and not special
    rows = []
    for begin, end in pairwise(cu_seq_lens_q.tolist()):
        attend = in_products if write_out and end - begin <= SHORT else sdpa_attention_forward
        own = attention_mask[..., begin:end, begin:end]
        q, k, v = (states[:, :, begin:end] for states in (query, key, value))
        rows.append(attend(module, q, k, v, own, **others)[0])
    return torch.cat(rows, dim=1), None


def in_products(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Any, None]:
    """Attention ``[rows, tokens, heads, size]`` as two products around a softmax in float32.

    ``query`` is ``[rows, heads, tokens, size]``, ``key`` and ``value`` have a head for several of its heads, and
    ``attention_mask`` is true where a token may look.
    """
    import torch

    _, heads, tokens, size = query.shape
    folded = query.reshape(len(query), key.shape[1], -1, size)  # heads that share a key, one after the other
    scores = folded @ key.transpose(2, 3) * (scaling or size**-0.5)
    scores = scores.view(-1, heads, tokens, tokens).masked_fill(~attention_mask, -torch.inf)
    shares = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
    shares = torch.nn.functional.dropout(shares, dropout, module.training)
    answers = shares.view(len(query), key.shape[1], -1, tokens) @ value
    return answers.view(query.shape).transpose(1, 2), None
