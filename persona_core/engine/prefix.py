"""What a model has read stays read: the next turn of a conversation costs only what is new in it.

    kept = Prefixes(KEPT_BYTES)
    reading = kept.take(ids)            # Reading(ids[:612], its cache): 612 tokens that need no second reading
    kept.put(reading)                   # after the reply, which has been read along with the prompt

Each reading is taken out while it is used, so replies on several threads never share one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

# Three full conversations of a 4B model: 147 KiB a token (36 layers, 8 heads of 128, keys and values in 16 bits) times
# 1,024 tokens is 144 MiB. Beside 2.6 GiB of weights an 8 GB GPU has room for it.
KEPT_BYTES = 512 * 2**20
KEPT_READINGS = (
    32  # of small models: each is compared with the prompt, and more visitors are not let in at once
)


@dataclass(slots=True)
class Reading:
    """Tokens that were read, and the keys and values they left (transformers' cache; None: nothing yet)."""

    ids: list[int] = field(default_factory=list)
    cache: Any = None

    @property
    def size(self) -> int | None:
        """Bytes of keys and values; None of a cache that holds anything else."""
        from transformers.cache_utils import DynamicLayer

        layers = self.cache.layers
        if not all(isinstance(layer, DynamicLayer) and layer.is_initialized for layer in layers):
            return None
        return int(sum(layer.keys.nbytes + layer.values.nbytes for layer in layers))


@dataclass
class Prefixes:
    """The newest readings in at most ``bytes_kept``; with 0 nothing is kept."""

    bytes_kept: int = KEPT_BYTES
    _readings: list[tuple[Reading, int]] = field(default_factory=list)  # with its bytes; the newest last
    _lock: Lock = field(default_factory=Lock)

    def take(self, ids: Sequence[int]) -> Reading:
        """The reading with the longest beginning of ``ids``, cut to it; at least the last token is left to be read."""
        with self._lock:
            common, best = max(
                ((_common(reading.ids, ids), at) for at, (reading, _) in enumerate(self._readings)),
                default=(0, 0),
            )
            if not common:
                return Reading()
            reading, _ = self._readings.pop(best)
        common = min(common, len(ids) - 1)
        return Reading(list(ids[:common]), reading.cache) if _cut(reading, common) else Reading()

    def put(self, reading: Reading) -> None:
        """Keep ``reading``; the oldest leave when there are too many."""
        if not self.bytes_kept or reading.cache is None or not (size := reading.size):
            return
        with self._lock:
            self._readings = [*self._readings, (reading, size)][-KEPT_READINGS:]
            while sum(size for _, size in self._readings) > self.bytes_kept:
                del self._readings[0]

    def clear(self) -> None:
        """Forget everything, for the memory it takes."""
        with self._lock:
            self._readings.clear()


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _cut(reading: Reading, length: int) -> bool:
    """Take the tokens after ``length`` out of the cache; False when this kind of cache has forgotten too much for it.

    A sliding window keeps only its last tokens, a state-space layer none: past them there is no way back.
    """
    if length == len(reading.ids):
        return True
    if length < 1:
        return False
    try:
        reading.cache.crop(length - len(reading.ids))
    except RuntimeError:
        return False
    return True
