"""What travels to another machine, in one file: masked rows, the settings that training needs, and this very code.

    parcel.zip
      run/run.toml  run/data/train.jsonl  run/data/validation.jsonl
      trainer/  persona_core/             the code that runs here
      requirements.txt  constraints.txt   the libraries in the versions of this machine

The settings are an allow-list: no export, no name, no path. Whatever another field may hold one day stays here.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from persona_core.errors import SettingsError
from trainer.demo import base_path
from trainer.rooms import HOME, Room, files_of
from trainer.run import TRAIN, VALIDATION, Run, open_run
from trainer.settings import Settings
from trainer.tuning.base import LIBRARIES
from trainer.tuning.source import Source

PARCEL = "parcel.zip"
RUN = "run"  # the run's folder in it

TRAVELLING = (  # of the settings. Not the device: the other machine has its own
    "max_length",
    "rank",
    "alpha",
    "learning_rate",
    "epochs",
    "effective_batch",
    "batch",
    "evaluations",
    "patience",
    "seed",
    "canaries",
)
NEEDED = (*LIBRARIES, "huggingface_hub", "rich", "tomli-w")
CHOSEN_BY_TORCH = ("nvidia-", "cuda-", "triton")  # another build of the same torch brings others

_ROOMS: tuple[Room, ...] = ("persona_core", "trainer")
_BEGINNING = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # of time in zip files: the same parcel has the same bytes whenever it is made


def make_parcel(run: Run, source: Source, path: Path) -> str:
    """Write the parcel of ``run`` to ``path``; return a key that is the same for the same rows and settings.

    Raises:
        SettingsError: the base is a folder of this machine.
    """
    base = _base_there(source)
    with zipfile.ZipFile(path, "w") as parcel, tempfile.TemporaryDirectory() as scratch:
        stripped = open_run(Path(scratch), _stripped(run.settings, base, source.base.revision or ""), {})
        key = hashlib.sha256()
        for name, file in (
            ("run.toml", stripped.path / "run.toml"),
            (f"data/{TRAIN}", run.train_file),
            (f"data/{VALIDATION}", run.validation_file),
        ):
            key.update(file.read_bytes())
            _add(parcel, f"{RUN}/{name}", file.read_bytes())
        for name, file in _code(with_base=not source.base.revision):
            _add(parcel, name, file.read_bytes())
        _add(parcel, "requirements.txt", "".join(f"{name}\n" for name in NEEDED).encode())
        _add(parcel, "constraints.txt", constraints().encode())
    return key.hexdigest()[:10]


def constraints() -> str:
    """The versions of everything training needs, as installed here: ``name==version`` a line."""
    pins: dict[str, str] = {}
    wanted = list(NEEDED)
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name in pins or name.startswith(CHOSEN_BY_TORCH):
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:  # needed on another system only
            continue
        pins[name] = Version(found.version).public  # without +cpu: a build for the hardware there
        needs = map(Requirement, found.requires or ())
        wanted += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def _base_there(source: Source) -> str:
    """Where the other machine finds the base: a Hub id, or the shipped base, which travels with the code."""
    if source.base.revision:
        return source.location
    if Path(source.location) == base_path().resolve():
        return base_path().relative_to(HOME).as_posix()
    raise SettingsError("jobs.local_base", base=source.base.id)


def _stripped(settings: Settings, base: str, revision: str) -> Settings:
    kept = {name: getattr(settings, name) for name in TRAVELLING}
    return Settings(base=base, base_revision=revision, **kept)


def _code(*, with_base: bool) -> Iterator[tuple[str, Path]]:
    """The files that run there, by their names in the parcel."""
    for room in _ROOMS:
        yield from ((f"{room}/{name}", file) for name, file in files_of(room).items())
    if with_base:
        yield from ((file.relative_to(HOME).as_posix(), file) for file in sorted(base_path().iterdir()))


def _add(parcel: zipfile.ZipFile, name: str, content: bytes) -> None:
    parcel.writestr(zipfile.ZipInfo(name, _BEGINNING), content, zipfile.ZIP_DEFLATED)
