"""The form for CPUs: the model that was trained, in a graph that says nothing of this machine."""

import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from persona_core.engine.openvino import OpenVinoReading, compile_graph
from persona_core.errors import ReleaseError, SettingsError
from persona_core.manifest import PersonaManifest
from persona_core.prompt import ChatFormat, Turn
from tests.trainer.tuning.families import FAMILIES, build_family
from trainer.release import openvino, verify
from trainer.release.contents import is_release_file, read_contents
from trainer.release.release import build_release
from trainer.release.voice import GraphVoice
from trainer.run import Run
from trainer.tuning.adapter import WEIGHTS
from trainer.tuning.base import load_tokenizer
from trainer.tuning.labels import IGNORED, Row, read_rows
from trainer.tuning.source import source_of

pytest.importorskip("nncf")

GRAPH = "openvino/openvino_model.xml"


class Watched:
    """A request whose ``passes`` are counted: the first place each read, and the one behind the last."""

    def __init__(self, request):
        self.passes = []
        self._request = request

    def infer(self, feed, **how):
        places = feed["position_ids"][0]
        self.passes.append((int(places[0]), int(places[-1]) + 1))
        return self._request.infer(feed, **how)

    def reset_state(self):
        self._request.reset_state()


@pytest.fixture(scope="module")
def graphed(finished_run, tmp_path_factory):
    """A run whose release has a graph."""
    import shutil

    folder = shutil.copytree(finished_run.path, tmp_path_factory.mktemp("graphed") / "run")
    run = Run(Path(folder), finished_run.settings)
    build_release(run, openvino=True)
    return run


def test_a_release_has_a_graph_beside_the_weights(graphed):
    """One artefact more, with a tokenizer of its own; the full weights it was made of are gone."""
    manifest = PersonaManifest.read(graphed.release)

    assert [(a.kind, a.path) for a in manifest.artefacts] == [
        ("merged", "."),
        ("adapter", "adapter"),
        ("openvino", "openvino"),
    ]
    assert [Path(file.path).name for file in manifest.artefact("openvino").files] == [
        "chat_template.jinja",
        "generation_config.json",
        "openvino_model.bin",
        "openvino_model.xml",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert {"openvino", "nncf"} <= set(manifest.libraries)
    assert read_contents(graphed.release)


def test_the_graph_is_measured_like_the_weights(graphed):
    """Its drift is small, and stands in the run's measurements, in persona.json and on the card."""
    drift = graphed.read_metrics()["drift_openvino"]
    evaluation = PersonaManifest.read(graphed.release).evaluation
    card = (graphed.release / "README.md").read_text(encoding="utf-8")

    assert 0 < drift["kl"] < verify.MAX_KL
    assert {name: evaluation[f"drift_openvino_{name}"] for name in drift} == drift
    assert f"| `openvino/` | {drift['kl']:.5f} |" in card
    assert "openvino.Core().compile_model" in card


def test_a_graph_with_a_whole_head_says_so(graphed):
    """All tokens have a row, and the card tells of none that is lacking; a short head is in test_head.py."""
    figures = PersonaManifest.read(graphed.release).evaluation
    card = (graphed.release / "README.md").read_text(encoding="utf-8")

    assert figures["head_kept"] == figures["head_vocabulary"] == len(load_tokenizer(source_of(graphed)))
    assert figures["head_missed"] == 0
    assert "it lacks" not in card


def test_the_graph_is_read_as_the_engine_reads_it(graphed):
    """In the same passes, and what it foresees after each of the wanted tokens is what the engine would draw from."""
    import numpy as np

    folder = graphed.release / "openvino"
    ids = [5 + n * 7 % 90 for n in range(150)]
    row = Row(array("i", ids), array("i", [IGNORED if n % 40 else token for n, token in enumerate(ids)]))
    graph, token_bytes = compile_graph(folder)
    voice = GraphVoice(folder)
    watched = voice._request = Watched(voice._request)

    foreseen = voice.foresee(row)

    assert watched.passes == [(0, 1), (1, 65), (65, 129), (129, 150)]
    served = [OpenVinoReading(graph, token_bytes).read(ids[:place]) for place in (40, 80, 120)]
    assert np.abs(foreseen.numpy() - np.stack(served)).max() <= 1e-3
    (said,) = voice.go_on([ids[:100]], 3).tolist()
    assert watched.passes[4:] == [(0, 1), (1, 65), (65, 100), (100, 101), (101, 102)]
    assert said[0] == int(OpenVinoReading(graph, token_bytes).read(ids[:100]).argmax())


def test_another_graph_is_noticed(graphed, copy_of):
    """A graph that does not belong to the adapter drifts too far."""
    from safetensors.torch import load_file, save_file

    run = copy_of(graphed)
    tensors = {name: 60 * tensor for name, tensor in load_file(run.adapter / WEIGHTS).items()}
    save_file(tensors, run.adapter / WEIGHTS)
    rows = read_rows(load_tokenizer(source_of(run)), run.validation_file, ChatFormat(), 256).rows

    (drift,) = verify.measure_drifts(
        source_of(run), run.adapter, {run.release / "openvino": "graph"}, rows, "cpu"
    )

    with pytest.raises(
        ReleaseError, match=r"weights for CPUs .* too far .*: persona export .* --no-openvino"
    ):
        drift.require_small("graph", run.path)


def test_the_engine_for_cpus_speaks_from_it(graphed):
    """What the Space runs where there is no GPU loads the folder as it is."""
    from persona_core.engine.openvino import OpenVinoEngine

    engine = OpenVinoEngine.from_release(graphed.release)

    *_, bubbles = engine.stream([Turn("partner", ("뭐 해?",))], seed=0)
    assert all(isinstance(bubble, str) for bubble in bubbles)


def test_the_graph_says_nothing_of_how_it_was_made(graphed):
    """No options of the exporter, no precision that another CPU would be slow in."""
    text = (graphed.release / GRAPH).read_text(encoding="utf-8")

    assert "<Runtime_version" in text
    assert not [told for told in ("<nncf", "conversion_parameters", "runtime_options", ".py") if told in text]


@pytest.mark.parametrize("secret", ["/home/dasom/model.py", "hf_" + "a" * 34])
def test_a_graph_with_a_place_or_a_token_is_refused(graphed, copy_of, secret):
    """The graph is text, and read like every other."""
    run = copy_of(graphed)
    path = run.release / GRAPH
    path.write_text(path.read_text(encoding="utf-8").replace("</net>", f"<!-- {secret} --></net>"), "utf-8")

    with pytest.raises(ReleaseError, match=GRAPH):
        read_contents(run.release)


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("openvino/openvino_model.bin", True),
        ("openvino/tokenizer.json", True),
        ("openvino/config.json", True),
        ("openvino/model.safetensors", False),
        ("openvino/openvino_metadata.json", False),
        ("openvino_model.xml", False),
    ],
)
def test_what_may_lie_beside_a_graph(name, fine):
    """A tokenizer and configs; weights in another form have their own place."""
    assert is_release_file(name) is fine


