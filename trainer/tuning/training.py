"""Fine-tuning: trl's SFTTrainer on rows we labelled ourselves, over a base in NF4, with a LoRA on every linear layer.

    tune(run)    data/train.jsonl + data/validation.jsonl  ->  adapter/, logs/, report.html and metrics "training"

It goes on from the last complete checkpoint, and what it then computes is what an unbroken run computes.
"""

import errno
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from persona_core.errors import PersonaError, StorageError, TrainingError
from persona_core.prompt import ChatFormat
from trainer import team
from trainer.dataset.example import read_examples
from trainer.progress import say
from trainer.run import Run, settled, storage, whole_folder
from trainer.tuning.adapter import CONFIG, WEIGHTS
from trainer.tuning.base import choose_device, load_tokenizer, prepare_process
from trainer.tuning.canaries import planted
from trainer.tuning.checkpoints import Checkpoints, mark_of
from trainer.tuning.course import Course, course_callback, is_over
from trainer.tuning.environment import environment, held_bytes
from trainer.tuning.interrupt import Interrupt, interruptible
from trainer.tuning.labels import Row, Rows, label, read_rows
from trainer.tuning.log import best, curves, evaluations, thinned
from trainer.tuning.machine import nvidia_gpu
from trainer.tuning.memory import Plan, plan, read_plan, tell_plan
from trainer.tuning.proof import proof_callback
from trainer.tuning.report import write_report
from trainer.tuning.schedule import recommended_epochs
from trainer.tuning.sft import build_trainer
from trainer.tuning.shortage import keep_to_dedicated, with_less
from trainer.tuning.source import Source, source_of
from trainer.tuning.tensorboard import EventFile

POINTS = 200  # of a curve kept in the metrics: what a page can show; the event file has all
ROWS_NAMED = 20  # of a batch whose loss became no number: more is no hint


def tune(run: Run) -> None:
    """Train the adapter of ``run``, going on from its last complete checkpoint.

    Raises:
        KeyboardInterrupt: asked to stop; a checkpoint is on disk.
        TrainingError: the base, the memory, a loss that is no number, or checkpoints of another training.
        DataError: the examples cannot be learned from.
        StorageError: the disk is full; the last complete checkpoint is whole.
    """
    prepare_process()
    team.assemble()
    with team.leading():
        source = source_of(run)
    tokenizer = load_tokenizer(source)
    learned, held_out = (
        read_rows(tokenizer, file, ChatFormat(), run.settings.max_length)
        for file in (run.train_file, run.validation_file)
    )
    run = _with_epochs(run, learned)
    with team.leading():
        chosen = _plan_of(run, source)
    _announce(run, chosen, learned)
    with _disk_errors(run.checkpoints):
        settings = run.settings
        canaries = planted(tokenizer, learned, settings.seed, settings.canaries, settings.max_length)
        task = Task(run, source, tokenizer, learned, held_out, canaries)
        state = with_less(run, source, chosen, lambda fits: _train(task, fits))
        team.part()
        if team.leads():
            _keep_best(run, state)
    say("tuning.done", step=best(state).step, nll=f"{best(state).nll:.3f}")


@dataclass(frozen=True, slots=True)
class Task:
    """What there is to train, and on what."""

    run: Run
    source: Source
    tokenizer: Any
    learned: Rows
    held_out: Rows
    canaries: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything that is trained on."""
        return self.learned.rows + self.canaries

    @property
    def checkpoints(self) -> Checkpoints:
        mark = mark_of(self.run.settings, self.source, (self.rows, self.held_out.rows))
        return Checkpoints(self.run.checkpoints, mark)


def _train(task: Task, chosen: Plan) -> Any:
    """Train from the last checkpoint to the end, and return the trainer's final state."""
    from transformers import TrainerState

    settings, checkpoints = task.run.settings, task.checkpoints
    with team.leading():
        checkpoint = checkpoints.newest()
    if checkpoint:
        state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        if is_over(state, settings.patience):
            _record(task, chosen, state)
            return state
        say("tuning.resume", step=state.global_step, steps=state.max_steps)
    interrupt = Interrupt()
    course = course_callback(
        Course,
        checkpoints=checkpoints,
        held_out=task.held_out.rows,
        evaluations=settings.evaluations,
        patience=settings.patience,
        interrupt=interrupt,
        peak_memory=partial(held_bytes, chosen.device),
        record=partial(_record, task, chosen),
        name_rows=partial(_name_rows, task),
        open_events=partial(EventFile, task.run.logs),
    )
    keep_to_dedicated(chosen)
    trainer = build_trainer(
        task.run,
        source=task.source,
        plan=chosen,
        rows=task.rows,
        tokenizer=task.tokenizer,
        course=course,
    )
    trainer.tally = course.tally
    trainer.add_callback(proof_callback(trainer, task.run, chosen))
    with interruptible(interrupt):  # not before: a download has nothing to save
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.state


