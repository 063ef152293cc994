"""The first program of a job. It travels as text into a bare Python, so it stands alone: fetch, install, hand over.

python -c "$(cat boot.py)" me/persona-job-1a2b3c4d5e 9f2c… huggingface_hub==2.4.0
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path


def boot(repo: str, commit: str, hub_client: str) -> None:
    """Replace this process by `trainer.remote.worker`, out of the parcel that lies in ``repo`` at ``commit``."""
    install(hub_client)
    from huggingface_hub import hf_hub_download

    folder = Path("persona-job")
    with zipfile.ZipFile(hf_hub_download(repo, "parcel.zip", revision=commit)) as parcel:
        parcel.extractall(folder)
    os.chdir(folder)
    install("-r", "requirements.txt", "-c", "constraints.txt")
    os.execv(sys.executable, [sys.executable, "-m", "trainer.remote.worker", repo])  # noqa: S606


def install(*what: str) -> None:
    quietly = ["-q", "--disable-pip-version-check", "--root-user-action=ignore"]
    subprocess.run([sys.executable, "-m", "pip", "install", *quietly, *what], check=True)


if __name__ == "__main__":
    boot(*sys.argv[1:])
