"""Which is him? Held-out moments with the real and the generated reply side by side, for people to tell apart.

    quiz = Quiz(run, seed=0, count=20)
    quiz.open_number()          # 0
    quiz.questions[0]           # Question(context=…, replies=(("ㅇㅇ",), ("밥 먹었어?", "ㅋㅋ")), real=1)
    quiz.answer(0, 0)           # the generated one was taken for real
    quiz.tally()                # Tally(answers=1, fooled=1)

The replies are those of the evaluation (`trainer.fidelity.answers`). quiz.json in the run folder keeps which questions
were answered, and whether rightly: no word of anybody. The same seed asks the same questions in the same order, so that
a quiz goes on another day; other replies are another quiz.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from persona_core.errors import SettingsError
from persona_core.privacy import restore, scrub
from persona_core.prompt import Turn
from trainer.fidelity.answers import FILE_NAME as ANSWERS
from trainer.fidelity.answers import Answered, read_answers
from trainer.fidelity.figures import rounded
from trainer.run import Run, readable, write_whole

FILE_NAME = "quiz.json"
CONTEXT = 6  # turns shown: a screen of a phone
Z = 1.96  # of a normal distribution: 95 % lie within


@dataclass(frozen=True, slots=True)
class Question:
    """A moment as both would see it, names in it: the turns before, two replies as bubbles, and which one is real."""

    context: tuple[Turn, ...]
    replies: tuple[tuple[str, ...], tuple[str, ...]]
    real: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many questions were answered, and in how many the generated reply was taken for real."""

    answers: int
    fooled: int

    @property
    def rate(self) -> float:
        return self.fooled / max(1, self.answers)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate: honest for few answers, too, where the usual one is not."""
        n, z2 = self.answers, Z * Z
        if not n:
            return 0.0, 1.0
        middle = (self.fooled + z2 / 2) / (n + z2)
        width = Z * sqrt(self.fooled * (n - self.fooled) / n + z2 / 4) / (n + z2)
        return max(0.0, middle - width), min(1.0, middle + width)


class Quiz:
    """Asks, remembers, counts."""

    def __init__(self, run: Run, seed: int, count: int) -> None:
        """Begin the quiz of ``seed``, of at most ``count`` questions, or go on with it.

        Raises:
            SettingsError: the run was not evaluated, nothing of it can be shown, or a file of it is damaged.
        """
        self._file = run.path / FILE_NAME
        if not (run.path / ANSWERS).exists():
            raise SettingsError("quiz.not_evaluated", folder=run.path)
        self._key = {"seed": seed, "replies": _digest(run)}
        self._answers = _read(self._file, self._key)
        self.questions = _questions(run, seed, count)
        if not self.questions:
            raise SettingsError("quiz.no_moments", folder=run.path)

    def open_number(self) -> int | None:
        """The first question without an answer; None when there is none left."""
        return next((number for number in range(len(self.questions)) if number not in self._answers), None)

    def answer(self, number: int, chosen: int) -> None:
        """Remember which of the two replies was taken for real. The first answer counts."""
        if number not in self._answers:
            self._answers[number] = chosen != self.questions[number].real
            _write(self._file, self._key, self._answers)

    def tally(self) -> Tally:
        """What was answered so far, in this session and in earlier ones."""
        return Tally(len(self._answers), sum(self._answers.values()))


def keep_result(run: Run) -> None:
    """Write section ``quiz`` of the metrics: what people said of the replies that are there now, in all their quizzes.

    Empty when nobody was asked, or there are no replies.

    Raises:
        SettingsError: quiz.json is damaged.
    """
    now = _digest(run) if (run.path / ANSWERS).exists() else ""
    held = [quiz["answers"] for quiz in _all(run.path / FILE_NAME) if quiz["replies"] == now]
    tally = Tally(sum(map(len, held)), sum(sum(answers.values()) for answers in held))
    low, high = tally.interval
    told = {"answers": tally.answers, "fooled": tally.fooled, "rate": tally.rate, "low": low, "high": high}
    run.add_metrics("quiz", rounded(told) if tally.answers else {})


def _digest(run: Run) -> str:
    return hashlib.sha256((run.path / ANSWERS).read_bytes()).hexdigest()


def _questions(run: Run, seed: int, count: int) -> list[Question]:
    """Some of the moments in random order, each with its replies in random order; a longer quiz begins as a shorter one."""
    dice = random.Random(f"quiz {seed}")
    names = run.settings.his_name, run.settings.her_name
    asked = [question for answered in read_answers(run.path) if (question := _ask(answered, names, dice))]
    dice.shuffle(asked)
    return asked[:count]


def _ask(answered: Answered, names: tuple[str, str], dice: random.Random) -> Question | None:
    """The question of one moment.

    None where the page would say nothing or the very same, and where anything but the two names is masked: only the
    real talk has such holes.
    """
    real_is = dice.randrange(2)
    context = [(turn.role, _named(turn.bubbles, names)) for turn in answered.history[-CONTEXT:]]
    real, tuned = (_named(answered.replies[who], names) for who in ("real", "tuned"))
    tuned = tuple(filter(None, tuned))  # as the page leaves out what nobody may read
    if not tuned or tuned == real or not all(real) or not all(all(bubbles) for _, bubbles in context):
        return None
    shown = tuple(Turn(role, bubbles) for role, bubbles in context)
    return Question(shown, (tuned, real) if real_is else (real, tuned), real_is)


def _named(bubbles: Sequence[str], names: tuple[str, str]) -> tuple[str, ...]:
    """``bubbles`` as the partner would read them; "" for one that she would not."""
    return tuple(restore(scrub(bubble), *names) for bubble in bubbles)


def _read(file: Path, key: dict[str, Any]) -> dict[int, bool]:
    """The answers of the quiz of ``key``: question number, and whether the generated reply was taken for real."""
    return next((dict(quiz["answers"]) for quiz in _all(file) if _is(quiz, key)), {})


def _write(file: Path, key: dict[str, Any], answers: dict[int, bool]) -> None:
    others = [quiz for quiz in _all(file) if not _is(quiz, key)]
    # The numbers of the questions are keys, which JSON writes as words.
    write_whole(file, json.dumps([*others, {**key, "answers": answers}], indent=2) + "\n")


def _all(file: Path) -> list[dict[str, Any]]:
    """Every quiz that was held, the answers by question number.

    Raises:
        SettingsError: the file is damaged.
    """
    if not file.exists():
        return []
    with readable(file, "quiz.unreadable", folder=file.parent):
        return [
            {
                "seed": quiz["seed"],
                "replies": quiz["replies"],
                "answers": {int(number): bool(fooled) for number, fooled in dict(quiz["answers"]).items()},
            }
            for quiz in json.loads(file.read_text(encoding="utf-8"))
        ]


def _is(quiz: dict[str, Any], key: dict[str, Any]) -> bool:
    return all(quiz[name] == value for name, value in key.items())
