"""The proof that a release arrived: fetched back into an empty cache, compared, loaded by a fresh process, and asked.

    require_arrived(run, "me/talk", "9f2c…")        # or an error that says what is wrong with what lies there

Until then a push is not done: a listing with the right sums is the Hub's word for it, an answer is the model's.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from persona_core.engine import Engine, kinds_for, load_engine
from persona_core.errors import OutOfMemory, PersonaError, ReleaseError
from persona_core.hub import download_release
from persona_core.manifest import FILE_NAME, PersonaManifest
from persona_core.prompt import Turn
from trainer.progress import say
from trainer.run import Run, disk, removed

ANSWER_SECONDS = 1200.0  # 8 billion parameters from a slow disk on a CPU: minutes; what takes longer hangs
TOKENS = 24  # of an answer, enough to see one
TRIES = 5  # a persona may well have nothing to say to a greeting, but not five times
_SPEAKS_UTF8 = {"PYTHONIOENCODING": "utf-8"}  # and not what the console of a Korean Windows does
_ASK = "from trainer.release.arrival import main; main()"


def require_arrived(run: Run, repo_id: str, commit: str, try_out: Callable[[Path], None]) -> None:
    """Fetch the release at ``commit`` into a cache of its own, prove it the one of ``run``, and `try_out` its folder.

    Raises:
        HubError: it cannot be fetched, or its bytes are others.
        ReleaseError: it does not load or does not answer.
        StorageError: the disk has no room for a second copy.
    """
    # On the disk that was chosen for the run, as /tmp may be memory; and its own for each repository.
    cache = run.path / f".arrival.{repo_id.replace('/', '--')}.partial"
    say("release.proving", repo=repo_id)
    with removed(cache), disk(cache):
        folder = download_release(repo_id, commit, cache=cache)
        if (folder / FILE_NAME).read_bytes() != (run.release / FILE_NAME).read_bytes():
            raise ReleaseError("release.arrived_differently", repo=repo_id)
        try_out(folder)


def answer(release: Path) -> None:
    """Have a fresh process load ``release`` and say something: its memory goes with it.

    Raises:
        ReleaseError: it did not; the text has the process's last line.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASK, str(release)],
            capture_output=True, text=True, encoding="utf-8", errors="replace", env={**os.environ, **_SPEAKS_UTF8},
            timeout=ANSWER_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ReleaseError("release.no_answer", reason=f"{ANSWER_SECONDS:.0f} s") from None
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise ReleaseError("release.no_answer", reason=last or f"exit code {done.returncode}")


def main() -> None:
    """What the fresh process does: load the release named on its command line and wait for the first words of each engine."""
    try:
        for engine in _engines(Path(sys.argv[1])):
            spoke = _speaks(engine)
            del engine  # its memory is for the next one
            if not spoke:
                sys.exit("silence")
    except PersonaError as error:
        sys.exit(str(error))


def _engines(release: Path) -> Iterator[Engine]:
    """The one for its 4-bit weights, and the one for its weights for CPUs where there are such and this machine can run them."""
    from persona_core.engine.pytorch import TorchEngine

    try:
        yield TorchEngine.from_release(release)
    except OutOfMemory:  # a training that still holds the GPU says nothing about the release
        yield TorchEngine.from_release(release, "cpu")
    if PersonaManifest.read(release).best(kinds_for("cpu")) == "openvino":
        yield load_engine(release, "cpu")


def _speaks(engine: Engine) -> bool:
    generation = replace(engine.manifest.generation, max_new_tokens=TOKENS)
    greeting = [Turn("partner", ("뭐 해?",))]
    return any(any(engine.stream(greeting, seed=seed, generation=generation)) for seed in range(TRIES))
