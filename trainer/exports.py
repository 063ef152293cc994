"""What the exports are: whose talk, and which bytes.

speakers_of([Path("KakaoTalkChats.txt")], {"me": "김도윤"})   # ("김도윤", "이서연"), as the export writes them
digest_of([Path("KakaoTalkChats.txt")])                  # "5ec4…": another chat is another run
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from persona_core.errors import SettingsError
from persona_core.privacy import Kind, is_label, shows_name, unfindable
from persona_core.texts import text
from trainer.progress import bar, say


def speakers_of(exports: Sequence[Path], asked: Mapping[str, Any]) -> tuple[str, str]:
    """The two names as the export writes them; the partner is the only other person unless named in ``asked``.

    Raises:
        UnknownName: the export has nobody of that name.
        SettingsError: nobody, or one person twice, is named; or a name is no name, so that nothing would be masked.
    """
    from trainer.chatlog import count_senders, find_partner, find_sender, open_chat
    from trainer.chatlog.source import find_sources
    from trainer.dataset.reading import is_prepared

    check_findable(asked)
    me, partner = asked.get("me", ""), asked.get("partner", "")
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
    found = find_sender(partner, said) if partner else find_partner(me, said)
    if found == me:
        raise SettingsError("pipeline.same_person", name=me)
    if not found:
        raise SettingsError("pipeline.alone", me=me)
    _check_names((me, *asked.get("my_names", ())), "--my-names", text("privacy.your_name"))
    _check_names((found, *asked.get("partner_names", ())), "--partner-names", text("privacy.their_name"))
    return me, found


def check_findable(asked: Mapping[str, Any]) -> None:
    """Refuse names of the command line that nothing in a chat could match.

    Raises:
        SettingsError: such a name, and the option it was given with.
    """
    kinds: dict[str, Kind] = {
        "my_names": "NICKNAME",
        "partner_names": "NICKNAME",
        "names": "NAME",
        "nicknames": "NICKNAME",
    }
    for setting, kind in kinds.items():
        for name in unfindable(asked.get(setting, ()), kind):
            raise SettingsError("privacy.unfindable", flag="--" + setting.replace("_", "-"), name=name)


def _check_names(names: Sequence[str], flag: str, name: str) -> None:
    """Ask for the real name where none of ``names``, the export's label first, is one: what is not known is not masked."""
    if all(map(is_label, names)):
        raise SettingsError("privacy.no_name", label=names[0], flag=flag, name=name)
    if len(names) == 1 and not shows_name(names[0]):
        say("privacy.perhaps_no_name", label=names[0], flag=flag, name=name)


def digest_of(paths: Sequence[Path]) -> str:
    """One sha256 over the exports' own, so that the order they are given in does not matter.

    Of a folder, which may hold runs of its own, exactly the files that are read.
    """
    from trainer.chatlog.source import find_sources

    files = (file for path in paths for file in {source.path for source in find_sources(path)})
    each = []
    for file in files:
        with file.open("rb") as stream:
            each.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(each)).encode()).hexdigest()
