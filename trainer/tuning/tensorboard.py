"""TensorBoard's event files, written without TensorBoard: numbers by tag and step, and never a word of the chat.

    runs/<name>/logs/events.out.tfevents.1767225600.persona        $ tensorboard --logdir runs

A file is a row of records: length, checksum, an `Event` in protocol buffers, checksum. A run that goes on writes its
file anew from the log that its checkpoint holds, so no step is in it twice, and what came after is not in it.
"""

import struct
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

Point = tuple[int, float, Mapping[str, float]]  # step, seconds since 1970, values by tag

_CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, reflected
_MASK = 0xA282EAD8  # added to a checksum, so that a checksum of checksums is no trap


class EventFile:
    """The one event file of a folder; it holds ``points`` and grows by `add`."""

    def __init__(self, folder: Path, points: Iterable[Point] = ()) -> None:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        now = time.time()
        self._path = folder / f"events.out.tfevents.{now:.0f}.persona"
        head = _double(1, now) + _bytes(3, b"brain.Event:2")  # what a reader expects first
        self._path.write_bytes(_record(head) + b"".join(_record(_event(*point)) for point in points))

    def add(self, step: int, at: float, values: Mapping[str, float]) -> None:
        """Append the ``values`` of ``step``, measured ``at`` seconds since 1970."""
        with self._path.open("ab") as file:
            file.write(_record(_event(step, at, values)))


def _event(step: int, at: float, values: Mapping[str, float]) -> bytes:
    summary = b"".join(
        _bytes(1, _bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value))  # tag, simple_value
        for tag, value in values.items()
    )
    return _double(1, at) + b"\x10" + _varint(step) + _bytes(5, summary)


def _double(field: int, value: float) -> bytes:
    return bytes([field << 3 | 1]) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def _record(event: bytes) -> bytes:
    length = struct.pack("<Q", len(event))
    return length + _checksum(length) + event + _checksum(event)


def _checksum(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _table()[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


@cache
def _table() -> tuple[int, ...]:
    def shifted(byte: int) -> int:
        for _ in range(8):
            byte = byte >> 1 ^ _CASTAGNOLI * (byte & 1)
        return byte

    return tuple(map(shifted, range(256)))
