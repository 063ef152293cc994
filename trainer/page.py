"""A page for a phone in one file, Korean and English, with nothing loaded from anywhere: its frame and its parts.

    parts = Parts("report")                                  # texts report.<name>
    whole_page("report.title", [parts.section("masked", parts.table(("type", "count"), rows, numbers=(1,)))])

The two languages stand side by side in the page and a switch shows one; there is no script. Texts of ours are escaped
here; what comes from elsewhere (a chat, a setting) is escaped by whoever puts it into a cell or a body.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from persona_core.texts import LANGUAGES, language, text_in


def whole_page(title: str, content: Iterable[str], shown: str = "") -> str:
    """The page as text; ``title`` is the key of a text, ``shown`` the language it begins with: the reader's, or this.

    A form with the id ``answer`` sends along which language is shown when it is sent.
    """
    template = Template(files("trainer.dataset").joinpath("page.html").read_text("utf-8"))
    chosen = shown or language()
    return template.substitute(
        language=chosen,
        title=escape(text_in(chosen, title)),
        checked_ko=" checked" if chosen == "ko" else "",
        checked_en=" checked" if chosen == "en" else "",
        content="\n".join(content),
    )


def in_each(texts: Mapping[str, str]) -> str:
    """A text by language; the page shows one."""
    return "".join(
        f'<span class="in-{lang}" lang="{lang}">{escape(said)}</span>' for lang, said in texts.items()
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a page whose texts are those of one ``room``."""

    room: str

    def both(self, name: str, **values: object) -> str:
        """The text ``<room>.<name>`` in both languages."""
        return in_each({lang: text_in(lang, f"{self.room}.{name}", **values) for lang in LANGUAGES})

    def figures(self, figures: Mapping[str, str]) -> str:
        """Large numbers side by side, by the names of their texts."""
        cells = (f"<div><dt>{self.both(name)}</dt><dd>{value}</dd></div>" for name, value in figures.items())
        return f"<dl>{''.join(cells)}</dl>"

    def section(self, title: str, body: str, note: str = "") -> str:
        """A card; ``note`` stands small under its title."""
        note = note and f"<p class=soft>{note}</p>"
        return f'<section><h2 id="{title}">{self.both(title)}</h2>{note}{body}</section>'

    def chart(self, title: str, rows: Iterable[Sequence[str]], **values: object) -> str:
        """A line for each of ``rows``: who, then cells; an svg is a bar, anything else a figure.

        Bars are equally long in all charts that stand in one ``<div class=charts>``, on a phone as on a wide screen.
        """

        def cell(content: str) -> str:
            return f"<td>{content}</td>" if content.startswith("<svg") else f"<td class=number>{content}</td>"

        lines = (f"<tr><th scope=row>{who}</th>{''.join(map(cell, cells))}</tr>" for who, *cells in rows)
        return f"<table class=chart><caption>{self.both(title, **values)}</caption>{''.join(lines)}</table>"

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
        """A table with the texts ``columns`` as its head; the columns ``numbers`` are aligned as such."""
        if not rows:
            return f"<p class=soft>{self.both('nothing')}</p>"

        def cells(tag: str, row: Iterable[str]) -> str:
            return "".join(
                f"<{tag}{' class=number' * (place in numbers)}>{cell}</{tag}>"
                for place, cell in enumerate(row)
            )

        head = cells("th", map(self.both, columns))
        body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
        return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
