"""The proof of a plan: one step on the longest rows before the run begins, which leaves no trace but a measurement.

    trainer.add_callback(proof_callback(trainer, run, plan))
    metrics.json: {"plan": {…, "proof": {"tokens": 2048, "peak": 3914334208, "seconds": 1.9}}}

It runs where training has prepared everything (precision, checkpointing, a resumed optimizer) and not begun. It runs on
a CPU, too: one step more in a run of hundreds, for the same promise.
"""

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from trainer.progress import say
from trainer.run import Run
from trainer.tuning.base import Device
from trainer.tuning.labels import IGNORED
from trainer.tuning.memory import Plan, in_gib

SAMPLE_EVERY = 0.005  # seconds between two looks at a process's memory: a layer's backward takes longer


@dataclass(frozen=True, slots=True)
class Proof:
    """One step: the tokens in it, the most bytes it held (on a CPU: the whole process), and how long it took."""

    tokens: int
    peak: int
    seconds: float


@dataclass(slots=True)
class Meter:
    """Bytes at the worst moment of the block of `metered`; 0 before its end."""

    peak: int = 0


def proof_callback(trainer: Any, run: Run, plan: Plan) -> Any:
    """A TrainerCallback that proves ``plan`` on ``trainer`` when training begins, and records what that measured."""
    from transformers import TrainerCallback

    class Prover(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            proof = prove(trainer, plan.device)
            say(
                "memory.proved",
                measured=in_gib(proof.peak),
                planned=in_gib(plan.peak.total),
                seconds=f"{proof.seconds:.1f}",
            )
            run.add_metrics("plan", {**asdict(plan), "proof": asdict(proof)})

    return Prover()


def prove(trainer: Any, device: Device) -> Proof:
    """Forward and backward over the longest rows of ``trainer``, beside the moments its optimizer will keep.

    Raises:
        torch.OutOfMemoryError, RuntimeError: it does not fit; see `trainer.tuning.shortage.is_out_of_memory`.
    """
    import torch

    inputs = longest_batch(trainer)
    tokens = inputs["input_ids"].numel()
    labelled = (inputs["labels"] != IGNORED).sum().to(trainer.args.device)
    began = time.monotonic()
    with _untouched(trainer), metered(device) as meter:
        kept = 0 if trainer.optimizer.state else 2  # a resumed optimizer has its two moments already
        trainable = (parameter for parameter in trainer.model.parameters() if parameter.requires_grad)
        moments = [torch.zeros_like(parameter) for parameter in trainable for _ in range(kept)]
        trainer.training_step(trainer.model_wrapped, inputs, num_items_in_batch=labelled)
        del moments
    if device == "cuda":
        torch.cuda.empty_cache()  # the run lays out its memory as if nothing had been
    return Proof(tokens, meter.peak, time.monotonic() - began)


def longest_batch(trainer: Any) -> dict[str, Any]:
    """The longest rows of the training set in one batch, as the run would see them; of equals, those that teach most.

    No step of the run holds more.
    """
    rows = trainer.train_dataset
    sizes = [
        (len(row["labels"]), int((row["labels"] != IGNORED).sum()))
        for row in rows.with_format("numpy", columns=["labels"])
    ]
    longest = heapq.nlargest(trainer.args.per_device_train_batch_size, range(len(rows)), sizes.__getitem__)
    batch: dict[str, Any] = trainer.data_collator([rows[index] for index in longest])
    return batch


@contextmanager
def metered(device: Device) -> Iterator[Meter]:
    """Watch the most memory held in the block: what torch reserved on a GPU, this process's own on a CPU."""
    meter = Meter()
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        yield meter
        meter.peak = torch.cuda.max_memory_reserved()
        return
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(meter, over), daemon=True)
    watcher.start()
    try:
        yield meter
    finally:
        over.set()
        watcher.join()


def _watch(meter: Meter, over: threading.Event) -> None:
    import psutil

    process = psutil.Process()
    while True:
        meter.peak = max(meter.peak, process.memory_info().rss)
        if over.wait(SAMPLE_EVERY):
            return


@contextmanager
def _untouched(trainer: Any) -> Iterator[None]:
    """Leave gradients, random numbers and the count of the step as they were."""
    import torch

    with torch.random.fork_rng():
        yield
    trainer.model.zero_grad(set_to_none=True)
    trainer.tally.begin()
