"""The checkpoints of a run: complete or not there, the best and the newest kept, and never mixed with another run's.

    checkpoints/checkpoint-50/    adapter, optimizer, log …    complete

``complete`` is written last, when all else has reached the disk. It holds what the checkpoint was made with: a
checkpoint of other settings, another base or other examples is refused rather than gone on from.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from persona_core.errors import TrainingError
from trainer.run import write_whole
from trainer.settings import Settings
from trainer.tuning.labels import Row
from trainer.tuning.source import Source

COMPLETE = "complete"

# Settings that decide what a step computes. Not the device or the batch: they decide how, and a plan may change them.
DECISIVE = (
    "rank",
    "alpha",
    "learning_rate",
    "epochs",
    "effective_batch",
    "max_length",
    "seed",
    "evaluations",
)


def mark_of(settings: Settings, source: Source, rows: Iterable[Iterable[Row]]) -> dict[str, Any]:
    """What a checkpoint of this run is made with; ``rows`` are the data files in tokens, with their labels."""
    digest = sha256()
    for file in rows:
        for row in file:
            digest.update(row.input_ids.tobytes() + row.labels.tobytes())
        digest.update(b"end of file")
    return {
        "base": f"{source.base.id}@{source.base.revision or 'local'}",
        "data": digest.hexdigest(),
        **{name: getattr(settings, name) for name in DECISIVE},
    }


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The folder of checkpoints of a run with this ``mark`` (see `mark_of`)."""

    folder: Path
    mark: Mapping[str, Any]

    def at(self, step: int) -> Path:
        return self.folder / f"checkpoint-{step}"

    def newest(self) -> Path | None:
        """The newest complete checkpoint. Torn ones are removed.

        Raises:
            TrainingError: it was made with something else.
        """
        steps = []
        for path in self.folder.glob("checkpoint-*"):
            if (path / COMPLETE).exists():
                steps.append(_step(path))
            else:
                shutil.rmtree(path)
        if not steps:
            return None
        path = self.at(max(steps))
        made_with = json.loads((path / COMPLETE).read_text(encoding="utf-8"))
        different = [name for name, value in self.mark.items() if made_with.get(name) != value]
        if different:
            raise TrainingError("tuning.other_checkpoint", folder=path, fields=", ".join(different))
        return path

    def complete(self, step: int, *, best: int) -> None:
        """Everything of the checkpoint at ``step`` is written: say so, and keep only it and the ``best`` one."""
        path = self.at(step)
        for file in path.iterdir():
            _settle(file)
        write_whole(path / COMPLETE, json.dumps(self.mark, ensure_ascii=False, indent=2) + "\n")
        _settle(path / COMPLETE)
        for old in self.folder.glob("checkpoint-*"):
            if _step(old) not in (step, best):
                (old / COMPLETE).unlink()  # first: half of it is no checkpoint
                shutil.rmtree(old)


def _step(path: Path) -> int:
    return int(path.name.removeprefix("checkpoint-"))


def _settle(file: Path) -> None:
    """Wait until ``file`` is on the disk itself: a power cut takes what only the system's memory holds."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
