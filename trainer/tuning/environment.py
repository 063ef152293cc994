"""What a run was made with: versions of Python, the system and the libraries, the GPU and its driver; and its memory.

{"python": "3.11.9", "system": "Windows 11", "gpu": "NVIDIA GeForce RTX 3060 Ti", "driver": "560.94", "torch": "2.13.0"}
"""

import platform
import sys
from importlib.metadata import version

from trainer.tuning.base import LIBRARIES, Device
from trainer.tuning.machine import nvidia_driver


def environment(device: Device) -> dict[str, str]:
    """Versions by name: what another run needs to be the same. No name of a machine or a person."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **(_gpu() if device == "cuda" else {}),
        **{library: version(library) for library in LIBRARIES},
    }


def _gpu() -> dict[str, str]:
    import torch

    return {
        "gpu": torch.cuda.get_device_name(),
        "driver": nvidia_driver(),
        "cuda": torch.version.cuda,
    }


def held_bytes(device: Device) -> int:
    """The most memory held since the process began: what torch reserved on a GPU, all of the process on a CPU."""
    if device == "cuda":
        import torch

        return int(torch.cuda.max_memory_reserved())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # Linux counts kibibytes
