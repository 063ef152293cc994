"""What examples are made of, read session by session: chat exports, or rows that were prepared before.

    messages of an export   ->  (0, [Spoken, Spoken, …]), (1, […]), …
    rows of a .jsonl file   ->  (0, Example), (1, Example), …

The number is the session's; two windows of one session share it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from persona_core.errors import DataError
from persona_core.prompt import ChatFormat
from trainer.chatlog.message import Message
from trainer.chatlog.source import PREPARED
from trainer.dataset.curation import Curator, Spoken
from trainer.dataset.example import Example, read_examples
from trainer.dataset.formats import fresh
from trainer.dataset.shaping import Batch, Item, Session
from trainer.dataset.tally import Tally
from trainer.dataset.turns import split_sessions
from trainer.settings import Settings

BATCH = 100_000  # characters shaped at once: half a second's work, half a megabyte


def is_prepared(paths: Sequence[Path]) -> bool:
    """Whether the inputs are rows that were prepared before.

    Raises:
        DataError: some are and some are not.
    """
    prepared = [path.suffix == PREPARED for path in paths]
    if any(prepared) and not all(prepared):
        raise DataError("dataset.mixed_inputs", path=paths[prepared.index(True)])
    return all(prepared)


def read_sessions(messages: Iterable[Message], settings: Settings, tally: Tally) -> Iterator[Item]:
    """Every session with its number, each message judged by the rules that need its sender or what came before."""
    curator = Curator(settings.me, settings.partner)
    aside: list[Spoken] = []  # of nobody: they lengthen no session
    gap = timedelta(minutes=settings.session_gap_minutes)
    number = 0
    people = _of_people(messages, curator, aside, tally)
    for number, session in enumerate(split_sessions(people, gap, settings.me), start=1):
        tally.sessions += 1
        tally.session_lengths[len(session)] += 1
        said = [curator.judge(message) for message in session]
        _count_times(session, said, tally)
        yield number, [*aside, *said]
        aside.clear()
    if aside:
        yield number + 1, aside


def _of_people(
    messages: Iterable[Message], curator: Curator, aside: list[Spoken], tally: Tally
) -> Iterator[Message]:
    for message in messages:
        tally.messages += 1
        if message.kind == "system" or (message.kind == "deleted" and not message.sender):
            aside.append(curator.judge(message))
        else:
            yield message


def _count_times(session: Iterable[Message], said: Iterable[Spoken], tally: Tally) -> None:
    for message, spoken in zip(session, said, strict=True):
        at, mine = message.sent_at, spoken.by_persona
        tally.persona_messages += mine
        tally.months[at.year * 100 + at.month, mine] += 1
        tally.hours[at.hour, mine] += 1


def read_prepared(
    paths: Iterable[Path], chat_format: ChatFormat, tally: Tally, advance: Callable[[float], None]
) -> Iterator[Item]:
    """The rows of prepared files. One that begins with what is already trained goes on with the session before it."""
    number = 0
    for path in paths:
        for example in read_examples(path, chat_format):
            if example.trained[0]:
                number += 1
                tally.sessions += 1
            tally.messages += sum(len(turn.bubbles) for turn in fresh(example.turns, example.trained))
            tally.persona_messages += sum(len(turn.bubbles) for turn in example.learned)
            yield number, example
        advance(path.stat().st_size)


def batches(items: Iterable[Item]) -> Iterator[Batch]:
    """Parcels of about `BATCH` characters, never less than a session."""
    batch: list[Item] = []
    size = 0
    for number, said in items:
        batch.append((number, said))
        size += _size(said)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(said: Session | Example) -> int:
    if isinstance(said, Example):
        return sum(len(bubble) for turn in said.turns for bubble in turn.bubbles)
    return sum(len(spoken.text) for spoken in said)
