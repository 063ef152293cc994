"""How many models are alive whenever another one is loaded: on a small GPU there is room for one.

census = Census()
monkeypatch.setattr(module, "load_model", census.watching(module.load_model))
with census:
    …
census.counts       # [0, 0]: two were loaded, each when nothing was left of the one before
"""

import gc
from collections.abc import Callable
from typing import Any, Self
from weakref import WeakSet


class Census:
    """Counts the models that were loaded under its eyes; in its block, Python clears up nothing unless it is told to."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self._loaded: WeakSet[Any] = WeakSet()

    def take(self) -> None:
        self.counts.append(len(self._loaded))

    def watching(self, load: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            self.take()
            model = load(*args, **named)
            self._loaded.add(model)
            return model

        return watched

    def __enter__(self) -> Self:
        gc.disable()
        return self

    def __exit__(self, *_: object) -> None:
        gc.enable()
