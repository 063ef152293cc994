"""What the tests of the measures share: the demo's two people as moments, and a run that learned ten answers by heart."""

import random

import pytest

from persona_core.prompt import ChatFormat, Turn
from trainer.dataset.example import Example, write_examples
from trainer.demo import SETTINGS
from trainer.demo.sample import PERSONA, sample_lines
from trainer.fidelity.moments import Moment
from trainer.run import Run, open_run
from trainer.settings import Settings
from trainer.tuning import load_trained, tune
from trainer.tuning.evaluation import Trained

ANSWERS = {
    "밥 먹었어?": ("웅ㅋㅋ", "국밥"),
    "뭐 해?": ("게임중",),
    "어디야?": ("집 가는중ㅋㅋ",),
    "몇 시에 볼까?": ("세 시",),
    "자?": ("안 잠",),
    "춥다": ("옷 입어", "감기 걸림"),
    "배고파": ("치킨 ㄱㄱ",),
    "잘 자": ("웅 꿈에서 봐",),
    "보고 싶어": ("나도ㅋㅋㅋ",),
    "나 왔어": ("오 빠르네",),
}


def example(*said: str) -> Example:
    """Turns of one bubble each, the partner first; every persona turn carries loss."""
    turns = tuple(Turn(("partner", "persona")[i % 2], (text,)) for i, text in enumerate(said))
    return Example(turns, (True,) * (len(said) // 2))


def asked_and_answered(count: int, seed: int) -> list[Example]:
    dice = random.Random(seed)
    pairs = [dice.choice(list(ANSWERS.items())) for _ in range(count)]
    return [Example((Turn("partner", (q,)), Turn("persona", a)), (True,)) for q, a in pairs]


@pytest.fixture(scope="session")
def heart_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Ten questions, an answer each, learned by heart by the demo's base. Tests only read it."""
    folder = tmp_path_factory.mktemp("fidelity")
    settings = Settings(**{**SETTINGS, "max_length": 256, "epochs": 12.0, "evaluations": 1})
    run = open_run(folder / "run", settings, {})
    run.data.mkdir()
    write_examples(run.train_file, asked_and_answered(60, seed=0), ChatFormat())
    write_examples(run.validation_file, asked_and_answered(60, seed=1), ChatFormat())
    tune(run)
    return run


@pytest.fixture(scope="session")
def trained(heart_run: Run) -> Trained:
    return load_trained(heart_run)


@pytest.fixture(scope="session")
def people() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The demo's persona and partner: what each said, message by message, in order of time."""
    lines = [line for line in sample_lines() if line.sender]
    mine = [(line.text,) for line in lines if line.sender == PERSONA]
    return mine, [(line.text,) for line in lines if line.sender != PERSONA]


def moment(asked: str, *reply: str) -> Moment:
    return Moment((Turn("partner", (asked,)),), reply)
