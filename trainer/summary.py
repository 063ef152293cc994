"""What was learned, on one screen: held-out loss of base and tuned, drift of the merged weights, a few replies."""

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from persona_core.privacy import restore
from persona_core.privacy.display import given_name
from persona_core.texts import text
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
        say("summary.learned", percent=f"{1 - tuned['nll'] / base['nll']:.0%}", tokens=f"{tuned['tokens']:,}")
    if drift := metrics.get("drift"):
        say("summary.drift", kl=f"{drift['kl']:.4f}", same=f"{drift['agreement']:.1%}")
    if samples := read_samples(run.path):
        console().print(_replies(samples, run.settings.me, run.settings.partner))


def _replies(samples: Iterable[Sample], me: str, partner: str) -> Table:
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
