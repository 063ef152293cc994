"""The part of a run's report.html that shows section ``fidelity`` of its metrics: three cards with plots, no words of theirs."""

from collections.abc import Mapping
from typing import Any

from trainer.page import Parts

_parts = Parts("fidelity")

SHARES = ("register", "spacing", "emoji", "final", "initials", "one_word")  # shown in percent
FARTHEST = 1.5  # a distance that fills its bar; numbers may lie farther apart than any two words can


def fidelity(measured: Mapping[str, Any]) -> str:
    """The cards; nothing where nothing was measured."""
    if not measured:
        return ""
    if "likeness" not in measured:
        return _parts.section("likeness", f"<p>{_parts.both('too_little', **measured)}</p>")
    return "\n".join((_likeness(measured), _style(measured["style"]), _relevance(measured)))


def _likeness(measured: Mapping[str, Any]) -> str:
    everyone = measured["likeness"].items()
    taken = [[_parts.both(who), *_share(alike["taken"])] for who, alike in everyone]
    ranked = {
        name: [
            [_parts.both(who), _bar(alike[name], 0.5), f"{alike[name]['value']:.2f}"]
            for who, alike in everyone
        ]
        for name in ("told_apart", "auc")
    }
    charts = _charts(
        _parts.chart("taken", taken),
        *(_parts.chart(name, rows) for name, rows in ranked.items()),
    )
    note = _parts.both("likeness_note", moments=measured["moments"], bundle=measured["bundle"])
    gloss = f"<p class=soft>{_parts.both('told_apart_note')}</p>"
    return _parts.section("likeness", _key() + charts + gloss, note)


def _style(style: Mapping[str, Any]) -> str:
    def lines(name: str, feature: Mapping[str, Any]) -> list[list[str]]:
        return [
            [
                _parts.both(who),
                _value(name, feature["values"][who]),
                _bar({"value": distance / FARTHEST}),
                f"{distance:.2f}",
            ]
            for who, distance in feature["distances"].items()
        ]

    charts = (_parts.chart(name, lines(name, feature)) for name, feature in style.items())
    return _parts.section("style", _charts(*charts, form=" habits"), _parts.both("style_note", most=FARTHEST))


def _value(name: str, value: float | None) -> str:
    """Empty where no single number says it."""
    if value is None:
        return ""
    return f"{value:.0%}" if name in SHARES else f"{value:.1f}"


def _relevance(measured: Mapping[str, Any]) -> str:
    relevance = measured["relevance"]
    candidates = relevance["tuned"]["candidates"]
    found = [
        [_parts.both(who), *_share(asked["retrieved"], mark=1 / candidates)]
        for who, asked in relevance.items()
    ]
    foreseen = [[_parts.both(who), f"{asked['perplexity']:,.0f}"] for who, asked in relevance.items()]
    charts = _charts(
        _parts.chart("found", found, candidates=candidates),
        _parts.chart("perplexity", foreseen, tokens=f"{relevance['tuned']['tokens']:,}"),
    )
    note = _parts.both("relevance_note", others=candidates - 1, chance=f"{1 / candidates:.0%}")
    gloss = f"<p class=soft>{_parts.both('perplexity_note')}</p>"
    return _parts.section("relevance", _key() + charts + gloss, note)


def _charts(*charts: str, form: str = "") -> str:
    return f'<div class="charts{form}">{"".join(charts)}</div>'


def _key() -> str:
    return (
        f"<p class=key><i class=all></i>{_parts.both('figure')}<i class=c0></i>{_parts.both('interval')}</p>"
    )


def _share(measured: Mapping[str, float], mark: float = 0) -> tuple[str, str]:
    """Its bar, and "83% (70–95)"."""
    low, high = (100 * measured[end] for end in ("low", "high"))
    return _bar(measured, mark=mark), f"{measured['value']:.0%} ({low:.0f}–{high:.0f})"


def _bar(measured: Mapping[str, float], origin: float = 0, mark: float = 0) -> str:
    """A bar from ``origin`` to the value (0 to 1), its interval as a line across; a stroke at ``mark`` or ``origin``."""
    begin, end = sorted((origin, min(measured["value"], 1)))
    drawn = f'<rect x="{100 * begin:.1f}" width="{100 * (end - begin):.1f}" height="6" class="all"/>'
    if "low" in measured:
        low, high = (100 * measured[end] for end in ("low", "high"))
        drawn += f'<line x1="{low:.1f}" x2="{high:.1f}" y1="3" y2="3" class="curve0"/>'
    if at := 100 * (mark or origin):
        drawn += f'<line x1="{at:.1f}" x2="{at:.1f}" y1="-1" y2="7" class="mark"/>'
    floor = '<line x1="0" x2="100" y1="6" y2="6" class="floor"/>'
    return f'<svg viewBox="0 0 100 7" aria-hidden="true">{floor}{drawn}</svg>'
