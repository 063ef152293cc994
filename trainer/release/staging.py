"""The Space as Spaces will see it: the files of space/ at a root, persona_core/ beside them, nothing else.

    stage_space(folder)                 # for a GPU: requirements.txt names torch
    stage_space(folder, lean=True)      # for a CPU: it does not

A lean Space runs the openvino artefact of a release and nothing else.
"""

import shutil
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]  # in a checkout and in site-packages: the rooms stand side by side
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")

LEAN = "requirements-cpu.txt"  # lies in a lean Space: whoever sees its files alone knows what it is


def stage_space(folder: Path, *, lean: bool = False) -> None:
    """Fill the empty or missing ``folder`` with everything a Space needs to run the page."""
    shutil.copytree(_REPOSITORY / "space", folder, ignore=_LEFT_OUT, dirs_exist_ok=True)
    shutil.copytree(_REPOSITORY / "persona_core", folder / "persona_core", ignore=_LEFT_OUT)
    if lean:
        shutil.copyfile(folder / LEAN, folder / "requirements.txt")
    else:
        (folder / LEAN).unlink()
