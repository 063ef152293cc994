"""Every choice of a run, validated in one place, printed and saved with where each value came from."""

from dataclasses import asdict, dataclass
from typing import Literal

from persona_core.errors import SettingsError

DEFAULT_BASE = "Qwen/Qwen3-4B-Instruct-2507"  # permissive, ungated, no think-block; fits 8 GB in NF4

Origin = Literal["default", "flag", "demo", "measured"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `persona-train` was asked to do. Paths and names stay on this machine: nothing here is released."""

    # whose chat
    exports: tuple[str, ...] = ()
    exports_sha256: str = ""  # of the export files' bytes: another chat is another run
    me: str = ""
    partner: str = ""  # empty: the one who wrote most besides `me`
    names: tuple[str, ...] = ()  # more names and nicknames to mask

    # examples
    session_gap_minutes: int = 60  # a longer silence ends a session; a late reply is still a reply
    validation_share: float = 0.1  # of the examples, the newest sessions
    max_length: int = 1024  # tokens of one example, system prompt included
    max_examples: int = 0  # the most informative ones are kept; 0: all

    # model
    base: str = DEFAULT_BASE
    base_revision: str = ""  # empty: the newest, resolved to a commit when the run begins
    rank: int = 16  # LoRA rank, on every linear layer
    alpha: int = 32
    device: Literal["auto", "cpu", "cuda"] = "auto"

    # training
    learning_rate: float = 2e-4
    epochs: float = 3.0
    effective_batch: int = 8  # examples (packed rows) an optimizer step sees
    batch: int = 0  # rows at once on the device; 0: what memory allows
    evaluations: int = 6  # validations over the run
    patience: int = 2  # validations without a better loss before the run stops
    seed: int = 0

    def __post_init__(self) -> None:
        """Reject what cannot work, naming the flag."""
        checks = {
            "--session-gap": self.session_gap_minutes >= 1,
            "--validation-share": 0 < self.validation_share <= 0.5,
            "--max-length": self.max_length >= 64,
            "--max-examples": self.max_examples >= 0,
            "--rank": self.rank >= 1,
            "--alpha": self.alpha >= 1,
            "--learning-rate": 0 < self.learning_rate < 1,
            "--device": self.device in ("auto", "cpu", "cuda"),
            "--epochs": 0 < self.epochs <= 1000,
            "--effective-batch": self.effective_batch >= 1,
            "--batch": self.batch >= 0 and (self.batch == 0 or self.effective_batch % self.batch == 0),
        }
        for flag, fine in checks.items():
            if not fine:
                raise SettingsError("settings.out_of_range", flag=flag)

    def differences(self, other: "Settings") -> tuple[str, ...]:
        """The names of the fields in which two settings differ; where the exports lie does not matter."""
        mine, theirs = asdict(self), asdict(other)
        return tuple(name for name in mine if name != "exports" and mine[name] != theirs[name])
