"""Rounding to NF4: exact where the grid is, and what one input loses the others make good."""

import pytest

INPUTS, OUTPUTS = 128, 32


def quantised(weight):
    import torch
    from bitsandbytes.nn import Params4bit

    return Params4bit(
        weight.to(torch.bfloat16), requires_grad=False, compress_statistics=True, quant_type="nf4"
    ).to("cpu")


def dense(weight):
    """A 4-bit weight as numbers, not rounded to bfloat16."""
    import torch

    from trainer.release.rounding import dequantised

    weight.quant_state.dtype = torch.float32
    return dequantised(weight)


@pytest.fixture
def base():
    import torch

    return torch.randn(OUTPUTS, INPUTS, generator=torch.Generator().manual_seed(0)) * 0.02


def test_what_lies_on_the_grid_stays(base):
    """Without a delta not one code changes."""
    import torch

    from trainer.release.rounding import round_layer

    weight = quantised(base)
    codes, exact = weight.data.clone(), dense(weight)

    round_layer(weight, torch.zeros_like(exact), torch.eye(INPUTS))

    assert torch.equal(weight.data, codes)
    assert torch.allclose(dense(weight), exact)


@pytest.mark.parametrize("strength", [0.1, 0.3])
def test_answers_stay_where_rounding_each_weight_loses_them(base, strength):
    """On inputs that go together the answers are at least three times nearer to the exact ones."""
    import torch

    from trainer.release.rounding import round_layer

    rng = torch.Generator().manual_seed(1)
    inputs = torch.randn(500, 16, generator=rng) @ torch.randn(16, INPUTS, generator=rng)
    delta = torch.randn(OUTPUTS, 2, generator=rng) @ torch.randn(2, INPUTS, generator=rng) * 0.02 * strength
    weight = quantised(base)
    exact = dense(weight) + delta
    nearest = dense(quantised(exact))

    round_layer(weight, delta, inputs.T @ inputs)

    assert 3 * ((dense(weight) - exact) @ inputs.T).norm() < ((nearest - exact) @ inputs.T).norm()


def test_a_weak_delta_arrives_whole(base):
    """A delta far below half a step changes the answers by as much as it should; each weight by itself would not move."""
    import torch

    from trainer.release.rounding import round_layer

    rng = torch.Generator().manual_seed(1)
    inputs = torch.randn(500, 16, generator=rng) @ torch.randn(16, INPUTS, generator=rng)
    delta = torch.randn(OUTPUTS, 2, generator=rng) @ torch.randn(2, INPUTS, generator=rng) * 0.0004
    weight = quantised(base)
    before = dense(weight)
    nearest = dense(quantised(before + delta))

    round_layer(weight, delta, inputs.T @ inputs)

    def share(after):
        said = delta @ inputs.T
        return (((after - before) @ inputs.T * said).sum() / said.square().sum()).item()

    assert share(dense(weight)) == pytest.approx(1, abs=0.05)
    assert share(nearest) < 0.5


def test_an_input_that_is_never_heard_does_no_harm(base):
    """A gram matrix of zeros is rounded like any other."""
    import torch

    from trainer.release.rounding import round_layer

    weight = quantised(base)
    exact = dense(weight)

    round_layer(weight, torch.zeros_like(exact), torch.zeros(INPUTS, INPUTS))

    assert torch.allclose(dense(weight), exact)


def test_even_steps_are_a_grid_that_is_found_again():
    """Every group holds whole steps from -8 to 7, the greatest weight is -8 of them, and rounding again moves nothing."""
    import torch

    from persona_core.engine.openvino import GROUP
    from trainer.release.rounding import round_evenly

    weight = torch.randn(OUTPUTS, INPUTS, generator=torch.Generator().manual_seed(0))
    before = weight.clone()

    round_evenly(weight, torch.eye(INPUTS))

    groups = weight.view(-1, GROUP)
    steps = before.view(-1, GROUP)
    steps = steps.gather(1, steps.abs().argmax(1, keepdim=True)) / -8
    codes = groups / steps
    assert torch.allclose(codes, codes.round(), atol=1e-4)
    assert (codes.min().round(), codes.max().round()) == (-8, 7)
    assert (weight - before).abs().view(-1, GROUP).le(steps.abs() * 1.01).all()
    again = weight.clone()
    round_evenly(again, torch.eye(INPUTS))
    assert torch.allclose(again, weight, atol=1e-5)


def test_a_layer_of_zeros_stays_one():
    """There is no step of nothing."""
    import torch

    from trainer.release.rounding import round_evenly

    weight = torch.zeros(OUTPUTS, INPUTS, dtype=torch.bfloat16)

    round_evenly(weight, torch.eye(INPUTS))

    assert not weight.any()


def test_even_steps_keep_answers_on_inputs_that_go_together():
    """At least twice nearer to the exact answers than each weight rounded by itself."""
    import torch

    from trainer.release.rounding import round_evenly

    rng = torch.Generator().manual_seed(1)
    inputs = torch.randn(500, 16, generator=rng) @ torch.randn(16, INPUTS, generator=rng)
    exact = torch.randn(OUTPUTS, INPUTS, generator=rng)
    ours, each = exact.clone(), exact.clone()

    round_evenly(ours, inputs.T @ inputs)
    round_evenly(each, torch.eye(INPUTS))

    far = [(inputs @ (weight - exact).T).square().mean() for weight in (ours, each)]
    assert 4 * far[0] < far[1]
