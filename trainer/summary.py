"""What was learned, on one screen: likeness, held-out loss of base and tuned, memory, drift, a few replies."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from persona_core.privacy import restore
from persona_core.texts import text
from trainer.fidelity.answers import Answered, a_few, read_answers
from trainer.fidelity.memory import MOST_EXPOSURE, Memory, read_memory
from trainer.progress import console, say
from trainer.run import Run


def tell(run: Run) -> None:
    """Print what the run's metrics say, and a few of the replies that were judged.

    Raises:
        SettingsError: a file of the run is damaged, or of another version.
    """
    metrics, answers = run.read_metrics(), a_few(read_answers(run.path))
    with run.readable_metrics():
        _tell_metrics(metrics)
    if answers:
        console().print(_replies(answers, run.settings.his_name, run.settings.her_name))


def _tell_metrics(metrics: Mapping[str, Any]) -> None:
    if fidelity := metrics.get("fidelity"):
        _tell_likeness(fidelity)
    if evaluation := metrics.get("evaluation"):
        _tell_loss(evaluation["base"], evaluation["tuned"])
    if memory := read_memory(metrics):
        _tell_memory(memory)
    if drift := metrics.get("drift"):
        say("summary.drift", kl=f"{drift['kl']:.4f}", same=f"{drift['agreement']:.1%}")


def _tell_likeness(fidelity: Mapping[str, Any]) -> None:
    if "likeness" not in fidelity:
        say("fidelity.too_little", **fidelity)
        return
    alike, relevance = fidelity["likeness"], fidelity["relevance"]
    apart = alike["tuned"]["told_apart"]
    say(
        "fidelity.taken_line",
        moments=fidelity["moments"],
        apart=f"{apart['value']:.2f} ({apart['low']:.2f}–{apart['high']:.2f})",
        **{who: _share(one["taken"]) for who, one in alike.items()},
    )
    say("fidelity.taken_means")
    candidates = relevance["tuned"]["candidates"]
    say(
        "fidelity.found_line",
        candidates=candidates,
        chance=f"{1 / candidates:.0%}",
        **{who: _share(one["retrieved"]) for who, one in relevance.items()},
    )


def _share(measured: Mapping[str, float]) -> str:
    """``"83% (70–95)"``."""
    return f"{measured['value']:.0%} ({100 * measured['low']:.0f}–{100 * measured['high']:.0f})"


def _tell_loss(base: Mapping[str, float], tuned: Mapping[str, float]) -> None:
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


def _percent(share: float) -> str:
    """``0.31`` -> ``"31%"``; a decimal below one percent, so that little is not nothing."""
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def _tell_memory(memory: Memory) -> None:
    if memory.most_exposed is None:
        secrets = text("recall.none_planted")
    else:
        secrets = text("recall.lost", exposure=f"{memory.most_exposed:.1f}", most=f"{MOST_EXPOSURE:.0f}")
    say(
        "recall.line",
        secrets=secrets,
        copied=f"{memory.copied:.1%}",
        his=f"{memory.copied_by_him:.1%}",
        drawn=f"{memory.drawn_out:.1%}",
    )
    if over := memory.over_limits():
        say("release.remembers", figures="; ".join(over.values()))


def _replies(answers: Iterable[Answered], me: str, partner: str) -> Table:
    """A table of them under the names of the two; prepared rows have none, so they are "you" and "partner"."""
    me, partner = me or text("summary.me"), partner or text("summary.partner")

    def shown(bubbles: tuple[str, ...]) -> Text:
        return Text(restore("\n".join(bubbles), me, partner) or "–", overflow="fold")

    table = Table(
        partner,
        text("summary.base"),
        text("summary.tuned"),
        text("summary.real", me=me),
        box=box.ROUNDED,
        show_lines=True,
        title=text("summary.replies"),
    )
    for one in answers:
        table.add_row(*map(shown, (one.asked, *(one.replies[who] for who in ("base", "tuned", "real")))))
    return table
