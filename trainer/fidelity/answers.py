"""What each contestant said at the held-out moments, kept in the run folder: masked, but his words all the same.

    {"history": [{"role": "partner", "bubbles": ["밥 먹었어?"]}], "replies": {"real": ["ㅇㅇ"], "tuned": ["웅"], …}}

For whoever asks something else of the same replies. They stay on this machine, like samples.json.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from persona_core.prompt import Turn
from trainer.run import write_whole

FILE_NAME = "answers.json"


@dataclass(frozen=True, slots=True)
class Answered:
    """One moment, and by contestant (the person himself is ``real``) the bubbles of the reply."""

    history: tuple[Turn, ...]
    replies: Mapping[str, tuple[str, ...]]


def write_answers(folder: Path, answers: Sequence[Answered]) -> None:
    """Write answers.json into the run folder."""
    rows = ",\n".join(json.dumps(asdict(answered), ensure_ascii=False) for answered in answers)
    write_whole(folder / FILE_NAME, f"[\n{rows}\n]\n")


def read_answers(folder: Path) -> list[Answered]:
    """What `write_answers` wrote; empty when nothing was."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    return [
        Answered(
            tuple(Turn(turn["role"], tuple(turn["bubbles"])) for turn in row["history"]),
            {who: tuple(bubbles) for who, bubbles in row["replies"].items()},
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]
