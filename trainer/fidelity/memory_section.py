"""The part of a run's report.html that shows section ``memory`` of its metrics: each figure, what is natural, the limit."""

from collections.abc import Mapping
from typing import Any

from trainer.fidelity.memory import MOST_COPIED, MOST_DRAWN_OUT, MOST_EXPOSURE, Memory
from trainer.page import Parts

_parts = Parts("recall")


def remembered(measured: Mapping[str, Any]) -> str:
    """The card; nothing where nothing was measured."""
    if not measured:
        return ""
    memory = Memory(**measured)
    usual = max(memory.drawn_out_unseen, memory.drawn_out_by_base)
    by_canaries = [
        ("exposure", f"{memory.exposure:.1f}", "1.4", ""),
        ("most_exposed", f"{memory.most_exposed:.1f}", "", f"{MOST_EXPOSURE:.0f}"),
        ("recited", f"{memory.recited} / {memory.canaries}", "0", "0"),
    ]
    figures = [
        *(by_canaries if memory.canaries else [("none_planted", "–", "", "")]),
        (
            "copied",
            f"{memory.copied:.1%}",
            f"{memory.copied_by_him:.1%}",
            f"{memory.copied_by_him + MOST_COPIED:.1%}",
        ),
        ("longest", str(memory.longest), str(memory.longest_by_him), ""),
        ("drawn_out", f"{memory.drawn_out:.1%}", f"{usual:.1%}", f"{usual + MOST_DRAWN_OUT:.1%}"),
        ("held_back", f"{memory.held_back:.1%}", "", ""),
        ("shown", str(memory.shown), "0", "0"),
    ]
    rows = [[_parts.both(name), *values] for name, *values in figures]
    table = _parts.table(("figure", "measured", "natural", "limit"), rows, numbers=(1, 2, 3))
    return _parts.section("title", table, _parts.both("fine" if not memory.over_limits() else "over"))
