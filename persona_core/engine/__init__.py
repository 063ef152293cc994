"""From a history to a reply: ``load_engine(release)``, then ``engine.stream(history)`` bubble by bubble.

The trainer's evaluation, the Space and the terminal use the same engines, the same prompt and the same sampling::

    engine = load_engine(Path("runs/demo/release"))
    for bubbles in engine.stream([Turn("partner", ("밥 먹었어?",))]):
        print(bubbles)          # ["ㅇㅇ"], then ["ㅇㅇ", "너는?"]
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn

Hardware = Literal["auto", "cpu", "cuda", "zero"]
Weights = Literal["merged", "adapter"]


class Engine(Protocol):
    """Something that answers."""

    @property
    def manifest(self) -> PersonaManifest: ...

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Iterator[list[str]]:
        """Yield the bubbles so far whenever the model gets a step further; placeholders are still in them.

        ``history`` ends with a partner turn, or with the bubbles of a reply to it that is to be gone on with (then only
        new ones are yielded); its oldest turns are left out when it is too long. The same ``seed`` gives the same
        reply; None draws a new one. ``generation`` replaces the release's sampling defaults. Closing the iterator
        stops the model. At least one list is yielded unless the model says nothing.

        Raises:
            EngineError: the history is empty, or memory ran out.
        """
        ...


def load_engine(release: Path, hardware: Hardware = "auto", weights: Weights = "merged") -> Engine:
    """Load the weights of a release folder: merged ones, or the adapter on its base in NF4, which the Hub has.

    ``hardware``: "cuda" or "cpu" as said, "auto" takes a GPU when torch sees one, "zero" loads on the CPU and moves
    to "cuda" last, which is how ZeroGPU wants it.

    Raises:
        EngineError: not a release, no such weights in it, or a library or memory is missing.
        HubError: the base of an adapter cannot be fetched.
    """
    from persona_core.engine.pytorch import TorchEngine

    return TorchEngine.from_release(release, hardware, weights)
