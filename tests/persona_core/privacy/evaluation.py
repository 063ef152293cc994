"""Recall on marked chat lines and the share of clean lines touched, by type.

    python -m tests.persona_core.privacy.evaluation [--learn] [--show]

The files beside this one hold one chat line each. In spans*.txt what is private is marked {TYPE|text}; in clean*.txt
nothing is private. A stretch counts as found only when every one of its letters is covered. ``--learn`` lets the
morphological analyser read the lines first, ``--show`` prints what was missed or touched.
"""

import argparse
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from persona_core.privacy import KINDS, Names, Span, detect, learn

HERE = Path(__file__).parent
SPEAKERS = ("김도윤", "이서연")
NICKNAMES = ("꼬물이", "곰도리")
_MARK = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")


@dataclass(frozen=True)
class Line:
    text: str
    marked: tuple[Span, ...]


@dataclass
class Result:
    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    touched: int = 0
    shown: list[str] = field(default_factory=list)

    def recall(self, *kinds: str) -> float:
        """The share of marked stretches found, of the given types or of all."""
        chosen = kinds or tuple(self.marked)
        return sum(self.found[k] for k in chosen) / sum(self.marked[k] for k in chosen)

    def table(self) -> str:
        rows = [f"{k:16}{self.found[k]:4} of {self.marked[k]:3}" for k in KINDS if self.marked[k]]
        whole = f"{'all':16}{self.found.total():4} of {self.marked.total():3}  {self.recall():.1%}"
        return "\n".join([*rows, whole, f"{'clean, touched':16}{self.touched:4} of {self.clean:3}"])


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


def evaluate(suffix: str = "", *, with_analyser: bool = False) -> Result:
    """Run the detector over spans<suffix>.txt and clean<suffix>.txt."""
    private, clean = read(f"spans{suffix}.txt"), read(f"clean{suffix}.txt")
    learned = learn(line.text for line in private + clean) if with_analyser else {}
    names = Names(*SPEAKERS, NICKNAMES, learned=learned)
    result = Result(clean=len(clean))
    for line in private:
        covered = {i for span in detect(line.text, names) for i in range(span.start, span.end)}
        for span in line.marked:
            result.marked[span.type] += 1
            if covered.issuperset(range(span.start, span.end)):
                result.found[span.type] += 1
            else:
                result.shown.append(f"missed {span.type}: {line.text}")
    for line in clean:
        if spans := detect(line.text, names):
            result.touched += 1
            result.shown.append(f"touched ({', '.join(span.type for span in spans)}): {line.text}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    for suffix in ("", "_held_out", "_last"):
        result = evaluate(suffix, with_analyser=options.learn)
        print(f"spans{suffix}.txt, clean{suffix}.txt", result.table(), sep="\n")
        if options.show:
            print("\n".join(result.shown))
        print()


if __name__ == "__main__":
    main()
