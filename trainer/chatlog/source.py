"""Where an export's bytes lie: a file, the txt in an Android folder, or the txt in an Android zip.

KakaoTalk_20260325_0820_38_573_group.txt
KakaoTalk_Chats_2026-04-21_10.26.15/KakaoTalkChats.txt
KakaoTalk_Chats_2026-04-21_10.26.15.zip  ->  …zip/KakaoTalkChats.txt
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from persona_core.errors import ExportError

PREPARED = ".jsonl"  # rows of examples, which are no export
_SUFFIXES = (".txt", ".csv")
_ENCRYPTED = 0x1  # of a zip member's flag bits


@dataclass(frozen=True, slots=True)
class Source:
    """One export: ``path`` is what a person would look for, ``member`` the name inside a zip, ``size`` in bytes."""

    path: Path
    size: int
    member: str = ""

    @property
    def name(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes from the beginning.

        Raises:
            ExportError: the file cannot be opened, or a zip is damaged.
        """
        with _readable(self.path):
            if not self.member:
                with self.path.open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                    yield file


def find_sources(path: Path) -> list[Source]:
    """The exports at ``path``: one for a file, all parts for a folder or a zip.

    Raises:
        ExportError: nothing is there, or a folder or zip without an export.
    """
    with _readable(path):
        if path.is_dir():
            files = {entry.name: entry for entry in path.iterdir() if entry.is_file()}
            found = [Source(files[name], files[name].stat().st_size) for name in _exports(files)]
            if not found and (
                prepared := sorted(str(files[name]) for name in files if name.endswith(PREPARED))
            ):
                raise ExportError("chatlog.prepared_inside", path=path, files=" ".join(prepared))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
            if any(member.flag_bits & _ENCRYPTED for member in members):
                raise ExportError("chatlog.locked_zip", path=path)
            sizes = {member.filename: member.file_size for member in members}
            found = [Source(path, sizes[name], name) for name in _exports(sizes)]
        else:
            return [Source(path, path.stat().st_size)]
    if not found:
        raise ExportError("chatlog.nothing_inside", path=path)
    return found


def _exports(names: Iterable[str]) -> list[str]:
    """KakaoTalkChats.txt if it is there (a chat's media may hold other txt files), else every txt and csv."""
    candidates = sorted(
        name
        for name in names
        if name.lower().endswith(_SUFFIXES) and not name.startswith("__MACOSX/") and _base(name)[0] != "."
    )
    android = [name for name in candidates if _base(name).startswith("KakaoTalkChats")]
    return android or candidates


def _base(name: str) -> str:
    return PurePosixPath(name).name


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the system or the zip says into a line that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise ExportError("chatlog.missing", path=path) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ExportError("chatlog.damaged_zip", path=path) from error
    except OSError as error:
        raise ExportError("chatlog.unreadable", path=path, reason=error.strerror or error) from error
