"""A release's weights on the hardware there is: merged, or the adapter on its base in NF4.

    model, tokenizer = load(release, manifest, "adapter", "cuda")

Everything reaches the CPU first on ZeroGPU, and the GPU last: transformers' loading threads would touch the real driver,
which is not there until a visitor's call brings it.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from persona_core.engine import Hardware, Weights
from persona_core.engine.base import base_config, compute_dtype, nf4
from persona_core.engine.processor import has_avx2
from persona_core.errors import EngineError, OutOfMemory, PersonaError
from persona_core.hub import hub_errors
from persona_core.manifest import PersonaManifest
from persona_core.prompt import end_of_turn_id
from persona_core.texts import text
from persona_core.waiting import bound_every_wait

log = logging.getLogger("persona")

# How a RuntimeError says it: torch of a CPU, and C++ beneath OpenVINO. torch of a GPU has torch.OutOfMemoryError, which is
# known by its name: whoever asks has not always torch.
_NO_MEMORY = re.compile(
    "allocate memory|bad_alloc|bad allocation|can't alloc|Failed to allocate|failed to map segment|Resource temporarily"
)


def load(release: Path, manifest: PersonaManifest, weights: Weights, hardware: Hardware) -> tuple[Any, Any]:
    """The model in evaluation mode and its tokenizer; what was chosen stands in the log.

    Raises:
        EngineError: no such weights in the release, or damaged ones, a library or memory is missing.
        HubError: the base of an adapter cannot be fetched.
    """
    artefact = manifest.artefact(weights)
    if artefact is None:
        raise EngineError("engine.missing_artefact", kind=weights)
    try:
        with memory_errors():
            import torch
            import transformers
    except ImportError as error:
        if manifest.artefact("openvino"):  # which would do without them
            if not has_avx2():
                raise EngineError("engine.old_cpu") from error
            if find_spec("openvino") is None:
                raise EngineError("engine.missing_library", library="openvino", extra="cpu") from error
        raise EngineError("engine.missing_library", library=error.name, extra="space") from error

    for file in artefact.files:
        require_readable(release / file.path)
    _be_quiet()
    gpu = hardware == "cuda" or (hardware == "auto" and torch.cuda.is_available())
    first: Literal["cpu", "cuda"] = "cuda" if gpu else "cpu"
    with memory_errors():
        if weights == "adapter":
            model, tokenizer = _load_adapter(release, release / artefact.path, manifest, first)
        else:
            tokenizer = _load_tokenizer(release, manifest)
            with _damage_errors(release):
                model = transformers.AutoModelForCausalLM.from_pretrained(
                    release, device_map={"": first}, dtype=_merged_dtype(first), attn_implementation="sdpa"
                )
        if hardware == "zero":
            model = model.to("cuda")
    device = "ZeroGPU" if hardware == "zero" else str(model.device)
    log.info("%s", text("engine.loaded", weights=weights, device=device, dtype=str(model.dtype)[6:]))
    return model.eval(), tokenizer


def _load_adapter(
    release: Path, adapter: Path, manifest: PersonaManifest, device: Literal["cpu", "cuda"]
) -> tuple[Any, Any]:
    """The adapter on its base, which is fetched from the Hub at the commit of the training."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = manifest.base
    if base.revision is None:
        raise EngineError("engine.local_base", base=base.id)
    dtype = compute_dtype(device)
    bound_every_wait()
    with _damage_errors(base.id), hub_errors(base.id, base.revision):
        config = base_config(base.id, base.revision)
        model = AutoModelForCausalLM.from_pretrained(
            base.id,
            revision=base.revision,
            config=config,
            dtype=dtype,
            quantization_config=nf4(dtype),
            device_map={"": device},
            attn_implementation="sdpa",
            trust_remote_code=False,
        )
        if (release / "tokenizer_config.json").is_file():
            tokenizer = _load_tokenizer(release, manifest)
        else:  # an adapter that was downloaded alone
            tokenizer = AutoTokenizer.from_pretrained(
                base.id, revision=base.revision, config=config, trust_remote_code=False
            )
            require_trained(tokenizer, base.id, manifest)
    with _damage_errors(release):
        return PeftModel.from_pretrained(model, str(adapter), torch_device=device), tokenizer


def require_readable(path: Path, begins: bytes = b"") -> None:
    """Refuse a file that cannot be opened, or does not begin so.

    Raises:
        EngineError: which, and why.
    """
    try:
        with path.open("rb") as file:
            begun = file.read(len(begins))
    except OSError as error:
        raise EngineError("engine.unreadable", path=path, reason=error.strerror or error) from error
    if begun != begins:
        raise EngineError("engine.damaged", folder=path.parent)


def require_trained(tokenizer: Any, place: object, manifest: PersonaManifest) -> None:
    """Prove that vocabulary and template, which come from ``place``, are those of the training.

    Raises:
        EngineError: they are not, or are damaged.
    """
    try:
        end = end_of_turn_id(tokenizer, manifest.chat_format)
    except Exception as error:  # a template is a program: it can fail in any way
        raise EngineError("engine.damaged", folder=place) from error
    if end != manifest.end_of_turn_id:
        raise EngineError("engine.damaged", folder=place)


def _load_tokenizer(release: Path, manifest: PersonaManifest) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(release)
    except Exception as error:  # tokenizers raises no class of its own
        raise EngineError("engine.damaged", folder=release) from error
    require_trained(tokenizer, release, manifest)
    return tokenizer


@contextmanager
def _damage_errors(place: object) -> Iterator[None]:
    """Say in words that a file from ``place``, a folder or a base, is damaged or gone.

    Raises:
        EngineError: it is.
    """
    from safetensors import SafetensorError

    try:
        yield
    except PersonaError:
        raise
    except (SafetensorError, OSError, ValueError) as error:
        raise EngineError("engine.damaged", folder=place) from error


@contextmanager
def memory_errors() -> Iterator[None]:
    """Say in words that memory ran out, of the GPU or of the machine.

    Raises:
        OutOfMemory: it did inside the block.
    """
    try:
        yield
    except PersonaError:
        raise
    except MemoryError as error:
        raise OutOfMemory("engine.out_of_memory") from error
    except (RuntimeError, ImportError) as error:  # a library that does not fit cannot be loaded
        if type(error).__name__ != "OutOfMemoryError" and not _NO_MEMORY.search(str(error)):
            raise
        raise OutOfMemory("engine.out_of_memory") from error


def _be_quiet() -> None:
    """No bars of files being read, and no news about kernels that nobody installed."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _merged_dtype(device: str) -> Any:
    """bfloat16, in which merged weights are saved, except on GPUs older than Ampere, which only emulate it."""
    import torch

    return compute_dtype("cuda") if device == "cuda" else torch.bfloat16
