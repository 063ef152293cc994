"""Why he does not answer, in words she can read; the log gets where it happened, and never what was said.

What only the owner can mend she hears no more of than whom to tell: paths, commands and settings are for the log.

cause(torch_ran_out)        "engine.out_of_memory"
apology(error, settings)    "오늘 쓸 수 있는 GPU 시간을 다 썼어요. …"
"""

import logging
import traceback

import gradio as gr

from configuration import Settings
from persona_core.errors import PersonaError
from persona_core.refusals import PASSING

# How `spaces` 0.51 says what went wrong: a gr.Error whose title is one of these. Unknown ones get the last word below.
_ZERO_GPU = {
    "ZeroGPU quota exceeded": "space.quota",
    "ZeroGPU pending credits exceeded": "space.quota",
    "ZeroGPU illegal duration": "space.quota",
    "ZeroGPU queue timeout": "space.gpu_busy",
    "ZeroGPU client error": "space.gpu_busy",
}
# The same title for everything inside the worker; the message is the class of the error, or that it was aborted.
_ZERO_GPU_WORKER = {
    "GPU task aborted": "space.too_long",
    "OutOfMemory": "engine.out_of_memory",
    "OutOfMemoryError": "engine.out_of_memory",
}

# What she can mend, or what passes by itself.
_HERS = {"space.not_ready", "space.too_long", *_ZERO_GPU.values(), *_ZERO_GPU_WORKER.values()}

log = logging.getLogger("persona")


def cause(error: Exception) -> str:
    """The key of the text for ``error``; ``space.trouble`` when it is none of those that are known."""
    if isinstance(error, PersonaError):
        return error.key
    if isinstance(error, gr.Error):
        return _ZERO_GPU.get(error.title) or _ZERO_GPU_WORKER.get(str(error.message), "space.trouble")
    return "space.trouble"


def apology(error: Exception, settings: Settings) -> str:
    """What the visitor reads. A `PersonaError` is in the log since it was met: see `waking.Sleeper`."""
    key = cause(error)
    if isinstance(error, PersonaError):
        if key in PASSING:
            return settings.text("space.no_hub")
        return settings.text(key if key in _HERS else "space.tell")
    log.error("%s: %s\n%s", key, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
    return settings.text(key)
