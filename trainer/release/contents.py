"""What may be in a release, and the proof that nothing else is: an allow-list of names, and a look into every text.

    read_contents(run.release, machine_paths(run))     # the digest of every file, or a ReleaseError

Trainers leave pickled arguments with tokens inside, optimizer states and machine paths beside their weights; a
deny-list forgets one of them some day, an allow-list does not.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from persona_core.errors import ReleaseError
from persona_core.manifest import (
    ADAPTER_FOLDER,
    FILE_NAME,
    FULL_FOLDER,
    Artefact,
    ArtefactKind,
    FileDigest,
    PersonaManifest,
    digest,
)
from trainer.run import Run

CARD = "README.md"

_ALLOWED = re.compile(
    r"""
      persona\.json | README\.md | LICENSE | NOTICE
    | config\.json | generation_config\.json
    | model(-\d{5}-of-\d{5})?\.safetensors | model\.safetensors\.index\.json
    | tokenizer\.json | tokenizer_config\.json | chat_template\.jinja
    | tokenizer\.model | special_tokens_map\.json | added_tokens\.json | vocab\.json | merges\.txt
    | adapter/adapter_model\.safetensors | adapter/adapter_config\.json
    | bf16/(config\.json | generation_config\.json)
    | bf16/(model-\d{5}-of-\d{5}\.safetensors | model\.safetensors\.index\.json)
    """,
    re.VERBOSE,
)
_PAPERS = {FILE_NAME, CARD, "LICENSE", "NOTICE"}  # for people and for us; loading needs none of them
_BINARY = {".safetensors", ".model"}
_TOKEN = re.compile(r"hf_[A-Za-z0-9]{16,}")
_MACHINE_PATH = re.compile(r"(?:/home|/Users|/root|/tmp|/mnt|/media)/\w|\b[A-Za-z]:\\{1,2}Users\\")


def is_release_file(path: str) -> bool:
    """Whether a release may hold a file of this name (relative, with forward slashes)."""
    return _ALLOWED.fullmatch(path) is not None


def read_contents(release: Path, machine: Iterable[str] = ()) -> tuple[FileDigest, ...]:
    """The digest of every file of ``release``, sorted by path, after proving that all of them may leave the machine.

    ``machine`` are paths of this machine that no text may mention, besides the usual ones.

    Raises:
        ReleaseError: a file that has no business there, a token or a machine path in a text, or other files than
            persona.json says.
    """
    digests = []
    for path in sorted(p for p in release.rglob("*") if not p.is_dir()):
        name = path.relative_to(release).as_posix()
        if path.is_symlink() or not is_release_file(name):
            raise ReleaseError("release.unexpected_file", path=name)
        if path.suffix not in _BINARY:
            _require_clean(name, path.read_text(encoding="utf-8"), machine)
        digests.append(digest(release, path))
    promised = {file for artefact in PersonaManifest.read(release).artefacts for file in artefact.files}
    if different := promised ^ {file for file in digests if file.path not in _PAPERS}:
        raise ReleaseError("release.changed_file", path=min(file.path for file in different))
    return tuple(digests)


def machine_paths(run: Run) -> set[str]:
    """The places of this machine that ``run`` knows."""
    named = [*run.settings.exports, *([run.settings.base] if Path(run.settings.base).is_dir() else [])]
    return {str(place.resolve()) for place in (run.path, *map(Path, named))}


def artefacts_in(release: Path) -> tuple[Artefact, ...]:
    """The artefacts that ``release`` holds: merged at the root, adapter, and full where it was kept."""
    places: tuple[tuple[ArtefactKind, str], ...] = (
        ("merged", "."),
        ("adapter", ADAPTER_FOLDER),
        ("full", FULL_FOLDER),
    )
    return tuple(
        Artefact(
            kind,
            folder,
            tuple(
                digest(release, path)
                for path in sorted((release / folder).iterdir())
                if path.is_file() and path.name not in _PAPERS
            ),
        )
        for kind, folder in places
        if (release / folder).is_dir()
    )


def _require_clean(name: str, text: str, machine: Iterable[str]) -> None:
    if _TOKEN.search(text):
        raise ReleaseError("release.token_inside", path=name)
    spellings = {spelling for path in machine for spelling in (path, json.dumps(path)[1:-1])}
    if _MACHINE_PATH.search(text) or any(spelling in text for spelling in spellings):
        raise ReleaseError("release.path_inside", path=name)
