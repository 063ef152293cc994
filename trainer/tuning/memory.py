"""What fits: the peak memory of a run, estimated from the base's configuration before any weight is loaded.

    peak = weights in NF4 + embeddings + adapter and optimizer + activations + loss + runtime

An estimate: byte counts from the libraries' sources, activations from measurements on twelve architectures.
"""

from dataclasses import dataclass
from typing import Any, Literal

from persona_core.errors import TrainingError
from trainer.settings import Settings
from trainer.tuning.base import (
    Device,
    choose_device,
    compute_dtype,
    load_config,
    load_tokenizer,
    prepare_process,
)
from trainer.tuning.source import Source, find_source

GIB = 2**30

NF4_BYTES = 0.5159  # a weight: 4 bits, a shared 8-bit scale per 64, a float32 scale of scales per 16,384
ADAPTER_BYTES = 16  # a LoRA parameter in float32: itself, its gradient, two moments of AdamW
SAVED_BYTES = 5.1  # kept for the backward pass per token and output feature of a layer; measured 4.2 to 5.2
BACKWARD_BYTES = 2  # besides, while a layer's backward runs, per token and output feature
LOSS_TILE = 32_768  # vocabulary columns trl's loss looks at at once
LOSS_TILE_TOKENS = 4096  # and tokens
PLAIN_LOSS_BYTES = 23  # an element of that tile where Triton is missing, as on Windows; 2 where it is there
RUNTIME_BYTES: dict[Device, int] = {
    "cuda": int(1.1 * GIB),  # context, cuBLAS and bitsandbytes workspaces, what the allocator cannot reuse
    "cpu": int(0.7 * GIB),  # Python with torch and its friends
}
MICRO_TOKENS = 2048  # tokens in one forward: more makes the attention mask large and the step no faster

