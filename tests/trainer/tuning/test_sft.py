"""How examples become the rows of a batch: best fit, whole, each once a pass, packed or not."""

import math
from dataclasses import replace

import pytest

from persona_core.prompt import ChatFormat
from trainer.tuning.labels import read_rows
from trainer.tuning.memory import plan
from trainer.tuning.sft import build_trainer
from trainer.tuning.source import source_of

LENGTH = 160  # tokens of a packed row: two examples and some room


@pytest.fixture
def pass_over(make_run, tokenizer, tmp_path):
    """The rows of a run, and the batches of one pass over them, two rows in each."""
    from transformers import TrainerCallback

    run = make_run(tmp_path / "run", max_length=LENGTH)
    source = source_of(run)
    rows = read_rows(tokenizer, run.train_file, ChatFormat(), LENGTH).rows

    def batches(*, packing):
        trainer = build_trainer(
            run,
            source=source,
            plan=replace(plan(run.settings, source, "cpu"), batch=2, accumulation=2),
            rows=rows,
            tokenizer=tokenizer,
            course=TrainerCallback(),
            packing=packing,
        )
        return list(trainer.get_train_dataloader())

    return rows, batches


def examples_of(batch):
    """The ids and labels of every example of a batch."""
    starts = (batch["position_ids"][0] == 0).nonzero().flatten()[1:].tolist()
    parts = (batch[name][0].tensor_split(starts) for name in ("input_ids", "labels"))
    return [(ids.tolist(), labels.tolist()) for ids, labels in zip(*parts, strict=True)]


@pytest.mark.parametrize("packing", [True, False])
def test_every_example_is_there_once_and_whole(pass_over, packing):
    """Packed or not, one pass shows each example with its labels, not a token more or less."""
    rows, batches = pass_over
    shown = [example for batch in batches(packing=packing) for example in examples_of(batch)]
    assert sorted(shown) == sorted((list(row.input_ids), list(row.labels)) for row in rows)


def test_packed_rows_are_nearly_full(pass_over):
    """Best fit needs at most a row more than the examples would take if they could be cut to measure, or a sixth."""
    rows, batches = pass_over
    packed = batches(packing=True)
    fewest = math.ceil(sum(len(row.input_ids) for row in rows) / LENGTH)
    assert 2 * (len(packed) - 1) < max(fewest + 1, fewest * 7 / 6)


def test_without_packing_a_row_is_one_example(pass_over):
    """As many examples in a batch as it has rows, end to end, without padding."""
    _, batches = pass_over
    assert all(len(examples_of(batch)) == 2 for batch in batches(packing=False))
