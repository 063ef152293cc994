"""README.md of a release: what it is, how it was measured, how to load it. No name, no line of chat.

write_card(manifest, masked={"phone": 12}, release=folder)
"""

from collections.abc import Mapping
from pathlib import Path

from persona_core.manifest import Base, PersonaManifest
from trainer.release.contents import CARD
from trainer.release.licences import licence_of

TAGS = ("kakao-persona", "conversational", "korean", "lora", "bitsandbytes")  # `persona list` finds the first
ROOT = {4: "4-bit NF4", 8: "8-bit integers (LLM.int8)"}
FULL = """
`bf16/` holds the merged weights in full, to be quantised by others:
`AutoModelForCausalLM.from_pretrained(repo, subfolder="bf16")`.
"""
FIGURES = {  # what a release publishes, without whose it is
    "nll": "loss",
    "perplexity": "perplexity",
    "accuracy": "next tokens foreseen",
    "tokens": "tokens measured",
    "taken": "messages a judge takes for the persona's",
    "retrieved": "real reply found among ten",
}
WHOSE = {
    "real": "the person",
    "tuned": "tuned",
    "examples": "base with examples",
    "base": "base",
}
SHARE_FALLEN = "nll_reduction"
DRIFTS = {"drift": "merged", "drift_bf16": "`bf16/`"}  # sections of the measurements, and whose they are


def write_card(manifest: PersonaManifest, masked: Mapping[str, int], release: Path, bits: int = 4) -> None:
    """Write the model card. ``masked`` counts what was masked in the chat, by kind; ``bits`` are the root's."""
    card = f"---\n{_metadata(manifest, bits)}\n---\n\n{_body(manifest, masked, bits)}"
    (release / CARD).write_text(card, encoding="utf-8", newline="\n")


def _metadata(manifest: PersonaManifest, bits: int) -> str:
    from huggingface_hub import ModelCardData

    terms = licence_of(manifest.base)
    on_the_hub = "/" in manifest.base.id
    other = terms.id == "other"
    data = ModelCardData(
        language="ko",
        license=terms.id,
        license_name=terms.name if other else None,
        license_link="LICENSE" if other else None,
        base_model=manifest.base.id if on_the_hub else None,
        base_model_relation="finetune" if on_the_hub else None,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=[*TAGS, f"{bits}-bit"],
    )
    return str(data.to_yaml())


def _body(manifest: PersonaManifest, masked: Mapping[str, int], bits: int) -> str:
    base = manifest.base
    full = FULL if manifest.artefact("full") else ""
    learned = {in_words(k): f"{v:.4g}" for k, v in manifest.evaluation.items() if not k.startswith("drift")}
    revision = f', revision="{base.revision}"' if base.revision else ""
    return f"""# A persona, in private

한 사람의 카카오톡 말투를 배운 모델이에요. 두 사람의 대화에서 나온 것이니 **비공개로만** 두세요.

A small Korean model that texts the way one person does. It was made from two people's private chat: keep this
repository private.

## Load it

The root holds the merged model in {ROOT[bits]}:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

repo = "OWNER/NAME"  # the name of this repository, or the path of a folder that holds it
model = AutoModelForCausalLM.from_pretrained(repo)
tokenizer = AutoTokenizer.from_pretrained(repo)
```

{full}
`adapter/` holds the LoRA adapter. On the base in NF4 it is exactly the model that was trained; the merged weights are
rounded once more and drift a little from it (see below):

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

nf4 = BitsAndBytesConfig(
    load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype="bfloat16"
)
base = AutoModelForCausalLM.from_pretrained("{base.id}"{revision}, quantization_config=nf4)
model = PeftModel.from_pretrained(base, repo, subfolder="adapter")
```

The conversation starts with the system prompt of `persona.json`; bubbles of one turn are separated by a line break.

## Measured

{_table(("on held-out conversations", "value"), learned)}

Losses are in nats per token of the persona's replies. Messages are judged in bundles of five, by a judge of style that
costs a second. The base is also asked with a description and examples in context. In backticks: the names in
`persona.json`.

How far each of these weights is from the model that was trained:

{_drifts(manifest.evaluation)}

Kullback-Leibler divergence in nats per token; change of the loss; share of tokens on which the likeliest choice is the
same after the same words; share of equal tokens when both write greedily on their own.

## Masked before training

{_table(("kind", "times"), {k: f"{v:,}" for k, v in masked.items()})}

Names became placeholders; whoever loads the model puts them back, or not.

## Made with

Base model: `{base.id}`{f" at `{base.revision}`" if base.revision else ""}, licence {_licence_line(base)}.
{", ".join(f"{name} {version}" for name, version in manifest.libraries.items())}.
"""


def in_words(name: str) -> str:
    """``tuned_nll`` -> "loss, tuned (`tuned_nll`)"."""
    if name == SHARE_FALLEN:
        return f"share by which the loss fell (`{name}`)"
    first, _, second = name.partition("_")
    what, whose = (second, first) if second in FIGURES else (first, second)
    return f"{FIGURES[what]}, {WHOSE[whose]} (`{name}`)"


def _drifts(evaluation: Mapping[str, float]) -> str:
    """A row for each artefact. The adapter on the base in NF4 is what the others are compared with."""
    lines = [
        "| weights | divergence | loss | same choice | same greedy tokens |",
        "|---|---|---|---|---|",
        "| adapter on the base in NF4 | 0 | 0 | 100 % | 100 % |",
    ]
    for name, whose in DRIFTS.items():
        if f"{name}_kl" in evaluation:
            kl, nll, agreement, greedy = (
                evaluation[f"{name}_{figure}"] for figure in ("kl", "nll_change", "agreement", "greedy")
            )
            lines.append(f"| {whose} | {kl:.5f} | {nll:+.5f} | {agreement:.1%} | {greedy:.1%} |")
    return "\n".join(lines)


def _licence_line(base: Base) -> str:
    terms = licence_of(base)
    name = terms.name or terms.id
    return name if terms.commercial else f"{name} (not for commercial use)"


def _table(head: tuple[str, str], rows: Mapping[str, str]) -> str:
    if not rows:
        return "Nothing."
    lines = [
        f"| {' | '.join(head)} |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows.items()),
    ]
    return "\n".join(lines)
