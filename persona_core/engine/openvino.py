"""The engine for CPUs: int4 weights in OpenVINO's own runtime, without torch.

    engine = OpenVinoEngine.from_release(Path("runs/demo/release"))     # its openvino/ folder

The graph is stateful: keys and values lie inside an inference request, and each conversation that is kept has its own.
"""

import sys
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from math import isnan, prod
from pathlib import Path
from threading import Lock
from typing import Any

from persona_core.engine.decoding import answer
from persona_core.engine.footprint import release_pages, trim
from persona_core.engine.loading import log, memory_errors, require_readable, require_trained
from persona_core.engine.prefix import KEPT_BYTES, Prefixes
from persona_core.engine.processor import cores, has_avx2
from persona_core.engine.sampling import generator, sample
from persona_core.engine.tokenizer import StoredTokenizer
from persona_core.errors import EngineError, PersonaError
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn
from persona_core.texts import text

GRAPH = "openvino_model.xml"
WEIGHTS = "openvino_model.bin"
GROUP = 64  # weights of one output that share a scale in int4, as in NF4

_LENGTH_AXIS = 2  # of keys and values: [batch, heads, tokens, width]
_INPUTS = ("input_ids", "position_ids", "beam_idx")
_FIRST = Lock()  # who asks for the core first makes it; a second one, made at the same time, would go
_GIVEN = 3  # times the bytes of a state that was given, not computed: OpenVINO keeps it in 32 bits, too (2.8 to 3.4 measured)
_PORTION = 64  # tokens of a prompt that are computed at once: more are no faster, and take memory


@dataclass(slots=True)
class OpenVinoReading:
    """Tokens that were read by a request to ``graph``, whose state holds ``token_bytes`` of keys and values for each."""

    graph: Any
    token_bytes: int
    ids: list[int] = field(default_factory=list)
    request: Any = None
    given: bool = False  # the state was set from outside

    def __post_init__(self) -> None:
        self.request = self.graph.create_infer_request()

    @property
    def size(self) -> int:
        """See `persona_core.engine.prefix.Reading`."""
        return self.token_bytes * len(self.ids) * (_GIVEN if self.given else 1)

    def cut(self, length: int) -> bool:
        """See `persona_core.engine.prefix.Reading`."""
        import numpy as np
        from openvino import Tensor

        for variable in self.request.query_state():
            held = variable.state.data
            if held.shape[_LENGTH_AXIS] != len(self.ids):  # a graph that forgets on its own has no way back
                return False
            variable.state = Tensor(np.ascontiguousarray(held[:, :, :length]))
        del self.ids[length:]
        self.given = True
        return True

    def copy(self) -> "OpenVinoReading":
        """See `persona_core.engine.prefix.Reading`."""
        other = OpenVinoReading(self.graph, self.token_bytes, [*self.ids])
        held = {variable.name: variable.state for variable in self.request.query_state()}
        for variable in other.request.query_state():
            variable.state = held[variable.name]
        other.given = True
        return other

    def read(self, feed: Sequence[int]) -> Any:
        """The logits (float32, shape ``[vocabulary]``) of what follows ``feed``, which comes after what was read."""
        import numpy as np

        before, self.ids = self.ids, []  # half a pass is worth nothing
        ids = [*before, *feed]
        for begin, end in portions(len(before), len(ids)):
            out = self.request.infer(
                {
                    "input_ids": np.array([ids[begin:end]], dtype=np.int64),
                    "position_ids": np.arange(begin, end, dtype=np.int64)[None],
                    "beam_idx": np.zeros(1, dtype=np.int32),
                },
                share_outputs=True,
            )
        self.ids = ids
        logits = out["logits"][0, -1].copy()
        if len(feed) > 1:
            trim()
        return logits


