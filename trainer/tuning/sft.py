"""trl's SFTTrainer as we use it: rows that are labelled already, packed, one LoRA, and nothing sent anywhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from persona_core.engine.base import compute_dtype
from persona_core.manifest import Base
from trainer.run import Run
from trainer.tuning.adapter import in_full_precision, lora, save_adapter
from trainer.tuning.base import load_model
from trainer.tuning.labels import IGNORED, Row
from trainer.tuning.memory import Plan
from trainer.tuning.source import Source
from trainer.tuning.tally import Tally

WARMUP = 0.03  # of the steps: AdamW's second moments need a few before a full step is safe


def build_trainer(
    run: Run,
    *,
    source: Source,
    plan: Plan,
    rows: Sequence[Row],
    tokenizer: Any,
    course: Any,
    packing: bool = True,
) -> Any:
    """A trainer over the base in NF4 with a new LoRA, ready to train or to resume."""
    from transformers import PrinterCallback

    trainer = _trainer_class(source.base)(
        model=load_model(source, plan.device),
        args=arguments(run, plan, packing=packing),
        train_dataset=_dataset(rows),
        processing_class=tokenizer,
        peft_config=lora(run.settings.rank, run.settings.alpha),
        callbacks=[course],
    )
    in_full_precision(trainer.model)
    trainer.remove_callback(PrinterCallback)  # it prints to stdout, which is not ours to write to
    return trainer


def arguments(run: Run, plan: Plan, *, packing: bool = True) -> Any:
    """The SFTConfig of a run. Validation, saving and stopping are the `Course`'s.

    Packed or not, the rows of a batch lie end to end in one sequence without padding, and attention stays in each.
    """
    import torch
    from trl import SFTConfig

    settings, dtype, on_gpu = run.settings, compute_dtype(plan.device), plan.device == "cuda"
    return SFTConfig(
        output_dir=str(run.checkpoints),
        seed=settings.seed,
        # rows
        max_length=settings.max_length if packing else None,  # rows are short enough already
        packing=packing,
        packing_strategy="bfd",  # best fit, the longest first; no example is cut
        padding_free=True,
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
        ddp_find_unused_parameters=False,  # every LoRA weight is used in every forward
        bf16=dtype == torch.bfloat16,
        fp16=dtype == torch.float16,
        activation_offloading=plan.offload,
        activation_checkpointing=on_gpu,  # a CPU has the memory, and would pay a third of its speed
        # course
        eval_strategy="no",
        save_strategy="no",
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
    from trl import SFTTrainer

    class Tuner(SFTTrainer):  # type: ignore[misc]
        tally = Tally()  # of the step; whoever wants to read it gives its own

        def save_model(self, output_dir: str, **_: Any) -> None:
            """Save the adapter, and not training_args.bin, which holds paths of this machine."""
            if self.args.should_save:  # one of several processes
                folder = Path(output_dir)
                folder.mkdir(parents=True, exist_ok=True)
                save_adapter(self.model, folder, base)

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Write none: the release has its own."""

        def log(self, logs: dict[str, float], *others: Any) -> None:
            """Add to a step's log what it foresaw, counted over tokens and processes."""
            if "loss" in logs:
                correct, predictions = self.tally.counts()
                logs.update(accuracy=correct / max(1, predictions), predictions=predictions)
            super().log(logs, *others)

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], *, num_items_in_batch: Any, **_: Any
        ) -> Any:
            """The loss a token, by trl's fused head on a GPU; on a CPU, where that would score every position, by ours.

            Unlike trl's, it waits for the device only when the step is logged.
            """
            score = score_on_cpu if inputs["input_ids"].device.type == "cpu" else score_by_fused_head
            nll, correct, predictions = score(model, inputs)
            self.tally.add(inputs, nll, correct, predictions)
            if (
                num_items_in_batch is None
            ):  # an architecture whose loss Trainer averages over the steps itself
                return nll / predictions
            return nll * self.accelerator.num_processes / num_items_in_batch

    return Tuner


def score_by_fused_head(model: Any, inputs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """The loss of a batch in nats, tokens foreseen, and tokens that carry loss; by the head that trl puts on ``model``.

    No logits are kept; with Triton only labelled positions become any.
    """
    scored = model(**inputs, use_cache=False, fused_lm_head=True)
    return -scored.log_probs.sum(), scored.is_top1.sum(), scored.label_mask.sum()


def score_on_cpu(model: Any, inputs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """`score_by_fused_head` where that would score every position: only labelled ones become logits."""
    import torch

    labels = inputs["labels"][0]
    labelled = (labels[1:] != IGNORED).nonzero().flatten()
    rest = {name: value for name, value in inputs.items() if name != "labels"}
    logits = model(**rest, logits_to_keep=labelled, use_cache=False).logits[0].float()
    targets = labels[labelled + 1]
    nll = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    return nll, (logits.argmax(-1) == targets).sum(), torch.tensor(len(targets))
