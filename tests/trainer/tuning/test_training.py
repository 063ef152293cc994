"""A run learns, keeps its best, records what it did, and gives the same again from the same settings."""

import json
import platform
from importlib.metadata import version

import pytest

from tests.trainer.tuning.outcome import curve, read_back, same_adapter, steps_saved, tensors
from trainer.tuning import tune
from trainer.tuning.adapter import CONFIG, WEIGHTS


def test_a_run_learns(trained):
    """Held-out loss falls at every evaluation, and the best one is the adapter that is kept."""
    losses = [nll for _, nll, _ in curve(trained)]
    assert losses == sorted(losses, reverse=True)
    training = trained.read_metrics()["training"]
    assert [evaluation["step"] for evaluation in training["evaluations"]] == [4, 8, 12]
    assert training["best"] == training["evaluations"][-1]
    assert (training["steps"], training["examples"], training["epochs"]) == (12, 48, 1.0)


MEASURES = ("total_loss", "fraction_of_correct_next_step_preds", "num_predictions", "perplexity")


def test_the_measures_of_every_step_are_recorded(trained):
    """Loss, perplexity, share foreseen and number of predictions, in training and held out; and how fast, and how big."""
    curves = trained.read_metrics()["training"]["curves"]

    assert set(curves) == {
        *(f"{of}_{name}" for of in ("train", "eval") for name in MEASURES),
        "learning_rate",
        "gradient_norm",
        "tokens_per_second",
        "peak_memory_gib",
    }
    steps = {name: [step for step, _ in curve] for name, curve in curves.items()}
    assert all(steps[name] == ([4, 8, 12] if name.startswith("eval") else [*range(1, 13)]) for name in steps)
    training = trained.read_metrics()["training"]
    assert sum(number for _, number in curves["train_num_predictions"]) == training["supervised_tokens"]
    assert all(0 <= share <= 1 for _, share in curves["train_fraction_of_correct_next_step_preds"])


def test_what_the_run_was_made_with_is_recorded(trained):
    """Seed, versions of Python, system and libraries; no name of the machine."""
    training = trained.read_metrics()["training"]

    assert training["seed"] == 0
    assert training["environment"]["torch"] == version("torch")
    assert training["environment"]["python"] == platform.python_version()
    assert platform.node() not in training["environment"].values()


def test_tensorboard_has_the_same_curves(trained):
    """Every point of the metrics is in the event file, and no step is there twice."""
    curves = trained.read_metrics()["training"]["curves"]

    assert read_back(trained.logs) == {
        name: [(step, pytest.approx(value)) for step, value in curve] for name, curve in curves.items()
    }


def test_the_loss_of_a_step_weighs_every_token_alike(make_run, tmp_path):
    """One step over all rows has the loss and the accuracy that measuring the untrained base gives."""
    from persona_core.prompt import ChatFormat
    from trainer.tuning.base import load_model, load_tokenizer
    from trainer.tuning.evaluation import measure
    from trainer.tuning.labels import read_rows
    from trainer.tuning.source import source_of

    run = make_run(tmp_path / "run", effective_batch=48, evaluations=1)
    tune(run)
    rows = read_rows(load_tokenizer(source_of(run)), run.train_file, ChatFormat(), 128).rows
    score = measure(load_model(source_of(run), "cpu"), rows)
    (first, *_), (share, *_), (number, *_) = (
        run.read_metrics()["training"]["curves"][f"train_{name}"] for name in MEASURES[:3]
    )

    assert first[1] == pytest.approx(score.nll, rel=1e-2)
    assert share[1] == pytest.approx(score.accuracy, abs=0.01)
    assert number[1] == score.tokens


def test_the_adapter_is_two_files_that_name_no_path(trained, tiny_base):
    """Weights and configuration; the base is known by its bare name."""
    assert {path.name for path in trained.adapter.iterdir()} == {WEIGHTS, CONFIG}
    config = json.loads((trained.adapter / CONFIG).read_text(encoding="utf-8"))
    assert (config["base_model_name_or_path"], config["revision"]) == ("tiny-qwen3", None)
    assert str(tiny_base.parent) not in (trained.adapter / CONFIG).read_text(encoding="utf-8")


def test_the_adapter_is_in_full_precision(trained):
    """Every LoRA weight is float32, and so is what the optimizer remembers of it."""
    import torch

    assert {tensor.dtype for tensor in tensors(trained.adapter).values()} == {torch.float32}
    optimizer = torch.load(trained.checkpoints / "checkpoint-12" / "optimizer.pt", weights_only=True)
    assert {state["exp_avg"].dtype for state in optimizer["state"].values()} == {torch.float32}


def test_checkpoints_hold_what_resuming_needs_and_no_more(trained):
    """No pickled settings with paths or tokens, no model card, no tokenizer; the best and the newest are kept."""
    assert steps_saved(trained) == [12]
    assert {path.name for path in (trained.checkpoints / "checkpoint-12").iterdir()} == {
        WEIGHTS,
        CONFIG,
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "trainer_state.json",
        "complete",
    }
    assert not (trained.checkpoints / "README.md").exists()


def test_the_same_settings_make_the_same_adapter(trained, make_run, tmp_path):
    """Two runs over the same examples are equal bit by bit."""
    again = make_run(tmp_path / "again")
    tune(again)
    assert same_adapter(again, trained)


def test_a_run_that_gets_no_better_stops_early_and_keeps_its_best(make_run, tmp_path):
    """With a learning rate far too high, the adapter is that of the best evaluation, not of the last."""
    run = make_run(tmp_path / "run", learning_rate=0.3, evaluations=12, patience=2)
    tune(run)
    training = run.read_metrics()["training"]
    assert training["steps"] < training["planned_steps"] == 12
    assert training["best"] == training["evaluations"][-3]
    assert training["best"]["nll"] == min(evaluation["nll"] for evaluation in training["evaluations"])


def test_nothing_is_written_to_stdout(make_run, tmp_path, capfd):
    """stdout belongs to --json; what a person reads goes to stderr, and no example's text is in it."""
    run = make_run(tmp_path / "run", epochs=0.2)
    tune(run)
    out, err = capfd.readouterr()
    assert out == ""
    assert "tiny-qwen3" in err
    assert "밥" not in err


def test_the_loss_on_a_cpu_is_that_of_trl(trained, tokenizer, tmp_path):
    """Scoring labelled positions alone changes the work, not the result."""
    import torch
    from transformers import TrainerCallback
    from trl import SFTTrainer

    from persona_core.prompt import ChatFormat
    from trainer.tuning.labels import read_rows
    from trainer.tuning.sft import build_trainer, score_by_fused_head, score_on_cpu
    from trainer.tuning.source import source_of
    from trainer.tuning.training import _plan_of

    source = source_of(trained)
    rows = read_rows(tokenizer, trained.train_file, ChatFormat(), 128).rows
    trainer = build_trainer(
        trained,
        source=source,
        plan=_plan_of(trained, source),
        rows=rows,
        tokenizer=tokenizer,
        course=TrainerCallback(),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    items = (batch["labels"] != -100).sum()
    with torch.no_grad():
        ours = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=items)
        theirs = SFTTrainer.compute_loss(trainer, trainer.model, dict(batch), num_items_in_batch=items)
        by_head, on_cpu = score_by_fused_head(trainer.model, batch), score_on_cpu(trainer.model, batch)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-3)
    assert [float(number) for number in on_cpu] == pytest.approx(
        [float(number) for number in by_head], rel=1e-3
    )
