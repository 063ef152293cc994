"""What a model has read stays read: the next turn of a conversation costs only what is new in it.

    kept = Prefixes(TorchReading, KEPT_BYTES)
    reading = kept.take(ids)            # it has read ids[:612]: 612 tokens that need no second reading
    kept.put(reading, len(ids))         # after the reply, which has been read along with the prompt

Each reading is taken out while it is used, so replies on several threads never share one; another conversation that
begins alike, with the same system prompt, gets a copy of that beginning.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, Protocol, Self, TypeVar

from persona_core.engine.loading import log, memory_errors
from persona_core.errors import OutOfMemory

# Three full conversations of a 4B model: 147 KiB a token (36 layers, 8 heads of 128, keys and values in 16 bits) times
# 1,024 tokens is 144 MiB. Beside 2.6 GiB of weights an 8 GB GPU has room for it.
KEPT_BYTES = 512 * 2**20
KEPT_READINGS = (
    32  # of small models: each is compared with the prompt, and more visitors are not let in at once
)


class Reading(Protocol):
    """Tokens that were read, and the keys and values they left, wherever an engine has them."""

    ids: list[int]

    @property
    def size(self) -> int:
        """Bytes of keys and values; 0 of what cannot be kept."""
        ...

    def cut(self, length: int) -> bool:
        """Forget all but the first ``length`` tokens, at least one; False when there is no way back to them."""
        ...

    def copy(self) -> Self:
        """Another one of the same tokens."""
        ...


R = TypeVar("R", bound=Reading)


@dataclass(frozen=True, slots=True)
class _Kept(Generic[R]):
    """A reading, the bytes it takes, and how many of its tokens were the prompt: what follows is a reply."""

    reading: R
    size: int
    asked: int


@dataclass
class Prefixes(Generic[R]):
    """The newest readings in at most ``bytes_kept``; with 0 nothing is kept. ``begin`` makes one of nothing yet."""

    begin: Callable[[], R]
    bytes_kept: int = KEPT_BYTES
    _readings: list[_Kept[R]] = field(default_factory=list)  # the newest last
    _lock: Lock = field(default_factory=Lock)

    def take(self, ids: Sequence[int]) -> R:
        """The reading with the longest beginning of ``ids``, cut to it; at least the last token is left to be read."""
        with self._lock:
            common, best = max(
                ((_common(kept.reading.ids, ids), at) for at, kept in enumerate(self._readings)),
                default=(0, 0),
            )
            if not common:
                return self.begin()
            # Up to the reply it is this conversation, gone on with or asked again; else another one, which stays.
            is_this = common >= self._readings[best].asked
            reading = self._readings.pop(best).reading if is_this else self._readings[best].reading.copy()
        common = min(common, len(ids) - 1)
        if common == len(reading.ids) or (common and reading.cut(common)):
            return reading
        return self.begin()

    def put(self, reading: R, asked: int) -> None:
        """Keep ``reading``, which began with a prompt of ``asked`` tokens; the oldest leave when there are too many."""
        if not self.bytes_kept or not 0 < (size := reading.size) <= self.bytes_kept:
            return
        with self._lock:
            self._readings = [*self._readings, _Kept(reading, size, asked)][-KEPT_READINGS:]
            while sum(kept.size for kept in self._readings) > self.bytes_kept:
                del self._readings[0]

    @contextmanager
    def freed_if_short(self) -> Iterator[None]:
        """Where memory runs out inside the block, say so and forget everything: the next reply has what it took.

        Raises:
            OutOfMemory: it did.
        """
        try:
            with memory_errors():
                yield
        except OutOfMemory as error:
            log.error("%s", error)
            with self._lock:
                self._readings.clear()
            raise


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
