"""``report.html``: the report as one page for a phone, Korean and English, with nothing loaded from anywhere.

The two languages stand side by side in the page and a switch shows one; there is no script. Everything that comes from
the chat is escaped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from persona_core.texts import LANGUAGES, language, text_in
from trainer.dataset.plots import Bar, bars

_PLACEHOLDER = re.compile(r"\[\[[A-Z0-9_]+\]\]")


def render_page(report: Mapping[str, Any]) -> str:
    """The whole page as text."""
    template = Template(files(__package__).joinpath("page.html").read_text("utf-8"))
    chosen = language()
    return template.substitute(
        language=chosen,
        title=escape(text_in(chosen, "report.title")),
        checked_ko=" checked" if chosen == "ko" else "",
        checked_en=" checked" if chosen == "en" else "",
        content="\n".join(_content(report)),
    )


def _content(report: Mapping[str, Any]) -> Iterable[str]:
    yield f"<h1>{_both('title')}</h1><p class=soft>{_both('private')}</p>"
    yield _figures(report)
    yield _read(report)
    yield _dropped(report)
    yield _masked(report)
    yield _section("per_month", _key() + bars(_by_side(report["per_month"], "month")))
    yield _section("per_hour", _key() + bars(_by_side(report["per_hour"], "hour")))
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
    rows = (f"<div><dt>{_both(name)}</dt><dd>{value:,}</dd></div>" for name, value in figures.items())
    return f"<dl>{''.join(rows)}</dl>"


def _read(report: Mapping[str, Any]) -> str:
    rows = [
        [
            _format(source),
            f"{source['unread_lines']:,}",
            escape(", ".join(map(str, source["first_unread"]))),
        ]
        for source in report["read"]
    ]
    return _section("read", _table(("format", "unread", "first_unread"), rows, numbers=(1,)))


def _format(source: Mapping[str, Any]) -> str:
    keys = [f"chatlog.language_{source['language']}"] * bool(source["language"])
    keys += [f"chatlog.clock_{source['clock_hours']}"] * bool(source["clock_hours"])
    return _in_each(
        {lang: ", ".join([source["platform"], *(text_in(lang, key) for key in keys)]) for lang in LANGUAGES}
    )


def _lengths(report: Mapping[str, Any]) -> str:
    tokens, sessions, bursts = report["tokens"], report["session_lengths"], report["bursts"]
    sides = [
        Bar(_span(mine), (mine["count"], theirs["count"]))
        for mine, theirs in zip(bursts["persona"]["histogram"], bursts["partner"]["histogram"], strict=True)
    ]
    means = {side: bursts[side]["mean"] for side in ("persona", "partner")}
    return "\n".join(
        (
            _section(
                "tokens",
                bars(_bars(tokens), limit_after=len(tokens["histogram"]) - 1),
                _both("tokens_note", **_numbers(tokens), limit=f"{tokens['limit']:,}"),
            ),
            _section(
                "session_lengths",
                bars(_bars(sessions)),
                _both("session_lengths_note", **_numbers(sessions), gap=report["session_gap_minutes"]),
            ),
            _section("bursts", _key() + bars(sides), _both("bursts_note", **means)),
        )
    )


def _dropped(report: Mapping[str, Any]) -> str:
    rows = [
        [
            f"{_rule(rule)}<span class=shown>{_words(rule['example'])}</span>",
            f"{rule['count']:,}",
            f"{rule['persona_messages']:,}",
        ]
        for rule in report["rules"]
    ]
    account = _both(
        "account_text",
        all=f"{report['persona_messages']:,}",
        learned=f"{report['learned_messages']:,}",
        dropped=f"{sum(rule['persona_messages'] for rule in report['rules']):,}",
    )
    return _section("dropped", _table(("rule", "count", "of_persona"), rows, numbers=(1, 2)), account)


def _rule(rule: Mapping[str, Any]) -> str:
    unit = f" <span class=unit>({_both('unit_example')})</span>" if rule["unit"] == "example" else ""
    return _both(f"rule_{rule['rule']}") + unit


def _masked(report: Mapping[str, Any]) -> str:
    rows = [[escape(kind), f"{count:,}"] for kind, count in report["masked"].items()]
    return _section("masked", _table(("type", "count"), rows, numbers=(1,)))


def _samples(samples: Sequence[Mapping[str, Any]]) -> str:
    talks = []
    for number, sample in enumerate(samples, start=1):
        bubbles = "".join(
            f'<div class="bubble {turn["role"]}{" learned" * turn["learned"]}">{_words(bubble)}</div>'
            for turn in sample["turns"]
            for bubble in turn["bubbles"]
        )
        summary = f"<summary>{_both('sample', number=number)}</summary>"
        is_open = " open" * (number == 1)
        talks.append(f"<details{is_open}>{summary}<div class=talk>{bubbles}</div></details>")
    title = _both("samples", count=len(samples))
    return f"<section><h2>{title}</h2><p class=soft>{_both('samples_note')}</p>{''.join(talks)}</section>"


# --- parts ---


def _both(name: str, **values: object) -> str:
    """The text ``report.<name>`` in both languages; the page shows one."""
    return _in_each({lang: text_in(lang, f"report.{name}", **values) for lang in LANGUAGES})


def _in_each(texts: Mapping[str, str]) -> str:
    return "".join(
        f'<span class="in-{lang}" lang="{lang}">{escape(said)}</span>' for lang, said in texts.items()
    )


def _section(title: str, body: str, note: str = "") -> str:
    note = note and f"<p class=soft>{note}</p>"
    return f"<section><h2>{_both(title)}</h2>{note}{body}</section>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    if not rows:
        return f"<p class=soft>{_both('nothing')}</p>"

    def cells(tag: str, row: Iterable[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' * (place in numbers)}>{cell}</{tag}>" for place, cell in enumerate(row)
        )

    head = cells("th", map(_both, columns))
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _key() -> str:
    return f"<p class=key><i class=p0></i>{_both('persona')}<i class=p1></i>{_both('partner')}</p>"


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
