"""Memory that a process has and no longer needs goes back to the system, where the system can be asked: on Linux.

release_pages(folder / "openvino_model.bin")    # 1.7B: 1.0 of 2.3 GB
trim()                                          # after a prompt of 400 tokens: 0.1 GB, in 10 ms
"""

import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

# Of madvise: forget these pages; those of a file are read from it again when they are asked for.
_MADV_DONTNEED = 4


def release_pages(file: Path) -> None:
    """Let go of the pages of ``file`` that are mapped into memory: what was made of them lies there too."""
    if sys.platform != "linux":
        return
    import ctypes

    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, *_, name = line.split(maxsplit=5)
        if name == str(file.resolve()):
            begin, end = (int(address, 16) for address in addresses.split("-"))
            _system().madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_DONTNEED)


def trim() -> None:
    """Hand the heap's free pages back; glibc keeps them for itself otherwise."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library, musl, keeps nothing
            _system().malloc_trim(0)


@cache
def _system() -> Any:
    import ctypes

    return ctypes.CDLL(None)
