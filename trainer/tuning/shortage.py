"""When memory runs out in earnest: the same run again from its last checkpoint, by the next smaller plan.

    state = with_less(run, source, plan, attempt)       # attempt(plan) trains; OutOfMemoryError -> attempt(smaller)

The effective batch stays, so the run learns the same rows in the same steps. Where Windows would lend a GPU slow shared
memory in place of an error, `keep_to_dedicated` brings the error back.
"""

import gc
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from persona_core.errors import TrainingError
from persona_core.texts import text
from trainer import team
from trainer.progress import say
from trainer.run import Run
from trainer.tuning.base import load_config
from trainer.tuning.machine import free_bytes
from trainer.tuning.memory import Plan, step_down, too_big
from trainer.tuning.shapes import shape_of
from trainer.tuning.source import Source

Result = TypeVar("Result")

_SAID = (  # by errors that are no OutOfMemoryError
    "DefaultCPUAllocator: can't allocate memory",  # torch on a CPU, Linux and macOS
    "DefaultCPUAllocator: not enough memory",  # and on Windows
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` is a lack of memory, on a GPU or on a CPU."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID)


def with_less(run: Run, source: Source, plan: Plan, attempt: Callable[[Plan], Result]) -> Result:
    """``attempt(plan)``, and after a lack of memory again by the next smaller plan, recorded in the run's metrics.

    Raises:
        TrainingError: the smallest plan lacks memory, too; or several processes train, which must all begin again.
    """
    while True:
        try:
            return attempt(plan)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # Here, outside the handler, the traceback is gone, and with it whatever held the model.
        free_memory()
        shape = shape_of(load_config(source))
        smaller = step_down(plan, shape)
        if smaller is None:
            raise too_big(plan, shape, run.settings, tried=True)
        plan = smaller
        run.add_metrics("plan", asdict(plan), by_any=team.is_first("plan"))
        if team.size() > 1:  # the others are in the middle of a step, and stop when they miss this one
            raise TrainingError("memory.run_again", batch=plan.batch, accumulation=plan.accumulation)
        offload = text("memory.and_offload") if plan.offload else ""
        say("memory.stepped_down", batch=plan.batch, accumulation=plan.accumulation, offload=offload)


def keep_to_dedicated(plan: Plan) -> None:
    """Make torch stop at the GPU's own memory, where Windows would go on in shared memory, five times slower or worse."""
    if plan.device == "cuda" and sys.platform == "win32":
        import torch

        share = free_bytes("cuda") / torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(min(1.0, share))


def free_memory() -> None:
    """Let go of the models that nobody uses any more, and give the GPU back what they held: others may want it.

    They end in circles: a trainer knows its callbacks, and they know it.
    """
    gc.collect()
    if "torch" in sys.modules:  # else there is nothing to give back, and it takes seconds to load
        import torch

        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
