"""Export -> data/: read, curate, mask, cut into examples, choose, split, write, report. Nothing unmasked is written.

The chat is read twice: to see who is there, and then session by session, so that memory does not grow: the examples go
to a file on the way, and only numbers about them (`Ledger`) are kept to choose by.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from persona_core.errors import DataError, StorageError
from persona_core.privacy import learn
from persona_core.prompt import ChatFormat
from trainer.chatlog import Chat, Message, open_chat
from trainer.chatlog.source import find_sources
from trainer.dataset.dealing import Dealer, drop_example
from trainer.dataset.ledger import Ledger
from trainer.dataset.likeness import Copies
from trainer.dataset.reading import batches, is_prepared, read_prepared, read_sessions
from trainer.dataset.report import Report, Source, build_report, write_report
from trainer.dataset.row_rules import Format
from trainer.dataset.selection import most_informative
from trainer.dataset.shaping import NOBODY, Item, Order, People, shape_all
from trainer.dataset.split import split
from trainer.dataset.tally import Tally
from trainer.progress import bar, say
from trainer.run import REPORT, TRAIN, VALIDATION, Run, disk, made_folder, removed, storage, whole_folder
from trainer.settings import Settings

FEW_EXAMPLES = 50  # below this little is learned; 100 to 500 already teach a style

_SMALL = 4_000_000  # bytes: below this, starting processes takes longer than the work
_MOST_PROCESSES = 4  # each holds a masker of its own: memory is worth more than the last seconds


def prepare(run: Run) -> None:
    """Write ``train.jsonl``, ``validation.jsonl``, ``report.json`` and ``report.html`` into the run's data folder.

    Raises:
        ExportError: the export cannot be read.
        DataError: the persona never answers, or too little is left to hold anything out.
        StorageError: the disk is full; nothing is left behind.
    """
    with whole_folder(run.data) as folder:
        report = write_data(run.settings, folder)
    _tell(report)


def prepare_files(settings: Settings, folder: Path, row_format: Format) -> None:
    """`persona prepare`: the same files in any folder, in any format. What else lies in ``folder`` stays.

    Raises:
        ExportError, DataError, StorageError: as `prepare`; the files of an earlier call are untouched.
        StorageError: examples lie there that we did not write.
    """
    with storage(folder):
        for file in (folder / TRAIN, folder / VALIDATION):
            if file.exists() and not _is_ours(folder / REPORT):
                raise StorageError("dataset.foreign", path=file)
    with _whole_files(folder) as unfinished:
        report = write_data(settings, unfinished, row_format)
    _tell(report)
    say("dataset.written", folder=folder)


def write_data(settings: Settings, folder: Path, row_format: Format = "messages") -> Report:
    """Fill ``folder``, and give back what report.json says; see `prepare`."""
    preparation = Preparation(settings, folder)
    preparation.read()
    return preparation.write(row_format)


class Preparation:
    """One chat on its way to examples: first `read`, then `write`."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._chat_format = ChatFormat()
        self._everything = folder / "all.jsonl"
        self._tally = Tally()
        self._copies = Copies()
        self._ledger = Ledger()
        self._sources: list[Source] = []

    def read(self) -> None:
        """Write every new example on a line of its own, and a row for each into the ledger."""
        paths = [Path(export) for export in self._settings.exports]
        if is_prepared(paths):
            self._read_prepared(paths)
        else:
            say("dataset.begin", me=self._settings.me, partner=self._settings.partner)
            self._read_chat(open_chat(paths))

    def _read_prepared(self, paths: Sequence[Path]) -> None:
        size = sum(source.size for path in paths for source in find_sources(path))
        with bar("dataset.bar", size, of_bytes=True) as advance:
            self._shape(read_prepared(paths, self._chat_format, self._tally, advance), size)
        self._sources = [Source("jsonl") for _ in paths]

    def _read_chat(self, chat: Chat) -> None:
        """Once to see who is there and who is spoken of, once to mask and cut."""
        with bar("dataset.meeting", chat.size, of_bytes=True) as advance:
            people = _meet(chat.messages(advance))
        with bar("dataset.bar", chat.size, of_bytes=True) as advance:
            self._shape(read_sessions(chat.messages(advance), self._settings, self._tally), chat.size, people)
        tell_unread(chat)
        self._sources = [
            Source(
                export.format.platform,
                export.format.language,
                export.format.clock_hours,
                export.unread.count,
                tuple(export.unread.first),
            )
            for export in chat.exports
        ]

    def _shape(self, items: Iterable[Item], size: int, people: People = NOBODY) -> None:
        processes = 1 if size < _SMALL else max(1, min(_MOST_PROCESSES, os.cpu_count() or 1))
        order = Order.of(self._settings, people, self._chat_format)
        with self._everything.open("w", encoding="utf-8", newline="\n") as file:
            for shaped in shape_all(batches(items), order, processes):
                self._tally.add(shaped.tally)
                for record in shaped.records:
                    if rule := self._copies.rule(record.identity, record.sketch):
                        drop_example(self._tally, rule, record.line, record.labels, self._chat_format)
                    else:
                        self._ledger.add(record)
                        file.write(record.line + "\n")

    def write(self, row_format: Format) -> Report:
        """Choose, split, write the two files and the report."""
        source = ", ".join(self._settings.exports)
        if not self._tally.messages:
            raise DataError("dataset.too_little", path=source, count=0)
        if not len(self._ledger):
            raise DataError("dataset.persona_never_speaks", me=self._settings.me)
        chosen: Sequence[int] = range(len(self._ledger))
        if 0 < self._settings.max_examples < len(self._ledger):
            chosen = most_informative(self._ledger, self._settings.max_examples)
        parts = split(self._ledger, chosen, self._settings.validation_share, source)
        dealer = Dealer(row_format, self._chat_format, self._tally)
        with bar("dataset.dealing", len(self._ledger)) as advance:
            dealt = dealer.deal(self._everything, self._ledger, parts, advance)
        self._everything.unlink()
        report = build_report(self._settings, row_format, self._tally, self._sources, dealt)
        write_report(report, self._folder)
        return report


