"""A few held-out moments: what she wrote, what the base would answer, what the tuned model answers, what he wrote.

They stay in the run folder (masked, but his words all the same) and are shown to him alone.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from persona_core.engine.pytorch import TorchEngine
from persona_core.manifest import PersonaManifest
from persona_core.prompt import Turn
from trainer.dataset.example import Example
from trainer.run import write_whole

FILE_NAME = "samples.json"
COUNT = 5  # fits a screen
LONGEST_PROMPT = 60  # characters of her turn: what can be read at a glance


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment: bubbles of each side, placeholders still in them."""

    prompt: tuple[str, ...]
    base: tuple[str, ...]
    tuned: tuple[str, ...]
    real: tuple[str, ...]


def draw_samples(
    model: Any, tokenizer: Any, manifest: PersonaManifest, examples: Sequence[Example], seed: int
) -> list[Sample]:
    """Answer a few held-out turns with the adapter off and on, by the engine and sampling of the page.

    ``model`` is a PeftModel in eval mode.
    """
    engine = TorchEngine(model, tokenizer, manifest)
    plain = replace(manifest.generation, max_new_tokens=60)  # a base without the style may never stop

    def answer(history: Sequence[Turn]) -> tuple[str, ...]:
        return tuple([[], *engine.stream(history, seed=seed, generation=plain)][-1])

    samples = []
    for history, real in _moments(examples):
        with model.disable_adapter():
            base = answer(history)
        samples.append(Sample(history[-1].bubbles, base, answer(history), real))
    return samples


def _moments(examples: Sequence[Example]) -> list[tuple[tuple[Turn, ...], tuple[str, ...]]]:
    """First exchanges that can be read without what went before, evenly over the held-out time."""
    begins = [
        (example.turns[:1], example.turns[1].bubbles)
        for example in examples
        if example.turns[0].role == "partner" and sum(map(len, example.turns[0].bubbles)) <= LONGEST_PROMPT
    ]
    step = max(1, len(begins) // COUNT)
    return begins[::step][:COUNT]


def write_samples(folder: Path, samples: Sequence[Sample]) -> None:
    """Write samples.json into the run folder."""
    rows = [asdict(sample) for sample in samples]
    write_whole(folder / FILE_NAME, json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def read_samples(folder: Path) -> list[Sample]:
    """What `write_samples` wrote; empty when nothing was."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Sample(**{name: tuple(bubbles) for name, bubbles in row.items()}) for row in rows]
