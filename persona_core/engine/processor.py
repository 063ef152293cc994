"""What kind of CPU this is, and how much of it is ours.

cores()         2: of a host with sixty-four, of which this Space may use two
has_avx2()      True: nearly every x86 since 2013
"""

import ctypes
import os
import platform
import sys
from pathlib import Path

# Of a container: "200000 100000", microseconds of computing in a period of so many, or "max 100000".
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CPUINFO = Path("/proc/cpuinfo")
_AVX2_ON_WINDOWS = 40  # PF_AVX2_INSTRUCTIONS_AVAILABLE of winnt.h


def cores(quota: Path = _QUOTA) -> int:
    """Cores that may be computed on at once: more threads than that would wait for each other."""
    mine = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    if not quota.is_file():
        return mine
    share, period = quota.read_text(encoding="ascii").split()
    return mine if share == "max" else max(1, min(mine, int(share) // int(period)))


def has_avx2(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether this CPU has AVX2; one that is no x86, or does not say, has what takes its place."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    if sys.platform == "win32":
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(_AVX2_ON_WINDOWS))
    return not cpuinfo.is_file() or "avx2" in cpuinfo.read_text(encoding="utf-8").split()
