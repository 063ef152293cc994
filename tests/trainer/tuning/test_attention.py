"""Attention by row is attention under the mask that keeps rows apart, without what that mask hides."""

import pytest

from trainer.tuning.attention import SHORT, by_row, in_products


class Layer:
    """What transformers' sdpa asks of the layer it works for: two query heads share a key head."""

    num_key_value_groups = 2
    is_causal = True
    training = True


@pytest.fixture
def states():
    """Queries of 4 heads, keys and values of 2, over 9 tokens: rows of 4, 1 and 4."""
    import torch

    torch.manual_seed(0)
    return [torch.randn(1, heads, 9, 8) for heads in (4, 2, 2)]


@pytest.fixture
def mask():
    """Causal inside each row."""
    import torch

    row = torch.tensor([0, 0, 0, 0, 1, 2, 2, 2, 2])
    return ((row[:, None] == row) & torch.ones(9, 9, dtype=torch.bool).tril())[None, None]


def test_rows_apart_are_rows_under_their_mask(states, mask):
    """The same numbers as one call over all rows with the mask."""
    import torch

    together, _ = by_row(Layer(), *states, mask)
    apart, _ = by_row(Layer(), *states, mask, cu_seq_lens_q=torch.tensor([0, 4, 5, 9]))
    assert apart.shape == (1, 9, 4, 8)
    assert torch.allclose(apart, together, atol=1e-6)


def test_what_other_rows_hold_is_never_read(states, mask):
    """A row that is no number leaves the others as they are: it was not even multiplied by nought."""
    import torch

    starts = torch.tensor([0, 4, 5, 9])
    before, _ = by_row(Layer(), *states, mask, cu_seq_lens_q=starts)
    for state in states:
        state[:, :, :4] = torch.nan
    after, _ = by_row(Layer(), *states, mask, cu_seq_lens_q=starts)
    assert after[:, :4].isnan().all()
    assert torch.equal(after[:, 4:], before[:, 4:])


def test_a_batch_of_one_row_needs_no_mask(states):
    """Without a mask attention is causal over the whole, wherever rows are said to begin."""
    import torch

    whole, _ = by_row(Layer(), *states, None)
    assert torch.equal(by_row(Layer(), *states, None, cu_seq_lens_q=torch.tensor([0, 9]))[0], whole)


def test_products_are_what_sdpa_computes(states, mask):
    """Answers and gradients are the same numbers, with every head at its own key."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    came = []
    for attend in (sdpa_attention_forward, in_products):
        leaves = [state.clone().requires_grad_() for state in states]
        answers, _ = attend(Layer(), *leaves, mask, scaling=0.3)
        answers.square().sum().backward()
        came.append([answers, *(leaf.grad for leaf in leaves)])
    for expected, written_out in zip(*came, strict=True):
        assert torch.allclose(expected, written_out, atol=1e-5)


def test_short_rows_in_bfloat16_are_written_out(states, mask, monkeypatch):
    """Rows of up to SHORT tokens are products; a longer one, and any in float32, is sdpa's."""
    import torch

    from trainer.tuning import attention

    seen = []
    monkeypatch.setattr(
        attention,
        "in_products",
        lambda *given, **told: seen.append(given[1].shape[2]) or in_products(*given, **told),
    )
    starts = torch.tensor([0, 4, 5, 9])
    by_row(Layer(), *states, mask, cu_seq_lens_q=starts)
    assert seen == []
    by_row(Layer(), *(state.bfloat16() for state in states), mask, cu_seq_lens_q=starts)
    assert seen == [4, 1, 4]
    long = [torch.randn(1, heads, SHORT + 1, 8, dtype=torch.bfloat16) for heads in (4, 2, 2)]
    causal = torch.ones(SHORT + 1, SHORT + 1, dtype=torch.bool).tril()[None, None]
    by_row(Layer(), *long, causal, cu_seq_lens_q=torch.tensor([0, SHORT + 1]))
    assert seen == [4, 1, 4]
