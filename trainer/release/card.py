"""README.md of a release: what it is, how it was measured, how to load it. No name, no line of chat.

write_card(manifest, masked={"phone": 12}, release=folder)
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from persona_core.manifest import Base, PersonaManifest
from persona_core.privacy import KINDS
from trainer.release.licences import licence_of

CARD = "README.md"
TAGS = ("kakao-persona", "conversational", "korean", "lora", "bitsandbytes")  # `persona list` finds the first
ROOT = {4: "4-bit NF4", 8: "8-bit integers (LLM.int8)"}
FULL = """
`bf16/` holds the merged weights in full, to be quantised by others:
`AutoModelForCausalLM.from_pretrained(repo, subfolder="bf16")`.
"""
WHOSE = {
    "real": "the person",
    "tuned": "tuned",
    "examples": "base with examples",
    "base": "base",
}
FIGURES = {  # of each of them: the name in persona.json, how it is written, and in words
    "{who}_nll": (".3f", "loss, nats per token of the persona's replies"),
    "{who}_perplexity": (",.0f", "perplexity: as if among so many equally likely tokens"),
    "{who}_accuracy": (".1%", "next tokens foreseen"),
    "{who}_tokens": (",.0f", "tokens measured"),
    "taken_{who}": (".0%", "bundles of five messages a judge of style takes for the persona's"),
    "told_apart_{who}": (
        ".2f",
        "told from the person's real replies (AUC: 0.5 is best, below is a caricature)",
    ),
    "auc_{who}": (".2f", "told from the partner's messages (AUC: 1 is best)"),
    "style_{who}": (".2f", "distance of style, mean over the habits (0: the same)"),
    "retrieved_{who}": (".0%", "real reply found among {candidates:.0f} (chance: {chance:.0%})"),
}
REMEMBERED = {  # of planted secrets and rare lines, as `FIGURES`
    "memory_canaries": (".0f", "secrets planted"),
    "memory_exposure": (".1f", "bits of a secret given away, mean of 40 (1.4: nothing was learned)"),
    "memory_most_exposed": (".1f", "bits of a secret given away, the most"),
    "memory_recited": (".0f", "secrets recited to the letter"),
    "memory_copied": (".1%", "copied from training in long runs"),
    "memory_copied_by_him": (".1%", "copied from training by the person's own unseen replies"),
    "memory_longest": (".0f", "longest copied run, tokens"),
    "memory_longest_by_him": (".0f", "longest copied run of the person's own unseen replies, tokens"),
    "memory_drawn_out": (".1%", "rare lines finished to the letter"),
    "memory_drawn_out_unseen": (".1%", "rare lines it never saw, finished"),
    "memory_drawn_out_by_base": (".1%", "rare lines finished by the base"),
    "memory_held_back": (".1%", "bubbles that the page holds back"),
    "memory_private": (".1%", "bubbles with what looks like private data, before the page looks at them"),
}
NOTHING = "–"
CHECKED_LESS = """
No secret was planted in this training: memory was checked less.
"""
GRAPH = """
`openvino/` holds the merged weights in int4 (embedding and head in int8) as one stateful graph for CPUs: `input_ids`,
`position_ids` and `beam_idx` in, the logits of what follows out; keys and values stay inside, until `reset_state`:

```python
import numpy, openvino  # in the folder of a copy of this repository: hf download OWNER/NAME --local-dir .
request = openvino.Core().compile_model("openvino/openvino_model.xml", "CPU").create_infer_request()
ids = numpy.array([tokenizer.encode("…")])  # of the whole prompt; then of what is new, with positions that go on
places = numpy.arange(ids.shape[1])[None]
logits = request.infer({"input_ids": ids, "position_ids": places, "beam_idx": numpy.array([0], "int32")})["logits"]
```
"""
OTHERS = {"full": FULL, "openvino": GRAPH}
DRIFT = "drift"
DRIFTS = {
    DRIFT: "merged",
    "drift_bf16": "`bf16/`",
    "drift_openvino": "`openvino/`",
}  # sections of the measurements, and whose they are

SHORT_HEAD = (
    "`openvino/` has {share:.0%} of the tokens in its head and is compared over those;"
    " of 1,000 tokens that it would say it lacks {missed:.1f}."
)


def write_card(manifest: PersonaManifest, masked: Mapping[str, int], release: Path, bits: int = 4) -> None:
    """Write the model card. ``masked`` counts what was masked in the chat, by kind; ``bits`` are the root's."""
    (release / CARD).write_text(_card(manifest, masked, bits), encoding="utf-8", newline="\n")


