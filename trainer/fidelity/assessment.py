"""The automatic evaluation of a run: everyone answers the same held-out moments, and is measured the same way.

    assess(run, load_trained(run))      # section "fidelity" of metrics.json, and answers.json

Only numbers enter the metrics.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from statistics import fmean
from time import perf_counter
from typing import Any

from persona_core.prompt import ChatFormat
from trainer.dataset.example import read_examples
from trainer.fidelity.answers import Answered, write_answers
from trainer.fidelity.bundles import SIZE, bundles
from trainer.fidelity.contestants import Contestant, Stage, contestants, serving
from trainer.fidelity.figures import rounded
from trainer.fidelity.habits import Observer
from trainer.fidelity.judge import FEWEST, Judge
from trainer.fidelity.likeness import likeness
from trainer.fidelity.moments import Moment, moments, spread
from trainer.fidelity.quiz import keep_result
from trainer.fidelity.relevance import relevance
from trainer.fidelity.style import compare
from trainer.progress import bar, say
from trainer.run import Run
from trainer.tuning.evaluation import Trained

# Sixty moments are 120 messages or 24 bundles of a person who writes two at a time: shares within about ± 20 points at
# worst, in half a minute on the demo's two cores. A fixed number, so that a faster machine measures nothing else.
MOMENTS = 60
HEARD = 5_000  # moments of training time, the newest: 2,000 bundles, from where on the judge learns no more
COMPARED = 1_000  # of them, evenly: the person's habits; the analyser reads 3,000 messages a second
PARTNER = 600  # held-out turns of the partner that the judge is tested on
# Fewer tell nothing: a share of ten is off by up to 31 points (95 %), so that "always" and "two in three" look alike.
FEWEST_TOLD = 10  # bundles of a side at the held-out moments
FEWEST_MOMENTS = 20  # two rounds of ten candidates


def assess(run: Run, trained: Trained) -> None:
    """Measure likeness, style and relevance of what the run trained, into section ``fidelity`` and answers.json.

    The same run gives the same figures, apart from the ``seconds`` they took. Where there is too little talk to say
    anything, the section holds how much there is, and the answers are given all the same.

    Raises:
        DataError: a data file is damaged.
    """
    seed, seconds = run.settings.seed, dict[str, float]()
    held_out = list(moments(read_examples(run.validation_file, ChatFormat())))
    heard = list(deque(moments(read_examples(run.train_file, ChatFormat())), maxlen=HEARD))
    chosen = spread(held_out, MOMENTS)
    sides = (bundles(moment.reply for moment in heard), bundles(moment.asked for moment in heard))
    real = bundles(moment.reply for moment in chosen)
    partner = bundles(moment.asked for moment in spread(held_out, PARTNER))
    stage = Stage(trained, serving(run.settings.max_length))
    replies = {"real": [moment.reply for moment in chosen]}
    told = min(len(real), len(partner))
    if min(map(len, sides)) < FEWEST or told < FEWEST_TOLD or len(chosen) < FEWEST_MOMENTS:
        for contestant in (Contestant("tuned", adapted=True), Contestant("base", adapted=False)):
            replies[contestant.name] = stage.answer(contestant, chosen, seed)
        _keep_answers(run, chosen, replies)
        fewest = {"fewest_moments": FEWEST_MOMENTS, "fewest_bundles": FEWEST_TOLD}
        run.add_metrics("fidelity", {"moments": len(chosen), "bundles": told, "bundle": SIZE, **fewest})
        return

    entered = contestants(heard, trained.tokenizer, stage.room)
    say("fidelity.begin", moments=len(chosen))
    with bar("fidelity.bar", 2 * len(entered) * len(chosen)) as advance:
        with _timed(seconds, "answering"):
            for contestant in entered:
                replies[contestant.name] = stage.answer(contestant, chosen, seed, advance)
        with _timed(seconds, "relevance"):
            relevant = {
                contestant.name: asdict(relevance(stage, contestant, chosen, seed, advance))
                for contestant in entered
            }
    with _timed(seconds, "likeness"):
        judge = Judge(*sides)
        real_scores, partner_scores = judge.scores(real), judge.scores(partner)
        alike = {
            who: asdict(likeness(judge.scores(bundles(said)), real_scores, partner_scores, seed))
            for who, said in replies.items()
        }
    with _timed(seconds, "style"):
        styles = _styles(heard, replies)
    _keep_answers(run, chosen, replies)
    measured = {
        "seed": seed,
        "moments": len(chosen),
        "bundle": SIZE,
        "shots": sum(len(contestant.shots) for contestant in entered) // 2,
        "likeness": alike,
        "style": styles,
        "relevance": relevant,
        "seconds": seconds,
    }
    run.add_metrics("fidelity", rounded(measured))


def published(fidelity: Mapping[str, Any]) -> dict[str, float]:
    """The figures of section ``fidelity`` that go with a release, empty where too little talk was held out.

    ``{"moments": 60, "candidates": 10, "taken_tuned": 0.83, "taken_tuned_low": 0.7, "taken_tuned_high": 0.95, …}``
    """
    if "likeness" not in fidelity:
        return {}
    numbers: dict[str, float] = {
        "moments": fidelity["moments"],
        "candidates": fidelity["relevance"]["tuned"]["candidates"],
    }
    for who, alike in fidelity["likeness"].items():
        for name in ("taken", "auc", "told_apart"):
            numbers |= _interval(f"{name}_{who}", alike[name])
    for who, relevant in fidelity["relevance"].items():
        numbers |= _interval(f"retrieved_{who}", relevant["retrieved"])
    for who in fidelity["likeness"]:
        numbers[f"style_{who}"] = fmean(feature["distances"][who] for feature in fidelity["style"].values())
    return numbers


def _interval(name: str, measured: Mapping[str, float]) -> dict[str, float]:
    return {name: measured["value"], f"{name}_low": measured["low"], f"{name}_high": measured["high"]}


def _styles(
    heard: Sequence[Moment], replies: Mapping[str, Sequence[tuple[str, ...]]]
) -> dict[str, dict[str, Any]]:
    observer = Observer()
    reference = observer.observe(moment.reply for moment in spread(heard, COMPARED))
    compared = compare(reference, {who: observer.observe(said) for who, said in replies.items()})
    return {name: asdict(feature) for name, feature in compared.items()}


def _keep_answers(
    run: Run, chosen: Sequence[Moment], replies: Mapping[str, Sequence[tuple[str, ...]]]
) -> None:
    """answers.json, and what people said of these very answers on another day."""
    answers = [
        Answered(moment.history, {who: said[number] for who, said in replies.items()})
        for number, moment in enumerate(chosen)
    ]
    write_answers(run.path, answers)
    keep_result(run)


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    begun = perf_counter()
    yield
    seconds[part] = round(perf_counter() - begun, 1)
