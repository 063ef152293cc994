"""What a push takes beside the client's own upload_folder, and what a second one sends.

    python -m tests.benchmarks.bench_push [--gigabytes 2.5] [--xet]

A release of random bytes (merged weights and a 33 MB adapter) goes to the Hub on loopback, each time from a process of
its own: first by `upload_folder` alone, then by `push`; the time of a push is that until its commit was read back, the
proof that follows (everything fetched again and compared) has a column of its own. Memory is the process's highest.
Bytes are what the Hub took in: bodies of requests, or with --xet the growth of its chunk store. The push may take
1.1 times what upload_folder takes, and 300 MB.

With --xet the chunk store of the loopback Hub runs inside the client's process, compression and index included: its
time and memory count as the client's there, and only the ratio tells something.
"""

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from persona_core.manifest import Base, PersonaManifest
from tests.hub.accounts import User
from tests.hub_server import HubServer
from tests.tiny_release import CARD
from trainer.release.contents import artefacts_in
from trainer.run import Run, open_run
from trainer.settings import Settings

ADAPTER = 33_000_000  # bytes: rank 16 on a base of 4 billion
PIECE = 1 << 24
ROUNDS = 3  # of which the fastest counts: the cores are shared
ALONE = """
import resource, sys, time
from huggingface_hub import HfApi
begin = time.perf_counter()
HfApi().create_repo(sys.argv[2], private=True, exist_ok=True)
HfApi().upload_folder(repo_id=sys.argv[2], folder_path=sys.argv[1] + "/release")
print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0, 0)
"""
OURS = """
import resource, sys, time
from pathlib import Path
from trainer.release import pushing
from trainer.run import load_run
def highest():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
arrived, proof, memory = pushing.require_arrived, 0.0, 0.0
def timed(*arguments):
    global proof, memory
    begin, memory = time.perf_counter(), highest()
    arrived(*arguments)
    proof = time.perf_counter() - begin
pushing.require_arrived = timed
begin = time.perf_counter()
pushing.push(load_run(Path(sys.argv[1])), sys.argv[2], lambda folder: None)
print(time.perf_counter() - begin - proof, memory or highest(), proof, highest())
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    memory: float  # MB, the highest
    proof: float  # seconds
    proof_memory: float  # MB, the highest of both
    sent: float  # MB


def write_release(run: Run, gigabytes: float) -> None:
    """Random bytes in the form of a release."""
    run.release.mkdir()
    (run.release / "adapter").mkdir()
    (run.release / "README.md").write_text(CARD, encoding="utf-8")
    (run.release / "LICENSE").write_text("The licence of an invented base.\n", encoding="utf-8")
    write_weights(run.release / "model.safetensors", int(gigabytes * 1e9))
    write_weights(run.release / "adapter" / "adapter_model.safetensors", ADAPTER)
    config = {"base_model_name_or_path": "tiny", "revision": None}
    (run.release / "adapter" / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    promise(run)


def write_weights(path: Path, size: int) -> None:
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for start in range(0, size, PIECE):
            file.write(os.urandom(min(PIECE, size - start)))


def promise(run: Run) -> None:
    manifest = PersonaManifest(Base("tiny"), "2026-11-01T00:00:00+00:00", 2)
    replace(manifest, artefacts=artefacts_in(run.release)).write(run.release)


class Bench:
    """One Hub and one run; every client is a process of its own."""

    def __init__(self, hub: HubServer, run: Run, home: Path, *, xet: bool) -> None:
        hub.control.add_user(User("minsu"))
        hub.control.offer_xet(on=xet)
        self._hub, self._run, self._storage, self._xet = hub, run, home / "storage", xet
        self._environment = {
            **os.environ,
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(home / "home"),
            "HF_TOKEN": hub.control.issue_token("minsu"),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PERSONA_LANG": "en",
        }

    def measure(self, program: str, repo: str) -> Cost:
        self._hub.control.clear_requests()
        before = self._stored()
        done = subprocess.run(
            [sys.executable, "-c", program, str(self._run.path), repo],
            env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
        )  # fmt: skip
        sent = self._stored() - before if self._xet else sum(r.received for r in self._hub.control.requests)
        return Cost(*map(float, done.stdout.split()), sent / 1e6)

    def _stored(self) -> int:
        chunks = self._storage / "xet-cas"
        return sum(path.stat().st_size for path in chunks.rglob("*") if path.is_file())


def show(name: str, cost: Cost) -> None:
    print(
        f"{name:28} {cost.seconds:8.2f} {cost.memory:8.0f} {cost.proof:8.2f} {cost.proof_memory:8.0f}"
        f" {cost.sent:10.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=2.5)
    parser.add_argument("--xet", action="store_true", help="the client's default transfer instead of LFS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = open_run(
            folder / "run", Settings(exports=("a.txt",), me="가온누리", partner="다솜별", base="tiny"), {}
        )
        write_release(run, options.gigabytes)
        print(f"{options.gigabytes:g} GB and the adapter, {'Xet' if options.xet else 'LFS'}")
        print(f"{'':28} {'seconds':>8} {'mem MB':>8} {'proof s':>8} {'mem MB':>8} {'sent MB':>10}")
        fastest: dict[str, Cost] = {}
        for number in range(ROUNDS):
            for name, program in (("upload_folder alone", ALONE), ("push", OURS)):
                # in Xet mode what one has brought the other need not send: a Hub of its own for each
                home = folder / f"{name}-{number}"
                with HubServer(home / "storage") as hub:
                    bench = Bench(hub, run, home, xet=options.xet)
                    cost = bench.measure(program, "minsu/talk")
                    if name not in fastest or cost.seconds < fastest[name].seconds:
                        fastest[name] = cost
                    if program is OURS and number == ROUNDS - 1:
                        for each, best in fastest.items():
                            show(each, best)
                        show("push again, unchanged", bench.measure(OURS, "minsu/talk"))
                        write_weights(run.release / "adapter" / "adapter_model.safetensors", ADAPTER)
                        promise(run)
                        show("push again, another adapter", bench.measure(OURS, "minsu/talk"))
                shutil.rmtree(home)
        ratio = fastest["push"].seconds / fastest["upload_folder alone"].seconds
        print(f"push / upload_folder: {ratio:.2f}")


if __name__ == "__main__":
    main()
