"""The OpenVINO engine on tiny random models: torch's numbers, nothing read twice, and a line for all that goes wrong."""

import dataclasses
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from persona_core.engine.openvino import GRAPH, WEIGHTS, OpenVinoEngine, OpenVinoReading, compile_graph
from persona_core.engine.prefix import KEPT_BYTES
from persona_core.engine.pytorch import TorchEngine
from persona_core.engine.tokenizer import StoredTokenizer
from persona_core.errors import EngineError, OutOfMemory
from persona_core.manifest import OPENVINO_FOLDER, Artefact, Generation, PersonaManifest, digest
from persona_core.prompt import ChatFormat, Turn, encode
from tests.tiny_model import SENTENCES, build_tiny_model
from tests.tiny_openvino import build_tiny_openvino
from tests.trainer.tuning.families import FAMILIES, build_family
from trainer.demo import base_path

pytestmark = pytest.mark.slow  # an export takes seconds
HISTORY = [Turn("partner", ("밥 먹었어?",))]
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
CPU = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
TOKEN_BYTES = (
    2 * 2 * 32 * 4
)  # of the tiny model: keys and values of two layers, one head of 32, four bytes each


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return build_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def release(base, tmp_path_factory):
    return build_tiny_openvino(base, tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def engine(release):
    return OpenVinoEngine.from_release(release)


@pytest.fixture(scope="module")
def graph(release):
    """In full precision, where how it is read changes no letter."""
    return compile_graph(release / OPENVINO_FOLDER, **EXACT)


@pytest.fixture
def exact(release, graph, engine):
    """Engines on that graph, keeping so many bytes."""

    def build(kept_bytes=0, generation=None):
        manifest = PersonaManifest.read(release)
        manifest = dataclasses.replace(manifest, generation=generation or manifest.generation)
        return OpenVinoEngine(graph[0], engine._tokenizer, manifest, graph[1], kept_bytes)

    return build


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The demo's base in 4 bits, as it is served: what its layers hear is rounded, too."""
    pytest.importorskip("nncf")
    return build_tiny_openvino(base_path(), tmp_path_factory.mktemp("served"), packed=True)


def last(engine, history=HISTORY, **options) -> list[str]:
    return [[], *engine.stream(history, **options)][-1]


@pytest.fixture
def passes(monkeypatch):
    """The number of tokens of every pass."""
    read, counted = OpenVinoReading.read, []

    def counting(self, feed):
        counted.append(len(feed))
        return read(self, feed)

    monkeypatch.setattr(OpenVinoReading, "read", counting)
    return counted


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


# --- what was read stays read ---


@pytest.mark.parametrize("precision", ["full", "served"])
def test_a_hundred_conversations_say_the_same_with_and_without_it(precision, request):
    """Greedy: turns come, branch off, are taken back and forgotten, and no letter changes, as it is served neither."""
    release = request.getfixturevalue("release" if precision == "full" else "served")
    greedy = Generation(temperature=0, max_new_tokens=4, max_context_tokens=204)
    manifest = dataclasses.replace(PersonaManifest.read(release), generation=greedy)
    folder = release / OPENVINO_FOLDER
    compiled = compile_graph(folder, **(EXACT if precision == "full" else {}))
    anew, reusing = (
        OpenVinoEngine(compiled[0], StoredTokenizer.read(folder), manifest, compiled[1], kept_bytes)
        for kept_bytes in (0, KEPT_BYTES)
    )
    rng = random.Random(7)
    words = " ".join(SENTENCES).split()
    talks = [[] for _ in range(100)]
    for _ in range(200):
        talk = rng.choice(talks)
        if len(talk) > 2 and rng.random() < 0.2:
            del talk[-2:]
        history = [*talk, Turn("partner", tuple(rng.choices(words, k=rng.randint(1, 6))))]
        reply = last(reusing, history)

        assert reply == last(anew, history)
        talk[:] = [*history, Turn("persona", tuple(reply) or ("음",))]


PORTIONS = """
import random, sys
from pathlib import Path
from persona_core.engine.openvino import OpenVinoReading, compile_graph
compiled = compile_graph(Path(sys.argv[1]))
rng = random.Random(7)
ids = rng.choices(range(1000), k=200)
def read(cuts):
    reading = OpenVinoReading(*compiled)
    for begin, end in zip([0, *cuts], [*cuts, len(ids)]):
        logits = reading.read(ids[begin:end])
    return logits
divided = [read(sorted(rng.sample(range(1, 200), count))) for count in (1, 1, 1, 2, 5, 20, 199)]
print(max(abs(logits - read([])).max() for logits in divided))
"""


@pytest.mark.parametrize("newest", ["", "AVX2_VNNI", "AVX2"])
def test_a_prompt_may_be_read_in_any_portions(newest, served):
    """To the last bit, where the CPU multiplies whole numbers, down to one token at a time; on older ones within 1e-3.

    OpenVINO can be told to take this CPU for one without its newest instructions.
    """
    done = subprocess.run(
        [sys.executable, "-c", PORTIONS, str(served / OPENVINO_FOLDER)],
        env={**os.environ, "OV_CPU_MAX_ISA": newest},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    whole_numbers = newest != "AVX2" and re.search(r"\bavx(512)?_vnni\b", CPU)

    assert float(done.stdout) <= (0 if whole_numbers else 1e-3), done.stderr


def test_the_next_turn_reads_only_what_is_new(exact, passes):
    """The system prompt and the turns before are not read again, in each of two conversations that go on by turns."""
    engine = exact(KEPT_BYTES)
    prompts, read = [], []
    for more in ([], [Turn("persona", ("아직",)), Turn("partner", ("응",))]):
        for history in (HISTORY, [Turn("partner", ("뭐 해?",))]):
            prompts.append(len(encode(engine._tokenizer, [*history, *more], ChatFormat()).ids))
            passes.clear()
            list(engine.stream([*history, *more]))
            read.append(passes[0])

    assert read[0] == prompts[0] > 50
    assert read[1] < 20  # the second conversation begins with the same system prompt
    assert [read[2] <= prompts[2] - prompts[0], read[3] <= prompts[3] - prompts[1]] == [True, True]


def test_what_is_kept_has_a_bound(exact):
    """With room for one conversation the older one leaves."""
    engine = exact(100 * TOKEN_BYTES)
    short = Generation(max_new_tokens=1, max_context_tokens=256)
    for history in (HISTORY, [Turn("partner", ("뭐 해?",))]):
        list(engine.stream(history, generation=short))

    assert len(engine._kept.take(encode(engine._tokenizer, HISTORY, ChatFormat()).ids).ids) < 55


def test_a_token_takes_the_bytes_of_its_keys_and_values(graph):
    """What the bound counts is read from the graph."""
    assert graph[1] == TOKEN_BYTES


def test_a_seed_reads_everything_itself(exact, passes):
    """Whatever was read before, the same seed gives the same reply."""
    engine = exact(KEPT_BYTES)
    list(engine.stream(HISTORY))
    list(engine.stream(HISTORY, seed=1))

    assert len([tokens for tokens in passes if tokens == passes[0]]) == 2


def test_a_reply_is_stopped_in_the_middle_and_asked_for_again(exact, passes):
    """No token is computed after close; the prompt has been read, and the next answer is as good as any."""
    engine = exact(KEPT_BYTES, Generation(temperature=0, max_new_tokens=24, max_context_tokens=256))
    stream = engine.stream(HISTORY)
    for _ in range(3):
        next(stream)
    stream.close()

    assert passes[1:] == [1, 1]
    assert last(engine) == last(exact(0, engine.manifest.generation))
    assert passes[3] == 1


def test_a_reply_is_gone_on_with(exact, passes):
    """The model reads what was said as its own words, says only what is new, and has so much less room for it."""
    engine = exact()
    list(engine.stream([*HISTORY, Turn("persona", ("오늘은", "집에서 쉬었어"))], seed=0))
    so_far = engine._tokenizer("오늘은\n집에서 쉬었어\n", add_special_tokens=False).input_ids

    assert passes[0] == len(encode(engine._tokenizer, HISTORY, ChatFormat()).ids) + len(so_far)
    assert len(passes) <= engine.manifest.generation.max_new_tokens - len(so_far)


def test_a_reply_keeps_to_its_limit_and_stops_before_its_end(exact):
    """max_new_tokens bounds the work, and the end of a turn is nothing to be shown."""
    engine = exact()
    ten = Generation(max_new_tokens=10)
    tokens = [*engine._tokens(0, (5, 6, 7), ten)]
    engine.manifest = dataclasses.replace(engine.manifest, end_of_turn_id=tokens[6])

    assert len(tokens) == 10
    assert [*engine._tokens(0, (5, 6, 7), ten)] == tokens[: tokens.index(tokens[6])]


# --- what goes wrong ---


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.with_suffix(".bin").write_bytes(file.with_suffix(".bin").read_bytes()[:-8]),
        lambda file: file.with_suffix(".bin").unlink(),
        lambda file: file.write_bytes(file.read_bytes()[:2000]),
        lambda file: file.write_bytes(b"no graph"),
    ],
    ids=["truncated weights", "no weights", "truncated graph", "no graph at all"],
)
def test_damaged_files_are_said(harm, release, tmp_path):
    """The line says which folder, and how to get another one."""
    folder = tmp_path / OPENVINO_FOLDER
    folder.mkdir()
    for file in (release / OPENVINO_FOLDER).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    PersonaManifest.read(release).write(tmp_path)
    harm(folder / GRAPH)

    with pytest.raises(EngineError, match="persona export") as caught:
        OpenVinoEngine.from_release(tmp_path)
    assert caught.value.key == "engine.damaged"


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, "tokenizer.json"])
def test_a_file_that_is_gone_is_named(name, release, tmp_path):
    """Not called damaged: it may only be another user's, and making it anew takes hours."""
    copy = Path(shutil.copytree(release, tmp_path / "release"))
    files = tuple(digest(copy, file) for file in sorted((copy / OPENVINO_FOLDER).iterdir()))
    artefact = Artefact("openvino", OPENVINO_FOLDER, files)
    dataclasses.replace(PersonaManifest.read(copy), artefacts=(artefact,)).write(copy)
    assert OpenVinoEngine.from_release(copy)
    (copy / OPENVINO_FOLDER / name).unlink()

    with pytest.raises(EngineError, match=name) as caught:
        OpenVinoEngine.from_release(copy)
    assert caught.value.key == "engine.unreadable"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (GRAPH, b"beam_idx", b"beam_idy"),
        (GRAPH, b'"logits"', b'"logitz"'),
        ("chat_template.jinja", b"{%", b"{% for x in %}{%"),
        ("chat_template.jinja", b"{%", b"{% for x in range(100000000) %}{% endfor %}{%"),
        ("chat_template.jinja", b"<|im_end|>", b"<|im_start|>"),
    ],
    ids=["another input", "another output", "a broken template", "an endless one", "another end"],
)
def test_what_does_not_belong_together_is_said_before_the_first_word(name, before, after, release, tmp_path):
    """A graph with other ends, a template that is no longer the one of the training."""
    folder = shutil.copytree(release, tmp_path / "release")
    file = folder / OPENVINO_FOLDER / name
    assert before in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(before, after))

    with pytest.raises(EngineError, match="persona export") as caught:
        OpenVinoEngine.from_release(folder)
    assert caught.value.key == "engine.damaged"


