"""The run folder: everything one training produced, resumable stage by stage.

    runs/<name>/
      run.toml          every resolved setting and where it came from; no secret
      data/             train.jsonl, validation.jsonl, report.json
      checkpoints/  adapter/  metrics.json
      release/          exactly what is pushed

A stage writes into ``.<name>.partial`` and renames it when it is whole, so a folder that exists is complete, and an
interrupted run goes on with the first stage whose output is missing.
"""

import errno
import json
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w

from persona_core.errors import DataError, PersonaError, SettingsError, StorageError
from trainer.settings import Origin, Settings

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
    def metrics_file(self) -> Path:
        return self.path / "metrics.json"

    @property
    def release(self) -> Path:
        return self.path / "release"

    def read_metrics(self) -> dict[str, Any]:
        """What the stages measured so far; empty before the first."""
        if not self.metrics_file.exists():
            return {}
        with _readable(self.metrics_file):
            metrics: dict[str, Any] = json.loads(self.metrics_file.read_text(encoding="utf-8"))
        return metrics

    def add_metrics(self, section: str, values: Mapping[str, Any]) -> None:
        """Write ``values`` under ``section`` of metrics.json, leaving the other sections."""
        document = {**self.read_metrics(), section: dict(values)}
        write_whole(self.metrics_file, json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def open_run(path: Path, settings: Settings, origins: Mapping[str, Origin]) -> Run:
    """The run at ``path``: a new one, or the one begun there, when nothing that was asked for differs from it.

    What nobody asked for (defaults, what was measured then) stays as the run began.

    Raises:
        SettingsError: another run lives in that folder.
        StorageError: the folder cannot be written.
    """
    if (path / "run.toml").exists():
        run = load_run(path)
        asked = {name for name, origin in origins.items() if origin in ("flag", "demo")}
        if different := [name for name in run.settings.differences(settings) if name in asked]:
            raise SettingsError("settings.other_run", folder=path, fields=", ".join(different))
        return run
    with storage(path):
        path.mkdir(parents=True, exist_ok=True)
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(settings).items()}
    document = {
        "settings": values,
        "origins": {name: origins.get(name, "default") for name in values},
    }
    write_whole(path / "run.toml", tomli_w.dumps(document))
    return Run(path, settings)


def load_run(path: Path) -> Run:
    """The run that was begun at ``path``.

    Raises:
        SettingsError: there is none, or its run.toml is damaged.
    """
    file = path / "run.toml"
    if not file.is_file():
        raise SettingsError("settings.no_run", folder=path)
    with _readable(file):
        saved: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["settings"]
        loaded: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
        return Run(path, Settings(**loaded))


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turn what a damaged file, or one of another version, makes of itself into a `SettingsError` that names it."""
    try:
        yield
    except PersonaError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError("settings.unreadable", file=file) from error


@contextmanager
def discarded_if_useless(run: Run) -> Iterator[None]:
    """Take back a run whose export turns out to give nothing: only run.toml was in it."""
    try:
        yield
    except DataError:
        if [path.name for path in run.path.iterdir()] == ["run.toml"]:
            (run.path / "run.toml").unlink()
            run.path.rmdir()
        raise


# --- writing whole or not at all ---


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into a `StorageError` that names ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageError("settings.disk_full", path=path) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise StorageError("settings.cannot_write", path=path) from error
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill; it takes the place of ``path`` when the block ends well, and vanishes when it does not."""
    partial = path.with_name(f".{path.name}.partial")
    with storage(path):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` by way of a temporary name."""
    partial = path.with_name(f".{path.name}.partial")
    with storage(path):
        try:
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
