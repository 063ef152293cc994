"""What this machine has for training: processor, memory, GPU, and whether the libraries can use them.

    inspect_machine()    Machine(python="3.11.9", torch="2.13.0", torch_cuda="13.0", gpu=Gpu("NVIDIA …", …), …)

Each fact is tried, not read off a version: bitsandbytes is asked for a 4-bit product and its gradient.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from trainer.tuning.base import LIBRARIES, Device, prepare_process

ANSWER_SECONDS = 10  # for nvidia-smi: a GPU that sleeps takes two or three


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as torch sees it; bytes."""

    name: str
    total: int
    free: int
    bf16: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found. ``None`` and empty: not there."""

    system: str
    python: str
    missing: tuple[str, ...]  # libraries of the extra "train"
    torch: str
    torch_works: bool
    torch_cuda: str  # the CUDA it was built for; empty: a CPU build
    nvidia: str  # what the driver calls the GPU, whatever torch says; empty: no driver and no GPU
    gpu: Gpu | None
    triton: bool
    four_bits: bool  # bitsandbytes computes with NF4 weights here
    memory_total: int
    memory_free: int

    @property
    def device(self) -> Device:
        return "cuda" if self.gpu else "cpu"

    @property
    def is_windows(self) -> bool:
        return self.system.startswith("Windows")

    @property
    def torch_ignores_the_gpu(self) -> bool:
        return bool(self.nvidia) and self.torch_works and self.gpu is None


def inspect_machine() -> Machine:
    """Look at everything; takes the seconds that importing torch takes."""
    missing = tuple(name for name in LIBRARIES if importlib.util.find_spec(name) is None)
    version = cuda = ""
    gpu, works = None, False
    if "torch" not in missing:
        version, works, cuda, gpu = _torch()
    if works and not missing:
        prepare_process()  # bitsandbytes is loud where it is imported without
    total, free = (0, 0) if "psutil" in missing else _memory()
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        missing=missing,
        torch=version,
        torch_works=works,
        torch_cuda=cuda,
        nvidia=nvidia_gpu(),
        gpu=gpu,
        triton=importlib.util.find_spec("triton") is not None,
        four_bits=works and "bitsandbytes" not in missing and _computes_in_4_bits("cuda" if gpu else "cpu"),
        memory_total=total,
        memory_free=free,
    )


def free_bytes(device: Device) -> int:
    """Memory that is free now: the GPU's own, without what Windows would lend it, or this machine's."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return int(psutil.virtual_memory().available)


def cache_folder() -> Path:
    """Where downloaded bases lie."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def nvidia_gpu() -> str:
    """The name of the machine's NVIDIA GPU as its driver gives it, without torch; empty where there is none."""
    name = _driver_says("name")
    if name is None:
        return "NVIDIA"  # a driver that does not answer is a driver
    return name or ("NVIDIA" if Path("/dev/nvidia0").exists() else "")


def nvidia_driver() -> str:
    """The version of its driver, which torch does not tell; empty where it does not say, as in some containers."""
    return _driver_says("driver_version") or ""


def _driver_says(fact: str) -> str | None:
    """``fact`` of the first GPU, by nvidia-smi; empty without that program or GPU, ``None`` when it does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None and sys.platform == "win32":  # installed with the driver, and not always on the path
        beside = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvidia-smi.exe"
        program = str(beside) if beside.exists() else None
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, f"--query-gpu={fact}", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""


def _torch() -> tuple[str, bool, str, Gpu | None]:
    """Version, whether it loads, the CUDA of its build, and the GPU it can use."""
    from importlib.metadata import version

    try:
        import torch
    except (ImportError, OSError):  # OSError: Windows does not find one of its DLLs
        return version("torch"), False, "", None
    gpu = None
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        bf16 = bool(torch.cuda.is_bf16_supported(including_emulation=False))
        gpu = Gpu(torch.cuda.get_device_name(), int(total), int(free), bf16)
    return str(torch.__version__), True, torch.version.cuda or "", gpu


def _memory() -> tuple[int, int]:
    import psutil

    return int(psutil.virtual_memory().total), free_bytes("cpu")


def _computes_in_4_bits(device: Device) -> bool:
    """Whether a product with NF4 weights and its gradient come out as with the weights they stand for."""
    import torch

    try:
        from bitsandbytes import functional
        from bitsandbytes.nn import Linear4bit

        with torch.random.fork_rng():
            layer = Linear4bit(64, 64, bias=False, quant_type="nf4", compress_statistics=True).to(device)
            x = torch.randn(2, 64, device=device, requires_grad=True)
        layer.support_avx512bf16_for_cpu = False
        product = layer(x)
        product.sum().backward()
        weights = functional.dequantize_4bit(layer.weight, layer.weight.quant_state).to(x.dtype)
        expected = x.detach() @ weights.T
        gradient = weights.sum(0).expand_as(x)
        return bool(
            torch.allclose(product, expected, rtol=0.05, atol=0.05)
            and torch.allclose(x.grad, gradient, rtol=0.05, atol=0.05)
        )
    except (
        ImportError,
        RuntimeError,
        OSError,
        AttributeError,
    ):  # a build for another CUDA says it in many ways
        return False
