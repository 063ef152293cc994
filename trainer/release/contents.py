"""What may be in a release, and the proof that nothing else is: an allow-list of names, and a look into every text.

    read_contents(run.release, Privacy.of(run))     # the digest of every file, or a ReleaseError

Trainers leave pickled arguments with tokens inside, optimizer states and machine paths beside their weights; a
deny-list forgets one of them some day, an allow-list does not.
"""

import re
from pathlib import Path

from persona_core.errors import EngineError, ReleaseError
from persona_core.manifest import (
    ADAPTER_FOLDER,
    FILE_NAME,
    FULL_FOLDER,
    OPENVINO_FOLDER,
    Artefact,
    ArtefactKind,
    FileDigest,
    PersonaManifest,
    digest,
)
from persona_core.prompt import SYSTEM_PROMPT
from trainer.release.card import CARD, cards_of_nobody
from trainer.release.scanning import (
    NOTHING,
    Privacy,
    require_clean,
    require_clean_header,
    require_named_base,
    said_anyway,
)

_ALLOWED = re.compile(
    r"""
      persona\.json | README\.md | LICENSE | NOTICE
    | (bf16/)?(model(-\d{5}-of-\d{5})?\.safetensors | model\.safetensors\.index\.json)
    | openvino/openvino_model\.(xml | bin)
    | (bf16/ | openvino/)?(
        config\.json | generation_config\.json
      | tokenizer\.json | tokenizer_config\.json | chat_template\.jinja
      | tokenizer\.model | special_tokens_map\.json | added_tokens\.json | vocab\.json | merges\.txt
      )
    | adapter/adapter_model\.safetensors | adapter/adapter_config\.json
    """,
    re.VERBOSE,
)
_REQUIRED = {FILE_NAME, CARD, "LICENSE"}
_PAPERS = {*_REQUIRED, "NOTICE"}  # for people and for us; loading needs none of them
_ADAPTER_CONFIG = f"{ADAPTER_FOLDER}/adapter_config.json"


def is_release_file(path: str) -> bool:
    """Whether a release may hold a file of this name (relative, with forward slashes)."""
    return _ALLOWED.fullmatch(path) is not None


def read_contents(release: Path, privacy: Privacy = NOTHING) -> tuple[FileDigest, ...]:
    """The digest of every file of ``release``, sorted by path, after proving that all of them may leave the machine.

    ``privacy`` is what this machine and these people want in no file, besides what nobody wants there.

    Raises:
        ReleaseError: a file that has no business there, a token, a machine path or a private fact in one, a paper that
            is missing, other files than persona.json says, or another base.
    """
    digests, anyway = [], _said_anyway(release)
    for path in sorted(p for p in release.rglob("*") if not p.is_dir()):
        name = path.relative_to(release).as_posix()
        if path.is_symlink() or not is_release_file(name):
            raise ReleaseError("release.unexpected_file", path=name)
        if path.suffix == ".safetensors":
            require_clean_header(name, path)
        elif path.suffix != ".bin":  # a graph's weights: numbers from the first byte to the last
            # tokenizer.model is no text, but a token in it would be
            require_clean(name, path.read_text(encoding="utf-8", errors="replace"), privacy, anyway)
        digests.append(digest(release, path))
    if missing := _REQUIRED - {file.path for file in digests}:
        raise ReleaseError("release.missing_file", path=min(missing))
    try:
        manifest = PersonaManifest.read(release)
    except EngineError as error:
        raise ReleaseError("release.broken_file", path=FILE_NAME) from error
    promised = {file for artefact in manifest.artefacts for file in artefact.files}
    if different := promised ^ {file for file in digests if file.path not in _PAPERS}:
        raise ReleaseError("release.changed_file", path=min(file.path for file in different))
    if manifest.artefact("adapter"):
        require_named_base((release / _ADAPTER_CONFIG).read_text(encoding="utf-8"), manifest.base)
    return tuple(digests)


def _said_anyway(release: Path) -> frozenset[str]:
    try:
        manifest = PersonaManifest.read(release)
    except EngineError:  # refused in its turn
        return frozenset()
    return said_anyway(SYSTEM_PROMPT, *cards_of_nobody(manifest))


def artefacts_in(release: Path) -> tuple[Artefact, ...]:
    """The artefacts that ``release`` holds: merged at the root, adapter, and full and OpenVINO's where they are."""
    places: tuple[tuple[ArtefactKind, str], ...] = (
        ("merged", "."),
        ("adapter", ADAPTER_FOLDER),
        ("full", FULL_FOLDER),
        ("openvino", OPENVINO_FOLDER),
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
