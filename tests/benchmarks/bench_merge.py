"""How far 4 bits take the merged model from the trained one, by the way they are made; and what an export takes.

    python -m tests.benchmarks.bench_merge RUN [--strength 0.1 --strength 1]
    python -m tests.benchmarks.bench_merge RUN --graph
    python -m tests.benchmarks.bench_merge --shape 0.6B

The first compares ways to merge the adapter of a finished run, weakened or strengthened, on the held-out replies: mean
Kullback-Leibler divergence from the adapter on its NF4 base (nats per token), change of the loss, share of equal
choices, and the seconds it took. The second compares ways to write the graph for CPUs, run by OpenVINO. The third exports a base with random weights in a process of its own and prints the
seconds and the highest memory: what the process holds itself, and with the pages of the base's file that it has mapped.

The demo's run (`persona-train --demo`; deltas of 11 to 32 % of the weights, 890 held-out tokens, two cores):

    delta | weights                     | KL      | loss     | choice | greedy | seconds
      0.1 | base alone                  | 0.05249 | +0.40859 |  82.5% |  57.8% |   0.2
      0.1 | in full (bf16)              | 0.00016 | -0.00025 |  99.0% | 100.0% |   0.5
      0.1 | in full, to 8 bits          | 0.00044 | +0.00045 |  97.9% |  89.3% |   0.3
      0.1 | dequantised base, to NF4    | 0.04662 | +0.38618 |  83.0% |  52.6% |   0.5
      0.1 | bf16 base, to NF4           | 0.00565 | +0.00409 |  92.6% |  69.4% |   0.5
      0.1 | each weight to the nearest  | 0.00728 | +0.06951 |  93.6% |  62.1% |   4.2
      0.1 | compensated (ours)          | 0.00197 | +0.03164 |  96.3% |  83.0% |   5.6
      0.3 | base alone                  | 0.46551 | +1.18244 |  57.0% |  13.8% |   0.3
      0.3 | in full (bf16)              | 0.00014 | +0.00001 |  98.8% | 100.0% |   0.3
      0.3 | in full, to 8 bits          | 0.00036 | -0.00030 |  98.4% |  94.5% |   0.6
      0.3 | dequantised base, to NF4    | 0.11055 | +0.50386 |  77.3% |  43.3% |   0.7
      0.3 | bf16 base, to NF4           | 0.01089 | +0.01595 |  93.1% |  43.8% |   0.7
      0.3 | each weight to the nearest  | 0.01482 | +0.08019 |  90.1% |  59.0% |   6.8
      0.3 | compensated (ours)          | 0.00287 | +0.02313 |  96.0% |  74.3% |   4.6
      1.0 | base alone                  | 2.09252 | +2.19544 |  21.8% |   8.0% |   0.3
      1.0 | in full (bf16)              | 0.00009 | -0.00072 |  99.2% |  97.0% |   0.5
      1.0 | in full, to 8 bits          | 0.00021 | +0.00034 |  98.8% |  97.0% |   0.5
      1.0 | dequantised base, to NF4    | 0.00698 | +0.00695 |  91.1% |  64.4% |   0.7
      1.0 | bf16 base, to NF4           | 0.01287 | +0.00534 |  87.9% |  26.9% |   0.5
      1.0 | each weight to the nearest  | 0.00650 | +0.00352 |  93.0% |  60.7% |   4.2
      1.0 | compensated (ours)          | 0.00185 | +0.00153 |  96.1% |  73.3% |   2.8
      3.0 | base alone                  | 2.82710 | +0.90508 |   3.1% |   0.9% |   0.6
      3.0 | in full (bf16)              | 0.00019 | +0.00158 |  98.5% |  96.9% |   1.0
      3.0 | in full, to 8 bits          | 0.00050 | +0.00403 |  96.9% |  83.0% |   0.6
      3.0 | dequantised base, to NF4    | 0.01782 | +0.05610 |  85.2% |  54.8% |   0.3
      3.0 | bf16 base, to NF4           | 0.03450 | +0.04073 |  80.7% |  26.1% |   0.5
      3.0 | each weight to the nearest  | 0.02500 | +0.09420 |  83.8% |  53.7% |   1.7
      3.0 | compensated (ours)          | 0.00369 | -0.00270 |  93.5% |  63.1% |   3.1

One base, one adapter, one order of examples; and ours was chosen among some forty variants (damping, order of inputs,
scales, dither of the original weights, the adapter's own directions, rounds) by these very 890 tokens, so that small
differences mean nothing. The gap in divergence is wide at every strength. The loss is not: of the weakest adapter ours
loses 8 % of what was learned (0.032 of 0.409), the bf16 base 1 %. A real base of 4B was not at hand.

The graph for CPUs, of the same run (901 held-out tokens, heard in 8 bits; seconds with the tracing, on a busy core):

    weights                      | KL      | loss     | choice | greedy | seconds
    int4, each to the nearest    | 0.00740 | -0.00715 |  93.2% |  89.4% |  15.3
    int4, AWQ                    | 0.00720 | -0.00511 |  91.9% |  82.6% |  17.3
    int4, scale estimation       | 0.00657 | -0.00885 |  92.8% |  69.7% |  17.2
    int4, AWQ, scale estimation  | 0.00685 | -0.00849 |  92.8% |  60.5% |  17.4
    int4, GPTQ                   | 0.00267 | +0.00091 |  95.2% |  70.9% |  18.9
    a tenth in int8, scales est. | 0.00515 | -0.00650 |  93.2% |  80.5% |  15.1
    int4, compensated (ours)     | 0.00245 | +0.00343 |  95.3% |  79.3% |  16.8

By hand, not in this program: groups of 32 make 0.0059 of the first row, zero points 0.0059, both 0.0045; NF4 codes 0.0066; all in
8 bits 0.0002, keys and values in 8 bits nothing. In the shape of 0.6B scale estimation took 82 s of one core and NNCF's
GPTQ had not ended after 15 minutes on busy cores.

The export, on two cores that other work kept busy (a load of 6 to 8), 196 layers of which some are rounded three times:

    0.6B: base 1.19 GB, own memory 2.70 GB, with mapped files 3.77 GB, 498 s
    1.7B: base 3.44 GB, own memory 7.72 GB, with mapped files 8.54 GB, 2706 s, with the graph for CPUs

of the second half an hour is the merge, ten minutes the graph, five the comparison of both with what was trained; all of it was
halted for some minutes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from persona_core.prompt import ChatFormat, Turn
from tests.benchmarks.bench_memory import QWEN3, config_of, write_base
from tests.tiny_model import build_tiny_tokenizer
from tests.trainer.fidelity.couple import KEPT
from trainer.dataset.example import Example, write_examples
from trainer.release.merging import (
    HEARD_TOKENS,
    _delta,
    _lora_layers,
    _some,
    load_in_8_bits,
    load_tuned,
    merge,
    merge_in_full,
)
from trainer.release.openvino import write_graph
from trainer.release.rounding import dequantised, round_layer
from trainer.release.verify import Drift, _compare, _listen, comparable, sample_rows
from trainer.release.voice import GraphVoice, ModelVoice
from trainer.run import Run, load_run, open_run
from trainer.settings import Settings
from trainer.tuning.adapter import lora, save_adapter
from trainer.tuning.base import load_model, load_tokenizer, prepare_process
from trainer.tuning.labels import read_rows
from trainer.tuning.source import source_of

EXPORT = """
import sys, pathlib, trainer.release, trainer.run
trainer.release.build_release(trainer.run.load_run(pathlib.Path(sys.argv[1])))
"""


def compare(run: Run, strength: float) -> None:
    """Print a row for every way to merge the adapter, its deltas multiplied by ``strength``."""
    source = source_of(run)
    tokenizer = load_tokenizer(source)
    examples, held_out = (
        read_rows(tokenizer, file, ChatFormat(), run.settings.max_length).rows
        for file in (run.train_file, run.validation_file)
    )

    def tuned() -> Any:
        model = load_tuned(source, run.adapter)
        for _, layer in _lora_layers(model):
            layer.set_scale("default", strength)
        return model

    exact = tuned()
    some = sample_rows(held_out, comparable(exact.config.get_text_config().vocab_size))
    end_id = some[0].input_ids[-1]
    trained = _listen(ModelVoice(exact), some)
    ways: dict[str, Callable[[], Any]] = {
        "base alone": lambda: load_model(source, "cpu"),
        "in full (bf16)": lambda: in_full(tuned(), 16),
        "in full, to 8 bits": lambda: in_full(tuned(), 8),
        "dequantised base, to NF4": lambda: requantised(tuned(), None),
        "bf16 base, to NF4": lambda: requantised(tuned(), source),
        "each weight to the nearest": lambda: deaf(tuned()),
        "compensated (ours)": lambda: merge(tuned(), examples),
    }
    for name, make in ways.items():
        begin = time.perf_counter()
        model = make()
        seconds = time.perf_counter() - begin
        drift = _compare(trained, _listen(ModelVoice(model), some), end_id)
        print(f"{strength:>5} | {row(name, drift, seconds)}", flush=True)


def compare_graphs(run: Run) -> None:
    """Print a row for every way to choose the 4 bits of the graph for CPUs."""
    import nncf

    source = source_of(run)
    tokenizer = load_tokenizer(source)
    examples, held_out = (
        read_rows(tokenizer, file, ChatFormat(), run.settings.max_length).rows
        for file in (run.train_file, run.validation_file)
    )
    tuned = load_tuned(source, run.adapter)
    some = sample_rows(held_out, comparable(tuned.config.get_text_config().vocab_size))
    trained = _listen(ModelVoice(tuned), some)
    heard = nncf.Dataset([_inputs(row.input_ids) for row in _some(examples, HEARD_TOKENS)])
    ways: dict[str, dict[str, Any]] = {
        "int4, each to the nearest": {},
        "int4, AWQ": {"awq": True, "dataset": heard},
        "int4, scale estimation": {"scale_estimation": True, "dataset": heard},
        "int4, AWQ, scale estimation": {"awq": True, "scale_estimation": True, "dataset": heard},
        "int4, GPTQ": {"gptq": True, "dataset": heard},
        "a tenth in int8, scales est.": {"ratio": 0.9, "scale_estimation": True, "dataset": heard},
        "int4, compensated (ours)": {},
    }
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch, "bf16")
        merge_in_full(tuned, full)
        for place, (name, how) in enumerate(ways.items()):
            begin = time.perf_counter()
            folder = Path(scratch, str(place))
            write_graph(full, examples if "ours" in name else [], folder, **how)
            seconds = time.perf_counter() - begin
            drift = _compare(trained, _listen(GraphVoice(folder), some), some[0].input_ids[-1])
            print(row(name, drift, seconds), flush=True)


def _inputs(ids: Sequence[int]) -> dict[str, Any]:
    """What a graph reads as a prompt."""
    import numpy as np

    return {
        "input_ids": np.array([ids], dtype=np.int64),
        "position_ids": np.arange(len(ids))[None],
        "beam_idx": np.zeros(1, dtype=np.int32),
    }


def row(name: str, drift: Drift, seconds: float) -> str:
    """A line of a table."""
    return (
        f"{name:<28} | {drift.kl:.5f} | {drift.nll_change:+.5f} | {drift.agreement:6.1%} | {drift.greedy:6.1%} "
        f"| {seconds:5.1f}"
    )


def in_full(tuned: Any, bits: int) -> Any:
    """The full weights, through the disk."""
    import torch
    from transformers import AutoModelForCausalLM

    with tempfile.TemporaryDirectory() as folder:
        merge_in_full(tuned, Path(folder, "bf16"))
        if bits == 8:
            return load_in_8_bits(Path(folder, "bf16"))
        return AutoModelForCausalLM.from_pretrained(Path(folder, "bf16"), dtype=torch.bfloat16)


def requantised(tuned: Any, source: Any) -> Any:
    """Deltas added to the dequantised weights, or to the original ones of ``source``, and quantised afresh."""
    import torch
    from bitsandbytes.nn import Params4bit
    from transformers import AutoModelForCausalLM

    original = source and AutoModelForCausalLM.from_pretrained(source.location, dtype=torch.bfloat16)
    with torch.inference_mode():
        for name, layer in _lora_layers(tuned):
            linear = layer.get_base_layer()
            weight = original.get_submodule(name).weight if original else dequantised(linear.weight)
            exact = (weight.float() + layer.get_delta_weight("default").float()).to(torch.bfloat16)
            linear.weight = Params4bit(
                exact, requires_grad=False, compress_statistics=True, quant_type="nf4", module=linear
            ).to("cpu")
    return tuned.unload()


def deaf(tuned: Any) -> Any:
    """Our rounding without an input to listen to: nothing makes anything good."""
    import torch

    with torch.inference_mode():
        for name, layer in _lora_layers(tuned):
            delta = _delta(name, layer)
            round_layer(layer.get_base_layer().weight, delta, torch.eye(delta.shape[1]))
    return tuned.unload()


def export(shape: str) -> None:
    """Export a base of ``shape`` with random weights and a random adapter, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        run = random_run(Path(folder), shape)
        base = sum(file.stat().st_size for file in Path(run.settings.base).glob("*.safetensors"))
        begin = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", EXPORT, str(run.path)])
        own = mapped = 0
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            sizes = {name: value for name, _, value in (line.partition(":") for line in status.splitlines())}
            own = max(own, int(sizes.get("RssAnon", "0 kB").split()[0]))
            mapped = max(mapped, int(sizes.get("VmHWM", "0 kB").split()[0]))
            time.sleep(0.05)
        print(
            f"{shape}: base {base / 1e9:.2f} GB, own memory {own / 1e6:.2f} GB, with mapped files {mapped / 1e6:.2f} GB, "
            f"{time.perf_counter() - begin:.0f} s, exit code {process.returncode}"
        )


