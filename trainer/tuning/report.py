"""``report.html`` of a run: its curves, the plan against the measured, what it was made of and with, and a few replies.

    write_report(run)       # from metrics.json, run.toml and answers.json; after every validation and every stage

A section is a function of `Facts` that gives HTML, or nothing while there is nothing to show yet. To add one: write it,
and name it in `SECTIONS`.
"""

import tomllib
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from persona_core.privacy import restore
from trainer.dataset.plots import Line, lines
from trainer.fidelity.answers import Answered, a_few, read_answers
from trainer.fidelity.memory import read_memory
from trainer.fidelity.memory_section import remembered
from trainer.fidelity.quiz_section import told_by_people
from trainer.fidelity.section import fidelity
from trainer.page import Parts, whole_page
from trainer.run import Run, readable, write_whole
from trainer.tuning.log import GIB

FILE_NAME = "report.html"
DRIFTS = ("drift", "drift_bf16")  # of what is published, and of its full weights; see trainer.release
SHOWN_TURNS = 3  # of the talk before a reply: enough to see what it answers
PRIVATE = ("exports", "exports_sha256")  # settings that are nothing to look at

_parts = Parts("run_report")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a section may draw from: the run, all that its stages measured so far, and the replies that were judged."""

    run: Run
    metrics: Mapping[str, Any]
    answers: Sequence[Answered]

    @property
    def training(self) -> Mapping[str, Any]:
        """What was measured in training; empty when that was lost with a damaged metrics.json."""
        found: Mapping[str, Any] = self.metrics.get("training", {})
        return found

    @property
    def curves(self) -> Mapping[str, list[list[float]]]:
        found: Mapping[str, list[list[float]]] = self.training["curves"]
        return found

    def line(self, name: str, *, marked: bool = False) -> Line:
        return Line(tuple((step, value) for step, value in self.curves[name]), marked)


def write_report(run: Run) -> None:
    """Write the page into the run folder.

    Raises:
        SettingsError: a file of the run is damaged, or of another version.
    """
    write_whole(run.path / FILE_NAME, _page(Facts(run, run.read_metrics(), read_answers(run.path))))


def require_readable(run: Run, *, apart_from: Container[str]) -> None:
    """Say now, and not after minutes, that the page could not show what was measured ``apart_from`` these sections.

    Raises:
        SettingsError: what it is made of is damaged, or of another version.
    """
    kept = {name: values for name, values in run.read_metrics().items() if name not in apart_from}
    _page(Facts(run, kept, ()))


def _page(facts: Facts) -> str:
    head = f"<h1>{_parts.both('title')}</h1><p class=soft>{_parts.both('private')}</p>"
    with facts.run.readable_metrics():
        sections = [section(facts) for section in SECTIONS]
    return whole_page("run_report.title", [head, *filter(None, sections)])


def _figures(facts: Facts) -> str:
    training = facts.training
    if not training:
        return ""
    best = training["best"]
    return _parts.figures(
        {
            "best_loss": f"{best['nll']:.3f}",
            "best_accuracy": f"{best['accuracy']:.1%}",
            "best_step": f"{best['step']:,}",
            "steps": f"{training['steps']:,} / {training['planned_steps']:,}",
            "rate": f"{training['tokens_per_second']:,.0f}",
            "peak": f"{training['peak_memory'] / GIB:.2f} GiB",
        }
    )


def _learned(facts: Facts) -> str:
    evaluation = facts.metrics.get("evaluation")
    if not evaluation:
        return ""
    base, tuned = evaluation["base"], evaluation["tuned"]
    rows = [
        [_parts.both("loss"), f"{base['nll']:.3f}", f"{tuned['nll']:.3f}"],
        [_parts.both("perplexity"), f"{base['perplexity']:.1f}", f"{tuned['perplexity']:.1f}"],
        [_parts.both("accuracy"), f"{base['accuracy']:.1%}", f"{tuned['accuracy']:.1%}"],
    ]
    note = _parts.both("learned_note", tokens=f"{tuned['tokens']:,}")
    return _parts.section("learned", _parts.table(("measure", "base", "tuned"), rows, numbers=(1, 2)), note)


def _curves(facts: Facts) -> str:
    if not facts.training:
        return ""
    both = [
        _parts.section(
            title,
            _key()
            + lines([facts.line(f"train_{name}"), facts.line(f"eval_{name}", marked=True)], name=title),
            _parts.both(f"{title}_note"),
        )
        for title, name in (
            ("loss_curve", "total_loss"),
            ("accuracy_curve", "fraction_of_correct_next_step_preds"),
        )
    ]
    alone = [
        _parts.section(title, lines([facts.line(name)], name=title, form=form), _parts.both(f"{title}_note"))
        for title, name, form in (
            ("learning_rate", "learning_rate", ".0e"),
            ("tokens_per_second", "tokens_per_second", ",.0f"),
        )
    ]
    return "\n".join([*both, *alone])


def _fidelity(facts: Facts) -> str:
    return fidelity(facts.metrics.get("fidelity", {}))


def _remembered(facts: Facts) -> str:
    memory = read_memory(facts.metrics)
    return remembered(memory) if memory else ""


def _people(facts: Facts) -> str:
    return told_by_people(facts.metrics.get("quiz", {}))


def _drift(facts: Facts) -> str:
    drifts = [facts.metrics[name] for name in DRIFTS if name in facts.metrics]
    if not drifts:
        return ""
    forms = {"kl": ".5f", "nll_change": "+.5f", "agreement": ".1%", "greedy": ".1%"}
    rows = [
        [_parts.both(f"drift_{name}"), *(format(drift[name], form) for drift in drifts)]
        for name, form in forms.items()
    ]
    columns = ("measure", *(name for name in DRIFTS if name in facts.metrics))
    note = _parts.both("drift_note", tokens=f"{drifts[0]['tokens']:,}")
    table = _parts.table(columns, rows, numbers=range(1, len(columns)))
    return _parts.section("drifts", table, note)


def _memory(facts: Facts) -> str:
    plan, training = facts.metrics.get("plan"), facts.training
    if not (plan and training):
        return ""
    planned = sum(plan["peak"].values())
    rows = [[_parts.both(f"part_{part}"), f"{size / GIB:.2f}"] for part, size in plan["peak"].items()]
    rows += [[_parts.both("planned"), f"{planned / GIB:.2f}"]]
    if proof := plan.get("proof"):
        rows.append([_parts.both("proved", tokens=f"{proof['tokens']:,}"), f"{proof['peak'] / GIB:.2f}"])
    rows.append([_parts.both("measured"), f"{training['peak_memory'] / GIB:.2f}"])
    curve = lines([facts.line("peak_memory_gib")], name="memory", level=planned / GIB)
    note = _parts.both("memory_note", device=plan["device"])
    return _parts.section("memory", curve + _parts.table(("part", "gib"), rows, numbers=(1,)), note)


def _data(facts: Facts) -> str:
    training = facts.training
    if not training:
        return ""
    counts = ("examples", "tokens", "supervised_tokens", "shortened", "left_out")
    rows = [[_parts.both(f"data_{name}"), f"{training[name]:,}"] for name in counts]
    return _parts.section("data", _parts.table(("what", "count"), rows, numbers=(1,)))


def _settings(facts: Facts) -> str:
    file = facts.run.path / "run.toml"
    with readable(file):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = [
            [
                f"<code>{name.replace('_', '_<wbr>')}</code>",
                escape(_shown(value)),
                _parts.both(f"origin_{document['origins'][name]}"),
            ]
            for name, value in document["settings"].items()
            if name not in PRIVATE
        ]
    return _parts.section("settings", _parts.table(("setting", "value", "origin"), rows, numbers=(2,)))


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _made_with(facts: Facts) -> str:
    training = facts.training
    if not training:
        return ""
    values = {"seed": training["seed"], "processes": training["processes"], **training["environment"]}
    rows = [[f"<code>{escape(name)}</code>", escape(str(value))] for name, value in values.items()]
    return _parts.section("made_with", _parts.table(("what", "value"), rows, numbers=()))


def _samples(facts: Facts) -> str:
    samples = a_few(facts.answers)
    if not samples:
        return ""
    settings = facts.run.settings
    mine, theirs = settings.his_name, settings.her_name

    def shown(side: str, bubbles: tuple[str, ...]) -> str:
        said = "".join(
            f'<div class="bubble {side}">{escape(restore(words, mine, theirs))}</div>' for words in bubbles
        )
        return said or '<div class="bubble persona">–</div>'

    talks = []
    for sample in samples:
        answers = "".join(
            f'<p class="key answer">{_parts.both(name)}</p>{shown("persona" + learned, bubbles)}'
            for name, learned in (("base", ""), ("tuned", " learned"), ("real", ""))
            for bubbles in [sample.replies[name]]
        )
        before = "".join(shown(turn.role, turn.bubbles) for turn in sample.history[-SHOWN_TURNS:])
        talks.append(f"<div class=talk>{before}{answers}</div>")
    return _parts.section("samples", "<hr>".join(talks), _parts.both("samples_note"))


def _key() -> str:
    return f"<p class=key><i class=c0></i>{_parts.both('train')}<i class=c1></i>{_parts.both('held_out')}</p>"


SECTIONS: tuple[Callable[[Facts], str], ...] = (
    _figures,
    _fidelity,
    _people,
    _samples,
    _learned,
    _remembered,
    _curves,
    _drift,
    _memory,
    _data,
    _settings,
    _made_with,
)