def _meet(messages: Iterable[Message]) -> People:
    """Who speaks, and which doubtful words are people's names in this chat."""
    speakers: set[str] = set()

    def texts() -> Iterator[str]:
        for message in messages:
            if message.kind != "system":
                speakers.add(message.sender)
            if message.kind == "text":
                yield message.text

    said = texts()
    learned = learn(said)
    for _ in said:  # whoever does not learn has not listened
        pass
    return People(tuple(sorted(speakers - {""})), learned)


def _is_ours(report: Path) -> bool:
    """Whether a report of an earlier call lies there."""
    try:
        return "row_format" in json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


@contextmanager
def _whole_files(folder: Path) -> Iterator[Path]:
    """A folder to fill; its files replace those of ``folder`` when the block ends well, and vanish when it does not."""
    unfinished = folder / ".prepare.partial"
    with made_folder(folder), removed(unfinished):
        with storage(folder):
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
        with disk(folder):
            yield unfinished
        for file in sorted(unfinished.iterdir()):
            with storage(folder / file.name):
                file.replace(folder / file.name)


def tell_unread(chat: Chat) -> None:
    """Say which lines of ``chat``, read to its end, could not be read as what they were meant; nothing when all were."""
    for export in chat.exports:
        told = {"unread": export.unread, "oversized": export.oversized, "quoted": export.quoted}
        for key, lines in told.items():
            if lines.count:
                more = " …" if lines.count > len(lines.first) else ""
                first = ", ".join(map(str, lines.first)) + more
                say(f"dataset.{key}", path=export.name, count=f"{lines.count:,}", first=first)
            if lines.junk:
                say("dataset.junk", path=export.name, junk=lines.junk)


def _tell(report: Report) -> None:
    say(
        "dataset.done",
        messages=f"{report['messages']:,}",
        train=f"{report['examples']['train']:,}",
        validation=f"{report['examples']['validation']:,}",
        masked=f"{sum(report['masked'].values()):,}",
    )
    if report["examples"]["train"] < FEW_EXAMPLES:
        say("dataset.few", count=report["examples"]["train"])