def random_run(folder: Path, shape: str) -> Run:
    """A run that has been trained, as far as an export can tell."""
    import torch
    from peft import get_peft_model

    base = write_base(folder / "random", config_of(QWEN3[shape]))
    build_tiny_tokenizer().save_pretrained(base)
    run = open_run(folder / "run", Settings(base=str(base), device="cpu", max_length=256, rank=16), {})
    run.data.mkdir()
    run.add_metrics("memory", asdict(KEPT))
    said = [
        Turn("partner", ("뭐 해? 밥은 먹었어? " * 4,)),
        Turn("persona", ("집에서 쉬었어 ㅋㅋㅋ", "너는? " * 4)),
    ]
    for file in (run.train_file, run.validation_file):
        write_examples(file, [Example(tuple(said), (True,))] * 64, ChatFormat())
    source = source_of(run)
    torch.manual_seed(0)
    model = get_peft_model(load_model(source, "cpu"), lora(rank=16, alpha=32))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.0005)
    run.adapter.mkdir()
    save_adapter(model, run.adapter, source.base)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--strength", type=float, action="append")
    parser.add_argument("--graph", action="store_true")
    parser.add_argument("--shape", choices=QWEN3)
    asked = parser.parse_args()
    prepare_process()
    if asked.shape:
        export(asked.shape)
    if asked.graph:
        print("weights                      | KL      | loss     | choice | greedy | seconds")
        compare_graphs(load_run(asked.run))
    elif asked.run:
        print("delta | weights                      | KL      | loss     | choice | greedy | seconds")
        for strength in asked.strength or (0.1, 0.3, 1.0, 3.0):
            compare(load_run(asked.run), strength)


if __name__ == "__main__":
    main()
