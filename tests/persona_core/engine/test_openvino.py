"""The OpenVINO engine on tiny random models: torch's numbers, the sampler's choices, and no torch beside it."""

import dataclasses
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from persona_core.engine.openvino import OpenVinoReading, compile_graph
from persona_core.engine.pytorch import TorchEngine
from persona_core.manifest import OPENVINO_FOLDER, Generation
from tests.persona_core.engine.conftest import EXACT
from tests.persona_core.engine.reply import last
from tests.tiny_openvino import build_tiny_openvino
from tests.trainer.tuning.families import FAMILIES, build_family

pytestmark = pytest.mark.slow  # an export takes seconds


# --- what torch computes ---


@pytest.mark.parametrize("name", ["qwen3", "llama3", "gemma3"])
def test_the_logits_are_torchs(name, tmp_path):
    """Read as a prompt, token by token, gone on with, copied and cut: within 1e-5 of logits up to 3."""
    import torch
    from transformers import AutoModelForCausalLM

    folder = build_family(FAMILIES[name], tmp_path / "base")
    release = build_tiny_openvino(folder, tmp_path / "release")
    compiled, token_bytes = compile_graph(release / OPENVINO_FOLDER, **EXACT)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = random.Random(7).choices(range(model.config.vocab_size), k=60)  # past a sliding window of 16
    with torch.inference_mode():
        theirs = model(torch.tensor([ids])).logits[0].numpy()
    reading = OpenVinoReading(compiled, token_bytes)
    steps = [str(step.get_rt_info()["layerType"].value) for step in compiled.get_runtime_model().get_ops()]

    assert (
        steps.count("ScaledDotProductAttention") == model.config.num_hidden_layers
    )  # in place, on the state
    assert "Softmax" not in steps
    for portion in (ids[:40], ids[40:41], ids[41:]):
        ours = reading.read(portion)
        assert abs(ours - theirs[len(reading.ids) - 1]).max() < 1e-5
    other = reading.copy()
    assert other.cut(20)
    assert abs(other.read(ids[20:50]) - theirs[49]).max() < 1e-5
    assert reading.cut(59)
    assert abs(reading.read(ids[59:]) - theirs[59]).max() < 1e-5


def test_the_same_seed_says_what_torch_says(base, exact):
    """One sampler, one stream of numbers: another engine with the same logits makes the same choices."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    ours = exact()
    theirs = TorchEngine(model, AutoTokenizer.from_pretrained(base), ours.manifest)

    replies = [last(ours, seed=seed) for seed in range(8)]
    assert replies == [last(theirs, seed=seed) for seed in range(8)]
    assert len({*map(tuple, replies)}) == 8


def test_at_temperature_zero_the_seed_does_not_matter(engine):
    """Greedy means greedy."""
    greedy = dataclasses.replace(engine.manifest.generation, temperature=0)

    assert last(engine, seed=1, generation=greedy) == last(engine, seed=2, generation=greedy)


def test_a_reply_keeps_to_its_limit_and_stops_before_its_end(exact):
    """max_new_tokens bounds the work, and the end of a turn is nothing to be shown."""
    engine = exact()
    ten = Generation(max_new_tokens=10)
    tokens = [*engine._tokens(0, (5, 6, 7), ten)]
    engine.manifest = dataclasses.replace(engine.manifest, end_of_turn_id=tokens[6])

    assert len(tokens) == 10
    assert [*engine._tokens(0, (5, 6, 7), ten)] == tokens[: tokens.index(tokens[6])]


# --- a machine without torch ---


LONELY = """
import socket, sys
class Forbidden(socket.socket):
    def __init__(self, *_, **__):
        raise SystemExit("a socket was opened")
socket.socket = Forbidden
if sys.argv[2] == "lean":
    sys.modules.update(dict.fromkeys(("torch", "transformers", "peft", "bitsandbytes", "accelerate", "safetensors")))
from pathlib import Path
from persona_core.engine import load_engine
from persona_core.prompt import Turn
engine = load_engine(Path(sys.argv[1]))
replies = list(engine.stream([Turn("partner", ("밥 먹었어?",))], seed=1))
import threading
names = sorted(thread.name for thread in threading.enumerate())
print(type(engine).__name__, len(replies) > 0, "openvino_telemetry.main" in sys.modules, names)
"""


@pytest.mark.parametrize("kind", ["lean", "full"])
def test_it_answers_without_torch_and_without_a_word_to_anybody(kind, release, tmp_path):
    """Where torch is not installed it starts all the same; no socket is opened and no file written about it."""
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LONELY, str(release), kind],
        env={**os.environ, "HOME": str(home), "USERPROFILE": str(home), "CUDA_VISIBLE_DEVICES": ""},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "OpenVinoEngine True False ['MainThread']", done.stderr
    assert not list(home.rglob("*telemetry*"))


COME_AND_GONE = """
import gc, signal, sys, threading
from pathlib import Path
from persona_core.engine.openvino import OpenVinoEngine
signal.signal(signal.SIGINT, signal.default_int_handler)
engines = {n: OpenVinoEngine.from_release(Path(sys.argv[1])) for n in range(3)}
def leave(n):
    del engines[n]
    gc.collect()
leave(0)
leave(1)
beside = threading.Thread(target=leave, args=(2,))
beside.start()
beside.join()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("heard")
"""


def test_ctrl_c_is_heard_after_engines_have_come_and_gone(release):
    """The first that came goes first, the last in another thread: no signal falls on memory that went with them."""
    done = subprocess.run(
        [sys.executable, "-c", COME_AND_GONE, str(release)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr
