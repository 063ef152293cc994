"""The part of a run's report.html that shows section ``memory`` of its metrics: each figure, what is natural, the limit."""

from trainer.fidelity.memory import MOST_EXPOSURE, MOST_PRIVATE, Memory
from trainer.page import Parts

_parts = Parts("recall")


def remembered(memory: Memory) -> str:
    """The card."""
    usual = max(memory.drawn_out_unseen, memory.drawn_out_by_base)
    figures = [
        *_of_canaries(memory),
        ("copied", f"{memory.copied:.1%}", f"{memory.copied_by_him:.1%}", f"{memory.most_copied:.1%}"),
        ("longest", str(memory.longest), str(memory.longest_by_him), ""),
        ("drawn_out", f"{memory.drawn_out:.1%}", f"{usual:.1%}", f"{memory.most_drawn_out:.1%}"),
        ("held_back", f"{memory.held_back:.1%}", "", ""),
        ("private", f"{memory.private:.1%}", "0.0%", f"{MOST_PRIVATE:.1%}"),
    ]
    rows = [[_parts.both(name), *values] for name, *values in figures]
    table = _parts.table(("figure", "measured", "natural", "limit"), rows, numbers=(1, 2, 3))
    notes = [
        _parts.both("over" if memory.over_limits() else "fine"),
        _parts.both("glossary" if memory.canaries else "checked_less"),
    ]
    return _parts.section("title", table, "<br>".join(notes))


def _of_canaries(memory: Memory) -> list[tuple[str, str, str, str]]:
    """What was planted: name, measured, natural, limit."""
    exposure, most = (
        _parts.both("not_measured") if bits is None else f"{bits:.1f}"
        for bits in (memory.exposure, memory.most_exposed)
    )
    recited = (
        _parts.both("not_measured") if memory.recited is None else f"{memory.recited} / {memory.canaries}"
    )
    return [
        ("exposure", exposure, "1.4", ""),
        ("most_exposed", most, "", f"{MOST_EXPOSURE:.0f}"),
        ("recited", recited, "0", "0"),
    ]
