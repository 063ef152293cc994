"""Memory that is no longer needed goes back to the system, and nothing that is read changes."""

import mmap
import sys
from pathlib import Path

import pytest

from persona_core.engine.footprint import release_pages, trim

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be asked")
MB = 2**20


def resident(*kinds: str) -> int:
    """Bytes of this process: RssAnon, or RssFile and RssShmem, which is of files in a file system in memory."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * sum(int(status.partition(f"{kind}:")[2].split()[0]) for kind in kinds)


def test_the_pages_of_a_file_go_and_come_back(tmp_path):
    """Its bytes are the same when they are read again; those of another file stay."""
    files = [tmp_path / "weights.bin", tmp_path / "other weights.bin"]
    for file in files:
        file.write_bytes(bytes(range(256)) * (32 * MB // 256))
    with files[0].open("rb") as one, files[1].open("rb") as two:
        maps = [mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) for opened in (one, two)]
        assert [bytes(held[:: mmap.PAGESIZE]).count(0) for held in maps] == [8192, 8192]
        before = resident("RssFile", "RssShmem")
        release_pages(files[0])
        after = resident("RssFile", "RssShmem")

        assert 28 * MB < before - after < 36 * MB
        assert maps[0][:256] == bytes(range(256))
        for held in maps:
            held.close()


def test_what_the_heap_has_free_goes_back():
    """Blocks below one that is still in use: glibc would keep them for itself."""
    blocks = [bytes(1000) for _ in range(100_000)]
    last = blocks.pop()
    blocks.clear()
    before = resident("RssAnon")
    trim()

    assert before - resident("RssAnon") > 50 * MB
    assert last == bytes(1000)
