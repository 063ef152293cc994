"""The private repository between two machines: a parcel goes in, checkpoints and the result come out, then it is gone.

    me/persona-job-1a2b3c4d5e
      parcel.zip                                 `trainer.remote.parcel`
      state/checkpoints/  state/logs/ …          as far as the job came: the next one goes on from here
      result/adapter/ …  result/files.json       everything, in one commit, each file with its sha256

Private is proved before every byte that goes in.
"""

import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from persona_core.errors import HubError
from persona_core.hub import (
    Repository,
    client,
    exists,
    hub_errors,
    private_repository,
    require_private,
)
from persona_core.manifest import FileDigest, digest
from persona_core.waiting import interruptible
from trainer.release.pushing import commit
from trainer.remote.parcel import PARCEL
from trainer.run import Run, removed, whole_folder, write_whole
from trainer.tuning.checkpoints import COMPLETE

STATE, RESULT = "state", "result"
FILES = "files.json"  # in result/: what else is there
_OURS = {".gitattributes", PARCEL}
_SECTIONS = ("plan", "training")  # of the metrics. Not the base: it names where it lies on that machine


# --- on the machine that asks ---


def send_parcel(repo: str, parcel: Path) -> str:
    """Put the parcel into ``repo``, made and proved private before; return the commit that holds it.

    Raises:
        RepositoryIsPublic: everyone can see it; nothing was sent, or it was made private again.
        HubError: it is somebody's own repository, or the Hub did not take it.
    """
    from huggingface_hub import CommitOperationAdd

    before = private_repository(repo)
    if not all(file.path in _OURS or file.path.startswith((STATE, RESULT)) for file in before.files):
        raise HubError("jobs.other_repository", repo=repo)
    wanted = digest(parcel.parent, parcel)
    if _has(before, wanted):
        return before.commit
    return commit(
        [CommitOperationAdd(PARCEL, parcel)],
        before,
        "What there is to train",
        lambda after: _has(after, wanted),
    ).commit


def fetch_result(repo: str, run: Run) -> bool:
    """Bring the result home, whole or not at all; ``False`` when there is none. The adapter is put in place last.

    Raises:
        HubError: it cannot be read, or is not what the job wrote.
    """
    from huggingface_hub import snapshot_download

    if not exists(repo):
        return False
    repository = require_private(repo)
    if not any(file.path == f"{RESULT}/{FILES}" for file in repository.files):
        return False
    scratch = run.path / ".result.partial"
    with removed(scratch):
        with hub_errors(repo):
            interruptible(snapshot_download)(
                repo,
                revision=repository.commit,
                allow_patterns=f"{RESULT}/*",
                local_dir=scratch,
                token=client().token,
            )
        folder = scratch / RESULT
        for entry in json.loads((folder / FILES).read_text(encoding="utf-8")):
            path = folder / entry["path"]
            if not path.is_file() or digest(folder, path) != FileDigest(**entry):
                raise HubError("jobs.arrived_differently", repo=repo, path=entry["path"])
        _take_in(folder, run)
    return True


def _take_in(folder: Path, run: Run) -> None:
    metrics = json.loads((folder / run.metrics_file.name).read_text(encoding="utf-8"))
    for section in _SECTIONS:
        run.add_metrics(section, metrics[section])
    for there, here in ((folder / "logs", run.logs), (folder / "adapter", run.adapter)):
        with whole_folder(here) as place:
            shutil.copytree(there, place, dirs_exist_ok=True)


def holds_state(repo: str) -> bool:
    """Whether an earlier job left a checkpoint there."""
    return _has_state(require_private(repo))


def close_depot(repo: str) -> None:
    """Delete the repository with all its history."""
    api = client()
    with hub_errors(repo):
        interruptible(api.delete_repo)(repo, missing_ok=True)


def _has_state(repository: Repository) -> bool:
    return any(file.path.startswith(f"{STATE}/") for file in repository.files)


def _has(repository: Repository, wanted: FileDigest) -> bool:
    return any((file.path, file.sha256) == (wanted.path, wanted.sha256) for file in repository.files)


# --- on the machine that trains ---


def fetch_state(repo: str, run: Run) -> None:
    """Take over what an earlier job left: its checkpoints, the plan they were made by, and the curves."""
    from huggingface_hub import snapshot_download

    repository = require_private(repo)
    if not _has_state(repository):
        return
    with tempfile.TemporaryDirectory() as scratch, hub_errors(repo):
        snapshot_download(
            repo,
            revision=repository.commit,
            allow_patterns=f"{STATE}/*",
            local_dir=scratch,
            token=client().token,
        )
        shutil.copytree(Path(scratch) / STATE, run.path, dirs_exist_ok=True)


def send_state(repo: str, run: Run) -> int | None:
    """Keep the complete checkpoints of ``run`` safe; the newest step of them, ``None`` when there is none yet.

    Training goes on meanwhile, and may remove one of them: what is sent is a set of links that hold them.
    """
    with tempfile.TemporaryDirectory(dir=run.path) as scratch:
        folder = Path(scratch)
        steps = []
        for path in run.checkpoints.glob("checkpoint-*"):
            if (path / COMPLETE).exists():
                kept = folder / "checkpoints" / path.name
                shutil.copytree(path, kept, copy_function=os.link)
                if (path / COMPLETE).exists():  # all of it is linked: it goes first when one is removed
                    steps.append(int(path.name.rpartition("-")[2]))
                else:
                    shutil.rmtree(kept)
        if steps:
            shutil.copytree(run.logs, folder / run.logs.name)
            _write_metrics(run, folder)
            _send(repo, folder, STATE, "As far as it came")
        return max(steps, default=None)


def send_result(repo: str, run: Run) -> None:
    """Put everything that goes home into the repository, in one commit."""
    with tempfile.TemporaryDirectory(dir=run.path) as scratch:
        folder = Path(scratch)
        for part in (run.adapter, run.logs):
            shutil.copytree(part, folder / part.name)
        _write_metrics(run, folder)
        files = [asdict(digest(folder, path)) for path in sorted(folder.rglob("*")) if path.is_file()]
        write_whole(folder / FILES, json.dumps(files, indent=1))
        _send(repo, folder, RESULT, "The trained adapter")


def _write_metrics(run: Run, folder: Path) -> None:
    metrics: dict[str, Any] = run.read_metrics()
    kept = {section: metrics[section] for section in _SECTIONS if section in metrics}
    write_whole(folder / run.metrics_file.name, json.dumps(kept, ensure_ascii=False))


def _send(repo: str, folder: Path, where: str, message: str) -> None:
    """Make ``where`` in the repository what ``folder`` is."""
    api = client()
    require_private(repo)
    with hub_errors(repo):
        api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            path_in_repo=where,
            delete_patterns="*",
            commit_message=message,
        )
