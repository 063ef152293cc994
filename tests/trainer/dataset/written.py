"""What a preparation wrote, read back."""

from pathlib import Path

from persona_core.prompt import ChatFormat
from trainer.dataset.example import Example, read_examples

CHAT = ChatFormat()


def read(folder: Path) -> tuple[list[Example], list[Example]]:
    return tuple(list(read_examples(folder / name, CHAT)) for name in ("train.jsonl", "validation.jsonl"))
