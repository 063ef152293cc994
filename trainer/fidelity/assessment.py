"""The automatic evaluation of a run: everyone answers the same held-out moments, and is measured the same way.

    assess(run, load_trained(run))      # section "fidelity" of metrics.json, and answers.json

Only numbers enter the metrics.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from time import perf_counter
from typing import Any

from persona_core.prompt import ChatFormat
from trainer.dataset.example import read_examples
from trainer.fidelity.answers import Answered, write_answers
from trainer.fidelity.bundles import SIZE, bundles
from trainer.fidelity.contestants import Stage, contestants, serving
from trainer.fidelity.habits import Observer
from trainer.fidelity.judge import FEWEST, Judge
from trainer.fidelity.likeness import likeness
from trainer.fidelity.moments import Moment, moments, spread
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


def assess(run: Run, trained: Trained) -> None:
    """Measure likeness, style and relevance of what the run trained; section ``fidelity``, empty when there is too little.

    The same run gives the same figures, apart from the ``seconds`` they took.

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
    if min(map(len, sides)) < FEWEST or not real or not partner:
        run.add_metrics("fidelity", {})
        say("fidelity.too_little")
        return

    stage = Stage(trained, serving(run.settings.max_length))
    entered = contestants(heard, trained.tokenizer, stage.room)
    say("fidelity.begin", moments=len(chosen))
    replies = {"real": [moment.reply for moment in chosen]}
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
    write_answers(run.path, _answered(chosen, replies))
    run.add_metrics(
        "fidelity",
        {
            "seed": seed,
            "moments": len(chosen),
            "bundle": SIZE,
            "shots": sum(len(contestant.shots) for contestant in entered) // 2,
            "likeness": alike,
            "style": styles,
            "relevance": relevant,
            "seconds": seconds,
        },
    )


def published(fidelity: Mapping[str, Any]) -> dict[str, float]:
    """The figures of section ``fidelity`` that go with a release: ``{"taken_real": 1.0, "taken_tuned": 0.83, …}``."""
    taken = {f"taken_{who}": alike["taken"]["value"] for who, alike in fidelity.get("likeness", {}).items()}
    found = {
        f"retrieved_{who}": found["retrieved"]["value"]
        for who, found in fidelity.get("relevance", {}).items()
    }
    return taken | found


def _styles(
    heard: Sequence[Moment], replies: Mapping[str, Sequence[tuple[str, ...]]]
) -> dict[str, dict[str, Any]]:
    observer = Observer()
    reference = observer.observe(moment.reply for moment in spread(heard, COMPARED))
    compared = compare(reference, {who: observer.observe(said) for who, said in replies.items()})
    return {name: asdict(feature) for name, feature in compared.items()}


def _answered(chosen: Sequence[Moment], replies: Mapping[str, Sequence[tuple[str, ...]]]) -> list[Answered]:
    return [
        Answered(moment.history, {who: said[number] for who, said in replies.items()})
        for number, moment in enumerate(chosen)
    ]


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    begun = perf_counter()
    yield
    seconds[part] = round(perf_counter() - begun, 1)
