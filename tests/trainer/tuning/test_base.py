"""The base is in 4 bits, whatever happens, and an evaluation leaves its gradients alone."""

import os
import subprocess
import sys

import pytest

from persona_core.errors import TrainingError
from trainer.tuning.adapter import in_full_precision, lora
from trainer.tuning.base import (
    KERNEL_CACHES,
    choose_device,
    load_model,
    prepare_process,
    quantised_layers,
)
from trainer.tuning.source import find_source


@pytest.fixture
def model(tiny_base):
    return load_model(find_source(str(tiny_base)), "cpu")


def test_the_base_is_in_nf4_with_double_quantisation(model):
    """Every linear layer but the head holds NF4 weights whose scales are quantised, too."""
    layers = quantised_layers(model)
    assert len(layers) == 2 * 7
    assert {layer.weight.quant_state.quant_type for layer in layers} == {"nf4"}
    assert all(layer.weight.quant_state.nested for layer in layers)


def test_a_base_that_stays_in_full_precision_is_refused(tiny_base, monkeypatch):
    """A configuration that quantises nothing is an error, not a run that needs four times the memory."""
    import transformers

    class SkipsEverything(transformers.BitsAndBytesConfig):
        def __init__(self, **options):
            super().__init__(**options, llm_int8_skip_modules=["model", "lm_head"])

    monkeypatch.setattr(transformers, "BitsAndBytesConfig", SkipsEverything)
    with pytest.raises(TrainingError) as error:
        load_model(find_source(str(tiny_base)), "cpu")
    assert error.value.key == "tuning.not_quantised"


def gradient_of_the_first_layer(model):
    import torch

    ids = torch.arange(3, 67)[None]
    model.train()
    model.zero_grad()
    model(input_ids=ids, labels=ids).loss.backward()
    return torch.cat(
        [
            parameter.grad.flatten()
            for name, parameter in model.named_parameters()
            if parameter.grad is not None and ".layers.0." in name
        ]
    )


def gradients_before_and_after_an_evaluation(model):
    """The cosine between the two, and the ratio of their norms."""
    import torch
    from peft import get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(model, lora(rank=4, alpha=8))
    in_full_precision(model)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at first: nothing would reach the other half
            torch.nn.init.normal_(parameter, std=0.1)
    before = gradient_of_the_first_layer(model)
    model.eval()
    with torch.no_grad():
        model(input_ids=torch.arange(3, 67)[None])
    after = gradient_of_the_first_layer(model)
    return torch.nn.functional.cosine_similarity(before, after, dim=0).item(), (
        after.norm() / before.norm()
    ).item()


def test_an_evaluation_does_not_change_the_gradients(model):
    """Gradients of the first layer before and after a forward in eval mode are the same."""
    assert gradients_before_and_after_an_evaluation(model) == pytest.approx((1, 1), abs=1e-5)


def test_without_the_guard_an_evaluation_corrupts_the_gradients(model):
    """On CPUs with AVX512-BF16 this is what the guard is for; should it pass, the guard can go."""
    from bitsandbytes.functional import has_avx512bf16

    if not has_avx512bf16():
        pytest.skip("this CPU has no AVX512-BF16: bitsandbytes does not pack here")
    for layer in quantised_layers(model):
        layer.support_avx512bf16_for_cpu = True
    cosine, _ = gradients_before_and_after_an_evaluation(model)
    assert cosine < 0.99


def test_a_missing_library_is_one_clear_line(monkeypatch):
    """Without bitsandbytes the error says what to install."""
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(TrainingError, match=r"bitsandbytes.*pip install"):
        prepare_process()


def test_cuda_without_cuda_is_refused():
    """Asked for a GPU that torch cannot use, nothing falls back silently."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(TrainingError, match="cuda"):
        choose_device("cuda")
    assert choose_device("auto") == "cpu"


def test_nothing_is_reported_about_the_run():
    """The Hub client's telemetry is off, although it was imported before and its environment allows it."""
    program = (
        "import huggingface_hub.utils._telemetry as telemetry\n"
        "from trainer.tuning.base import prepare_process\n"
        "prepare_process()\n"
        "print(telemetry.constants.HF_HUB_DISABLE_TELEMETRY)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert done.stdout.split() == ["True"]


def test_few_kernels_are_kept(monkeypatch):
    """On a CPU each length has its own, and 1,024 of them were twice the memory of the plan; who sets one, keeps it."""
    torchs, onednns = KERNEL_CACHES
    monkeypatch.setenv(torchs, "7")
    monkeypatch.setenv(onednns, "")
    monkeypatch.delenv(onednns)
    prepare_process()
    assert (os.environ[torchs], os.environ[onednns]) == ("7", "32")