def _with_epochs(run: Run, learned: Rows) -> Run:
    """``run`` with its epochs settled: what the number of examples recommends where nobody asked for a number."""
    if run.settings.epochs:
        return run
    epochs = recommended_epochs(len(learned.rows))
    say("tuning.epochs", epochs=f"{epochs:g}", examples=f"{len(learned.rows):,}")
    return settled(run, epochs=epochs)


def _plan_of(run: Run, source: Source) -> Plan:
    """The plan this run was begun with, so that a resumed run goes in the same steps; made now when there is none.

    Each of several processes takes an equal share of the effective batch.

    Raises:
        TrainingError: see `trainer.tuning.memory.plan`; or the batch cannot be shared.
    """
    rows, left = divmod(run.settings.effective_batch, team.size())
    if left or not rows:
        raise TrainingError("tuning.uneven_share", batch=run.settings.effective_batch, processes=team.size())
    device = choose_device(run.settings.device)
    recorded = read_plan(run.read_metrics().get("plan", {}))
    if recorded and recorded.device == device and recorded.batch * recorded.accumulation == rows:
        return recorded
    made = plan(replace(run.settings, effective_batch=rows), source, device)
    run.add_metrics("plan", asdict(made))
    return made


def _keep_best(run: Run, state: Any) -> None:
    """Make the adapter of the best checkpoint the run's."""
    kept = run.checkpoints / f"checkpoint-{best(state).step}"
    with whole_folder(run.adapter) as folder:
        for name in (WEIGHTS, CONFIG):
            shutil.copyfile(kept / name, folder / name)


def _name_rows(task: Task, suspects: Iterable[bytes]) -> str:
    """The lines of train.jsonl that these rows of token ids were made of."""
    file, chat_format, length = task.run.train_file, ChatFormat(), task.run.settings.max_length
    wanted, lines = set(suspects), []
    for number, example in enumerate(read_examples(file, chat_format), start=1):
        row, _ = label(task.tokenizer, example, chat_format, length)
        if row and row.input_ids.tobytes() in wanted:
            lines.append(str(number))
    more = ["…"] * (len(lines) > ROWS_NAMED)
    return ", ".join([*lines[:ROWS_NAMED], *more])


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """`storage`, also for safetensors and torch, which report a full disk as errors of their own."""
    with storage(folder):
        try:
            yield
        except PersonaError:
            raise
        except Exception as error:
            # safetensors gives the system's number, on Linux or Windows; torch gives none and leaves the disk full
            said_so = any(f"(os error {number})" in str(error) for number in (errno.ENOSPC, 112))
            if said_so or (folder.exists() and shutil.disk_usage(folder).free < 2**20):
                raise StorageError("settings.disk_full", path=folder) from error
            raise


def _announce(run: Run, chosen: Plan, learned: Rows) -> None:
    if run.settings.device == "auto" and chosen.device == "cpu" and nvidia_gpu():
        say("memory.gpu_unused")
    tell_plan(chosen, run.settings)
    say(
        "tuning.data",
        examples=f"{len(learned.rows):,}",
        tokens=f"{learned.tokens:,}",
        learned=f"{learned.supervised:,}",
    )
    if learned.left_out:
        say("tuning.left_out", count=learned.left_out, length=run.settings.max_length)


def _record(task: Task, chosen: Plan, state: Any) -> None:
    """Write what the training was so far: into the metrics, in plain numbers, and as a page."""
    learned = task.learned
    measured = {
        "device": chosen.device,
        "processes": team.size(),
        "seed": task.run.settings.seed,
        "examples": len(learned.rows),
        "shortened": learned.shortened,
        "left_out": learned.left_out,
        "canaries": len(task.canaries),
        "tokens": learned.tokens,
        "supervised_tokens": learned.supervised,
        "steps": state.global_step,
        "planned_steps": state.max_steps,
        "epochs": state.epoch,
        "planned_epochs": task.run.settings.epochs,
        "best": asdict(best(state)),
        "evaluations": [asdict(evaluation) for evaluation in evaluations(state)],
        "tokens_per_second": evaluations(state)[-1].tokens_per_second,
        "peak_memory": held_bytes(chosen.device),
        "curves": {name: thinned(curve, POINTS) for name, curve in curves(state).items()},
        "environment": environment(chosen.device),
    }
    task.run.add_metrics("training", measured)
    write_report(task.run)
