"""What each contestant said at the held-out moments, kept in the run folder: masked, but his words all the same.

    {"history": [{"role": "partner", "bubbles": ["밥 먹었어?"]}], "replies": {"real": ["ㅇㅇ"], "tuned": ["웅"], …}}

For whoever asks something else of the same replies, and for him to read. They stay on this machine.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from persona_core.prompt import Turn
from trainer.fidelity.moments import spread
from trainer.run import readable, write_whole

FILE_NAME = "answers.json"
COUNT = 5  # replies that are shown: they fit a screen
LONGEST_ASKED = 60  # characters of the partner's turn: what can be read at a glance


@dataclass(frozen=True, slots=True)
class Answered:
    """One moment, and by contestant (the person himself is ``real``) the bubbles of the reply."""

    history: tuple[Turn, ...]
    replies: Mapping[str, tuple[str, ...]]

    @property
    def asked(self) -> tuple[str, ...]:
        """The partner's bubbles that are answered."""
        return self.history[-1].bubbles


def write_answers(folder: Path, answers: Sequence[Answered]) -> None:
    """Write answers.json into the run folder."""
    rows = ",\n".join(json.dumps(asdict(answered), ensure_ascii=False) for answered in answers)
    write_whole(folder / FILE_NAME, f"[\n{rows}\n]\n")


def read_answers(folder: Path) -> list[Answered]:
    """What `write_answers` wrote; empty when nothing was.

    Raises:
        SettingsError: the file is damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    with readable(path, "fidelity.unreadable_answers", folder=folder):
        return [_answered(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def a_few(answers: Sequence[Answered]) -> list[Answered]:
    """Some to be shown, evenly over the held-out time; the partner's turn is short."""
    return spread([one for one in answers if sum(map(len, one.asked)) <= LONGEST_ASKED], COUNT)


def _answered(row: Mapping[str, object]) -> Answered:
    history, replies = row["history"], row["replies"]
    if not (isinstance(history, list) and history and isinstance(replies, dict)):
        raise ValueError("no moment")
    if not {"real", "tuned", "base"} <= replies.keys():
        raise ValueError("no reply")
    return Answered(
        tuple(Turn(turn["role"], _bubbles(turn["bubbles"])) for turn in history),
        {who: _bubbles(bubbles) for who, bubbles in replies.items()},
    )


def _bubbles(said: list[object]) -> tuple[str, ...]:
    bubbles = tuple(bubble for bubble in said if isinstance(bubble, str))
    if len(bubbles) != len(said):
        raise ValueError("no text")
    return bubbles
