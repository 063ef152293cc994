"""A dictionary that forgets: it holds at least the newest ``size`` entries and never more than twice that.

What was said months ago is found again, and a chat ten times as long takes no more memory.
"""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Two generations of entries; when the younger is full, the older goes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[int, Value] = {}
        self._old: dict[int, Value] = {}

    def get(self, key: int) -> Value | None:
        """The newest value of ``key``, or None when there is none or it is forgotten."""
        found = self._young.get(key)
        return self._old.get(key) if found is None else found

    def put(self, key: int, value: Value) -> None:
        """Remember ``value`` under ``key``."""
        self._young[key] = value
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
