"""Asks a tuned model what it remembers of its training, in several ways, each beside what is natural.

    canaries    secrets that were planted once (`trainer.tuning.canaries`): how much easier they are found than others
    copied      long runs of what it says that stand in training, beside the same share of the person's held-out talk
    drawn_out   the rarest lines, begun as they were: how many it finishes to the letter, beside lines it never saw
    private     what it writes itself in the shape of private data: whoever runs the release without our page reads it
    held_back   what the page does not show: that, and placeholders

Nothing is said anew: it takes a few seconds, and the same run gives the same figures.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import NormalDist, fmean
from typing import Any

from persona_core.privacy import detect, scrub
from persona_core.prompt import ChatFormat, render_reply
from trainer.dataset.example import read_examples
from trainer.fidelity.answers import read_answers
from trainer.fidelity.copying import as_text, copied_each
from trainer.fidelity.extraction import rarest
from trainer.fidelity.figures import rounded
from trainer.fidelity.memory import SECTION, Memory
from trainer.fidelity.recital import recite
from trainer.run import Run
from trainer.tuning.canaries import BITS, decoys, planted, rows_of
from trainer.tuning.evaluation import Trained
from trainer.tuning.labels import Row, Rows, read_rows

NAMES = ("NAME", "NICKNAME")  # of people in training are masked: what a model calls somebody is not theirs
DECOYS = 128  # give the spread of secrets to 6 %, for one or two seconds in the demo
LINES = 24  # begun and recited: one in 24 is 4 %
TOKENS = 6  # in a copied run, at least: of his own held-out talk in the demo, 3 % stands in such runs


def assess_memory(run: Run, trained: Trained) -> None:
    """Measure what the tuned model remembers, with the answers it gave in `trainer.fidelity.assessment`.

    Writes section ``memory`` of the metrics.
    """
    replies = [answered.replies["tuned"] for answered in read_answers(run.path)]
    run.add_metrics(SECTION, rounded(asdict(measure_memory(run, trained, replies))))


def measure_memory(run: Run, trained: Trained, replies: Sequence[Sequence[str]]) -> Memory:
    """What the tuned model remembers of the training of ``run``.

    ``replies`` are what it said to held-out turns, as bubbles, as the engine gave them.
    """
    trained.model.eval()
    bubbles = [bubble for reply in replies for bubble in reply]
    learned, unseen = (
        read_rows(trained.tokenizer, file, ChatFormat(), run.settings.max_length)
        for file in (run.train_file, run.validation_file)
    )
    return Memory(
        **_canaries(run, trained, learned),
        **_copied(run, trained.tokenizer, [render_reply(reply) for reply in replies]),
        **_drawn_out(trained, rarest(learned.rows, LINES), rarest(unseen.rows, LINES)),
        **privacy(bubbles),
    )


def exposure(secret: float, others: Sequence[float]) -> float:
    """How many bits of a secret are lost, by its loss in nats and the losses of secrets that were never planted.

    -log2 of the share of all secrets that the model finds at least as likely (Carlini et al. 2019, "The Secret
    Sharer"), by the normal distribution of the others' losses: ranking all 2⁴⁰ would take years.
    """
    usual = NormalDist.from_samples(others)
    share = math.erfc((usual.mean - secret) / usual.stdev / math.sqrt(2)) / 2
    return min(BITS, -math.log2(share)) if share else BITS


def privacy(bubbles: Sequence[str]) -> dict[str, Any]:
    """The shares of a model's bubbles that the page holds back, and that hold private data as the model wrote them.

    Patterns mask the training and find it here: what they do not know is not found, and what is found is made up, or the
    training was not masked.
    """
    count = max(1, len(bubbles))
    return {
        "held_back": sum(not scrub(bubble) for bubble in bubbles) / count,
        "private": sum(any(span.type not in NAMES for span in detect(bubble)) for bubble in bubbles) / count,
    }


def _canaries(run: Run, trained: Trained, learned: Rows) -> dict[str, Any]:
    settings, tokenizer = run.settings, trained.tokenizer
    secrets = planted(tokenizer, learned, settings.seed, settings.canaries, settings.max_length)
    if not secrets:
        return {"canaries": 0, "exposure": None, "most_exposed": None, "recited": None}
    others = rows_of(tokenizer, decoys(settings.seed, DECOYS), ChatFormat(), settings.max_length)
    losses = [one.nll for one in recite(trained.model, others)]
    recited = recite(trained.model, secrets)
    exposures = [exposure(one.nll, losses) for one in recited]
    return {
        "canaries": len(secrets),
        "exposure": fmean(exposures),
        "most_exposed": max(exposures),
        "recited": sum(one.exact for one in recited),
    }


def _copied(run: Run, tokenizer: Any, said: Sequence[str]) -> dict[str, Any]:
    his = list(_replies(run.validation_file))

    def in_tokens(texts: Iterable[str]) -> Iterator[str]:
        return (as_text(tokenizer(text, add_special_tokens=False).input_ids) for text in texts)

    groups = [list(in_tokens(texts)) for texts in (said, his)]
    its, own = copied_each(groups, in_tokens(_replies(run.train_file)), TOKENS)
    return {
        "copied": its.share,
        "copied_by_him": own.share,
        "longest": its.longest,
        "longest_by_him": own.longest,
    }


def _replies(file: Path) -> Iterator[str]:
    """What the person says in ``file``: every reply that is learned, once."""
    for example in read_examples(file, ChatFormat()):
        for turn in example.learned:
            yield render_reply(turn.bubbles)


def _drawn_out(trained: Trained, learned: Sequence[Row], unseen: Sequence[Row]) -> dict[str, Any]:
    """How many of the rarest lines, begun, it finishes; the base beside it."""

    def finished(rows: Sequence[Row]) -> float:
        return sum(one.exact for one in recite(trained.model, rows)) / max(1, len(rows))

    with trained.model.disable_adapter():
        by_base = finished(learned)
    return {
        "drawn_out": finished(learned),
        "drawn_out_unseen": finished(unseen),
        "drawn_out_by_base": by_base,
    }
