"""The embedded default: a tiny Korean base model, the recipe that made it, and a sample export to tune it on.

Sample: ``AutoModelForCausalLM.from_pretrained(base_path())``.
"""

from pathlib import Path


def base_path() -> Path:
    """The folder of the shipped base model: config, weights, tokenizer, model card."""
    return Path(__file__).parent / "base"
