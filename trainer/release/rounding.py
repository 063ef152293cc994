"""Round the weights of one layer to 4 bits so that what the layer *says* stays, not each number by itself.

    round_layer(linear.weight, delta, gram=x.T @ x)      # NF4
    round_evenly(linear.weight, gram)                    # int4

The trained model is the base in NF4 plus the adapter's delta. Its weights lie on the grid of NF4 but for the delta, which
is mostly smaller than half a step: rounded one by one they fall back on the base and the person is gone. Here inputs
are taken one after the other, the largest first, and what rounding one of them costs is made good by those to come, as
far as both are heard together in real text (Frantar et al. 2022, "GPTQ"). Each block of 64 keeps the base's scale, on
whose grid it lies, or takes one that fits what it became; both are points of the grid that double quantisation left.

A delta far below half a step still arrives too small: a weak adapter lost a fifth of what it had learned. So the layer
is rounded again, with a delta as much stronger as the last one came out weaker. Even steps know nothing of the base's
grid, so that no delta falls back on it: there one round is enough.
"""

from typing import Any

from persona_core.engine.openvino import GROUP

DAMPING = (
    0.01  # of the gram matrix's mean diagonal: makes it invertible when text leaves some directions unheard
)
COLUMNS = 128  # inputs whose corrections are gathered before they reach the rest: one matrix product for many


ROUNDS = 3  # at most; a strong adapter takes one, the weakest had what they need after two
ENOUGH = 0.01  # of a delta may be missing, or too much, before the layer is rounded again


def round_layer(weight: Any, delta: Any, gram: Any) -> None:
    """Add ``delta`` to ``weight`` (a `Params4bit` with nested scales): the codes and scales nearest in what it says.

    ``delta`` is ``[outputs, inputs]``, ``gram`` ``[inputs, inputs]`` is the sum of x xᵀ over real inputs x; both
    float32, on the CPU. Blocks of 64 run along the inputs. Works in the memory of four gram matrices (1.5 GB for 9,728
    inputs) and six deltas.
    """
    state = weight.quant_state
    base, scales = dequantised(weight), state.absmax.clone()
    said = delta @ gram
    heard = gram.diagonal().clone()
    order = heard.argsort(descending=True)
    inverse = _inverse(gram[order][:, order])
    strength = 1.0
    for _ in range(ROUNDS):
        state.absmax.copy_(scales)
        _round(weight, base + strength * delta, heard, inverse)
        arrived = ((dequantised(weight) - base) * said).sum() / (delta * said).sum()  # no number for no delta
        if not (arrived - 1).abs() > ENOUGH:
            break
        strength += 1 - float(arrived)


def round_evenly(weight: Any, gram: Any) -> None:
    """Move ``weight`` ``[outputs, inputs]`` of any float type to int4's grid: -8 to 7 steps, `GROUP` inputs a step.

    The greatest of a group is -8 steps, which is how NNCF finds the grid again; ``gram`` as in `round_layer`.
    """
    import torch

    exact = weight.float()
    groups = exact.view(len(exact), -1, GROUP)
    steps = groups.gather(2, groups.abs().argmax(2, keepdim=True)) / -8
    steps = steps.where(steps != 0, 1).expand_as(groups).reshape(exact.shape)
    order = gram.diagonal().argsort(descending=True)
    levels = torch.arange(-8.0, 8.0)
    codes = torch.empty(exact.shape, dtype=torch.uint8)
    codes[:, order] = _compensated(
        exact.T[order].contiguous(), steps.T[order].contiguous(), _inverse(gram[order][:, order]), levels
    ).T
    weight.copy_(levels[codes.int()] * steps)


def dequantised(weight: Any) -> Any:
    """The numbers that a `Params4bit` stands for, in float32."""
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(weight.data, weight.quant_state).float()


def _round(weight: Any, exact: Any, heard: Any, inverse: Any) -> None:
    """Give ``weight`` the codes and scales nearest to ``exact`` in what they say.

    ``heard`` ``[inputs]`` is how much each input counts; ``inverse`` is `_inverse` of them from the most heard on.
    """
    import torch

    state = weight.quant_state
    state.absmax.copy_(_scale_codes(state, exact, heard))
    scales = _scales(state, state.absmax).repeat_interleave(state.blocksize).view_as(exact)
    order = heard.argsort(descending=True)
    codes = torch.empty(exact.shape, dtype=torch.uint8)
    codes[:, order] = _compensated(
        exact.T[order].contiguous(), scales.T[order].contiguous(), inverse, state.code.float()
    ).T
    high, low = codes.flatten().view(-1, 2).T  # two codes a byte, the first in the upper half
    weight.data.copy_((high << 4 | low).view_as(weight.data))


def _scales(state: Any, codes: Any) -> Any:
    """What double-quantised scales of these codes ``[blocks]`` are."""
    nested = state.state2
    return nested.code[codes.int()] * _per_block(state) + state.offset


def _per_block(state: Any) -> Any:
    """The scale of the scales, for each block."""
    return state.state2.absmax.repeat_interleave(state.state2.blocksize)[: state.absmax.numel()]


def _scale_codes(state: Any, exact: Any, heard: Any) -> Any:
    """For each block the base's scale, or the one of its new greatest weight where that rounds it better.

    ``heard`` ``[inputs]`` says how much each input counts.
    """
    import torch

    blocks = exact.reshape(-1, state.blocksize)
    counts = heard.expand_as(exact).reshape(blocks.shape)
    own = (blocks.abs().amax(1) - state.offset) / _per_block(state)
    candidates = torch.stack((state.absmax, _nearest(own, state.state2.code).to(torch.uint8)))
    levels = state.code.float()
    errors = torch.stack([
        (counts * (blocks - levels[_nearest(blocks / scales, levels)] * scales).square()).sum(1)
        for scales in (_scales(state, codes)[:, None] for codes in candidates)
    ])  # fmt: skip
    return candidates.gather(0, errors.argmin(0)[None])[0]


def _nearest(values: Any, levels: Any) -> Any:
    """The index of the level (ascending) nearest to each value."""
    import torch

    return torch.bucketize(values, (levels[1:] + levels[:-1]) / 2)


def _inverse(gram: Any) -> Any:
    """The upper Cholesky factor of the inverse of ``gram``, which is used up."""
    import torch

    gram.diagonal().add_(DAMPING * gram.diagonal().mean() + torch.finfo(gram.dtype).tiny)
    return torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(gram)), upper=True)


def _compensated(weights: Any, scales: Any, inverse: Any, levels: Any) -> Any:
    """Codes of ``levels``, ``[inputs, outputs]``, of ``weights``, whose rounding errors the inputs that follow make good."""
    import torch

    codes = torch.empty(weights.shape, dtype=torch.uint8)
    for begin in range(0, len(weights), COLUMNS):
        end = min(begin + COLUMNS, len(weights))
        errors = torch.empty_like(weights[begin:end])
        for j in range(begin, end):
            codes[j] = _nearest(weights[j] / scales[j], levels)
            errors[j - begin] = (weights[j] - levels[codes[j].int()] * scales[j]) / inverse[j, j]
            weights[j + 1 : end].addr_(inverse[j, j + 1 : end], errors[j - begin], alpha=-1)
        weights[end:].addmm_(inverse[begin:end, end:].T, errors, alpha=-1)
    return codes
