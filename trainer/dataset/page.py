"""``report.html``: the report as one page for a phone, Korean and English, with nothing loaded from anywhere.

Everything that comes from the chat is escaped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from persona_core.texts import LANGUAGES, text_in
from trainer.dataset.plots import Bar, bars
from trainer.page import Parts, in_each, whole_page

_parts = Parts("report")
_OPEN = 3  # examples that are unfolded from the start: enough to see what it is about
_PLACEHOLDER = re.compile(r"\[\[[A-Z0-9_]+\]\]")


def render_page(report: Mapping[str, Any]) -> str:
    """The whole page as text."""
    return whole_page("report.title", _content(report))


def _content(report: Mapping[str, Any]) -> Iterable[str]:
    yield f"<h1>{_parts.both('title')}</h1><p class=soft>{_parts.both('private')}</p>"
    yield _figures(report)
    yield _read(report)
    yield _dropped(report)
    yield _masked(report)
    yield _parts.section("per_month", _key() + bars(_by_side(report["per_month"], "month"), name="per_month"))
    yield _parts.section("per_hour", _key() + bars(_by_side(report["per_hour"], "hour"), name="per_hour"))
    yield _lengths(report)
    yield _samples(report["samples"])


def _figures(report: Mapping[str, Any]) -> str:
    figures = {
        "messages": report["messages"],
        "sessions": report["sessions"],
        "persona_turns": report["persona_turns"],
        "train": report["examples"]["train"],
        "validation": report["examples"]["validation"],
        "masked_total": sum(report["masked"].values()),
    }
    return _parts.figures({name: f"{value:,}" for name, value in figures.items()})


def _read(report: Mapping[str, Any]) -> str:
    rows = []
    for source in report["read"]:
        unread = f"{source['unread_lines']:,}"
        first = ", ".join(f"{line:,}" for line in source["first_unread"])
        note = f"<span class=shown>{_parts.both('first_unread', lines=first)}</span>" if first else ""
        rows.append([f"{_format(source)}{note}", unread])
    return _parts.section("read", _parts.table(("format", "unread"), rows, numbers=(1,)))


def _format(source: Mapping[str, Any]) -> str:
    keys = [f"chatlog.language_{source['language']}"] * bool(source["language"])
    keys += [f"chatlog.clock_{source['clock_hours']}"] * bool(source["clock_hours"])
    return in_each(
        {lang: ", ".join([source["platform"], *(text_in(lang, key) for key in keys)]) for lang in LANGUAGES}
    )


def _lengths(report: Mapping[str, Any]) -> str:
    tokens, sessions, bursts = report["tokens"], report["session_lengths"], report["bursts"]
    sides = [
        Bar(_span(mine), (mine["count"], theirs["count"]))
        for mine, theirs in zip(bursts["persona"]["histogram"], bursts["partner"]["histogram"], strict=True)
    ]
    means = {side: f"{bursts[side]['mean']:.1f}" for side in ("persona", "partner")}
    return "\n".join(
        (
            _parts.section(
                "tokens",
                _token_plot(tokens),
                _parts.both("tokens_note", **_numbers(tokens), limit=f"{tokens['limit']:,}"),
            ),
            _parts.section(
                "session_lengths",
                bars(_bars(sessions), name="session_lengths"),
                _parts.both("session_lengths_note", **_numbers(sessions), gap=report["session_gap_minutes"]),
            ),
            _parts.section(
                "bursts", _key() + bars(sides, name="bursts"), _parts.both("bursts_note", **means)
            ),
        )
    )


def _token_plot(tokens: Mapping[str, Any]) -> str:
    """The lengths with the limit: a line where it is reached, else an arrow to where it lies."""
    limit, ends = tokens["limit"], [bar["to"] for bar in tokens["histogram"]]
    reached = ends.index(limit) + 1 if limit in ends else None
    return bars(_bars(tokens), name="tokens", limit=f"{limit:,}", limit_after=reached)


def _dropped(report: Mapping[str, Any]) -> str:
    rows = [
        [
            _rule(rule, report["session_gap_minutes"])
            + (f"<span class=shown>{_words(rule['example'])}</span>" if rule["example"] else ""),
            f"{rule['count']:,}",
            f"{rule['persona_messages']:,}",
        ]
        for rule in report["rules"]
    ]
    account = _parts.both(
        "account_text",
        all=f"{report['persona_messages']:,}",
        learned=f"{report['learned_messages']:,}",
        dropped=f"{sum(rule['persona_messages'] for rule in report['rules']):,}",
    )
    return _parts.section(
        "dropped", _parts.table(("rule", "count", "of_persona"), rows, numbers=(1, 2)), account
    )


def _rule(rule: Mapping[str, Any], gap: int) -> str:
    unit = f" <span class=unit>({_parts.both('unit_example')})</span>" if rule["unit"] == "example" else ""
    return _parts.both(f"rule_{rule['rule']}", gap=gap) + unit


def _masked(report: Mapping[str, Any]) -> str:
    rows = [[_parts.both(f"type_{kind}"), f"{count:,}"] for kind, count in report["masked"].items()]
    return _parts.section("masked", _parts.table(("type", "count"), rows, numbers=(1,)))


def _samples(samples: Sequence[Mapping[str, Any]]) -> str:
    talks = []
    for number, sample in enumerate(samples, start=1):
        bubbles = [
            f'<div class="bubble {turn["role"]}{" learned" * turn["learned"]}">{_words(bubble)}</div>'
            for turn in sample["turns"]
            for bubble in turn["bubbles"]
        ]
        learned = sum(len(turn["bubbles"]) for turn in sample["turns"] if turn["learned"])
        summary = f"<summary>{_parts.both('sample', number=number, bubbles=len(bubbles), learned=learned)}</summary>"
        is_open = " open" * (number <= _OPEN)
        talks.append(f"<details{is_open}>{summary}<div class=talk>{''.join(bubbles)}</div></details>")
    title = _parts.both("samples", count=len(samples))
    key = f"<p class=key><i class=learned></i>{_parts.both('learned')}<i class=context></i>{_parts.both('context')}</p>"
    return f"<section><h2>{title}</h2><p class=soft>{_parts.both('samples_note')}</p>{key}{''.join(talks)}</section>"


# --- parts ---


def _key() -> str:
    return (
        f"<p class=key><i class=p0></i>{_parts.both('persona')}<i class=p1></i>{_parts.both('partner')}</p>"
    )


def _words(said: str) -> str:
    """Words of the chat, escaped, with its placeholders marked."""
    return _PLACEHOLDER.sub(r"<span class=hole>\g<0></span>", escape(said))


def _by_side(rows: Iterable[Mapping[str, Any]], label: str) -> list[Bar]:
    return [Bar(str(row[label]), (row["persona"], row["partner"])) for row in rows]


def _bars(lengths: Mapping[str, Any]) -> list[Bar]:
    return [Bar(_span(bar), (bar["count"],)) for bar in lengths["histogram"]]


def _span(bar: Mapping[str, Any]) -> str:
    low, high = bar["from"], bar["to"]
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"


def _numbers(lengths: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{lengths[name]:,}" for name in ("median", "p90", "longest")}
