"""What the OpenVINO engine has read stays read: the next turn costs what is new in it, and no letter changes."""

import dataclasses
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from persona_core.engine.openvino import OpenVinoEngine, OpenVinoReading, compile_graph
from persona_core.engine.prefix import KEPT_BYTES
from persona_core.engine.tokenizer import StoredTokenizer
from persona_core.errors import OutOfMemory
from persona_core.manifest import OPENVINO_FOLDER, Generation, PersonaManifest
from persona_core.prompt import ChatFormat, Turn, encode
from tests.persona_core.engine.conftest import EXACT
from tests.persona_core.engine.reply import HISTORY, ending, last
from tests.tiny_model import SENTENCES
from tests.tiny_openvino import build_tiny_openvino
from trainer.demo import base_path

pytestmark = pytest.mark.slow  # an export takes seconds
CPU = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
WHOLE_NUMBERS = re.search(r"\bavx(512)?_vnni\b|\bamx_int8\b", CPU)  # what it multiplies such with
TOKEN_BYTES = (
    2 * 2 * 32 * 4
)  # of the tiny model: keys and values of two layers, one head of 32, four bytes each


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The demo's base in 4 bits, as it is served: what its layers hear is rounded, too."""
    pytest.importorskip("nncf")
    return build_tiny_openvino(base_path(), tmp_path_factory.mktemp("served"), packed=True)


@pytest.fixture
def passes(monkeypatch):
    """The number of tokens of every pass."""
    read, counted = OpenVinoReading.read, []

    def counting(self, feed):
        counted.append(len(feed))
        return read(self, feed)

    monkeypatch.setattr(OpenVinoReading, "read", counting)
    return counted


NO_VNNI = pytest.mark.skipif(
    not WHOLE_NUMBERS, reason="without VNNI logits may differ by 1e-4: see openvino.hints"
)


@pytest.mark.parametrize("precision", ["full", pytest.param("served", marks=NO_VNNI)])
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
    is_exact = newest != "AVX2" and WHOLE_NUMBERS

    assert float(done.stdout) <= (0 if is_exact else 1e-3), done.stderr


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
    """With room for the second conversation, whose copied beginning counts for three, the older one leaves."""
    engine = exact(200 * TOKEN_BYTES)
    short = Generation(max_new_tokens=1, max_context_tokens=256)
    for history in (HISTORY, [Turn("partner", ("뭐 해?",))]):
        list(engine.stream(history, generation=short))

    assert len(engine._kept.take(encode(engine._tokenizer, HISTORY, ChatFormat()).ids).ids) < 55


def test_a_token_takes_the_bytes_of_its_keys_and_values(graph):
    """What the bound counts is read from the graph."""
    assert graph[1] == TOKEN_BYTES


@pytest.mark.parametrize("part", ["cut", "copy"])
def test_memory_that_runs_out_before_anything_is_read_is_said_too(exact, passes, monkeypatch, part):
    """Where a conversation branches off, or another one begins alike: what was kept is given back as well."""

    def fail(*_):
        raise MemoryError

    engine = exact(KEPT_BYTES)
    list(engine.stream(HISTORY))
    other = HISTORY if part == "cut" else [Turn("partner", ("뭐 해?",))]
    with monkeypatch.context() as patch:
        patch.setattr(OpenVinoReading, part, fail)
        with pytest.raises(OutOfMemory):
            list(engine.stream(other))
    passes.clear()
    list(engine.stream(other))

    assert passes[0] == len(encode(engine._tokenizer, other, ChatFormat()).ids)


def test_a_reply_says_whether_its_length_ended_it(exact):
    """And not the model, which ends this one with its first token."""
    greedy = Generation(temperature=0, repetition_penalty=1, max_new_tokens=1, max_context_tokens=256)
    engine = exact(0, greedy)
    first = next(engine._tokens(None, encode(engine._tokenizer, HISTORY, ChatFormat()).ids, greedy))
    assert ending(engine.stream(HISTORY)) is True
    engine.manifest = dataclasses.replace(engine.manifest, end_of_turn_id=first)

    assert ending(engine.stream(HISTORY)) is False


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


def test_what_was_cut_or_copied_counts_for_what_it_takes(graph):
    """A state that was set from outside lies in memory three times over."""
    reading = OpenVinoReading(*graph)
    reading.read(range(3, 103))
    copied = reading.copy()
    sizes = [reading.size, copied.size]
    reading.cut(50)

    assert [*sizes, reading.size] == [100 * TOKEN_BYTES, 300 * TOKEN_BYTES, 150 * TOKEN_BYTES]
