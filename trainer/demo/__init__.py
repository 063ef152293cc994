"""The embedded default: a sample chat, a tiny Korean base model, the recipe that made it, and settings to match.

Everything else of `persona-train --demo` is the code of a real run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.settings import Settings


def base_path() -> Path:
    """The folder of the shipped base model: config, weights, tokenizer, model card."""
    return Path(__file__).parent / "tiny-korean"


# What differs from a real run's defaults, and why. The base has 3.6 M parameters and 256 wide layers.
SETTINGS: Mapping[str, Any] = {
    "base": str(base_path()),
    "learning_rate": 2e-3,  # small models need larger steps: 2e-4 leaves held-out loss nearly where it was
    "effective_batch": 2,  # 300 short examples: at 8 there are too few steps (loss 6.0 against 5.2)
    "max_length": 512,  # the base never saw longer rows
    "device": "cpu",  # the same on every machine
}


CHOSEN = (
    *SETTINGS,
    "exports",
    "exports_sha256",
    "me",
    "partner",
    "partner_names",
)  # what a demo run did not take from the defaults


def write_export(folder: Path) -> Path:
    """Write the sample chat as an Android export into ``folder`` and return its path."""
    from trainer.demo.sample import write_sample_export
    from trainer.run import made_folder, storage

    path = folder / "sample" / "KakaoTalkChats.txt"
    with made_folder(path.parent), storage(folder):
        write_sample_export(path)
    return path


def settings(export: Path, exports_sha256: str, asked: Mapping[str, Any]) -> Settings:
    """The settings of a demo run, with what was asked for on top."""
    from trainer.demo.sample import PARTNER, PARTNER_NAMES, PERSONA

    own = {
        **SETTINGS,
        "me": PERSONA,
        "partner": PARTNER,
        "partner_names": PARTNER_NAMES,
        "exports_sha256": exports_sha256,
    }
    return Settings(exports=(str(export),), **{**own, **asked})
