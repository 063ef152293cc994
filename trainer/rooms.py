"""Our own code where it leaves the machine, by an allow-list: anything may lie in its folders, a chat as well.

    files_of("space")       # {"README.md": …/space/README.md, "access.py": …/space/access.py, …}

Not by endings alone: a run.toml holds names, and a report.html lines of chat.
"""

from pathlib import Path
from typing import Literal

HOME = Path(__file__).parents[1]  # in a checkout and in site-packages: the rooms stand side by side
Room = Literal["persona_core", "trainer", "space"]

_CODE = ("[!.]*.py", "[!.]*/[!.]*.py")
_FILES: dict[Room, tuple[str, ...]] = {
    "persona_core": (*_CODE, "texts/[!.]*.toml"),
    "trainer": (*_CODE, "dataset/page.html"),
    "space": (
        *("[!.]*.py", "page.js", "theme.css", "locked.html", "icon.svg", "icons/icon-*.png"),
        *("README.md", "requirements.txt", "requirements-cpu.txt"),
    ),
}


def files_of(room: Room) -> dict[str, Path]:
    """The files of ``room`` that may leave the machine, by their names in it (with forward slashes), sorted."""
    folder = HOME / room
    found = {path for pattern in _FILES[room] for path in folder.glob(pattern) if path.is_file()}
    return {path.relative_to(folder).as_posix(): path for path in sorted(found)}
