"""What the tests of the training room share: one tiny base, one small chat, and one run that was trained on it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona_core.prompt import ChatFormat, Turn
from tests.tiny_model import build_tiny_model
from trainer.dataset.example import Example, write_examples
from trainer.run import Run, open_run
from trainer.settings import Settings

MakeRun = Callable[..., Run]


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen3 with its tokenizer, as a local folder."""
    return build_tiny_model(tmp_path_factory.mktemp("base") / "tiny-qwen3")


@pytest.fixture(scope="session")
def tokenizer(tiny_base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_base)


def small_talk(count: int, seed: int = 0) -> list[Example]:
    """Questions and the answers of one who laughs a lot."""
    dice = random.Random(seed)
    questions, answers = (
        ("밥 먹었어?", "뭐 해?", "어디야?", "몇 시에 볼까?"),
        ("웅", "아니", "지금 가는중", "세 시"),
    )
    return [
        Example(
            (
                Turn("partner", (dice.choice(questions),)),
                Turn("persona", (dice.choice(answers) + "ㅋ" * dice.randint(1, 4), "ㅎㅎ")),
            ),
            (True,),
        )
        for _ in range(count)
    ]


@pytest.fixture(scope="session")
def make_run(tiny_base: Path) -> MakeRun:
    """Open a run in a folder: 48 examples to learn, 8 held out, 12 steps of 4 rows, 3 evaluations."""

    def make(folder: Path, **changes: Any) -> Run:
        settings = {
            "base": str(tiny_base),
            "device": "cpu",
            "max_length": 128,  # one example and a bit: packing has something to decide
            "rank": 4,
            "learning_rate": 2e-3,
            "epochs": 1.0,
            "effective_batch": 4,
            "evaluations": 3,
        }
        run = open_run(folder, Settings(**{**settings, **changes}), {})
        run.data.mkdir()
        write_examples(run.train_file, small_talk(48), ChatFormat())
        write_examples(run.validation_file, small_talk(8, seed=1), ChatFormat())
        return run

    return make


@pytest.fixture(scope="session")
def trained(make_run: MakeRun, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was tuned without a break. Tests only read it."""
    from trainer.tuning import tune

    run = make_run(tmp_path_factory.mktemp("runs") / "unbroken")
    tune(run)
    return run