def cards_of_nobody(manifest: PersonaManifest) -> Iterator[str]:
    """Cards of ``manifest``'s base made of no chat: between them every line that its own card may have, figures apart."""
    drifts = (f"{name}_{figure}" for name in DRIFTS for figure in ("kl", "nll_change", "agreement", "greedy"))
    names = (name.format(who=who) for name in FIGURES for who in WHOSE)
    head = {"head_kept": 0.0, "head_vocabulary": 1.0, "head_missed": 0.0}
    everything = dict.fromkeys((*names, *REMEMBERED, *drifts, "moments"), 0.0) | head
    for measured in ({}, everything):
        for bits in ROOT:
            yield _card(replace(manifest, evaluation=measured), dict.fromkeys(KINDS, 0), bits)


def _card(manifest: PersonaManifest, masked: Mapping[str, int], bits: int) -> str:
    return f"---\n{_metadata(manifest, bits)}\n---\n\n{_body(manifest, masked, bits)}"


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
    others = "".join(OTHERS.get(artefact.kind, "") for artefact in manifest.artefacts)
    measured = manifest.evaluation
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

{others}
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

{_compared(measured)}

On held-out conversations; in brackets 95 % intervals, a dash where nothing was measured. The judge hears style alone and
says nothing of sense. The base is also asked with a description and examples in context. {_moments(measured)}

What it knows by heart, asked with secrets that were planted and with the rarest lines of training:

{_table(("memory", "measured"), _remembered(measured))}
{"" if measured.get("memory_canaries", 1) else CHECKED_LESS}
How far each of these weights is from the model that was trained:

{_drifts(measured)}

Kullback-Leibler divergence in nats per token; change of the loss; share of tokens on which the likeliest choice is the
same after the same words; share of equal tokens when both write greedily on their own.

## Masked before training

{_table(("kind", "times"), {k: f"{v:,}" for k, v in masked.items()})}

Names became placeholders; whoever loads the model puts them back, or not.

## Made with

Base model: `{base.id}`{f" at `{base.revision}`" if base.revision else ""}, licence {_licence_line(base)}.
{", ".join(f"{name} {version}" for name, version in manifest.libraries.items())}.
"""


def _compared(evaluation: Mapping[str, float]) -> str:
    """A row for each figure that was measured, a column for each who was."""
    candidates = evaluation.get("candidates", 1)
    lines = [f"| | {' | '.join(WHOSE.values())} |", "|---" * (1 + len(WHOSE)) + "|"]
    for name, (form, words) in FIGURES.items():
        cells = [_figure(evaluation, name.format(who=who), form) for who in WHOSE]
        if any(cell != NOTHING for cell in cells):
            lines.append(
                f"| {words.format(candidates=candidates, chance=1 / candidates)} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def _moments(evaluation: Mapping[str, float]) -> str:
    if "moments" not in evaluation:
        return "Too little talk was held out to say how much it sounds like the person."
    return f"Likeness and retrieval were measured at {evaluation['moments']:.0f} of the persona's moments."


def _remembered(evaluation: Mapping[str, float]) -> dict[str, str]:
    if "memory_canaries" not in evaluation:
        return {}
    return {
        words: _figure(evaluation, name, form, "not measured") for name, (form, words) in REMEMBERED.items()
    }


def _figure(evaluation: Mapping[str, float], name: str, form: str, missing: str = NOTHING) -> str:
    """``"83% (70–95)"``, or ``missing``."""
    if name not in evaluation:
        return missing
    said = format(evaluation[name], form)
    if f"{name}_low" not in evaluation:
        return said
    low, high = (format(evaluation[f"{name}_{end}"], form).rstrip("%") for end in ("low", "high"))
    return f"{said} ({low}–{high})"


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
    if evaluation.get("head_kept", 0) < evaluation.get("head_vocabulary", 0):
        share, missed = evaluation["head_kept"] / evaluation["head_vocabulary"], evaluation["head_missed"]
        lines += ["", SHORT_HEAD.format(share=share, missed=1000 * missed)]
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
