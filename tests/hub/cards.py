"""Repository cards: the YAML at the top of README.md, read and checked as the Hub does.

read_card("---\\nlicence: mit\\n---\\n# hi")  # -> {"licence": "mit"}
"""

import re
from typing import Any

import yaml  # type: ignore[import-untyped]

SPACE_SDKS = ("gradio", "docker", "static", "streamlit")
SPACE_COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SHORT_DESCRIPTION = 60  # characters
BASE_MODEL_RELATIONS = ("adapter", "merge", "quantized", "finetune")

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?\r?\n)?---[ \t]*(\r?\n|\Z)", re.DOTALL)


def read_card(text: str) -> dict[str, Any]:
    """The front matter, empty when there is none. Raises ValueError when it is no mapping."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}
    try:
        card = yaml.safe_load(match.group(1) or "") or {}
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(card, dict):
        raise ValueError("metadata must be a mapping")  # noqa: TRY004 - the text is wrong, not the call
    return card


def check_card(text: str, kind: str) -> tuple[list[str], list[str]]:
    """Errors, which refuse an upload, and warnings, which do not."""
    try:
        card = read_card(text)
    except ValueError as error:
        return [f"Failed to parse YAML metadata: {error}"], []
    errors = _space_errors(card) if kind == "spaces" else _model_errors(card)
    return errors, [] if card else ["empty or missing yaml metadata in repo card"]


def _space_errors(card: dict[str, Any]) -> list[str]:
    errors = []
    if card.get("sdk") not in SPACE_SDKS:
        errors.append(f'"sdk" must be one of {", ".join(SPACE_SDKS)}')
    errors += [
        f'"{key}" must be one of {", ".join(SPACE_COLOURS)}'
        for key in ("colorFrom", "colorTo")
        if key in card and card[key] not in SPACE_COLOURS
    ]
    if len(str(card.get("short_description", ""))) > SHORT_DESCRIPTION:
        errors.append(f'"short_description" length must be at most {SHORT_DESCRIPTION} characters')
    return errors


def _model_errors(card: dict[str, Any]) -> list[str]:
    errors = [
        f'"{key}" must be a string or a list of strings'
        for key in ("base_model", "license", "language", "tags")
        if key in card and not all(isinstance(item, str) for item in _listed(card[key]))
    ]
    relation = card.get("base_model_relation")
    if relation is not None and relation not in BASE_MODEL_RELATIONS:
        errors.append(f'"base_model_relation" must be one of {", ".join(BASE_MODEL_RELATIONS)}')
    return errors


def card_tags(card: dict[str, Any]) -> list[str]:
    """What one can filter by, taken from the card."""
    tags = [str(tag) for tag in _listed(card.get("tags", []))]
    tags += [str(card[key]) for key in ("library_name", "pipeline_tag") if key in card]
    tags += [str(language) for language in _listed(card.get("language", []))]
    relation = card.get("base_model_relation")
    for base in _listed(card.get("base_model", [])):
        tags += [f"base_model:{base}", *([f"base_model:{relation}:{base}"] if relation else [])]
    tags += [f"license:{licence}" for licence in _listed(card.get("license", []))]
    return list(dict.fromkeys(tags))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
