"""Fine-tuning: trl's SFTTrainer on rows we labelled ourselves, over a base in NF4, with a LoRA on every linear layer.

    tune(run)    data/train.jsonl + data/validation.jsonl  ->  adapter/ and metrics "training"

It goes on from the last complete checkpoint, and what it then computes is what an unbroken run computes.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from persona_core.errors import PersonaError, StorageError
from persona_core.prompt import ChatFormat
from trainer.progress import say
from trainer.run import Run, storage, whole_folder
from trainer.tuning.base import choose_device, load_tokenizer, prepare_process
from trainer.tuning.course import BEST, COMPLETE, Course, best, course_callback, evaluations, is_over
from trainer.tuning.interrupt import Interrupt, interruptible
from trainer.tuning.labels import Rows, read_rows
from trainer.tuning.memory import Peak, Plan, in_gib, plan
from trainer.tuning.sft import build_trainer
from trainer.tuning.source import Source, source_of

LOSS_POINTS = 200  # of the training loss kept in the metrics: what a curve on a page can show
LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "datasets")


def tune(run: Run) -> None:
    """Train the adapter of ``run``, going on from its last complete checkpoint.

    Raises:
        KeyboardInterrupt: asked to stop; a checkpoint is on disk.
        TrainingError: the base, the memory, or a loss that is no number.
        DataError: the examples cannot be learned from.
        StorageError: the disk is full; the last complete checkpoint is whole.
    """
    prepare_process()
    source = source_of(run)
    tokenizer = load_tokenizer(source)
    learned, held_out = (
        read_rows(tokenizer, file, ChatFormat(), run.settings.max_length)
        for file in (run.train_file, run.validation_file)
    )
    chosen = _plan_of(run, source)
    _announce(run, source, chosen, learned)
    with _disk_errors(run.checkpoints):
        state = _train(run, source, chosen, tokenizer, (learned, held_out))
        with whole_folder(run.adapter) as folder:
            shutil.copytree(run.checkpoints / BEST, folder, dirs_exist_ok=True)
    run.add_metrics("training", _metrics(state, chosen, learned))
    say("tuning.done", step=best(state).step, nll=f"{best(state).nll:.3f}")


def _train(run: Run, source: Source, chosen: Plan, tokenizer: Any, data: tuple[Rows, Rows]) -> Any:
    """Train from the last checkpoint to the end, and return the trainer's final state."""
    from transformers import TrainerState

    learned, held_out = data
    checkpoint = _last_checkpoint(run.checkpoints)
    if checkpoint:
        state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        if is_over(state, run.settings.patience):
            return state
        say("tuning.resume", step=state.global_step, steps=state.max_steps)
    interrupt = Interrupt()
    course = course_callback(
        Course,
        checkpoints=run.checkpoints,
        base=source.base,
        held_out=held_out.rows,
        evaluations=run.settings.evaluations,
        patience=run.settings.patience,
        interrupt=interrupt,
    )
    trainer = build_trainer(
        run, source=source, plan=chosen, rows=learned.rows, tokenizer=tokenizer, course=course
    )
    with interruptible(interrupt):  # not before: a download has nothing to save
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.state


def _plan_of(run: Run, source: Source) -> Plan:
    """The plan this run was begun with, so that a resumed run goes in the same steps; made now when there is none."""
    device = choose_device(run.settings.device)
    recorded = run.read_metrics().get("plan")
    if recorded and recorded["device"] == device:
        return Plan(**{**recorded, "peak": Peak(**recorded["peak"])})
    made = plan(run.settings, source, device)
    run.add_metrics("plan", asdict(made))
    return made


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint; the torn ones are removed."""
    complete = []
    for path in folder.glob("checkpoint-*"):
        if (path / COMPLETE).exists():
            complete.append(path)
        else:
            shutil.rmtree(path)
    return max(complete, key=lambda path: int(path.name.removeprefix("checkpoint-")), default=None)


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


def _announce(run: Run, source: Source, chosen: Plan, learned: Rows) -> None:
    say(
        "tuning.begin",
        base=source.base.id,
        device=chosen.device,
        batch=chosen.batch,
        accumulation=chosen.accumulation,
        peak=in_gib(chosen.peak.total),
        free=in_gib(chosen.free),
    )
    say(
        "tuning.data",
        examples=f"{len(learned.rows):,}",
        tokens=f"{learned.tokens:,}",
        learned=f"{learned.supervised:,}",
    )
    if learned.left_out:
        say("tuning.left_out", count=learned.left_out, length=run.settings.max_length)


def _metrics(state: Any, chosen: Plan, learned: Rows) -> dict[str, Any]:
    """What the training was, in plain numbers."""
    losses = [(entry["step"], entry["loss"]) for entry in state.log_history if "loss" in entry]
    thin = max(1, len(losses) // LOSS_POINTS)
    return {
        "device": chosen.device,
        "examples": len(learned.rows),
        "shortened": learned.shortened,
        "left_out": learned.left_out,
        "tokens": learned.tokens,
        "supervised_tokens": learned.supervised,
        "steps": state.global_step,
        "planned_steps": state.max_steps,
        "epochs": state.epoch,
        "best": asdict(best(state)),
        "evaluations": [asdict(evaluation) for evaluation in evaluations(state)],
        "loss": losses[::thin],
        "tokens_per_second": evaluations(state)[-1].tokens_per_second,
        "libraries": {library: version(library) for library in LIBRARIES},
    }
