"""What was learned, on one screen: held-out loss of base and tuned, drift of the merged weights, a few replies."""

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from persona_core.privacy import restore
from persona_core.privacy.display import given_name
from persona_core.texts import text
from trainer.fidelity.memory import MOST_EXPOSURE, Memory
from trainer.progress import console, say
from trainer.run import Run
from trainer.tuning.samples import Sample, read_samples


def tell(run: Run) -> None:
    """Print what the run's metrics and samples say."""
    metrics = run.read_metrics()
    if evaluation := metrics.get("evaluation"):
        base, tuned = evaluation["base"], evaluation["tuned"]
        table = Table("", text("summary.base"), text("summary.tuned"), box=box.SIMPLE)
        table.add_row(text("summary.nll"), f"{base['nll']:.3f}", f"{tuned['nll']:.3f}")
        table.add_row(text("summary.perplexity"), f"{base['perplexity']:.1f}", f"{tuned['perplexity']:.1f}")
        table.add_row(text("summary.accuracy"), f"{base['accuracy']:.1%}", f"{tuned['accuracy']:.1%}")
        console().print(table)
        fell = 1 - tuned["nll"] / base["nll"]
        say(
            "summary.learned" if fell >= 0 else "summary.unlearned",
            percent=_percent(abs(fell)),
            tokens=f"{tuned['tokens']:,}",
        )
    if fidelity := metrics.get("fidelity"):
        taken = {who: f"{alike['taken']['value']:.0%}" for who, alike in fidelity["likeness"].items()}
        found = {who: f"{asked['retrieved']['value']:.0%}" for who, asked in fidelity["relevance"].items()}
        say("fidelity.taken_line", moments=fidelity["moments"], **taken)
        say("fidelity.found_line", chance=f"{1 / fidelity['relevance']['tuned']['candidates']:.0%}", **found)
    if measured := metrics.get("memory"):
        _tell_memory(Memory(**measured))
    if drift := metrics.get("drift"):
        say("summary.drift", kl=f"{drift['kl']:.4f}", same=f"{drift['agreement']:.1%}")
    if samples := read_samples(run.path):
        console().print(_replies(samples, run.settings.me, run.settings.partner))


def _percent(share: float) -> str:
    """``0.31`` -> ``"31%"``; a decimal below one percent, so that little is not nothing."""
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def _tell_memory(memory: Memory) -> None:
    lost = text("recall.lost", exposure=f"{memory.most_exposed:.1f}", most=f"{MOST_EXPOSURE:.0f}")
    say(
        "recall.line",
        secrets=lost if memory.canaries else text("recall.none_planted"),
        copied=f"{memory.copied:.1%}",
        his=f"{memory.copied_by_him:.1%}",
        drawn=f"{memory.drawn_out:.1%}",
    )
    if over := memory.over_limits():
        say("release.remembers", figures=", ".join(over))


def _replies(samples: Iterable[Sample], me: str, partner: str) -> Table:
    """A table of them under the names of the two; prepared rows have none, so they are "you" and "partner"."""
    me, partner = me or text("summary.me"), partner or text("summary.partner")

    def shown(bubbles: tuple[str, ...]) -> Text:
        return Text(restore("\n".join(bubbles), given_name(me), given_name(partner)) or "–", overflow="fold")

    table = Table(
        partner,
        text("summary.base"),
        text("summary.tuned"),
        text("summary.real", me=me),
        box=box.ROUNDED,
        show_lines=True,
        title=text("summary.replies"),
    )
    for sample in samples:
        table.add_row(*map(shown, (sample.prompt, sample.base, sample.tuned, sample.real)))
    return table
