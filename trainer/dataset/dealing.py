"""The examples' file -> train.jsonl and validation.jsonl, in the asked format, and twenty of them for the report."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from persona_core.prompt import ChatFormat
from trainer.dataset.example import Example
from trainer.dataset.formats import dump, to_rows
from trainer.dataset.ledger import Ledger
from trainer.dataset.row_rules import Format, check
from trainer.dataset.specimen import shortened
from trainer.dataset.split import Parts
from trainer.dataset.tally import Tally
from trainer.run import TRAIN, VALIDATION

SHOWN = 20  # examples in the report: a few minutes' reading
_STEP = 256  # lines between two moves of the progress bar: some milliseconds


@dataclass(slots=True)
class Dealt:
    """What was written."""

    rows: Counter[str] = field(default_factory=Counter)  # by file
    persona_turns: int = 0
    persona_messages: int = 0
    tokens: Counter[int] = field(
        default_factory=Counter
    )  # how many examples are how long (estimated, from above)
    shown: list[Example] = field(default_factory=list)


class Dealer:
    """Writes lines in one format and counts what the format's rules do not let through."""

    def __init__(self, row_format: Format, chat_format: ChatFormat, tally: Tally) -> None:
        self.dealt = Dealt()
        self._row_format = row_format
        self._chat_format = chat_format
        self._tally = tally

    def deal(self, everything: Path, ledger: Ledger, parts: Parts, advance: Callable[[float], None]) -> Dealt:
        """Write each line of ``everything`` to the file beside it that ``parts`` gives it to; count the others.

        ``advance`` hears how many lines are done.
        """
        train = parts.train if isinstance(parts.train, range) else set(parts.train)
        validation = set(parts.validation)
        step = max(1, len(parts.train) // SHOWN)
        shown = set(parts.train[step - 1 :: step][:SHOWN])
        with (
            everything.open(encoding="utf-8", newline="\n") as lines,
            (everything.parent / TRAIN).open("w", encoding="utf-8", newline="\n") as train_file,
            (everything.parent / VALIDATION).open("w", encoding="utf-8", newline="\n") as validation_file,
        ):
            for index, line in enumerate(lines):
                if index % _STEP == 0:
                    advance(_STEP)
                if index not in train and index not in validation:
                    rule = "near_copy_of_training" if index in parts.copies else "over_max_examples"
                    drop_example(self._tally, rule, line, ledger.labels[index], self._chat_format)
                    continue
                name, file = (TRAIN, train_file) if index in train else (VALIDATION, validation_file)
                if self._row_format == "messages":
                    file.write(line)
                    self._count(name, ledger.turns[index], ledger.labels[index])
                else:
                    file.writelines(self._rows(name, line))
                self.dealt.tokens[ledger.tokens[index]] += 1
                if index in shown:
                    self.dealt.shown.append(Example.from_json(line, self._chat_format))
        return self.dealt

    def _rows(self, name: str, line: str) -> list[str]:
        """The rows of an example that keep the format's rules."""
        example = Example.from_json(line, self._chat_format)
        rows = to_rows(example.turns, example.trained, self._row_format, self._chat_format)
        sizes = [(1, len(turn.bubbles)) for turn in example.learned]
        if len(rows) == 1:
            sizes = [(len(sizes), sum(messages for _, messages in sizes))]
        kept = []
        for row, (turns, messages) in zip(rows, sizes, strict=True):
            try:
                check(row)
            except ValueError:
                self._tally.drop("over_format_limit", persona=messages, unit="example")
            else:
                kept.append(dump(row) + "\n")
                self._count(name, turns, messages)
        return kept

    def _count(self, name: str, turns: int, messages: int) -> None:
        self.dealt.rows[name] += 1
        self.dealt.persona_turns += turns
        self.dealt.persona_messages += messages


def drop_example(tally: Tally, rule: str, line: str, labels: int, chat_format: ChatFormat) -> None:
    """Count an example that is left out, with its persona messages; the first one's last reply is shown."""
    shown = (
        ""
        if rule in tally.dropped
        else shortened(" / ".join(Example.from_json(line, chat_format).turns[-1].bubbles))
    )
    tally.drop(rule, persona=labels, unit="example", example=shown)
