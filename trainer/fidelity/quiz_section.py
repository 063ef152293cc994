"""The part of a run's report.html that shows section ``quiz`` of its metrics: how often people took it for the person."""

from collections.abc import Mapping
from typing import Any

from trainer.page import Parts

_parts = Parts("quiz")


def told_by_people(measured: Mapping[str, Any]) -> str:
    """The card; nothing where nobody was asked."""
    if not measured:
        return ""
    figures = {
        "answers": f"{measured['answers']}",
        "fooled": f"{measured['fooled']}",
        "rate": f"{measured['rate']:.0%}",
        "interval": f"{measured['low']:.0%}–{measured['high']:.0%}",
    }
    return _parts.section("by_people", _parts.figures(figures), _parts.both("meaning"))
