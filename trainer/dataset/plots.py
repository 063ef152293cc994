"""Bar charts as inline SVG: no script, no library, no file beside the page. Colours come from the page's style.

bars([Bar("00", (3, 5)), Bar("01", (0, 1))])   ->   <svg viewBox="0 0 340 130" …>
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 340, 130  # of the viewBox: about a phone's points, so that labels keep their size there
_FLOOR = 18  # below the bars, for labels
_CEILING = 16  # above them, for the highest count
_GAP = 0.18  # of a bar's place
_MOST_LABELS = 6  # what a phone can show side by side


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of stacked parts, the lowest first."""

    label: str
    parts: tuple[int, ...]


def bars(rows: Sequence[Bar], *, limit_after: int | None = None) -> str:
    """An SVG of stacked bars. ``limit_after`` draws a dashed line after that many bars."""
    highest = max((sum(row.parts) for row in rows), default=0)
    place = _WIDTH / max(1, len(rows))
    drawn = [_bar(row, index, place, highest) for index, row in enumerate(rows)]
    step = -(-len(rows) // _MOST_LABELS)
    drawn += [
        f'<text x="{(index + 0.5) * place:.1f}" y="{_HEIGHT - 5}" class="tick">{escape(row.label)}</text>'
        for index, row in enumerate(rows)
        if index % step == 0
    ]
    drawn.append(f'<text x="{_WIDTH}" y="10" class="top">{highest:,}</text>')
    if limit_after is not None:
        x = limit_after * place
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT - _FLOOR}" class="limit"/>')
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(drawn)}</svg>'


def _bar(row: Bar, index: int, place: float, highest: int) -> str:
    room = _HEIGHT - _FLOOR - _CEILING
    x, width = (index + _GAP / 2) * place, place * (1 - _GAP)
    y = float(_HEIGHT - _FLOOR)
    pieces = []
    for number, count in enumerate(row.parts):
        height = room * count / highest if highest else 0.0
        y -= height
        if count:
            size = f'width="{width:.1f}" height="{max(height, 0.8):.1f}"'
            pieces.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="part{number}"/>')
    counts = " + ".join(f"{count:,}" for count in row.parts)
    return f"<g><title>{escape(row.label)}: {counts}</title>{''.join(pieces)}</g>"
