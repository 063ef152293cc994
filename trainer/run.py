"""The run folder: everything one training produced, resumable stage by stage.

    runs/<name>/
      run.toml          every resolved setting and where it came from; no secret
      data/             train.jsonl, validation.jsonl, report.json
      checkpoints/  adapter/  metrics.json
      answers.json  quiz.json   replies to held-out talk, and how people judged them
      logs/  report.html   the curves, for TensorBoard and as a page
      release/          exactly what is pushed

A stage writes into ``.<name>.partial`` and renames it when it is whole, so a folder that exists is complete, and an
interrupted run goes on with the first stage whose output is missing. All of it is talk of two people: a folder made
here is closed to other users of the machine; one that was there keeps its rights.
"""

import errno
import json
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from persona_core.errors import DataError, PersonaError, SettingsError, StorageError
from persona_core.texts import text
from trainer import team
from trainer.settings import Origin, Settings

RUNS = Path("runs")  # where runs are kept unless --run says otherwise
# Rights of a new folder. On Windows it inherits those of the user's own folders; 0o700 would lock him out of what he
# made as an administrator.
CLOSED = 0o700 if os.name == "posix" else 0o777
TRAIN, VALIDATION, REPORT = "train.jsonl", "validation.jsonl", "report.json"  # in data/


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder on disk."""

    path: Path
    settings: Settings

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def train_file(self) -> Path:
        return self.data / TRAIN

    @property
    def validation_file(self) -> Path:
        return self.data / VALIDATION

    @property
    def data_report(self) -> Path:
        return self.data / REPORT

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.json"

    @property
    def release(self) -> Path:
        return self.path / "release"

    def read_metrics(self) -> dict[str, Any]:
        """What the stages measured so far; empty before the first.

        Raises:
            SettingsError: the file is damaged.
        """
        if not self.metrics_file.exists():
            return {}
        with self.readable_metrics():
            return dict[str, Any](json.loads(self.metrics_file.read_text(encoding="utf-8")))

    def readable_metrics(self) -> AbstractContextManager[None]:
        """`readable` for a block that reads what `read_metrics` gave."""
        return readable(self.metrics_file, "settings.unreadable_metrics", folder=self.path)

    def add_metrics(self, section: str, values: Mapping[str, Any], *, by_any: bool = False) -> None:
        """Write ``values`` under ``section`` of metrics.json, leaving the other sections.

        Of several processes only the first writes, or whichever calls where ``by_any``.
        """
        if not (by_any or team.leads()):
            return
        document = {**self.read_metrics(), section: dict(values)}
        write_whole(self.metrics_file, json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def open_run(path: Path, settings: Settings, origins: Mapping[str, Origin]) -> Run:
    """The run at ``path``: a new one, or the one begun there, when nothing that was asked for differs from it.

    What nobody asked for (defaults, what was measured then) stays as the run began. Exports that were moved are looked
    for where they lie now.

    Raises:
        SettingsError: another run lives in that folder.
        StorageError: the folder cannot be written.
    """
    if (path / "run.toml").exists():
        run = load_run(path)
        asked = {name for name, origin in origins.items() if origin in ("flag", "demo")}
        if different := [name for name in run.settings.differences(settings) if name in asked]:
            raise SettingsError("settings.other_run", folder=path, fields=", ".join(different))
        if "exports" in asked and settings.exports != run.settings.exports:
            return settled(run, origins["exports"], exports=settings.exports)
        return run
    with made_folder(path):
        _write_settings(path, settings, origins)
    return Run(path, settings)


def settled(run: Run, origin: Origin = "measured", **values: Any) -> Run:
    """``run`` with settings that are known now, as where the exports lie or what was left to us, in its run.toml too."""
    # Others may have been settled since ``run`` was read.
    settings = replace(load_run(run.path).settings, **values)
    if team.leads():
        origins = _read_toml(run.path / "run.toml")["origins"]
        _write_settings(run.path, settings, origins | dict.fromkeys(values, origin))
    return Run(run.path, settings)


def load_run(path: Path) -> Run:
    """The run that was begun at ``path``.

    Raises:
        SettingsError: there is none, or its run.toml is damaged.
    """
    file = path / "run.toml"
    if not file.is_file():
        raise SettingsError("settings.no_run", folder=path)
    with readable(file):
        saved = _read_toml(file)["settings"]
        loaded: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
        return Run(path, Settings(**loaded))


def _read_toml(file: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _write_settings(path: Path, settings: Settings, origins: Mapping[str, Origin]) -> None:
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(settings).items()}
    document = {
        "settings": values,
        "origins": {name: origins.get(name, "default") for name in values},
    }
    write_whole(path / "run.toml", tomli_w.dumps(document))


@contextmanager
def readable(file: Path, key: str = "settings.unreadable", **values: object) -> Iterator[None]:
    """Turn what a damaged file, or one of another version, makes of itself into a `SettingsError` that names it.

    ``key`` is its text, filled with ``file`` and ``values``.
    """
    try:
        yield
    except PersonaError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SettingsError(key, file=file, **values) from error


@contextmanager
def discarded_if_useless(run: Run) -> Iterator[None]:
    """Take back a run whose export turns out to give nothing: only run.toml was in it."""
    try:
        yield
    except DataError:
        if [path.name for path in run.path.iterdir()] == ["run.toml"]:
            (run.path / "run.toml").unlink()
            run.path.rmdir()
            if run.path.parent == RUNS and not any(RUNS.iterdir()):
                RUNS.rmdir()
        raise


# --- writing whole or not at all ---

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REASONS = {
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EROFS: "read_only",
    errno.ENOTDIR: "in_the_way",
    errno.EEXIST: "in_the_way",
    errno.EISDIR: "folder_in_the_way",
    errno.ENAMETOOLONG: "name_too_long",
    errno.ENOENT: "not_there",
    errno.EIO: "device",
}
# No bug of ours looks like one of these.
_WHEREVER = (*_FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn whatever the system says while ``path`` is made or written into a `StorageError` that names it."""
    try:
        yield
    except PersonaError:  # some are OSErrors
        raise
    except OSError as error:
        raise _refused(error, path) from error


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """`storage` for a whole stage that fills ``path``: only what the disk refuses, never a file that a bug looks for."""
    try:
        yield
    except OSError as error:
        if error.errno in _WHEREVER:
            raise _refused(error, Path(error.filename or path)) from error
        raise


