"""What the tests of rented hardware share: a Hub with credit, and runs of two steps on the shipped base."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from persona_core.prompt import ChatFormat, Turn
from tests.hub.accounts import User
from tests.hub.faults import Fault
from tests.hub_fixtures import OWNER, Hub
from tests.tiny_model import build_tiny_model
from trainer.dataset.example import Example, write_examples
from trainer.demo import base_path
from trainer.remote import Place, find_place
from trainer.run import Run, open_run
from trainer.settings import Settings
from trainer.tuning.checkpoints import COMPLETE

MakeRun = Callable[..., Run]
REPO = "minsu/persona-job-1"
MEASURED = {"plan": {"batch": 1}, "training": {"steps": 2}, "base": {"location": "/somewhere/else"}}
TALK = (("밥 먹었어?", "웅 먹었지 ㅋㅋ"), ("어디야?", "지금 가는중 ㅎㅎ"), ("뭐 해?", "아무것도 안해ㅋ"))


def cheap() -> Place:
    """The cheapest place, its price accepted."""
    return find_place("hf-jobs:cpu-basic", accepted=True)


def repos(hub: Hub) -> list[str]:
    """The model repositories that are there."""
    return [info.id for info in hub.api().list_models(author="minsu")]


@pytest.fixture
def rich(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub, with minsu's writing token in the environment and credit in his account."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setenv("PERSONA_LANG", "en")
    hub.control.add_user(User(OWNER, can_pay=True))
    return hub


@pytest.fixture
def make_run() -> MakeRun:
    """Open a run in a folder: 8 short examples to learn in 2 steps, 2 held out, 2 evaluations."""

    def make(folder: Path, **changes: Any) -> Run:
        settings = {
            "base": str(base_path()),
            "max_length": 128,
            "rank": 2,
            "learning_rate": 2e-3,
            "epochs": 2.0,
            "effective_batch": 4,
            "evaluations": 2,
        }
        run = open_run(folder, Settings(**{**settings, **changes}), {})
        run.data.mkdir()
        examples = [Example((Turn("partner", (q,)), Turn("persona", (a,))), (True,)) for q, a in TALK]
        write_examples(run.train_file, (examples * 3)[:8], ChatFormat())
        write_examples(run.validation_file, examples[:2], ChatFormat())
        return run

    return make


@pytest.fixture
def depot(rich: Hub) -> Hub:
    """The hub with the private repository a job works on."""
    rich.api().create_repo(REPO, private=True)
    return rich


@pytest.fixture
def worked(make_run: MakeRun, tmp_path: Path) -> Run:
    """A run as it lies on the other machine after training."""
    run = make_run(tmp_path / "there")
    for folder, name in ((run.adapter, "adapter_model.safetensors"), (run.logs, "events")):
        folder.mkdir()
        (folder / name).write_bytes(name.encode())
    for section, values in MEASURED.items():
        run.add_metrics(section, values)
    return run


def checkpoint(run: Run, step: int, *, complete: bool = True) -> None:
    """A checkpoint in ``run``, or what there is of it while it is written."""
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").write_bytes(b"%d" % step)
    if complete:
        (folder / COMPLETE).write_text("{}", encoding="utf-8")


@contextmanager
def ctrl_c_at(hub: Hub, **where: Any) -> Iterator[None]:
    """Ctrl-C as soon as a request like ``where`` is there; it is not answered before the block is left."""
    held = Fault.hold(**where, times=None)
    hub.control.inject(held)

    def press() -> None:
        held.reached.wait()
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    try:
        yield
    finally:
        hub.control.clear_faults()
        held.released.set()


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base in a folder that is not ours."""
    return build_tiny_model(tmp_path_factory.mktemp("base") / "tiny-qwen3")
