"""Recall on marked chat lines and the share of clean lines touched, by type.

    python -m tests.persona_core.privacy.evaluation [--learn] [--show]

    spans.txt, clean.txt   type             marked covered   right
                           PHONE                48      48      48

The files beside this one hold one chat line each. In spans*.txt what is private is marked {TYPE|text}, and a comment
names the participants; in clean*.txt nothing is private. A stretch is covered only when every one of its letters is,
by whatever type; right when it is covered by its own type alone (a nickname may pass for a name). ``--learn`` lets
the morphological analyser read the lines first, ``--show`` prints what was missed, mistaken or touched.
"""

import argparse
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from persona_core.privacy import KINDS, Names, Span, detect, learn

HERE = Path(__file__).parent
SETS = (
    "",
    "_held_out",
    "_last",
    "_fresh",
    "_disguised",
    "_unseen",
    "_names",
    "_parents",
    "_students",
    "_unusual",
)
_PARTICIPANTS = re.compile(r"# Participants: (.+), (.+)\. Nicknames: (.+)\.")
_NAMED = frozenset({"NAME", "NICKNAME"})
_MARK = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")


@dataclass(frozen=True)
class Line:
    text: str
    marked: tuple[Span, ...]


@dataclass
class Result:
    marked: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    touched: int = 0
    shown: list[str] = field(default_factory=list)

    def recall(self, *kinds: str) -> float:
        """The share of marked stretches covered, of the given types or of all."""
        chosen = kinds or tuple(self.marked)
        return sum(self.covered[k] for k in chosen) / sum(self.marked[k] for k in chosen)

    def table(self) -> str:
        kinds = [k for k in KINDS if self.marked[k]]
        rows = [(k, self.marked[k], self.covered[k], self.right[k]) for k in kinds]
        rows.append(("all", self.marked.total(), self.covered.total(), self.right.total()))
        share = f"{self.recall():.1%} covered, {self.touched} of {self.clean} clean lines touched"
        lines = [f"{kind:16}{marked:7}{covered:8}{right:8}" for kind, marked, covered, right in rows]
        return "\n".join([f"{'type':16}{'marked':>7}{'covered':>8}{'right':>8}", *lines, share])


def read(name: str) -> list[Line]:
    """The lines of a file, without comments and marks."""
    lines = []
    for raw in (HERE / name).read_text(encoding="utf-8").splitlines():
        if raw and not raw.startswith("#"):
            lines.append(_line(raw))
    return lines


def _line(raw: str) -> Line:
    text, marked, last = "", [], 0
    for mark in _MARK.finditer(raw):
        text += raw[last : mark.start()]
        marked.append(Span(len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        last = mark.end()
    return Line(text + raw[last:], tuple(marked))


def participants(name: str) -> tuple[str, str, list[str]]:
    """The two speakers of a file and their nicknames, from its comment."""
    found = _PARTICIPANTS.search((HERE / name).read_text(encoding="utf-8"))
    assert found, name
    return found[1], found[2], found[3].split(", ")


def evaluate(suffix: str = "", *, with_analyser: bool = False) -> Result:
    """Run the detector over spans<suffix>.txt and clean<suffix>.txt."""
    private, clean = read(f"spans{suffix}.txt"), read(f"clean{suffix}.txt")
    learned = learn(line.text for line in private + clean) if with_analyser else {}
    names = Names(*participants(f"spans{suffix}.txt"), learned=learned)
    result = Result(clean=len(clean))
    for line in private:
        _judge(line, detect(line.text, names), result)
    for line in clean:
        if spans := detect(line.text, names):
            result.touched += 1
            result.shown.append(f"touched ({', '.join(span.type for span in spans)}): {line.text}")
    return result


def _judge(line: Line, spans: tuple[Span, ...], result: Result) -> None:
    types = {i: span.type for span in spans for i in range(span.start, span.end)}
    for mark in line.marked:
        found = {types.get(i) for i in range(mark.start, mark.end)}
        result.marked[mark.type] += 1
        if None in found:
            result.shown.append(f"missed {mark.type}: {line.text}")
            continue
        result.covered[mark.type] += 1
        if found <= (_NAMED if mark.type in _NAMED else {mark.type}):
            result.right[mark.type] += 1
        else:
            result.shown.append(f"taken for {', '.join(map(str, found))}, is {mark.type}: {line.text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    for suffix in SETS:
        result = evaluate(suffix, with_analyser=options.learn)
        print(f"spans{suffix}.txt, clean{suffix}.txt", result.table(), sep="\n")
        if options.show:
            print("\n".join(result.shown))
        print()


if __name__ == "__main__":
    main()
