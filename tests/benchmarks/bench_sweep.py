"""Which settings sound most like the person: few values changed at a time, the others at their defaults.

    python -m tests.benchmarks.bench_sweep sampling CACHE --run runs/demo     # a trained run, no training
    python -m tests.benchmarks.bench_sweep training CACHE                     # the demo, trained once for each value
    python -m tests.benchmarks.bench_sweep training CACHE --run runs/large    # the chat and the settings of that run
    … --only temperature   --draws 4   --seed 0

Prints a table in Markdown. Each setting measured is a line of JSON in CACHE, so that an interrupted sweep goes on, and
a run trained for one lies beside it. The columns are those of `persona evaluate` (`trainer.fidelity`), by the tuned
model's replies to the held-out moments, drawn ``--draws`` times with different seeds; the first row is the person himself:

    taken       share of bundles taken for him, told apart: 0.5 when nobody could tell real from generated (95 % intervals)
    style       mean distance over all habits; of them shown: letters of a message, of a laugh, messages a turn
    copied      share of the tokens in runs of six and more that are rare in training
    repeated    share of messages that were said already in the same reply
"""

import argparse
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from persona_core.manifest import Generation
from persona_core.prompt import ChatFormat, render_reply
from trainer import demo
from trainer.dataset import prepare
from trainer.dataset.example import read_examples
from trainer.fidelity.assessment import COMPARED, HEARD, MOMENTS, PARTNER
from trainer.fidelity.bootstrap import Interval
from trainer.fidelity.bundles import bundles
from trainer.fidelity.contestants import Contestant, Stage, serving
from trainer.fidelity.copying import as_text, copied
from trainer.fidelity.habits import Observer
from trainer.fidelity.judge import Judge
from trainer.fidelity.likeness import likeness
from trainer.fidelity.moments import Moment, moments, spread
from trainer.fidelity.recall import TOKENS
from trainer.fidelity.style import compare
from trainer.run import Run, load_run, open_run
from trainer.settings import Settings
from trainer.tuning import load_trained, prepare_process, tune
from trainer.tuning.evaluation import Trained

Change = Mapping[str, Any]
SAMPLING: tuple[Change, ...] = (
    *({"temperature": value} for value in (0, 0.5, 0.65, 0.8, 0.9, 1, 1.1)),
    *({"top_p": value} for value in (0.8, 0.9, 0.95, 1)),
    *({"top_k": value} for value in (0, 20, 100)),
    *({"repetition_penalty": value} for value in (1, 1.1, 1.2)),
    *({"temperature": 1, "top_p": value} for value in (0.8, 0.95, 1)),
    *({"temperature": 1, "repetition_penalty": value} for value in (1, 1.1, 1.2)),
    {"temperature": 1, "top_p": 1, "top_k": 0, "repetition_penalty": 1},  # the model as it is
)
TRAINING: tuple[Mapping[str, float], ...] = (  # times what they are by default
    *({"epochs": times} for times in (0.5, 2, 3)),
    *({"learning_rate": times} for times in (0.5, 2)),
    *({"rank": times, "alpha": times} for times in (0.5, 2)),
    {"max_length": 0.5},
)
Replies = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one setting; lengths in letters, ``bubbles`` a turn."""

    taken: tuple[float, float, float]  # with its interval
    told_apart: tuple[float, float, float]
    style: float
    length: float
    laugh: float
    bubbles: float
    copied: float
    repeated: float


class Scale:
    """What replies of one run are measured with: its judge and its person's habits."""

    def __init__(self, run: Run, tokenizer: Any, seed: int) -> None:
        self.run, self.seed, self._tokenizer = run, seed, tokenizer
        held_out = list(moments(read_examples(run.validation_file, ChatFormat())))
        heard = list(deque(moments(read_examples(run.train_file, ChatFormat())), maxlen=HEARD))
        self.chosen: list[Moment] = spread(held_out, MOMENTS)
        self._judge = Judge(bundles(each.reply for each in heard), bundles(each.asked for each in heard))
        self._real = self._judge.scores(bundles(each.reply for each in self.chosen))
        self._partner = self._judge.scores(bundles(each.asked for each in spread(held_out, PARTNER)))
        self._observer = Observer()
        self._habits = self._observer.observe(each.reply for each in spread(heard, COMPARED))

    def figures(self, replies: Replies) -> Figures:
        """Measure ``replies``."""
        alike = likeness(self._judge.scores(bundles(replies)), self._real, self._partner, self.seed)
        style = compare(self._habits, {"": self._observer.observe(replies)})
        said = list(self._in_tokens(replies))
        learned = (
            turn.bubbles
            for example in read_examples(self.run.train_file, ChatFormat())
            for turn in example.learned
        )
        return Figures(
            taken=_triple(alike.taken),
            told_apart=_triple(alike.told_apart),
            style=fmean(feature.distances[""] for feature in style.values()),
            length=style["length"].values[""] or 0,
            laugh=style["laugh"].values[""] or 0,
            bubbles=style["bubbles"].values[""] or 0,
            copied=copied(said, self._in_tokens(learned), TOKENS).share,
            repeated=1 - sum(len(set(reply)) for reply in replies) / max(1, sum(map(len, replies))),
        )

    @property
    def real(self) -> Figures:
        """What the person himself reaches."""
        return self.figures([moment.reply for moment in self.chosen])

    def _in_tokens(self, replies: Iterable[tuple[str, ...]]) -> Iterable[str]:
        return (
            as_text(self._tokenizer(render_reply(reply), add_special_tokens=False).input_ids)
            for reply in replies
        )


