"""``report.json``: what was read, dropped, masked and made, in numbers and masked samples. `page` makes it readable.

    {"messages": 2941, "sessions": 161, "persona_turns": 1180, "examples": {"train": 140, "validation": 16},
     "dropped": {"media": 31, …}, "masked": {"PHONE": 2, …}, "rules": […], "tokens": {…}, "per_month": […], …}

No name, no path and no unmasked word stands in it. Every message of the persona is accounted for:
``persona_messages`` = ``learned_messages`` + the ``persona_messages`` of all ``rules``.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from trainer.dataset.dealing import Dealt
from trainer.dataset.example import Example
from trainer.dataset.page import render_page
from trainer.dataset.row_rules import Format
from trainer.dataset.tally import Tally
from trainer.run import REPORT, TRAIN, VALIDATION, write_whole
from trainer.settings import Settings

Report = dict[str, Any]

PAGE = "report.html"
_TOKEN_BARS = 16  # at most: at the default context of 1,024 a bar is 64 tokens or fewer
_LONGEST_BURST = 8  # bubbles; longer ones share a bar


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read: its format, how many lines could not be, and the numbers of the first of them.

    ``language`` is "" and ``clock_hours`` 0 where they say nothing, as in prepared rows.
    """

    platform: str
    language: str = ""
    clock_hours: int = 0
    unread_lines: int = 0
    first_unread: tuple[int, ...] = ()


def build_report(
    settings: Settings, row_format: Format, tally: Tally, sources: Sequence[Source], dealt: Dealt
) -> Report:
    """The report as one JSON document."""
    return {
        "schema_version": 1,
        "read": [asdict(source) for source in sources],
        "messages": tally.messages,
        "persona_messages": tally.persona_messages,
        "learned_messages": dealt.persona_messages,
        "sessions": tally.sessions,
        "persona_turns": dealt.persona_turns,
        "examples": {"train": dealt.rows[TRAIN], "validation": dealt.rows[VALIDATION]},
        "row_format": row_format,
        "session_gap_minutes": settings.session_gap_minutes,
        "dropped": {rule: dropped.count for rule, dropped in sorted(tally.dropped.items())},
        "rules": [
            {
                "rule": rule,
                "unit": dropped.unit,
                "count": dropped.count,
                "persona_messages": dropped.persona_messages,
                "example": dropped.example,
            }
            for rule, dropped in sorted(tally.dropped.items(), key=lambda item: -item[1].count)
        ],
        "masked": dict(tally.masked.most_common()),
        "tokens": {
            "limit": settings.max_length,
            **_lengths(dealt.tokens, _token_bars(dealt.tokens, settings.max_length)),
        },
        "session_lengths": _lengths(tally.session_lengths, _doubling_bars(tally.session_lengths)),
        "bursts": {
            "persona": _lengths(tally.persona_bursts, _single_bars()),
            "partner": _lengths(tally.partner_bursts, _single_bars()),
        },
        "per_month": _per_month(tally),
        "per_hour": [
            {"hour": hour, "persona": tally.hours[hour, True], "partner": tally.hours[hour, False]}
            for hour in range(24)
        ],
        "samples": [_sample(example) for example in dealt.shown],
    }


def write_report(report: Report, folder: Path) -> None:
    """Write report.json and report.html into ``folder``."""
    write_whole(folder / REPORT, json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    write_whole(folder / PAGE, render_page(report))


# --- histograms ---

Bars = Sequence[tuple[int, int | None]]  # first and last length of each bar; None: and longer


def _lengths(counts: Counter[int], bars: Bars) -> dict[str, Any]:
    total = sum(counts.values())
    histogram = [
        {
            "from": low,
            "to": high,
            "count": sum(counts[n] for n in counts if n >= low and (high is None or n <= high)),
        }
        for low, high in bars
    ]
    mean = sum(length * count for length, count in counts.items()) / total if total else 0.0
    return {
        "mean": round(mean, 2),
        "median": _quantile(counts, 0.5),
        "p90": _quantile(counts, 0.9),
        "longest": max(counts, default=0),
        "histogram": histogram,
    }


def _quantile(counts: Counter[int], share: float) -> int:
    """The length that ``share`` of all do not exceed."""
    left = share * sum(counts.values())
    for length in sorted(counts):
        left -= counts[length]
        if left <= 0:
            return length
    return 0


def _token_bars(counts: Counter[int], limit: int) -> Bars:
    """Even bars up to the longest example, which may be far from the limit; what is beyond the limit shares one."""
    longest = max(counts, default=1)
    reach = min(longest, limit)
    width = 1
    while width * _TOKEN_BARS < reach:
        width *= 2
    edges = [*range(0, reach, width), min(-(-reach // width) * width, limit)]
    beyond = [(limit + 1, None)] if longest > limit else []
    return [(low + 1, high) for low, high in pairwise(edges)] + beyond


def _doubling_bars(counts: Counter[int]) -> Bars:
    longest = max(counts, default=1)
    return [(1 << i, (2 << i) - 1) for i in range(longest.bit_length())]


def _single_bars() -> Bars:
    return [*((n, n) for n in range(1, _LONGEST_BURST)), (_LONGEST_BURST, None)]


def _per_month(tally: Tally) -> list[dict[str, Any]]:
    """Every month from the first to the last, the silent ones too."""
    present = [year_month // 100 * 12 + year_month % 100 - 1 for year_month, _ in tally.months]
    rows = []
    for month in range(min(present, default=0), max(present, default=-1) + 1):
        key = month // 12 * 100 + month % 12 + 1
        label = f"{month // 12}-{month % 12 + 1:02}"
        rows.append({"month": label, "persona": tally.months[key, True], "partner": tally.months[key, False]})
    return rows


def _sample(example: Example) -> dict[str, Any]:
    flags = iter(example.trained)
    return {
        "turns": [
            {
                "role": turn.role,
                "bubbles": list(turn.bubbles),
                "learned": turn.role == "persona" and next(flags),
            }
            for turn in example.turns
        ]
    }
