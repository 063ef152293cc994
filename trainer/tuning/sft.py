"""trl's SFTTrainer as we use it: rows that are labelled already, packed, one LoRA, and nothing sent anywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from persona_core.manifest import Base
from trainer.run import Run
from trainer.tuning.adapter import in_full_precision, lora, save_adapter
from trainer.tuning.base import compute_dtype, load_model
from trainer.tuning.labels import IGNORED, Row
from trainer.tuning.memory import Plan
from trainer.tuning.source import Source

WARMUP = 0.03  # of the steps: AdamW's second moments need a few before a full step is safe


def build_trainer(
    run: Run, *, source: Source, plan: Plan, rows: Sequence[Row], tokenizer: Any, course: Any
) -> Any:
    """A trainer over the base in NF4 with a new LoRA, ready to train or to resume."""
    from transformers import PrinterCallback

    trainer = _trainer_class(source.base)(
        model=load_model(source, plan.device),
        args=arguments(run, plan),
        train_dataset=_dataset(rows),
        processing_class=tokenizer,
        peft_config=lora(run.settings.rank, run.settings.alpha),
        callbacks=[course],
    )
    in_full_precision(trainer.model)
    trainer.remove_callback(PrinterCallback)  # it prints to stdout, which is not ours to write to
    return trainer


def arguments(run: Run, plan: Plan) -> Any:
    """The SFTConfig of a run. Validation, saving and stopping are the `Course`'s."""
    import torch
    from trl import SFTConfig

    settings, dtype, on_gpu = run.settings, compute_dtype(plan.device), plan.device == "cuda"
    return SFTConfig(
        output_dir=str(run.checkpoints),
        seed=settings.seed,
        # rows
        max_length=settings.max_length,
        packing=True,
        packing_strategy="bfd",  # whole examples only; attention stays inside each
        per_device_train_batch_size=plan.batch,
        gradient_accumulation_steps=plan.accumulation,
        dataloader_pin_memory=on_gpu,
        # optimizer
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        optim="adamw_torch_fused",
        # numbers and memory
        use_cpu=not on_gpu,
        bf16=dtype == torch.bfloat16,
        fp16=dtype == torch.float16,
        activation_checkpointing=on_gpu,  # a CPU has the memory, and would pay a third of its speed
        # course
        eval_strategy="no",
        save_strategy="no",
        save_total_limit=2,  # the newest may be the one a power cut tears
        logging_steps=1,
        logging_nan_inf_filter=False,  # the course wants to see them
        include_num_input_tokens_seen="all",
        # nothing leaves this machine
        report_to="none",
        push_to_hub=False,
        disable_tqdm=True,
    )


def _dataset(rows: Sequence[Row]) -> Any:
    """Rows as a datasets.Dataset in memory: nothing is written to the cache of the user's home."""
    import numpy as np
    from datasets import Dataset

    def column(name: str) -> list[Any]:
        return [np.frombuffer(getattr(row, name), dtype=np.intc) for row in rows]

    return Dataset.from_dict({"input_ids": column("input_ids"), "labels": column("labels")})


def _trainer_class(base: Base) -> Any:
    """SFTTrainer with our adapter files in its checkpoints, no model cards, and a loss that suits a CPU."""
    import torch
    from trl import SFTTrainer

    class Tuner(SFTTrainer):  # type: ignore[misc]
        def save_model(self, output_dir: str, **_: Any) -> None:
            """Save the adapter, and not training_args.bin, which holds paths of this machine."""
            folder = Path(output_dir)
            folder.mkdir(parents=True, exist_ok=True)
            save_adapter(self.model, folder, base)

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Write none: the release has its own."""

        def compute_loss(self, model: Any, inputs: Any, *, num_items_in_batch: Any, **others: Any) -> Any:
            """Leave it to trl on a GPU; on a CPU, where it would score every position, score the labelled ones."""
            if inputs["input_ids"].device.type != "cpu":
                return super().compute_loss(model, inputs, num_items_in_batch=num_items_in_batch, **others)
            labels = inputs.pop("labels")[0]
            labelled = (labels[1:] != IGNORED).nonzero().flatten()
            logits = model(**inputs, logits_to_keep=labelled, use_cache=False).logits[0]
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[labelled + 1], reduction="sum")
            if (
                num_items_in_batch is None
            ):  # an architecture whose loss Trainer averages over the steps itself
                return loss / len(labelled)
            return loss * self.accelerator.num_processes / num_items_in_batch

    return Tuner
