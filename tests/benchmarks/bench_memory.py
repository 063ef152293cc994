"""What a step holds in memory against what was planned for it, and how many tokens a second it makes.

    python -m tests.benchmarks.bench_memory                    # on a GPU: allocator capped at 8 GiB
    python -m tests.benchmarks.bench_memory --steps 8 --json

Random weights in the shapes of Qwen3 0.6B, 1.7B and 4B, loaded in NF4 and trained for a few steps by the trainer of a
run, on full rows whose every second token is learned; each case in a process of its own. The peak is what torch reserved
while training (on a GPU), or the memory of the whole process (without one, where only small shapes are measured).
The `context` is what CUDA itself holds beside it, which no plan counts: free memory is read after it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from typing import Any

from tests.tiny_model import build_tiny_tokenizer
from trainer.run import open_run
from trainer.settings import Settings
from trainer.tuning.base import choose_device, prepare_process
from trainer.tuning.labels import IGNORED, Row
from trainer.tuning.memory import GIB, plan_for
from trainer.tuning.proof import metered
from trainer.tuning.shapes import shape_of
from trainer.tuning.source import find_source

CAP = 8 * GIB  # of the allocator: an RTX 3060 Ti, were nothing else on it
LENGTHS = (1024, 2048)

QWEN3 = {  # hidden, intermediate, layers, heads, vocabulary
    "4B": (2560, 9728, 36, 32, 151_936),
    "1.7B": (2048, 6144, 28, 16, 151_936),
    "0.6B": (1024, 3072, 28, 16, 151_936),
}
SMALL = {
    "0.6B, 4 layers": (1024, 3072, 4, 16, 151_936),
    "0.6B, 8 layers, small vocabulary": (1024, 3072, 8, 16, 16_000),
    "demo": (256, 768, 4, 4, 4_000),
}


def config_of(sizes: tuple[int, int, int, int, int]) -> Any:
    from transformers import Qwen3Config

    hidden, intermediate, layers, heads, vocabulary = sizes
    return Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=min(heads, 8),
        head_dim=128,
        max_position_embeddings=40_960,
        tie_word_embeddings=True,
    )


def write_base(folder: Path, config: Any) -> Path:
    """A base with random weights: one short stretch of them over and over, for the values do not matter."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    some = torch.randn(2**20, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16) * 0.02
    tensors = {}
    for place, (name, parameter) in enumerate(model.named_parameters()):
        another = some.roll(place)  # OpenVINO stores what is the same once
        values = another.repeat(-(-parameter.numel() // len(some)))[: parameter.numel()]
        tensors[name] = (values if parameter.dim() > 1 else torch.ones_like(values)).reshape(parameter.shape)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config.architectures = ["Qwen3ForCausalLM"]
    config.save_pretrained(folder)
    build_tiny_tokenizer().save_pretrained(folder)
    return folder


def full_rows(count: int, length: int) -> list[Row]:
    dice = random.Random(0)
    rows = []
    for _ in range(count):
        ids = array("i", (dice.randrange(3, 300) for _ in range(length)))
        rows.append(Row(ids, array("i", (token if i % 2 else IGNORED for i, token in enumerate(ids)))))
    return rows


def measure(name: str, length: int, steps: int) -> dict[str, Any]:
    """Plan and train one case in this process."""
    prepare_process()
    import torch
    from transformers import AutoTokenizer, TrainerCallback

    from trainer.tuning.sft import build_trainer

    device = choose_device("auto")
    if device == "cuda":
        total = torch.cuda.mem_get_info()[1]
        torch.cuda.set_per_process_memory_fraction(min(1.0, CAP / total))
    config = config_of({**QWEN3, **SMALL}[name])

    class Clock(TrainerCallback):
        began: float = 0.0

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.began = self.began or time.monotonic()  # the first step also loads kernels

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        base = write_base(folder / "base", config)
        settings = Settings(base=str(base), max_length=length, effective_batch=8, epochs=1.0)
        made = plan_for(name, shape_of(config), settings, device)
        run, clock = open_run(folder / "run", settings, {}), Clock()
        trainer = build_trainer(
            run,
            source=find_source(str(base)),
            plan=made,
            rows=full_rows(8 * steps, length),
            tokenizer=AutoTokenizer.from_pretrained(base),
            course=clock,
        )
        with metered(device) as meter:
            trainer.train()
        seconds = time.monotonic() - clock.began
    context = 0
    if device == "cuda":
        free, total = torch.cuda.mem_get_info()
        context = total - free - torch.cuda.memory_reserved()
    return {
        "case": name,
        "length": length,
        "batch": made.batch,
        "offload": made.offload,
        "planned": made.peak.total,
        "measured": meter.peak,
        "allocated": torch.cuda.max_memory_allocated() if device == "cuda" else meter.peak,
        "context": context,
        "tokens_per_second": 8 * (steps - 1) * length / seconds,
    }


def in_a_process_of_its_own(name: str, length: int, steps: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_memory", "--steps", str(steps)]
    done = subprocess.run(
        [*command, "--case", name, str(length)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        return {"case": name, "length": length}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def row(case: dict[str, Any]) -> str:
    head = f"{case['case']:34}{case['length']:7,}"
    if "planned" not in case:
        return head + "  failed; its error is above"
    sizes = "".join(f"{case[part] / GIB:11.2f}" for part in ("planned", "measured", "allocated", "context"))
    ratio = case["planned"] / case["measured"]
    return f"{head}{case['batch']:6}{sizes}{ratio:8.2f}{case['tokens_per_second']:10,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=4, help="optimizer steps of 8 rows, at least 2")
    parser.add_argument("--json", action="store_true", help="the table as JSON lines")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        print(json.dumps(measure(asked.case[0], int(asked.case[1]), asked.steps)))
        return
    import torch

    if torch.cuda.is_available():
        print(
            f"{torch.cuda.get_device_name()}, the allocator capped at {CAP // GIB} GiB; torch {torch.__version__}"
        )
        cases = [(name, length) for name in QWEN3 for length in LENGTHS]
    else:
        print(f"No CUDA: small shapes on the CPU, memory of the whole process; torch {torch.__version__}")
        cases = [(name, length) for name in SMALL for length in (256, 512)]
    heads = "".join(f"{name:>11}" for name in ("planned", "measured", "allocated", "context"))
    print(f"{'GiB':34}{'tokens':>7}{'rows':>6}{heads}{'ratio':>8}{'tokens/s':>10}")
    for name, length in cases:
        case = in_a_process_of_its_own(name, length, asked.steps)
        print(json.dumps(case) if asked.json else row(case), flush=True)


if __name__ == "__main__":
    main()
