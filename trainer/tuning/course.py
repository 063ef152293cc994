"""The course of a training, between its steps: validate, keep the best, save, tell, and know when to stop.

    step  50 of 300 · loss 3.412 · 812 tokens/s · 0:41:10 left
    step  50: held-out loss 3.388 a token, perplexity 29.6 (best so far)

Everything it decides follows from the trainer's own log, which every checkpoint holds: a resumed run decides alike.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from persona_core.errors import TrainingError
from persona_core.manifest import Base
from trainer.progress import say
from trainer.run import whole_folder
from trainer.tuning.adapter import in_full_precision, save_adapter
from trainer.tuning.evaluation import Score, measure
from trainer.tuning.interrupt import Interrupt
from trainer.tuning.labels import Row

BEST = "best"  # folder of the best adapter so far, beside the checkpoints
COMPLETE = "complete"  # file that is written last into a checkpoint
SAVE_EVERY = 600  # seconds: the most that a power cut may cost
TELL_EVERY = 30  # seconds between two lines


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The held-out score after ``step`` optimizer steps."""

    step: int
    nll: float
    accuracy: float
    tokens_per_second: float  # of the training since the process began, validation excluded


class Course:
    """What happens between two steps; `course_callback` makes it one of transformers' callbacks."""

    def __init__(
        self,
        *,
        checkpoints: Path,
        base: Base,
        held_out: Sequence[Row],
        evaluations: int,
        patience: int,
        interrupt: Interrupt,
    ) -> None:
        self._checkpoints = checkpoints
        self._base = base
        self._held_out = held_out
        self._evaluations = evaluations
        self._patience = patience
        self._interrupt = interrupt
        self._saved_at = self._told_at = time.monotonic()
        self._seconds = 0.0  # spent in training steps, validation excluded
        self._step_began = 0.0
        self._tokens_before = 0
        self._steps_before = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:  # noqa: ARG002
        """A checkpoint may have been loaded by now: make the precision, and the clocks, what they are at the start."""
        in_full_precision(model)
        self._tokens_before, self._steps_before = state.num_input_tokens_seen, state.global_step

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self._step_began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:  # noqa: ARG002
        now = time.monotonic()
        self._seconds += now - self._step_began
        if self._is_due(state):
            self._evaluate(state, model)
            control.should_save = True
            control.should_training_stop = is_over(state, self._patience)
        elif now - self._saved_at > SAVE_EVERY:
            control.should_save = True
        if self._interrupt.requested:
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, *, logs: dict[str, float], **_: Any) -> None:  # noqa: ARG002
        """Stop before anything of a diverged step is saved; tell how it goes."""
        if "loss" not in logs:  # the summary at the end
            return
        # With float16 the gradient scaler meets infinite gradients on purpose, and skips those steps.
        norm = 0.0 if args.fp16 else logs["grad_norm"]
        if not math.isfinite(logs["loss"]) or not math.isfinite(norm):
            raise TrainingError("tuning.diverged", step=state.global_step)
        if time.monotonic() - self._told_at > TELL_EVERY:
            self._tell(state, logs["loss"])

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        (self._checkpoints / f"checkpoint-{state.global_step}" / COMPLETE).touch()
        self._saved_at = time.monotonic()

    def tokens_per_second(self, state: Any) -> float:
        """Tokens through training steps since this process began; 0 before the first."""
        return (
            float(state.num_input_tokens_seen - self._tokens_before) / self._seconds if self._seconds else 0.0
        )

    def _is_due(self, state: Any) -> bool:
        every = math.ceil(state.max_steps / self._evaluations)
        return bool(state.global_step % every == 0 or state.global_step == state.max_steps)

    def _evaluate(self, state: Any, model: Any) -> None:
        score = measure(model, self._held_out)
        if not math.isfinite(score.nll):
            raise TrainingError("tuning.diverged", step=state.global_step)
        earlier = [evaluation.nll for evaluation in evaluations(state)]
        rate = round(self.tokens_per_second(state), 1)
        state.log_history.append(asdict(Evaluation(state.global_step, score.nll, score.accuracy, rate)))
        improved = not earlier or score.nll < min(earlier)
        if improved:
            with whole_folder(self._checkpoints / BEST) as folder:
                save_adapter(model, folder, self._base)
        self._tell_score(state, score, improved=improved)

    def _tell(self, state: Any, loss: float) -> None:
        self._told_at = time.monotonic()
        done = state.global_step - self._steps_before
        left = self._seconds / done * (state.max_steps - state.global_step)
        say(
            "tuning.progress",
            step=state.global_step,
            steps=state.max_steps,
            loss=f"{loss:.3f}",
            rate=f"{self.tokens_per_second(state):,.0f}",
            left=timedelta(seconds=round(left)),
        )

    def _tell_score(self, state: Any, score: Score, *, improved: bool) -> None:
        say(
            "tuning.best" if improved else "tuning.no_better",
            step=state.global_step,
            steps=state.max_steps,
            nll=f"{score.nll:.3f}",
            perplexity=f"{score.perplexity:.1f}",
            rate=f"{self.tokens_per_second(state):,.0f}",
        )


def course_callback(course: type[Course], **options: Any) -> Any:
    """A `Course` with ``options`` that is a TrainerCallback, too: events it does not care about do nothing."""
    from transformers import TrainerCallback

    return type(course.__name__, (course, TrainerCallback), {})(**options)


def evaluations(state: Any) -> list[Evaluation]:
    """Every evaluation so far, oldest first."""
    return [Evaluation(**entry) for entry in state.log_history if "nll" in entry]


def best(state: Any) -> Evaluation:
    """The evaluation with the lowest loss, the first of equals."""
    return min(evaluations(state), key=lambda evaluation: evaluation.nll)


def is_over(state: Any, patience: int) -> bool:
    """Whether every step is done, or the last ``patience`` evaluations brought nothing better."""
    done = evaluations(state)
    if not done:
        return False
    since_best = len(done) - 1 - done.index(best(state))
    return bool(state.global_step >= state.max_steps or since_best >= patience)
