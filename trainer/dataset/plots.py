"""Bars and curves as inline SVG: no script, no library, no file beside the page. Colours come from the page's style.

bars([Bar("00", (3, 5)), Bar("01", (0, 1))])   ->   <svg viewBox="0 0 340 130" …>
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 340, 130  # of the viewBox: about a phone's points, so that labels keep their size there
_FLOOR = 18  # below the bars, for labels
_CEILING = 16  # above them, for the highest count
_GAP = 0.18  # of a bar's place
_WIDEST = 60  # of a bar: one month is no wall
_DIGIT, _SPACE = 5.8, 14  # widths of a digit of a label and of what parts two labels
_EDGE = 4  # from the right edge to the limit that lies beyond it


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of stacked parts, the lowest first."""

    label: str
    parts: tuple[int, ...]


def bars(rows: Sequence[Bar], *, name: str = "", limit: str = "", limit_after: int | None = None) -> str:
    """An SVG of stacked bars; ``name`` is the id of the element that says what they are.

    ``limit`` is written in the limit's colour: at a dashed line after ``limit_after`` bars, or, without one, with an
    arrow at the right edge, beyond which it lies.
    """
    highest = max((sum(row.parts) for row in rows), default=0)
    place = _WIDTH / max(1, len(rows))
    drawn = [_floor(), *(_bar(row, index, place, highest) for index, row in enumerate(rows))]
    drawn += _labels(rows, place)
    if highest:
        peak = next(index for index, row in enumerate(rows) if sum(row.parts) == highest)
        drawn.append(
            _text(_inside((peak + 0.5) * place, f"{highest:,}"), _CEILING - 5, "tick", f"{highest:,}")
        )
    if limit:
        drawn.append(_limit(limit, None if limit_after is None else limit_after * place))
    return _picture(drawn, name)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its points from left to right, and whether each is marked."""

    points: tuple[tuple[float, float], ...]
    marked: bool = False


def lines(rows: Sequence[Line], *, name: str = "", form: str = ",.2f", level: float | None = None) -> str:
    """An SVG of curves over the same steps, the first in the first colour; ``level`` draws a dashed line across.

    The lowest and the highest value stand at the left in the format ``form``, the first and the last step below.
    """
    steps = [x for row in rows for x, _ in row.points]
    values = [y for row in rows for _, y in row.points] + ([] if level is None else [level])
    left, right, low, high = min(steps), max(steps), min(values), max(values)
    margin = max(len(f"{value:{form}}") for value in (low, high)) * _DIGIT + _EDGE

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left) if right > left else 0.5
        up = (y - low) / (high - low) if high > low else 0.5
        return margin + across * (_WIDTH - margin - _EDGE), _HEIGHT - _FLOOR - up * (
            _HEIGHT - _FLOOR - _CEILING
        )

    drawn = [_floor()]
    for number, row in enumerate(rows):
        places = [at(*point) for point in row.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{path}" class="curve curve{number}"/>')
        dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="dot{number}"/>' for x, y in places)
        drawn += dots if row.marked else ()
    if level is not None:
        y = at(left, level)[1]
        drawn.append(f'<line x1="{margin:.1f}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="limit"/>')
    drawn += [
        _text(_inside(margin, f"{left:,.0f}"), _HEIGHT - 5, "tick", f"{left:,.0f}"),
        _text(_inside(_WIDTH, f"{right:,.0f}"), _HEIGHT - 5, "tick", f"{right:,.0f}"),
        _text(margin - _EDGE, _CEILING + 4, "right", f"{high:{form}}"),
        _text(margin - _EDGE, _HEIGHT - _FLOOR, "right", f"{low:{form}}"),
    ]
    return _picture(drawn, name)


def _picture(drawn: Sequence[str], name: str) -> str:
    label = f' aria-labelledby="{name}"' if name else ""
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"{label}>{"".join(drawn)}</svg>'


def _bar(row: Bar, index: int, place: float, highest: int) -> str:
    room = _HEIGHT - _FLOOR - _CEILING
    width = min(place * (1 - _GAP), _WIDEST)
    x = (index + 0.5) * place - width / 2
    y = float(_HEIGHT - _FLOOR)
    pieces = []
    for number, count in enumerate(row.parts):
        height = room * count / highest if highest else 0.0
        y -= height
        if count:
            size = f'width="{width:.1f}" height="{max(height, 0.8):.1f}"'
            part = f"part{number}" if len(row.parts) > 1 else "all"
            pieces.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="{part}"/>')
    counts = " + ".join(f"{count:,}" for count in row.parts)
    return f"<g><title>{escape(row.label)}: {counts}</title>{''.join(pieces)}</g>"


def _labels(rows: Sequence[Bar], place: float) -> list[str]:
    """As many labels as find room beside each other."""
    longest = max((len(row.label) for row in rows), default=0)
    step = max(1, -(-int(longest * _DIGIT + _SPACE) // max(1, int(place))))
    return [
        _text(_inside((index + 0.5) * place, row.label), _HEIGHT - 5, "tick", row.label)
        for index, row in enumerate(rows)
        if index % step == 0
    ]


def _floor() -> str:
    y = _HEIGHT - _FLOOR
    return f'<line x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}" class="floor"/>'


def _limit(label: str, x: float | None) -> str:
    if x is None:
        return _text(_WIDTH - _EDGE, _CEILING - 5, "far", f"{label} →")
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_CEILING}" y2="{_HEIGHT - _FLOOR}" class="limit"/>'
    return line + _text(_inside(x, label), _CEILING - 5, "tick at-limit", label)


def _inside(x: float, label: str) -> float:
    """``x``, moved so far that a label centred there stays in the picture."""
    half = len(label) * _DIGIT / 2
    return min(max(x, half), _WIDTH - half)


def _text(x: float, y: float, kind: str, said: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" class="{kind}">{escape(said)}</text>'
