"""A finished training to release and a Hub to push it to: a tiny real Qwen3, a real adapter on it, a few invented turns."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from persona_core.prompt import ChatFormat, Turn
from tests.tiny_model import build_tiny_model
from tests.tiny_release import push, tiny_run, train
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.release.repository import REPO
from trainer.dataset.example import Example, write_examples
from trainer.release import pushing
from trainer.release.release import build_release
from trainer.run import Run, open_run
from trainer.settings import Settings
from trainer.tuning.adapter import lora, save_adapter
from trainer.tuning.base import load_model, load_tokenizer
from trainer.tuning.labels import Row, read_rows
from trainer.tuning.source import source_of

ASKED = ("뭐 해?", "밥 먹었어?", "언제 와?", "내일 볼까?", "자?")
ANSWERED = (
    ("집이야 ㅋㅋㅋ", "너는"),
    ("아직 ㅠㅠ",),
    ("지금 가는 중",),
    ("좋아!", "세 시쯤"),
    ("안 자 ㅎㅎ",),
)
MASKED = {"phone": 12, "name": 340}


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has been trained and evaluated, but has no release yet."""
    folder = tmp_path_factory.mktemp("release")
    base = build_tiny_model(folder / "tiny-qwen3")
    (base / "LICENSE").write_text("The licence of an invented base.\n", encoding="utf-8")
    (base / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    settings = Settings(
        exports=(str(folder / "KakaoTalk.txt"),),
        me="가온누리",
        partner="다솜별",
        base=str(base),
        max_length=256,
        device="cpu",
    )
    run = open_run(folder / "runs" / "first", settings, {})
    run.data.mkdir()
    turns = [(Turn("partner", (q,)), Turn("persona", a)) for q, a in zip(ASKED, ANSWERED, strict=True)]
    for file in (run.train_file, run.validation_file):
        write_examples(file, [Example(pair, (True,)) for pair in turns] * 6, ChatFormat())
    run.data_report.write_text(json.dumps({"masked": MASKED}), encoding="utf-8")
    run.add_metrics("evaluation", {"base": {"nll": 7.0}, "tuned": {"nll": 4.0}, "nll_reduction": 0.43})
    run.add_metrics("memory", asdict(KEPT))
    _train(run)
    return run


def _train(run: Run) -> None:
    """An adapter of the size that training makes, without the training."""
    import torch
    from peft import get_peft_model

    torch.manual_seed(0)
    source = source_of(run)
    model = get_peft_model(load_model(source, "cpu"), lora(rank=8, alpha=16))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.005)
    run.adapter.mkdir()
    save_adapter(model, run.adapter, source.base)


@pytest.fixture(scope="session")
def released(finished_run: Run) -> Run:
    """The same run with its release, built once and shared; to change it, take a `copy_of` it."""
    build_release(finished_run, openvino=False)
    return finished_run


@pytest.fixture(scope="session")
def heard(finished_run: Run) -> tuple[Row, ...]:
    """What merging listens to: the examples in tokens."""
    return read_rows(load_tokenizer(source_of(finished_run)), finished_run.train_file, ChatFormat(), 256).rows


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Run], Run]:
    """A run folder of one's own."""

    def copy(run: Run) -> Run:
        return Run(Path(shutil.copytree(run.path, tmp_path / "run")), run.settings)

    return copy


@pytest.fixture
def signed_in(hub, monkeypatch):
    """The hub, with minsu's writing token in the environment."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    return hub


@pytest.fixture
def impatient(monkeypatch):
    """What fails is not tried again by itself, unless a test wants it."""
    monkeypatch.setattr(pushing, "PAUSES_S", ())


@pytest.fixture
def shelf(hub, monkeypatch, tmp_path):
    """The hub as minsu, with two releases in one repository; the folder is one with runs/ in it."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pushing, "PAUSES_S", ())
    monkeypatch.chdir(tmp_path)
    run = tiny_run(tmp_path / "runs" / "first")
    push(run, REPO)
    train(run, 1)
    push(run, REPO)
    return hub
