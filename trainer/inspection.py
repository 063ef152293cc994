"""`persona inspect` and `persona mask`: look at a chat, or at what masking does, before anything is made of it.

    {"files": [{"path": "KakaoTalkChats.txt", "platform": "Android", "language": "ko", "clock_hours": 12, …}],
     "messages": 2422, "sessions": 300, "span": {"first": "2025-06-02T07:48:00", "last": "2025-11-30T23:10:00"},
     "kinds": {"text": 2368, "media": 38, …},
     "participants": [{"name": "김도윤", "messages": 1567, "share": 0.647, "style": {…}}, …],
     "per_month": {"2025-06": 410, …}, "per_hour": [12, 3, 0, …]}

Nothing is written to disk. Names are shown: this is for the person whose chat it is.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from persona_core.errors import DataError
from persona_core.privacy import Masker, is_label
from persona_core.texts import text
from trainer.chatlog import Chat, Message, open_chat
from trainer.chatlog.senders import OWN_LABELS
from trainer.dataset.formats import dump
from trainer.dataset.preparation import tell_unread
from trainer.dataset.reading import is_prepared
from trainer.dataset.style import Style, StyleCounter
from trainer.exports import check_findable
from trainer.progress import bar, console, say
from trainer.settings import Settings

_SHOWN = 20  # speakers in the table: an open chat has hundreds; the JSON document has them all
_BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(slots=True)
class Overview:
    """What one pass over a chat sees."""

    messages: int = 0
    sessions: int = 0
    first: datetime = datetime.max
    last: datetime = datetime.min
    kinds: Counter[str] = field(default_factory=Counter)
    senders: Counter[str] = field(default_factory=Counter)
    months: Counter[tuple[int, int]] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    styles: dict[str, StyleCounter] = field(default_factory=dict)


def inspect(exports: Sequence[Path], *, as_json: bool) -> None:
    """Show who speaks in ``exports``, when and how: a table on stderr, or one JSON document on stdout.

    Raises:
        ExportError: the exports cannot be read, or are of two chats.
        DataError: they are prepared rows.
    """
    if is_prepared(exports):
        raise DataError("inspection.prepared", path=exports[0])
    chat = open_chat(exports)
    with bar("inspection.bar", chat.size, of_bytes=True) as advance:
        overview = look(chat.messages(advance))
    if as_json:
        sys.stdout.write(json.dumps(_document(chat, overview), ensure_ascii=False, indent=2) + "\n")
    else:
        _show(chat, overview, exports)


def look(messages: Iterable[Message]) -> Overview:
    """Count ``messages``, which come in order of time."""
    seen, gap = Overview(), timedelta(minutes=Settings().session_gap_minutes)
    before, speaker = datetime.min, ""
    for message in messages:
        seen.messages += 1
        seen.kinds[message.kind] += 1
        if message.kind == "system":
            continue
        at, sender = message.sent_at, message.sender
        seen.first = min(seen.first, at)
        begins = at - before > gap
        seen.sessions += begins
        seen.months[at.year, at.month] += 1
        seen.hours[at.hour] += 1
        if sender:
            seen.senders[sender] += 1
        if message.kind == "text":
            counter = seen.styles.get(sender) or seen.styles.setdefault(sender, StyleCounter())
            counter.add(message.text, opens_turn=begins or sender != speaker)
        before, speaker = at, sender
    seen.last = before
    return seen


def mask_lines(
    lines: Iterable[bytes], names: Sequence[str], nicknames: Sequence[str], *, as_json: bool
) -> None:
    """`persona mask`: every line masked on stdout, answered as it comes; with ``as_json`` one object a line.

    A line ends in LF or CRLF and is a message of its own. ``names`` are the participants': the first is the persona,
    the second the partner, the others are other people.
    ``{"text": masked, "spans": [{"start", "end", "type"}]}`` has offsets into the line as it was given, in characters
    (code points), its end left out and nothing else: a byte-order mark counts.

    Raises:
        SettingsError: one of the names or nicknames is none that could be found.
        DataError: a line is not UTF-8; those before it are answered.
    """
    check_findable({"names": names, "nicknames": nicknames})
    persona, partner, others = names[:1], names[1:2], names[2:]
    masker = Masker(persona=persona, partner=partner, nicknames=nicknames, others=others)
    for number, line in enumerate(lines, start=1):
        masked = masker.mask(_decoded(line, number))
        row = {"text": masked.text, "spans": [asdict(span) for span in masked.spans]}
        sys.stdout.write((dump(row) if as_json else masked.text) + "\n")
        sys.stdout.flush()  # whoever waits for the answer to one line before giving the next gets it


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("inspection.not_utf8", line=number) from error


# --- showing ---


def _participants(seen: Overview) -> list[tuple[str, int, Style]]:
    return [
        (name, count, seen.styles.get(name, StyleCounter()).style())
        for name, count in seen.senders.most_common()
    ]


def _months(seen: Overview) -> dict[str, int]:
    """Every month from the first to the last, the silent ones too."""
    present = [year * 12 + month - 1 for year, month in seen.months]
    return {
        f"{m // 12}-{m % 12 + 1:02}": seen.months[m // 12, m % 12 + 1]
        for m in range(min(present), max(present) + 1)
    }


def _document(chat: Chat, seen: Overview) -> dict[str, Any]:
    total = seen.senders.total()
    return {
        "files": [
            {
                "path": export.name,
                **asdict(export.format),
                "unread_lines": export.unread.count,
                "first_unread": export.unread.first,
            }
            for export in chat.exports
        ],
        "messages": seen.messages,
        "sessions": seen.sessions,
        "span": {"first": seen.first.isoformat(), "last": seen.last.isoformat()},
        "kinds": dict(seen.kinds.most_common()),
        "participants": [
            {"name": name, "messages": count, "share": round(count / total, 3), "style": asdict(style)}
            for name, count, style in _participants(seen)
        ],
        "per_month": _months(seen),
        "per_hour": [seen.hours[hour] for hour in range(24)],
    }


def _show(chat: Chat, seen: Overview, paths: Sequence[Path]) -> None:
    for export in chat.exports:
        say("inspection.file", path=export.name, format=export.format)
    tell_unread(chat)
    say(
        "inspection.span",
        messages=f"{seen.messages:,}",
        sessions=f"{seen.sessions:,}",
        first=f"{seen.first:%Y-%m-%d}",
        last=f"{seen.last:%Y-%m-%d}",
    )
    table = Table(box=box.SIMPLE)
    table.add_column(text("inspection.name"))
    for column in ("messages", "length", "bubbles", "laugh", "soft_laugh", "cry", "short", "polite"):
        table.add_column(text(f"inspection.{column}"), justify="right")
    for name, count, style in _participants(seen)[:_SHOWN]:
        shares = (
            style.laugh_share,
            style.soft_laugh_share,
            style.cry_share,
            style.short_share,
            style.polite_share,
        )
        table.add_row(
            Text(name),
            f"{count:,}",
            f"{style.mean_length:.1f}",
            f"{style.bubbles_per_turn:.2f}",
            *(f"{share:.0%}" for share in shares),
        )
    console().print(table)
    say("inspection.legend")
    say("inspection.kinds", kinds=", ".join(f"{kind} {count:,}" for kind, count in seen.kinds.most_common()))
    say("inspection.per_hour", line=_line([seen.hours[hour] for hour in range(24)]))
    months = _months(seen)
    say("inspection.per_month", first=min(months), line=_line(list(months.values())), last=max(months))
    given = " ".join(f'"{path}"' if " " in str(path) else str(path) for path in paths)
    if owner := _owner(chat, seen):
        say("inspection.next", paths=given, me=owner, names=_further_names(owner, seen))
    else:
        say("inspection.next_who", paths=given)


def _owner(chat: Chat, seen: Overview) -> str:
    """Whose export this is, where it says so: it calls its owner 회원님 or You, or its room by the other of two."""
    names = set(seen.senders)
    if own := names & OWN_LABELS:
        return min(own)
    titles = {export.room_title for export in chat.exports}
    left = names - titles
    return min(left) if len(names) == 2 and len(left) == 1 else ""


def _further_names(owner: str, seen: Overview) -> str:
    """The options that give the names of those whom the export calls 회원님 or ♥: without them nothing is trained."""
    others = set(seen.senders) - {owner}
    options = ((" --my-names ", [owner], "your_name"), (" --partner-names ", others, "their_name"))
    return "".join(
        option + text(f"privacy.{name}")
        for option, labels, name in options
        if len(labels) == 1 and all(map(is_label, labels))
    )


def _line(counts: Sequence[int]) -> str:
    """A chart one line high."""
    highest = max(counts, default=0) or 1
    return "".join(_BLOCKS[-(-count * (len(_BLOCKS) - 1) // highest)] for count in counts)