def portions(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The bounds of the passes that read the tokens from ``begin`` to ``end``.

    The first token is read alone. A pass that finds no keys and values computes in another order than all others, so that
    what it reads would be rounded otherwise by its length; from the second pass on it makes no difference how a
    prompt is divided (see `hints`).
    """
    while begin < end:
        stop = min(begin + _PORTION, end) if begin else 1
        yield begin, stop
        begin = stop


class OpenVinoEngine:
    """A stateful graph on a CPU, sampled token by token. ``kept_bytes`` of what it has read stay for the next turns."""

    def __init__(
        self,
        graph: Any,
        tokenizer: Any,
        manifest: PersonaManifest,
        token_bytes: int,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self.manifest = manifest
        self._tokenizer = tokenizer
        self._begin = partial(OpenVinoReading, graph, token_bytes)
        self._kept = Prefixes(self._begin, kept_bytes)

    @classmethod
    def from_release(cls, release: Path) -> "OpenVinoEngine":
        """The engine of the openvino artefact in ``release``.

        Raises:
            EngineError: no such artefact, a damaged one, a CPU that is too old, a library or memory is missing.
        """
        manifest = PersonaManifest.read(release)
        artefact = manifest.artefact("openvino")
        if artefact is None:
            raise EngineError("engine.missing_artefact", kind="openvino")
        if not has_avx2():
            raise EngineError("engine.old_cpu")
        folder = release / artefact.path
        for file in artefact.files:
            require_readable(release / file.path)
        with ThreadPoolExecutor(1) as beside:
            reads_text = beside.submit(_load_tokenizer, folder, manifest)
            graph, token_bytes = compile_graph(folder)
            tokenizer = reads_text.result()
        with memory_errors():  # the first pass packs the weights: nobody who writes shall wait for that
            logits = OpenVinoReading(graph, token_bytes).read([manifest.end_of_turn_id])
        if isnan(logits.max()):  # as only damaged weights give
            raise EngineError("engine.damaged", folder=folder)
        release_pages(folder / WEIGHTS)
        precision = graph.get_property("INFERENCE_PRECISION_HINT").to_string()
        log.info("%s", text("engine.loaded", weights="openvino", device="cpu", dtype=precision))
        return cls(graph, tokenizer, manifest, token_bytes)

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Generator[list[str], None, bool]:
        """See `persona_core.engine.Engine.stream`."""
        return answer(self._tokenizer, history, self.manifest, generation, partial(self._tokens, seed))

    def _tokens(self, seed: int | None, prompt: Sequence[int], chosen: Generation) -> Iterator[int]:
        """Sample up to ``max_new_tokens``; stop before the end-of-turn token.

        A seed reads everything itself, and keeps nothing: see `persona_core.engine.pytorch.TorchEngine`.
        """
        with self._kept.freed_if_short():
            reading = self._kept.take(prompt) if seed is None else self._begin()
        feed, said, draws = list(prompt[len(reading.ids) :]), list[int](), generator(seed)
        try:
            for _ in range(chosen.max_new_tokens):
                with self._kept.freed_if_short():
                    logits = reading.read(feed)
                token = sample(logits, said, chosen, draws)
                if token == self.manifest.end_of_turn_id:
                    return
                yield token
                said.append(token)
                feed = [token]
        finally:
            if seed is None:
                self._kept.put(reading, len(prompt))


def runtime() -> Any:
    """The ``openvino`` package, which from now on sends nobody word of its use: the part that would is left out.

    Raises:
        EngineError: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # how an import is forbidden
    try:
        with memory_errors():
            import openvino
    except ImportError as error:
        raise EngineError("engine.missing_library", library="openvino", extra="cpu") from error
    return openvino


def core() -> Any:
    """The one ``openvino.Core`` of this process, which is never given up.

    Its plugin for CPUs gives the thread that loads it a stack for signals, and unmaps that stack when it goes, whoever has it
    by then: of two that do not go in the order they came, or of one that goes in another thread, the stack that is left
    is no memory any more, and Ctrl-C ends in a segmentation fault.
    """
    package = runtime()
    with _FIRST:
        return _core(package)


@cache
def _core(package: Any) -> Any:
    return package.Core()


def hints() -> dict[str, object]:
    """How every graph is run."""
    return {
        "PERFORMANCE_HINT": "LATENCY",  # one reply at a time, on all cores
        "INFERENCE_NUM_THREADS": cores(),
        "ENABLE_CPU_PINNING": False,  # on a shared host the first cores are everybody's
        "KV_CACHE_PRECISION": "f16",  # 8 bits, the default, are no faster, and what is kept would round replies otherwise
        # What a layer hears is rounded to 8 bits, in the weights' groups, for products of whole numbers, where the CPU has
        # such (VNNI). 1.7B, two cores: 21 tokens a second for 15 in bfloat16, which new CPUs would take by themselves. Sums
        # of whole numbers are exact, too: what a token becomes does not depend on those that are read along with it. On
        # a CPU without VNNI nothing is rounded, and it depends on them by 1e-4 of a logit.
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
    }


def compile_graph(folder: Path, **more: object) -> tuple[Any, int]:
    """The graph in ``folder``, ready to run, and the bytes its state takes for each token that it reads.

    ``more`` are settings of the runtime, such as ``INFERENCE_PRECISION_HINT="f32"``.

    Raises:
        EngineError: it is damaged, or memory or the library is missing.
    """
    # Anything but a graph of its own would be taken for a format of another library.
    require_readable(folder / GRAPH, b"<?xml")
    try:
        with memory_errors():
            graph = core().read_model(folder / GRAPH)
            compiled = core().compile_model(graph, "CPU", {**hints(), **more})
            for name in _INPUTS:
                compiled.input(name)
            compiled.output("logits")
            return compiled, _token_bytes(graph.get_variables(), compiled)
    except PersonaError:
        raise
    except RuntimeError as error:
        raise EngineError("engine.damaged", folder=folder) from error


def _load_tokenizer(folder: Path, manifest: PersonaManifest) -> StoredTokenizer:
    tokenizer = StoredTokenizer.read(folder)
    require_trained(tokenizer, folder, manifest)
    return tokenizer


def _token_bytes(variables: Sequence[Any], compiled: Any) -> int:
    """Bytes of one token in all ``variables`` of the state, in the precision in which ``compiled`` holds them."""
    shapes = [variable.info.data_shape for variable in variables]
    numbers = sum(prod(side.get_length() for side in shape if side.is_static) for shape in shapes)
    return int(numbers * compiled.get_property("KV_CACHE_PRECISION").size)