def _refused(error: OSError, path: Path) -> StorageError:
    if error.errno in _FULL:
        return StorageError("settings.disk_full", path=path)
    name = _REASONS.get(error.errno or 0)
    reason = text(f"settings.{name}") if name else error.strerror or str(error)
    return StorageError("settings.cannot_write", path=path, reason=reason)


@contextmanager
def made_folder(path: Path) -> Iterator[None]:
    """``path`` is a folder while the block runs; when the block fails, what was made for it goes again if it is empty."""
    made: list[Path] = []
    try:
        with storage(path):
            made += [folder for folder in (path, *path.parents) if not folder.exists()]
            for folder in reversed(made):  # mkdir's own parents=True would leave the parents open
                folder.mkdir(CLOSED, exist_ok=True)
            path.mkdir(exist_ok=True)
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it takes the place of ``path`` when the block ends well, and vanishes when it does not."""
    partial, former = (path.with_name(f".{path.name}.{end}") for end in ("partial", "former"))
    with made_folder(path.parent), removed(partial):
        with storage(path):
            shutil.rmtree(partial, ignore_errors=True)
            if path.exists():
                shutil.rmtree(former, ignore_errors=True)
            elif former.exists():  # a power cut between the two renames
                former.rename(path)
            partial.mkdir(CLOSED)
        with disk(path):
            yield partial
        with storage(path):
            try:
                if path.exists():  # renamed is a moment; to delete gigabytes is long enough for a power cut
                    path.rename(former)
                partial.rename(path)
            except BaseException:
                if former.exists() and not path.exists():
                    former.rename(path)
                raise
        shutil.rmtree(former, ignore_errors=True)


@contextmanager
def removed(folder: Path) -> Iterator[None]:
    """Whatever happens in the block, ``folder`` is gone afterwards."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` by way of a temporary name."""
    partial = path.with_name(f".{path.name}.partial")
    with storage(path):
        try:
            partial.write_text(content, encoding="utf-8", newline="\n")
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise
