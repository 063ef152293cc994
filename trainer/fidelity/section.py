"""The part of a run's report.html that shows section ``fidelity`` of its metrics: three cards with plots, no words of theirs."""

from collections.abc import Mapping
from typing import Any

from trainer.page import Parts

_parts = Parts("fidelity")

SHARES = ("register", "spacing", "emoji", "final", "initials", "one_word")  # shown in percent
_FARTHEST = 1.5  # a distance that fills its bar; numbers may lie farther apart than any two words can


def fidelity(measured: Mapping[str, Any]) -> str:
    """The cards; nothing where nothing was measured."""
    if not measured:
        return ""
    return "\n".join((_likeness(measured), _style(measured["style"]), _relevance(measured["relevance"])))


def _likeness(measured: Mapping[str, Any]) -> str:
    rows = [
        [
            _parts.both(who) + _bar(alike["taken"]["value"], alike["taken"]["low"], alike["taken"]["high"]),
            f"{alike['taken']['value']:.0%} ({alike['taken']['low']:.0%}–{alike['taken']['high']:.0%})",
            f"{alike['auc']['value']:.2f}",
            f"{alike['told_apart']['value']:.2f}",
        ]
        for who, alike in measured["likeness"].items()
    ]
    columns = ("who", "taken", "against_partner", "told_apart")
    note = _parts.both("likeness_note", moments=measured["moments"], bundle=measured["bundle"])
    return _parts.section("likeness", _parts.table(columns, rows, numbers=(1, 2, 3)), note)


def _style(style: Mapping[str, Any]) -> str:
    everyone = list(next(iter(style.values()))["distances"])
    rows = [
        [
            _parts.both(name),
            *(
                _value(name, feature["values"][who]) + _bar(feature["distances"][who] / _FARTHEST)
                for who in everyone
            ),
        ]
        for name, feature in style.items()
    ]
    columns = ("habit", *everyone)
    table = _parts.table(columns, rows, numbers=range(1, len(columns)))
    return _parts.section("style", table, _parts.both("style_note"))


def _value(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0%}" if name in SHARES else f"{value:.1f}"


def _relevance(relevance: Mapping[str, Any]) -> str:
    rows = [
        [
            _parts.both(who) + _bar(found["value"], found["low"], found["high"]),
            f"{found['value']:.0%} ({found['low']:.0%}–{found['high']:.0%})",
            f"{measured['perplexity']:,.1f}",
        ]
        for who, measured in relevance.items()
        for found in [measured["retrieved"]]
    ]
    candidates = next(iter(relevance.values()))["candidates"]
    note = _parts.both("relevance_note", others=candidates - 1, chance=f"{1 / candidates:.0%}")
    table = _parts.table(("who", "found", "perplexity"), rows, numbers=(1, 2))
    return _parts.section("relevance", table, note)


def _bar(value: float, low: float | None = None, high: float | None = None) -> str:
    """A horizontal bar of ``value`` (0 to 1), with its interval as a line across."""
    drawn = f'<rect width="{100 * min(value, 1):.1f}" height="6" class="all"/>'
    if low is not None and high is not None:
        drawn += f'<line x1="{100 * low:.1f}" x2="{100 * high:.1f}" y1="3" y2="3" class="curve0"/>'
    floor = '<line x1="0" x2="100" y1="6" y2="6" class="floor"/>'
    return f'<svg viewBox="0 0 100 7" aria-hidden="true">{floor}{drawn}</svg>'
