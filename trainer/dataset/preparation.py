"""Export -> data/: read, mask, cut into examples, split, write, report. Nothing unmasked is written.

Two readings of the export: the first counts who speaks (names are masked by it), the second makes examples, one
session at a time, so that memory does not grow with the chat.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from persona_core.errors import DataError
from persona_core.privacy import Masker
from persona_core.prompt import ChatFormat, Turn
from trainer.chatlog import merge_exports
from trainer.chatlog.message import Message
from trainer.dataset.example import Example
from trainer.dataset.split import last_exchange, split_by_time
from trainer.dataset.turns import split_sessions, to_turns
from trainer.dataset.windows import windows
from trainer.progress import say
from trainer.run import Run, whole_folder, write_whole
from trainer.settings import Settings

FEW_EXAMPLES = 50  # below this little is learned; 100 to 500 already teach a style


@dataclass(slots=True)
class Tally:
    """What happened to every message and every example, by count."""

    messages: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # messages by kind, examples by rule
    sessions: int = 0
    persona_turns: int = 0
    persona_bubbles: int = 0


def prepare(run: Run) -> None:
    """Write ``train.jsonl``, ``validation.jsonl`` and ``report.json`` into the run's data folder.

    Raises:
        DataError: the persona never answers, or too little is left to hold anything out.
    """
    settings, chat_format, tally = run.settings, ChatFormat(), Tally()
    masker = Masker(persona=settings.me, partner=settings.partner, nicknames=settings.names)
    say("dataset.begin", me=settings.me, partner=settings.partner)
    with whole_folder(run.data) as data:
        everything = data / "all.jsonl"
        examples = _examples(settings, masker, tally)
        session_of, exchange_of = _write(everything, examples, chat_format)
        if not session_of:
            raise DataError("dataset.persona_never_speaks", me=settings.me)
        cut = split_by_time(session_of, settings.validation_share)
        known = set(exchange_of[:cut])
        held_out = [i for i in range(cut, len(session_of)) if exchange_of[i] not in known]
        if cut == 0 or not held_out:
            raise DataError("dataset.too_little", count=len(session_of))
        tally.dropped["near_copy_of_training"] = len(session_of) - cut - len(held_out)
        _split(everything, data, cut, set(held_out))
        report = _report(tally, masker, train=cut, validation=len(held_out))
        write_whole(data / run.data_report.name, json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    _tell(report)


def _examples(settings: Settings, masker: Masker, tally: Tally) -> Iterator[tuple[int, Example]]:
    """Every new example with the number of its session, in order of time."""
    seen: set[int] = set()
    gap = timedelta(minutes=settings.session_gap_minutes)
    speech = _speech(merge_exports([Path(path) for path in settings.exports]), tally)
    for number, session in enumerate(split_sessions(speech, gap)):
        tally.sessions += 1
        turns = _masked(to_turns(session, settings.me), masker)
        for example in windows(turns, settings.max_length):
            fingerprint = hash(example.turns)
            if fingerprint in seen:  # examples, never single messages: ㅇㅇ a thousand times is style
                tally.dropped["same_example_again"] += 1
                continue
            seen.add(fingerprint)
            tally.persona_turns += sum(example.trained)
            yield number, example


def _speech(messages: Iterable[Message], tally: Tally) -> Iterator[Message]:
    """What was said; photos, calls, notices and deleted messages are counted and left out."""
    for message in messages:
        tally.messages += 1
        if message.kind == "text":
            yield message
        else:
            tally.dropped[message.kind] += 1


def _masked(turns: Iterable[Turn], masker: Masker) -> tuple[Turn, ...]:
    return tuple(Turn(turn.role, tuple(masker.mask_bubbles(turn.bubbles))) for turn in turns)


def _write(
    path: Path, examples: Iterable[tuple[int, Example]], chat_format: ChatFormat
) -> tuple[list[int], list[int]]:
    """Write every example; give back each one's session and the fingerprint of its last exchange."""
    session_of: list[int] = []
    exchange_of: list[int] = []
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for session, example in examples:
            file.write(example.to_json(chat_format) + "\n")
            session_of.append(session)
            exchange_of.append(last_exchange(example))
    return session_of, exchange_of


def _split(everything: Path, data: Path, cut: int, held_out: set[int]) -> None:
    """Deal the lines of ``everything`` to the two files, and remove it."""
    keep: tuple[tuple[str, Callable[[int], bool]], ...] = (
        ("train.jsonl", lambda index: index < cut),
        ("validation.jsonl", held_out.__contains__),
    )
    for name, belongs in keep:
        with everything.open("rb") as lines, (data / name).open("wb") as file:
            file.writelines(line for index, line in enumerate(lines) if belongs(index))
    everything.unlink()


def _report(tally: Tally, masker: Masker, *, train: int, validation: int) -> dict[str, object]:
    return {
        "messages": tally.messages,
        "sessions": tally.sessions,
        "persona_turns": tally.persona_turns,
        "examples": {"train": train, "validation": validation},
        "dropped": dict(sorted(tally.dropped.items())),
        "masked": dict(sorted(masker.counts.items())),
    }


def _tell(report: dict[str, object]) -> None:
    examples = report["examples"]
    assert isinstance(examples, dict)
    masked = report["masked"]
    assert isinstance(masked, dict)
    say(
        "dataset.done",
        messages=f"{report['messages']:,}",
        train=f"{examples['train']:,}",
        validation=f"{examples['validation']:,}",
        masked=f"{sum(masked.values()):,}",
    )
    if examples["train"] < FEW_EXAMPLES:
        say("dataset.few", count=examples["train"])
