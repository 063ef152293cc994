"""What the exports are: whose talk, and which bytes.

speakers_of([Path("KakaoTalkChats.txt")], "도윤", "")     # ("김도윤", "이서연"), as the export writes them
digest_of([Path("KakaoTalkChats.txt")])                  # "5ec4…": another chat is another run
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from persona_core.errors import SettingsError
from trainer.progress import bar


def speakers_of(exports: Sequence[Path], me: str, partner: str) -> tuple[str, str]:
    """The two names as the export writes them; the partner is the only other person unless named."""
    from trainer.chatlog import count_senders, find_partner, find_sender, open_chat
    from trainer.chatlog.source import find_sources
    from trainer.dataset.reading import is_prepared

    if is_prepared(exports):
        for path in exports:
            find_sources(path)  # a file that is not there is said now
        return me, partner  # masked already: the names are only shown
    chat = open_chat(exports)
    with bar("inspection.bar", chat.size, of_bytes=True) as advance:
        said = count_senders(chat.messages(advance))
    if not me:
        raise SettingsError("cli.no_me", names=", ".join(said))
    me = find_sender(me, said)
    if partner:
        partner = find_sender(partner, said)
        if partner == me:
            raise SettingsError("pipeline.same_person", name=me)
        return me, partner
    found = find_partner(me, said)
    if not found:
        raise SettingsError("pipeline.alone", me=me)
    return me, found


def digest_of(paths: Sequence[Path]) -> str:
    """One sha256 over the exports' own, so that the order they are given in does not matter."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]))
    each = []
    for file in files:
        if file.suffix in (".txt", ".csv", ".zip", ".jsonl") or file in paths:
            with file.open("rb") as stream:
                each.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(each)).encode()).hexdigest()