def test_a_cpu_without_avx2_is_said(release, monkeypatch):
    """Before a gigabyte is read."""
    monkeypatch.setattr("persona_core.engine.openvino.has_avx2", lambda: False)

    with pytest.raises(EngineError, match="AVX2"):
        OpenVinoEngine.from_release(release)


def test_a_release_without_the_artefact_is_refused(release, tmp_path):
    """The line says what is missing."""
    dataclasses.replace(PersonaManifest.read(release), artefacts=()).write(tmp_path)

    with pytest.raises(EngineError, match="openvino"):
        OpenVinoEngine.from_release(tmp_path)


def test_without_openvino_the_line_says_how_to_install_it(release, monkeypatch):
    """The extra has a name."""
    monkeypatch.setitem(sys.modules, "openvino", None)

    with pytest.raises(EngineError, match=r"kakao-persona\[cpu\]"):
        OpenVinoEngine.from_release(release)


def test_memory_that_runs_out_is_said_and_what_was_kept_is_given_back(exact, passes, monkeypatch):
    """The next reply has what the last one lacked."""
    engine = exact(KEPT_BYTES)
    list(engine.stream(HISTORY))

    def infer(*_, **__):
        raise RuntimeError("Exception from src/inference: std::bad_alloc")

    with monkeypatch.context() as patch:
        patch.setattr("openvino.InferRequest.infer", infer)
        with pytest.raises(OutOfMemory):
            list(engine.stream(HISTORY))
    passes.clear()
    list(engine.stream(HISTORY))

    assert passes[0] > 50


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
