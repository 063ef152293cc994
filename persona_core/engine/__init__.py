"""From a history to a reply: ``load_engine(release)``, then ``engine.stream(history)`` bubble by bubble.

The trainer's evaluation, the Space and the terminal use the same engines, the same prompt and the same sampling::

    engine = load_engine(Path("runs/demo/release"))
    for bubbles in engine.stream([Turn("partner", ("밥 먹었어?",))]):
        print(bubbles)          # ["ㅇㅇ"], then ["ㅇㅇ", "너는?"]
"""

from collections.abc import Generator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

from persona_core.engine.processor import has_avx2
from persona_core.manifest import ArtefactKind, Generation, PersonaManifest
from persona_core.prompt import Turn

Hardware = Literal["auto", "cpu", "cuda", "zero"]
Weights = Literal["merged", "adapter"]


class Engine(Protocol):
    """Something that answers."""

    @property
    def manifest(self) -> PersonaManifest: ...

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Generator[list[str], None, bool]:
        """Yield the bubbles so far whenever the model gets a step further; placeholders are still in them.

        ``history`` ends with a partner turn, or with the bubbles of a reply to it that is to be gone on with (then only
        new ones are yielded); its oldest turns are left out when it is too long. The same ``seed`` gives the same
        reply; None draws a new one. ``generation`` replaces the release's sampling defaults. Closing the iterator
        stops the model. At least one list is yielded unless the model says nothing. What it returns at the end is
        whether ``max_new_tokens`` ended it, and not the model.

        Raises:
            EngineError: the history is empty, or memory ran out.
        """
        ...


def kinds_for(hardware: Hardware = "auto", weights: Weights = "merged") -> tuple[ArtefactKind, ...]:
    """The artefacts that hold ``weights`` for this machine, the best first: merged ones on a CPU are OpenVINO's.

    See `load_engine`. Without OpenVINO, or on a CPU too old for it, torch does what it can.
    """
    if weights == "adapter":
        return ("adapter",)
    has_gpu = hardware in ("cuda", "zero") or (hardware == "auto" and _sees_gpu())
    is_for_openvino = not has_gpu and find_spec("openvino") is not None and has_avx2()
    return ("openvino", "merged") if is_for_openvino else ("merged",)


def _sees_gpu() -> bool:
    if find_spec("torch") is None:
        return False
    from persona_core.engine.loading import memory_errors

    with memory_errors():  # it takes more of it than the engine for CPUs
        import torch

        return bool(torch.cuda.is_available())


def load_engine(release: Path, hardware: Hardware = "auto", weights: Weights = "merged") -> Engine:
    """Load the weights of a release folder: merged ones, or the adapter on its base in NF4, which the Hub has.

    ``hardware``: "cuda" or "cpu" as said, "auto" takes a GPU when torch sees one, "zero" loads on the CPU and moves
    to "cuda" last, which is how ZeroGPU wants it. Merged weights on a CPU are those of the openvino artefact, where there
    is one and OpenVINO is installed.

    Raises:
        EngineError: not a release, no such weights in it, or a library or memory is missing.
        HubError: the base of an adapter cannot be fetched.
    """
    if PersonaManifest.read(release).best(kinds_for(hardware, weights)) == "openvino":
        from persona_core.engine.openvino import OpenVinoEngine

        return OpenVinoEngine.from_release(release)
    from persona_core.engine.pytorch import TorchEngine

    return TorchEngine.from_release(release, hardware, weights)