# What to train when nobody says: the largest whose 1,024-token step fits. Peaks in bytes, runtime included.
LADDER: tuple[tuple[str, int], ...] = (
    ("Qwen/Qwen3-4B-Instruct-2507", int(4.6 * GIB)),
    ("Qwen/Qwen3-1.7B", int(3.0 * GIB)),
    ("Qwen/Qwen3-0.6B", int(2.0 * GIB)),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a causal language model that decide its memory."""

    layers: int
    hidden: int
    vocabulary: int
    context: int  # the most positions it knows
    linear: int  # weights in the layers' linear maps: what NF4 shrinks
    other: int  # embeddings, untied head, norms
    features: int  # inputs and outputs of all linear maps: LoRA's size is rank times this
    outputs: int  # outputs of the linear maps of one layer
    widest: int  # weights of the largest linear map


@dataclass(frozen=True, slots=True)
class Peak:
    """Bytes on the device at the worst moment, by part."""

    weights: int
    embeddings: int
    adapter: int
    activations: int
    loss: int
    runtime: int

    @property
    def total(self) -> int:
        return self.weights + self.embeddings + self.adapter + self.activations + self.loss + self.runtime


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run uses the device: rows at once, steps between updates, and what that takes."""

    device: Device
    batch: int
    accumulation: int
    peak: Peak
    free: int  # bytes, when the plan was made


def free_bytes(device: Device) -> int:
    """Memory that is free now: the GPU's, or this machine's."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return int(psutil.virtual_memory().available)


def choose_base(asked: Literal["auto", "cpu", "cuda"] = "auto") -> str:
    """The Hub id to train when nobody names one: what fits the GPU, and the smallest on a CPU, for the time it takes.

    Raises:
        TrainingError: not even the smallest fits.
    """
    prepare_process()
    device = choose_device(asked)
    return largest_that_fits(free_bytes(device), LADDER if device == "cuda" else LADDER[-1:])


def largest_that_fits(free: int, ladder: tuple[tuple[str, int], ...] = LADDER) -> str:
    """The first id of ``ladder`` whose peak is within ``free`` bytes.

    Raises:
        TrainingError: none is.
    """
    for base, peak in ladder:
        if peak <= free:
            return base
    raise TrainingError("tuning.no_memory", free=in_gib(free), need=in_gib(ladder[-1][1]))


def check_base(settings: Settings) -> None:
    """Say before a long chat is read what would stop training after it.

    Raises:
        TrainingError, HubError: the base is not to be had, is no chat model, or does not fit.
    """
    prepare_process()
    source = find_source(settings.base, settings.base_revision)
    load_tokenizer(source)
    plan(settings, source, choose_device(settings.device))


def plan(settings: Settings, source: Source, device: Device) -> Plan:
    """The largest batch of whole rows that fits the device, by the base's configuration.

    Raises:
        TrainingError: not one row fits, or rows are longer than the base can read.
    """
    shape = shape_of(load_config(source))
    if settings.max_length > shape.context:
        raise TrainingError("tuning.too_long", length=settings.max_length, context=shape.context)
    free, peaks = free_bytes(device), {}
    for batch in _batches(settings, device):
        peaks[batch] = peak_of(shape, settings.rank, batch * settings.max_length, device)
        if peaks[batch].total <= free:
            return Plan(device, batch, settings.effective_batch // batch, peaks[batch], free)
    raise TrainingError(
        "tuning.too_big", base=source.base.id, need=in_gib(peaks[batch].total), free=in_gib(free)
    )


def _batches(settings: Settings, device: Device) -> list[int]:
    """Batches to try, largest first. On a CPU one row: attention over several costs more than they share."""
    if settings.batch:
        return [settings.batch]
    if device == "cpu":
        return [1]
    whole = (b for b in range(settings.effective_batch, 0, -1) if settings.effective_batch % b == 0)
    return [batch for batch in whole if batch == 1 or batch * settings.max_length <= MICRO_TOKENS]


def shape_of(config: Any) -> Shape:
    """The sizes of the model that ``config`` describes, counted on a model without memory."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    head = model.get_output_embeddings()
    linears = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    linear = sum(m.weight.numel() for m in linears)
    text = config.get_text_config()
    return Shape(
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        vocabulary=text.vocab_size,
        context=text.max_position_embeddings,
        linear=linear,
        other=sum(p.numel() for p in model.parameters()) - linear,
        features=sum(m.in_features + m.out_features for m in linears),
        outputs=sum(m.out_features for m in linears) // text.num_hidden_layers,
        widest=max(m.weight.numel() for m in linears),
    )


def peak_of(shape: Shape, rank: int, tokens: int, device: Device) -> Peak:
    """Bytes at the worst moment of a step over ``tokens`` tokens."""
    from transformers.utils import is_triton_available

    width = compute_dtype(device).itemsize
    saved = int(SAVED_BYTES / 2 * width * shape.outputs * tokens)
    if device == "cuda":
        # Checkpointing keeps each layer's input. Then one layer at a time is computed again: after the loss is gone.
        kept = (shape.layers + 1) * tokens * shape.hidden * width
        again = saved + BACKWARD_BYTES * shape.outputs * tokens + 2 * shape.widest * width
        a_logit = 2 if is_triton_available() else PLAIN_LOSS_BYTES
        loss = min(tokens, LOSS_TILE_TOKENS) * LOSS_TILE * a_logit + tokens * shape.hidden * 6
        activations, loss = kept + again, max(0, loss - again)
    else:
        activations = shape.layers * saved
        loss = 12 * tokens * shape.vocabulary  # logits, their float32 copy and its gradient
    return Peak(
        weights=int(shape.linear * NF4_BYTES),
        embeddings=shape.other * width,
        adapter=shape.features * rank * ADAPTER_BYTES,
        activations=activations,
        loss=loss,
        runtime=RUNTIME_BYTES[device],
    )


def in_gib(size: int) -> str:
    """``4939212390`` -> ``"4.6"``."""
    return f"{size / GIB:.1f}"
