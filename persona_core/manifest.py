"""persona.json: the contract between the trainer, which writes it, and the Space, which obeys it.

It holds no private text, no token and no path of a machine::

    {"schema_version": 1,
     "base": {"id": "Qwen/Qwen3-4B-Instruct-2507", "revision": "cdbee75f…", "licence": "apache-2.0"},
     "chat_format": {"system_prompt": "너는 [[PERSONA]] …", "bubble_separator": "\\n", "version": 1}, …}
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from persona_core.errors import EngineError
from persona_core.prompt import CHAT_FORMAT_VERSION, ChatFormat

SCHEMA_VERSION = 1
FILE_NAME = "persona.json"
ADAPTER_FOLDER = "adapter"
OPENVINO_FOLDER = "openvino"
FULL_FOLDER = "bf16"

LEAST_ROOM = 160  # tokens: the system prompt and a message, however short the rows of training were

ArtefactKind = Literal["merged", "adapter", "openvino", "full"]


@dataclass(frozen=True, slots=True)
class Base:
    """The model that was tuned. ``id`` is a Hub id, or a bare name when it came from a local folder."""

    id: str
    revision: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What stands in the text for the two names; the Space puts the names back."""

    persona: str = "[[PERSONA]]"
    partner: str = "[[PARTNER]]"


@dataclass(frozen=True, slots=True)
class Generation:
    """Sampling defaults of every engine, measured: .github/CONTRIBUTING.md, "Defaults and how they were measured"."""

    temperature: float = (
        0.9  # 0 = always the most likely token; lower says his commonest phrases and copies more
    )
    top_p: float = 0.9
    top_k: int = 50  # 0 = no limit
    repetition_penalty: float = 1.05  # 1 = none; ㅋㅋㅋㅋ is style and must survive it
    max_new_tokens: int = 160  # a long turn of several bubbles
    max_context_tokens: int = 1024  # prompt and reply together; the oldest turns leave first

    def __post_init__(self) -> None:
        """Refuse what cannot be sampled by: nan fails every comparison.

        Raises:
            ValueError: a number out of range.
        """
        whole = (self.top_k, self.max_new_tokens, self.max_context_tokens)
        in_range = (
            0 <= self.temperature < math.inf,
            0 <= self.top_p <= 1,
            0 < self.repetition_penalty < math.inf,
            self.top_k >= 0,
            self.max_new_tokens >= 1,
            self.room >= 1,
        )
        if not all(in_range) or not all(isinstance(number, int) for number in whole):
            raise ValueError(self)

    @property
    def room(self) -> int:
        """Tokens that a prompt may have."""
        return self.max_context_tokens - self.max_new_tokens

    @classmethod
    def for_rows(cls, max_length: int) -> "Generation":
        """How a model trained on rows of ``max_length`` tokens is served: as long, but with room for a message."""
        return cls(max_context_tokens=max(max_length, LEAST_ROOM + cls().max_new_tokens))


@dataclass(frozen=True, slots=True)
class FileDigest:
    """One file of an artefact. ``path`` is relative to the release; ``size`` in bytes."""

    path: str
    size: int
    sha256: str

    def stands_in(self, release: Path) -> bool:
        """Whether ``release`` has the file, unchanged. All of it is read: half a second per gigabyte."""
        path = release / self.path
        return path.is_file() and path.stat().st_size == self.size and digest(release, path) == self


@dataclass(frozen=True, slots=True)
class Artefact:
    """One loadable thing inside a release. ``path`` is its folder, ``"."`` for the root."""

    kind: ArtefactKind
    path: str
    files: tuple[FileDigest, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class PersonaManifest:
    """Everything an engine needs to know about a release, and nothing private."""

    base: Base
    created_at: str  # ISO 8601 with offset
    end_of_turn_id: int
    artefacts: tuple[Artefact, ...] = ()
    chat_format: ChatFormat = field(default_factory=ChatFormat)
    placeholders: Placeholders = field(default_factory=Placeholders)
    generation: Generation = field(default_factory=Generation)
    evaluation: dict[str, float] = field(default_factory=dict)  # plain numbers by name
    libraries: dict[str, str] = field(default_factory=dict)  # versions that made it
    schema_version: int = SCHEMA_VERSION

    def artefact(self, kind: ArtefactKind) -> Artefact | None:
        """The artefact of ``kind``, or None when the release has none."""
        return next((a for a in self.artefacts if a.kind == kind), None)

    def best(self, kinds: Iterable[ArtefactKind]) -> ArtefactKind | None:
        """The first of ``kinds`` that the release has; None when it has none of them."""
        return next((kind for kind in kinds if self.artefact(kind)), None)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, document: str) -> "PersonaManifest":
        """Read a manifest.

        Raises:
            EngineError: not a manifest, or one of a newer version than this code knows.
        """
        try:
            raw: dict[str, Any] = json.loads(document)
            versions = (raw["schema_version"], raw["chat_format"]["version"])
            if versions != (SCHEMA_VERSION, CHAT_FORMAT_VERSION):
                raise EngineError("engine.other_version", found=versions, known=SCHEMA_VERSION)
            return cls(
                **{
                    **raw,
                    "base": Base(**raw["base"]),
                    "artefacts": tuple(
                        Artefact(
                            a["kind"],
                            _inside(a["path"]),
                            tuple(FileDigest(**{**f, "path": _inside(f["path"])}) for f in a["files"]),
                        )
                        for a in raw["artefacts"]
                    ),
                    "chat_format": ChatFormat(**raw["chat_format"]),
                    "placeholders": Placeholders(**raw["placeholders"]),
                    "generation": Generation(**raw["generation"]),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError("engine.not_a_manifest") from error

    def write(self, folder: Path) -> None:
        """Write persona.json into ``folder``."""
        (folder / FILE_NAME).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "PersonaManifest":
        """Read persona.json from ``folder``.

        Raises:
            EngineError: there is none, it is not one, or cannot be read.
        """
        path = folder / FILE_NAME
        try:
            document = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise EngineError("engine.not_a_manifest") from error
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise EngineError("engine.no_manifest", folder=folder) from error
        except OSError as error:
            raise EngineError("engine.unreadable", path=path, reason=error.strerror or error) from error
        return cls.from_json(document)


def _inside(path: str) -> str:
    """``path``, which leads nowhere outside the release, on any system.

    Raises:
        ValueError: it does.
    """
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or set(path) & set("\\:"):
        raise ValueError(path)
    return path


def digest(release: Path, path: Path) -> FileDigest:
    """The size and sha256 of ``path``, named relative to ``release``."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return FileDigest(path.relative_to(release).as_posix(), path.stat().st_size, sha256)