def test_only_the_last_token_is_answered_until_all_are_asked_for(graphed):
    """The published graph gives one token's logits, the same ones that stand last when every token is answered."""
    import numpy as np

    from persona_core.engine.openvino import core, hints

    graph = core().read_model(graphed.release / GRAPH)
    feed = {"input_ids": [[5, 6, 7]], "position_ids": [[0, 1, 2]], "beam_idx": np.zeros(1, np.int32)}

    def logits():
        return core().compile_model(graph, "CPU", hints()).create_infer_request().infer(feed)["logits"]

    last = logits()
    openvino.answer_all(graph)
    every = logits()

    assert (last.shape[:2], every.shape[:2]) == ((1, 1), (1, 3))
    assert (
        np.abs(last[0, 0] - every[0, 2]).max() <= 0.02 * np.abs(every).max()
    )  # bfloat16 where the CPU has it


@pytest.mark.parametrize("name", ["qwen3", "llama3", "gemma3", "exaone4", "hyperclovax-think"])
def test_a_traced_graph_is_the_model(name, tmp_path):
    """Prompt, one token, and the next part of a conversation: the logits of torch, window and multipliers and all."""
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM

    from persona_core.engine.openvino import core, hints

    base = build_family(FAMILIES[name], tmp_path / "base")
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    ids = torch.arange(60) * 7 % 90 + 3
    with torch.inference_mode():
        exact = model(input_ids=ids[None]).logits[0].numpy()

    options = hints() | {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
    request = core().compile_model(openvino.trace(model), "CPU", options).create_infer_request()
    said = []
    for begin, end in ((0, 40), (40, 41), (41, 60)):
        places = np.arange(begin, end)
        feed = {"input_ids": ids[None, begin:end].numpy(), "position_ids": places[None]}
        said.append(request.infer(feed | {"beam_idx": np.zeros(1, np.int32)})["logits"][0].copy())

    assert np.abs(np.concatenate(said) - exact).max() <= 1e-4 * np.abs(exact).max()


def test_without_its_libraries_there_is_no_graph(finished_run, copy_of, monkeypatch, capsys):
    """One line says what is missing, and the rest of the release is there; who asks for a graph is told."""
    monkeypatch.setattr(openvino, "LIBRARIES", ("openvino", "no_such_library"))
    run = copy_of(finished_run)

    with pytest.raises(SettingsError, match="--openvino"):
        build_release(run, openvino=True)
    build_release(run)

    assert '".[cpu]"' in capsys.readouterr().err.replace("\n", "")
    assert PersonaManifest.read(run.release).artefact("openvino") is None


def test_nothing_is_told_to_anybody():
    """OpenVINO and NNCF report their use to their makers; from here they do not so much as look up a name."""
    program = """
import sys
def watch(event, args):
    if event.startswith("socket."):
        sys.stderr.write(f"{event} {args[1:]}\\n")
sys.addaudithook(watch)
from persona_core.engine.openvino import runtime
openvino = runtime()
import nncf, numpy
from openvino import opset13
inputs = opset13.parameter([-1, 64], numpy.float32)
weights = opset13.constant(numpy.ones((64, 64), numpy.float32))
graph = openvino.Model([opset13.matmul(inputs, weights, False, True)], [inputs])
nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_SYM)
print([name for name in sys.modules if name.startswith("openvino_telemetry.")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
    assert "socket.connect" not in done.stderr
    assert "socket.getaddrinfo" not in done.stderr
