"""The course of a training, between its steps: validate, save, record, tell, and know when to stop.

    step  50 of 300 · loss 3.412 · 812 tokens/s · peak memory 4.6 GiB · 0:41:10 left
    step  50: held-out loss 3.388 a token, perplexity 29.6 (best so far)

Everything it decides follows from the trainer's own log, which every checkpoint holds: a resumed run decides alike.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from persona_core.errors import TrainingError
from trainer import team
from trainer.progress import say
from trainer.tuning.adapter import in_full_precision
from trainer.tuning.checkpoints import Checkpoints
from trainer.tuning.evaluation import Score, measure
from trainer.tuning.interrupt import Interrupt
from trainer.tuning.labels import Row
from trainer.tuning.log import Evaluation, best, curves_at, evaluations, points
from trainer.tuning.memory import in_gib
from trainer.tuning.tally import Tally
from trainer.tuning.tensorboard import EventFile

SAVE_EVERY = 600  # seconds: the most that a power cut may cost
TELL_EVERY = 30  # seconds between two lines


class Course:
    """What happens between two steps; `course_callback` makes it one of transformers' callbacks."""

    def __init__(
        self,
        *,
        checkpoints: Checkpoints,
        held_out: Sequence[Row],
        evaluations: int,
        patience: int,
        interrupt: Interrupt,
        peak_memory: Callable[[], int],
        record: Callable[[Any], None],
        name_rows: Callable[[Iterable[bytes]], str],
        open_events: Callable[[Iterable[Any]], EventFile],
    ) -> None:
        """``record`` gets the state of each checkpoint from the first validation on; ``name_rows`` says where rows stand, for an error."""
        self.tally = Tally()
        self._checkpoints = checkpoints
        self._held_out = held_out
        self._evaluations = evaluations
        self._patience = patience
        self._interrupt = interrupt
        self._peak_memory = peak_memory
        self._record = record
        self._name_rows = name_rows
        self._open_events = open_events
        self._events: EventFile | None = None
        self._saved_at = self._told_at = time.monotonic()
        self._seconds = 0.0  # spent in training steps, validation excluded
        self._step_began = 0.0
        self._tokens_before = 0
        self._steps_before = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:  # noqa: ARG002
        """A checkpoint may have been loaded by now: make the precision, and the clocks, what they are at the start."""
        in_full_precision(model)
        self._tokens_before, self._steps_before = state.num_input_tokens_seen, state.global_step
        if team.leads():
            self._events = self._open_events(points(state))

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self._step_began = time.monotonic()
        self.tally.begin()

    def on_step_end(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:  # noqa: ARG002
        now = time.monotonic()
        self._seconds += now - self._step_began
        late = team.leads() and now - self._saved_at > SAVE_EVERY
        spoiled, asked, late_ones = team.total(not self.tally.is_finite(), self._interrupt.requested, late)
        if spoiled:
            self._diverged(state)
        if self._is_due(state):
            self._evaluate(state, model)
            control.should_save = True
            control.should_training_stop = is_over(state, self._patience)
        elif late_ones:
            control.should_save = True
        if asked:
            control.should_save = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, *, logs: dict[str, float], **_: Any) -> None:  # noqa: ARG002
        """Stop before anything of a diverged step is saved; record it, and tell how it goes."""
        if "loss" not in logs:  # the summary at the end
            return
        # With float16 the gradient scaler meets infinite gradients on purpose, and skips those steps.
        norm = 0.0 if args.fp16 else logs["grad_norm"]
        if not math.isfinite(logs["loss"]) or not math.isfinite(norm):
            self._diverged(state)
        entry = state.log_history[-1]
        entry["tokens_per_second"] = self._rate(state)
        entry["peak_memory"] = self._peak_memory()
        self._note(entry)
        if time.monotonic() - self._told_at > TELL_EVERY:
            self._tell(state, entry)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        team.wait()  # each process writes a file of its own
        if team.leads():
            self._checkpoints.complete(state.global_step, best=best(state).step if evaluations(state) else 0)
            if evaluations(state):
                self._record(state)
        self._saved_at = time.monotonic()

    def _rate(self, state: Any) -> float:
        """Tokens a second through training steps since this process began."""
        return round(float(state.num_input_tokens_seen - self._tokens_before) / self._seconds, 1)

    def _is_due(self, state: Any) -> bool:
        every = math.ceil(state.max_steps / self._evaluations)
        return bool(state.global_step % every == 0 or state.global_step == state.max_steps)

    def _evaluate(self, state: Any, model: Any) -> None:
        score = measure(model, self._held_out)
        if not math.isfinite(score.nll):
            self._diverged(state)
        improved = all(score.nll < earlier.nll for earlier in evaluations(state))
        evaluation = Evaluation(state.global_step, score.nll, score.accuracy, score.tokens, self._rate(state))
        entry = evaluation.entry()
        state.log_history.append(entry)
        self._note(entry)
        self._tell_score(state, score, improved=improved)

    def _note(self, entry: dict[str, Any]) -> None:
        """Put a new entry of the log into the event file, with the time it was made."""
        entry["time"] = round(time.time(), 3)
        if self._events:
            self._events.add(entry["step"], entry["time"], curves_at(entry))

    def _diverged(self, state: Any) -> None:
        suspects = set().union(*team.gathered(self.tally.suspects()))
        raise TrainingError("tuning.diverged", step=state.global_step, rows=self._name_rows(suspects))

    def _tell(self, state: Any, entry: dict[str, Any]) -> None:
        self._told_at = time.monotonic()
        done = state.global_step - self._steps_before
        left = self._seconds / done * (state.max_steps - state.global_step)
        say(
            "tuning.progress",
            step=state.global_step,
            steps=state.max_steps,
            loss=f"{entry['loss']:.3f}",
            rate=f"{entry['tokens_per_second']:,.0f}",
            peak=in_gib(entry["peak_memory"]),
            left=timedelta(seconds=round(left)),
        )

    def _tell_score(self, state: Any, score: Score, *, improved: bool) -> None:
        say(
            "tuning.best" if improved else "tuning.no_better",
            step=state.global_step,
            steps=state.max_steps,
            nll=f"{score.nll:.3f}",
            perplexity=f"{score.perplexity:.1f}",
            accuracy=f"{score.accuracy:.1%}",
            rate=f"{self._rate(state):,.0f}",
        )


def course_callback(course: type[Course], **options: Any) -> Any:
    """A `Course` with ``options`` that is a TrainerCallback, too: events it does not care about do nothing."""
    from transformers import TrainerCallback

    return type(course.__name__, (course, TrainerCallback), {})(**options)


def is_over(state: Any, patience: int) -> bool:
    """Whether every step is done, or the last ``patience`` evaluations brought nothing better."""
    done = evaluations(state)
    if not done:
        return False
    since_best = len(done) - 1 - done.index(best(state))
    return bool(state.global_step >= state.max_steps or since_best >= patience)