def _triple(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high


class Notebook:
    """The settings measured so far: a file of one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known: dict[str, Figures] = {
            row["setting"]: Figures(**row["figures"]) for row in map(json.loads, lines)
        }

    def get(self, setting: Mapping[str, Any]) -> Figures | None:
        return self._known.get(json.dumps(setting))

    def add(self, setting: Mapping[str, Any], figures: Figures) -> Figures:
        name = json.dumps(setting)
        self._known[name] = figures
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"setting": name, "figures": asdict(figures)}) + "\n")
        return figures


def answer(trained: Trained, scale: Scale, generation: Generation, draws: int) -> list[tuple[str, ...]]:
    """The tuned model's replies to every moment, ``draws`` times over; no seed is used twice."""
    stage, count = Stage(trained, generation), len(scale.chosen)
    return [
        reply
        for draw in range(draws)
        for reply in stage.answer(Contestant("tuned", adapted=True), scale.chosen, scale.seed + draw * count)
    ]


def sweep_sampling(cache: Path, run: Run, asked: argparse.Namespace) -> Iterable[tuple[str, Figures]]:
    """A row for each value of `SAMPLING`."""
    trained = load_trained(run)
    scale = Scale(run, trained.tokenizer, asked.seed)
    notebook = Notebook(cache / "sampling.jsonl")
    usual = serving(run.settings.max_length)
    yield "the person", scale.real
    for label, change in _changes(SAMPLING, asked.only):
        chosen = replace(usual, **change)
        setting = {"draws": asked.draws, "seed": asked.seed, **asdict(chosen)}
        yield (
            label,
            notebook.get(setting)
            or notebook.add(setting, scale.figures(answer(trained, scale, chosen, asked.draws))),
        )


def sweep_training(cache: Path, asked: argparse.Namespace) -> Iterable[tuple[str, Figures]]:
    """A row for each value of `TRAINING`: the chat of ``--run``, or the demo, trained with it from the beginning."""
    usual = load_run(asked.run).settings if asked.run else demo.settings(demo.write_export(cache), "", {})
    run = _trained(cache / "defaults", replace(usual, seed=asked.seed))
    usual = run.settings
    changes: list[Change] = [{"seed": asked.seed + 1}]  # how far chance alone moves the figures
    changes += [
        {name: type(getattr(usual, name))(getattr(usual, name) * times) for name, times in change.items()}
        for change in TRAINING
    ]
    notebook = Notebook(cache / "training.jsonl")
    yield "the person", Scale(run, load_trained(run).tokenizer, asked.seed).real
    for label, change in _changes(changes, asked.only):
        setting = {"draws": asked.draws, "seed": asked.seed, **change}
        figures = notebook.get(setting)
        if figures is None:
            run = _trained(cache / label.replace(", ", "-").replace(" ", "-"), replace(usual, **change))
            trained = load_trained(run)
            scale = Scale(run, trained.tokenizer, asked.seed)
            replies = answer(trained, scale, serving(run.settings.max_length), asked.draws)
            figures = notebook.add(setting, scale.figures(replies))
        yield label, figures


def _trained(folder: Path, settings: Settings) -> Run:
    """The run of ``settings`` in ``folder``, with the settings that were left to it; what is there is kept."""
    run = open_run(folder, settings, {})
    if not run.data.exists():
        prepare(run)
    if not run.adapter.exists():
        tune(run)
    return load_run(folder)


def _changes(changes: Sequence[Change], only: str) -> Iterable[tuple[str, Change]]:
    yield "defaults", {}
    for change in changes:
        if not only or only in change:
            yield ", ".join(f"{name} {value:g}" for name, value in change.items()), change


def table(rows: Iterable[tuple[str, Figures]]) -> Iterable[str]:
    """The lines of a Markdown table, as they come."""
    yield "| setting | taken | told apart | style | length | laugh | bubbles | copied | repeated |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for label, found in rows:
        taken, taken_low, taken_high = found.taken
        apart, apart_low, apart_high = found.told_apart
        yield (
            f"| {label} | {taken:.0%} ({taken_low:.0%}–{taken_high:.0%}) | {apart:.2f} ({apart_low:.2f}–{apart_high:.2f}) "
            f"| {found.style:.3f} | {found.length:.1f} | {found.laugh:.2f} | {found.bubbles:.1f} "
            f"| {found.copied:.1%} | {found.repeated:.1%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("sampling", "training"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.what == "sampling" and not asked.run:
        parser.error("--run: a trained run folder")
    prepare_process()
    asked.cache.mkdir(parents=True, exist_ok=True)
    rows = (
        sweep_sampling(asked.cache, load_run(asked.run), asked)
        if asked.what == "sampling"
        else sweep_training(asked.cache, asked)
    )
    for line in table(rows):
        print(line, flush=True)
    print(f"\nseed {asked.seed}, {asked.draws} draws of at most {MOMENTS} moments")


if __name__ == "__main__":
    main()
