"""The Space as Spaces will see it: the code of space/ at a root, persona_core/ beside it, nothing else.

    stage_space(folder)                 # for a GPU: requirements.txt names torch
    stage_space(folder, lean=True)      # for a CPU: it does not

A lean Space runs the openvino artefact of a release and nothing else.
"""

import shutil
from pathlib import Path

from trainer.rooms import files_of

LEAN = "requirements-cpu.txt"  # lies in a lean Space: whoever sees its files alone knows what it is


def stage_space(folder: Path, *, lean: bool = False) -> None:
    """Fill the empty or missing ``folder`` with everything a Space needs to run the page."""
    beside = {f"persona_core/{name}": file for name, file in files_of("persona_core").items()}
    for name, file in (files_of("space") | beside).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / name)
    if lean:
        shutil.copyfile(folder / LEAN, folder / "requirements.txt")
    else:
        (folder / LEAN).unlink()
