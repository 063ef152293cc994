"""Loading the base: NF4 with double quantisation on a GPU or a CPU, and never in full precision by accident.

model = load_model(find_source("Qwen/Qwen3-0.6B"), "cuda")
"""

import importlib.util
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from persona_core.engine.base import base_config, compute_dtype, nf4
from persona_core.errors import PersonaError, TrainingError
from persona_core.hub import hub_errors
from persona_core.waiting import bound_every_wait
from trainer.tuning.attention import attend_by_row
from trainer.tuning.source import Source

Device = Literal["cpu", "cuda"]

LIBRARIES = ("torch", "transformers", "bitsandbytes", "accelerate", "peft", "trl", "datasets", "psutil")
KERNEL_CACHES = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
KERNELS_KEPT = 32  # more than a layer's forward and backward use


def prepare_process() -> None:
    """Check that the training libraries are here, and make them quiet and discreet. Call it before importing them.

    Raises:
        TrainingError: one is missing.
    """
    missing = [library for library in LIBRARIES if importlib.util.find_spec(library) is None]
    if missing:
        raise TrainingError("tuning.missing_library", libraries=", ".join(missing))
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = (
        "1"  # for the processes we start; trl reports the model and the GPU
    )
    # Threads that sleep while they wait, not spin: on two cores with other work it made 1,040 tokens/s of 151.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # On a CPU every length of a row has kernels of its own, and torch and oneDNN keep 1,024 of them each: the demo grew
    # from 0.65 to 1.4 GiB within 80 steps. With few it stays where its first step was, as fast.
    for cache in KERNEL_CACHES:
        os.environ.setdefault(cache, str(KERNELS_KEPT))
    if "LOCAL_RANK" not in os.environ:  # one process, one GPU: transformers would spread over all it sees
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    # At import it looks for a package of kernels it would download and run; that it is not there is no news.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)  # between libraries: nothing a user could mend

    import datasets
    import transformers

    bound_every_wait()  # for this one: the client read its environment when it was imported
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()


def choose_device(asked: Literal["auto", "cpu", "cuda"]) -> Device:
    """The device to train on; ``auto`` is the GPU where torch can use one.

    Raises:
        TrainingError: CUDA is asked for and torch cannot use it.
    """
    import torch

    if asked == "cuda" and not torch.cuda.is_available():
        raise TrainingError("tuning.no_cuda", build=torch.version.cuda or "CPU")
    return "cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu"


def load_tokenizer(source: Source) -> Any:
    """The base's tokenizer.

    Raises:
        TrainingError: it cannot be loaded, or has no chat template.
    """
    from transformers import AutoTokenizer

    with _explained(source):
        tokenizer = AutoTokenizer.from_pretrained(
            source.location,
            revision=source.base.revision or "main",
            config=load_config(source),
            trust_remote_code=False,
        )
    if tokenizer.chat_template is None:
        raise TrainingError("tuning.no_template", base=source.base.id)
    return tokenizer


def load_config(source: Source) -> Any:
    """The base's configuration, without its weights. See `persona_core.engine.base.base_config`.

    Raises:
        TrainingError: it cannot be loaded.
    """
    with _explained(source):
        return base_config(source.location, source.base.revision)


def load_model(source: Source, device: Device) -> Any:
    """The base in NF4 on ``device``, ready to be trained and evaluated in this process (see `keep_unpacked`).

    Raises:
        TrainingError: it cannot be loaded, or not in 4 bits.
        HubError, StorageError: it cannot be downloaded.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = compute_dtype(device)
    with _explained(source):
        model = AutoModelForCausalLM.from_pretrained(
            source.location,
            revision=source.base.revision or "main",
            config=load_config(source),
            dtype=dtype,
            quantization_config=nf4(dtype),
            device_map={"": torch.device(device, _own_gpu()) if device == "cuda" else device},
            attn_implementation="sdpa",
            trust_remote_code=False,
        )
    if not quantised_layers(model):
        raise TrainingError("tuning.not_quantised", base=source.base.id)
    keep_unpacked(model)
    if device == "cpu":
        attend_by_row(model)
    model.config.use_cache = False
    return model


def _own_gpu() -> int:
    """The GPU of this process: the first, or the one that its launcher counted out for it."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def quantised_layers(model: Any) -> list[Any]:
    """The layers of ``model`` that hold 4-bit weights."""
    from bitsandbytes.nn import Linear4bit

    return [module for module in model.modules() if isinstance(module, Linear4bit)]


def keep_unpacked(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights in place at the first forward in eval mode on a CPU.

    On CPUs with AVX512-BF16 it does, and nothing unpacks them when training goes on. The packed kernel has no
    gradient: the loss stays right while what reaches the earlier layers is silently wrong. Unpacking is lossy, so the
    weights saved afterwards would not be the ones that were trained on. Call this before any forward.
    """
    for layer in quantised_layers(model):
        layer.support_avx512bf16_for_cpu = False


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    """Turn what transformers raises about a base into one line that says what to do."""
    from safetensors import SafetensorError

    try:
        with hub_errors(source.base.id, source.base.revision or "main"):
            yield
    except PersonaError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        SafetensorError,
    ) as error:  # missing, broken, or unknown architecture
        raise TrainingError("tuning.base_unloadable", base=source.base.id) from error
