"""Every choice of a run, validated in one place, printed and saved with where each value came from."""

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from persona_core.errors import SettingsError
from persona_core.privacy import called

DEFAULT_BASE = "Qwen/Qwen3-4B-Instruct-2507"  # permissive, ungated, no think-block; fits 8 GB in NF4

YEAR = 365 * 24 * 60  # minutes; a session gap beyond it would make one session of a chat
MOST_CANARIES = 64  # more would not make their figure steadier
SEEDS = 2**32  # what numpy takes
MOST_ROWS = 1024  # in one optimizer step; a chat of years gives few steps of more

Origin = Literal["default", "flag", "demo", "measured", "answered"]
Device = Literal["auto", "cpu", "cuda"]
DEVICES: tuple[Device, ...] = get_args(Device)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `persona-train` was asked to do. Paths and names stay on this machine: nothing here is released."""

    # whose chat
    exports: tuple[str, ...] = ()
    exports_sha256: str = ""  # of the export files' bytes: another chat is another run
    me: str = ""
    partner: str = ""  # empty: the only one who speaks besides `me`
    my_names: tuple[str, ...] = ()  # what else `me` is called in the chat: masked as the same person
    partner_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # other people, to be masked
    nicknames: tuple[str, ...] = ()  # further pet names to be masked, whosever they are

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
    device: Device = "auto"

    # training
    learning_rate: float = 2e-4
    epochs: float = 0.0  # 0: what the number of examples recommends (trainer.tuning.schedule)
    effective_batch: int = 8  # examples (packed rows) an optimizer step sees
    batch: int = 0  # rows at once on the device; 0: what memory allows
    evaluations: int = 6  # validations over the run
    patience: int = 2  # validations without a better loss before the run stops
    canaries: int = 4  # invented secrets planted to measure memory, at most one in 64 examples; 0: none
    seed: int = 0
    accepted_licence: str = (
        ""  # of the base, when it forbids something of what we do, and was accepted all the same
    )

    @property
    def his_name(self) -> str:
        """What `me` is called, which need not be what the export calls him; "" where there was no export."""
        return called((self.me, *self.my_names))

    @property
    def her_name(self) -> str:
        """What `partner` is called."""
        return called((self.partner, *self.partner_names))

    def __post_init__(self) -> None:
        """Reject what cannot work, naming the flag and what it can be."""
        most = min(self.effective_batch, MOST_ROWS)
        divisors = [str(rows) for rows in range(1, most + 1) if self.effective_batch % rows == 0]
        checks: dict[str, tuple[object, bool, str]] = {
            "--session-gap": (self.session_gap_minutes, 1 <= self.session_gap_minutes <= YEAR, f"1–{YEAR}"),
            "--validation-share": (self.validation_share, 0 < self.validation_share <= 0.5, "> 0, ≤ 0.5"),
            "--max-length": (self.max_length, self.max_length >= 64, "≥ 64"),
            "--max-examples": (self.max_examples, self.max_examples >= 0, "≥ 0"),
            "--rank": (self.rank, self.rank >= 1, "≥ 1"),
            "--alpha": (self.alpha, self.alpha >= 1, "≥ 1"),
            "--learning-rate": (self.learning_rate, 0 < self.learning_rate < 1, "> 0, < 1"),
            "--device": (self.device, self.device in DEVICES, ", ".join(DEVICES)),
            "--epochs": (self.epochs, 0 <= self.epochs <= 1000, "0–1000"),
            "--effective-batch": (
                self.effective_batch,
                1 <= self.effective_batch <= MOST_ROWS,
                f"1–{MOST_ROWS}",
            ),
            "--seed": (self.seed, 0 <= self.seed < SEEDS, f"0–{SEEDS - 1}"),
            "--canaries": (self.canaries, 0 <= self.canaries <= MOST_CANARIES, f"0–{MOST_CANARIES}"),
            "--batch": (
                self.batch,
                self.batch == 0 or str(self.batch) in divisors,
                ", ".join(["0", *divisors]),
            ),
        }
        for flag, (value, fine, allowed) in checks.items():
            if not fine:
                raise SettingsError("settings.out_of_range", flag=flag, value=value, allowed=allowed)

    def differences(self, other: "Settings") -> tuple[str, ...]:
        """The names of the fields in which two settings differ; where the exports lie does not matter."""
        mine, theirs = asdict(self), asdict(other)
        return tuple(name for name in mine if name != "exports" and mine[name] != theirs[name])
