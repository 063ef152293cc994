"""What fits: the peak memory of a run, estimated from the base's shape before any weight is loaded.

    peak = weights in NF4 + embeddings + adapter and optimizer + activations + loss + runtime

An estimate: byte counts from the libraries' sources, activations from measurements on twelve architectures. What it
promises, `trainer.tuning.proof` then proves; where memory is short, `step_down` says what to give up next.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from persona_core.engine.base import compute_dtype
from persona_core.errors import TrainingError
from trainer.progress import say
from trainer.settings import Settings
from trainer.tuning.attention import SHORT
from trainer.tuning.base import (
    Device,
    choose_device,
    load_config,
    load_tokenizer,
    prepare_process,
)
from trainer.tuning.machine import free_bytes
from trainer.tuning.shapes import BASES, LADDER, Shape, shape_of
from trainer.tuning.source import Source, find_source

GIB = 2**30

NF4_BYTES = 0.5159  # a weight: 4 bits, a shared 8-bit scale per 64, a float32 scale of scales per 16,384
ADAPTER_BYTES = 16  # a LoRA parameter in float32: itself, its gradient, two moments of AdamW
SAVED_BYTES = 5.1  # kept for the backward pass per token and output feature of a layer; measured 4.2 to 5.2
BACKWARD_BYTES = 2  # besides, while a layer's backward runs, per token and output feature
LOSS_TILE = 32_768  # vocabulary columns trl's loss looks at at once
LOSS_TILE_TOKENS = 4096  # and tokens
PLAIN_LOSS_BYTES = 23  # an element of that tile where Triton is missing, as on Windows; 2 where it is there
MASK_BYTES = (
    3  # a pair of tokens: attention stays inside each example by a mask of bools, and its bfloat16 copy
)
SCORE_BYTES = (
    6  # a pair of tokens and head of a short row on a CPU: its share in float32, and its bfloat16 copy
)
LEARNED = 0.5  # of a chat's tokens, at most: a CPU looks at the logits of no others
STASH = 6  # layers' inputs on the GPU while offloading: five on their way out, one in use
RUNTIME_BYTES: dict[Device, int] = {
    # Beside its own context, which is made before free memory is read. An estimate until bench_memory has seen a GPU.
    "cuda": int(0.4 * GIB),  # cuBLAS and bitsandbytes workspaces, what the allocator cannot reuse
    "cpu": int(0.9 * GIB),  # Python with torch and its friends; bench_memory: 0.8 to 1.0
}
MARGIN_BYTES: dict[Device, int] = {
    "cuda": int(0.6 * GIB),  # kernels that load late, and what a desktop takes next
    "cpu": 0,
}
MICRO_TOKENS = 2048  # tokens in one forward: more makes the attention mask large and the step no faster
LENGTHS_APART = 64  # tokens between two lengths that are tried
SHORTEST = 256  # tokens: with less, a system prompt leaves no room for a conversation

Step = Literal["halve_batch", "offload"]
Room = tuple[Device, int]  # a device, and the bytes that are free on it


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

    base: str
    device: Device
    rank: int
    length: int  # tokens of the longest row
    batch: int
    accumulation: int
    peak: Peak
    free: int  # bytes, when the plan was made
    offload: bool = False  # activations wait in the machine's memory for their backward
    steps: tuple[Step, ...] = ()  # taken to get here, in order

    @property
    def need(self) -> int:
        """Bytes that must be free for it."""
        return self.peak.total + MARGIN_BYTES[self.device]

    @property
    def fits(self) -> bool:
        return self.need <= self.free


def read_plan(record: Mapping[str, Any]) -> Plan | None:
    """The plan that ``asdict`` wrote into a run's metrics, and `trainer.tuning.proof` added its measurement to.

    ``None`` where another version wrote it: it is to be made anew.
    """
    values = {name: value for name, value in record.items() if name != "proof"}
    try:
        return Plan(**{**values, "peak": Peak(**record["peak"]), "steps": tuple(record["steps"])})
    except (KeyError, TypeError):
        return None


# --- which base ---


def choose_base(settings: Settings, room: Room | None = None) -> str:
    """The Hub id to train when nobody names one: what fits the GPU, and the smallest on a CPU, for the time it takes.

    Of those that can read ``max_length`` tokens. ``room`` is another machine's; otherwise it is looked for here.

    Raises:
        TrainingError: not even the smallest fits, or none can read so far.
    """
    prepare_process()
    device, free = room or room_here(settings)
    able = [base for base in LADDER if settings.max_length <= BASES[base].context]
    if not able:
        context = max(BASES[base].context for base in LADDER)
        raise TrainingError("tuning.too_long", length=settings.max_length, context=context)
    for base in able if device == "cuda" else able[-1:]:
        best = least(base, BASES[base], settings, device, free)
        if best.fits:
            return base
    raise TrainingError(
        "tuning.no_memory", length=settings.max_length, free=in_gib(free), need=in_gib(best.need)
    )


def room_here(settings: Settings) -> Room:
    """The device of this machine for ``settings``, and what is free on it."""
    device = choose_device(settings.device)
    return device, free_bytes(device)


def bases_that_fit(settings: Settings, device: Device, free: int) -> list[str]:
    """The known bases that train at the rank and the length of ``settings`` in ``free`` bytes, largest first."""
    return [
        base
        for base, shape in BASES.items()
        if settings.max_length <= shape.context and least(base, shape, settings, device, free).fits
    ]


def check_base(settings: Settings, room: Room | None = None) -> Source:
    """Say before a long chat is read what would stop training after it; the base, when nothing would.

    ``room`` is another machine's; otherwise it is looked for here.

    Raises:
        TrainingError, HubError: the base is not to be had, is no chat model, or does not fit.
    """
    prepare_process()
    source = find_source(settings.base, settings.base_revision)
    load_tokenizer(source)
    plan(settings, source, *(room or room_here(settings)))
    return source


# --- the plan ---


def plan(settings: Settings, source: Source, device: Device, free: int | None = None) -> Plan:
    """The largest batch of whole rows that fits the device, by the base's configuration.

    ``free`` bytes are what there is; otherwise they are looked for here.

    Raises:
        TrainingError: not one row fits, or rows are longer than the base can read.
    """
    return plan_for(source.base.id, shape_of(load_config(source)), settings, device, free)


def plan_for(base: str, shape: Shape, settings: Settings, device: Device, free: int | None = None) -> Plan:
    """`plan` for a base whose shape is known.

    Raises:
        TrainingError: see `plan`.
    """
    if settings.max_length > shape.context:
        raise TrainingError("tuning.too_long", length=settings.max_length, context=shape.context)
    free = free_bytes(device) if free is None else free
    made = _first(base, shape, settings, device, free)
    while not made.fits:
        smaller = step_down(made, shape)
        if smaller is None:
            raise too_big(made, shape, settings)
        made = smaller
    return made


def least(base: str, shape: Shape, settings: Settings, device: Device, free: int) -> Plan:
    """The plan after every step down, whether it fits or not."""
    made = _first(base, shape, settings, device, free)
    while smaller := step_down(made, shape):
        made = smaller
    return made


def step_down(made: Plan, shape: Shape) -> Plan | None:
    """The next smaller plan that learns the same: half the batch, then activations offloaded; ``None`` after that."""
    if made.batch > 1:
        effective = made.batch * made.accumulation
        batch = next(rows for rows in range(made.batch // 2, 0, -1) if effective % rows == 0)
        smaller = replace(made, batch=batch, accumulation=effective // batch)
        return _estimated(replace(smaller, steps=(*made.steps, "halve_batch")), shape)
    if made.device == "cuda" and not made.offload:  # on a CPU they are where they would be offloaded to
        return _estimated(replace(made, offload=True, steps=(*made.steps, "offload")), shape)
    return None


def too_big(made: Plan, shape: Shape, settings: Settings, *, tried: bool = False) -> TrainingError:
    """What to say when the smallest plan does not fit: the length that would, else the base that would.

    ``tried``: it did not fit in earnest, whatever the estimate says; then no more than half the length is promised.
    """
    most = made.length // 2 if tried else made.length - 1
    values = {"base": made.base, "need": in_gib(made.need), "free": in_gib(made.free), "length": made.length}
    for length in range(most // LENGTHS_APART * LENGTHS_APART, SHORTEST - 1, -LENGTHS_APART):
        if _estimated(replace(made, length=length), shape).fits:
            return TrainingError("memory.length_too_big", **values, fits=length)
    fitting = [
        base
        for base in bases_that_fit(settings, made.device, made.free)
        if BASES[base].parameters < shape.parameters
    ]
    if fitting:
        return TrainingError("memory.base_too_big", **values, fits=fitting[0])
    return TrainingError("tuning.too_big", **values)


def _first(base: str, shape: Shape, settings: Settings, device: Device, free: int) -> Plan:
    """The plan to begin with: the batch that was asked for, else as many rows as a step has a use for."""
    batch = settings.batch or 1  # on a CPU one row: attention over several costs more than they share
    if device == "cuda" and not settings.batch:
        whole = (b for b in range(settings.effective_batch, 0, -1) if settings.effective_batch % b == 0)
        batch = next(b for b in whole if b == 1 or b * settings.max_length <= MICRO_TOKENS)
    accumulation = settings.effective_batch // batch
    nothing = Peak(0, 0, 0, 0, 0, 0)
    made = Plan(base, device, settings.rank, settings.max_length, batch, accumulation, nothing, free)
    return _estimated(made, shape)


def _estimated(made: Plan, shape: Shape) -> Plan:
    tokens = made.batch * made.length
    return replace(made, peak=peak_of(shape, made.rank, tokens, made.device, offload=made.offload))


def peak_of(shape: Shape, rank: int, tokens: int, device: Device, *, offload: bool = False) -> Peak:
    """Bytes at the worst moment of a step over ``tokens`` tokens."""
    from transformers.utils import is_triton_available

    width = compute_dtype(device).itemsize
    saved = int(SAVED_BYTES / 2 * width * shape.outputs * tokens)
    if device == "cuda":
        # Checkpointing keeps each layer's input. Then one layer at a time is computed again: after the loss is gone.
        kept = (min(shape.layers, STASH) if offload else shape.layers + 1) * tokens * shape.hidden * width
        again = saved + BACKWARD_BYTES * shape.outputs * tokens + 2 * shape.widest * width
        a_logit = 2 if is_triton_available() else PLAIN_LOSS_BYTES
        loss = min(tokens, LOSS_TILE_TOKENS) * LOSS_TILE * a_logit + tokens * shape.hidden * 6
        activations, loss = kept + again + MASK_BYTES * tokens**2, max(0, loss - again)
    else:
        written_out = 0 if width > 2 else SCORE_BYTES * shape.heads * min(tokens, SHORT) * tokens
        activations = shape.layers * (saved + written_out)
        loss = int(LEARNED * 12 * tokens * shape.vocabulary)  # logits, their float32 copy and its gradient
    return Peak(
        weights=int(shape.linear * NF4_BYTES),
        embeddings=shape.other * width,
        adapter=shape.features * rank * ADAPTER_BYTES,
        activations=activations,
        loss=loss,
        runtime=RUNTIME_BYTES[device],
    )


def tell_plan(made: Plan, settings: Settings) -> None:
    """Print the plan: its parts, how a step is divided, what was given up for it, and what else would fit."""
    peak = made.peak
    say(
        "memory.plan",
        base=made.base,
        rank=made.rank,
        length=f"{made.length:,}",
        peak=in_gib(peak.total),
        free=in_gib(made.free),
    )
    say("memory.parts", **{part: in_gib(size) for part, size in asdict(peak).items()})
    say("memory.batch", batch=made.batch, accumulation=made.accumulation)
    for step in made.steps:
        say(f"memory.{step}")
    fitting = bases_that_fit(settings, made.device, made.free)
    if fitting:
        say(f"memory.would_fit_{made.device}", bases=", ".join(base.rpartition("/")[2] for base in fitting))


def in_gib(size: int) -> str:
    """``4939212390`` -> ``"4.6"``; two digits below one GiB."""
    return f"{size / GIB:.1f}" if size >= GIB else f"{size / GIB:.2f}"
