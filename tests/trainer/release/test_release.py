"""The release: whole or not at all, loadable by others, and silent about the two people."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from persona_core.errors import ReleaseError, SettingsError, StorageError
from persona_core.manifest import Generation, PersonaManifest, digest
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.release.conftest import ANSWERED, ASKED, MASKED
from trainer.release import release as release_module
from trainer.release import verify
from trainer.release.card import FIGURES, REMEMBERED, write_card
from trainer.release.release import build_release
from trainer.run import Run
from trainer.tuning.evaluation import Score, comparison


def texts_of(run):
    """Every readable file of the release."""
    return [
        p.read_text(encoding="utf-8")
        for p in run.release.rglob("*")
        if p.suffix in {".json", ".md", ".jinja"}
    ]


def test_persona_json_describes_what_lies_beside_it(released):
    """Base, licence, both artefacts with the digest of every file, figures, versions."""
    manifest = PersonaManifest.read(released.release)

    assert (manifest.base.id, manifest.base.revision, manifest.base.licence) == (
        "tiny-qwen3",
        None,
        "apache-2.0",
    )
    assert [(a.kind, a.path) for a in manifest.artefacts] == [("merged", "."), ("adapter", "adapter")]
    for artefact in manifest.artefacts:
        assert [digest(released.release, released.release / f.path) for f in artefact.files] == list(
            artefact.files
        )
    assert manifest.generation == Generation.for_rows(256)
    assert manifest.end_of_turn_id == 2
    assert manifest.evaluation.items() >= {"base_nll": 7.0, "tuned_nll": 4.0, "nll_reduction": 0.43}.items()
    assert manifest.evaluation["drift_kl"] == released.read_metrics()["drift"]["kl"]
    assert set(manifest.libraries) == {"torch", "transformers", "peft", "bitsandbytes", "trl"}
    assert manifest.created_at.endswith("+00:00")


def test_generation_stops_and_samples_as_we_do(released):
    """Every end token of the base and of the template, and our sampling."""
    config = json.loads((released.release / "generation_config.json").read_text(encoding="utf-8"))

    config.pop("transformers_version")
    assert config == {
        "do_sample": True,
        "temperature": 0.9,
        "top_p": 0.9,
        "top_k": 50,
        "repetition_penalty": 1.05,
        "max_new_tokens": 160,
        "eos_token_id": [2],
        "pad_token_id": 0,
    }


def test_every_end_token_is_kept():
    """The template's end of turn comes first, the base's own stops stay, nothing is doubled."""
    from transformers import GenerationConfig

    base = GenerationConfig(eos_token_id=[7, 5], pad_token_id=None)

    made = release_module._generation_config(base, 5, Generation(temperature=0))

    assert (made.eos_token_id, made.pad_token_id, made.do_sample) == ([5, 7], 5, False)


def test_training_marks_leave_the_template(released, tmp_path):
    """The saved template has no {% generation %}, and renders what it rendered before."""
    from transformers import AutoTokenizer

    marked = (
        "{%- for m in messages %}\n<{{ m.role }}> \n"
        "{%- generation -%} {{ m.content }} {%- endgeneration %}\n</>\n{% generation %}\n!{% endgeneration %}\n"
        "{%- endfor %}"
    )
    tokenizer = AutoTokenizer.from_pretrained(released.release, chat_template=marked)
    messages = [{"role": "user", "content": "뭐 해?"}, {"role": "assistant", "content": "집"}]
    before = tokenizer.apply_chat_template(messages, tokenize=False)

    release_module._write_tokenizer(tokenizer, tmp_path)

    saved = (tmp_path / "chat_template.jinja").read_text(encoding="utf-8")
    assert "generation" not in saved
    assert AutoTokenizer.from_pretrained(tmp_path).apply_chat_template(messages, tokenize=False) == before


def test_the_card_is_valid_and_says_what_it_must(released):
    """Metadata the Hub accepts, the figures, what was masked by count, both ways to load."""
    from huggingface_hub import ModelCard

    card = ModelCard.load(released.release / "README.md")

    assert card.data.to_dict() == {
        "language": "ko",
        "library_name": "transformers",
        "license": "apache-2.0",
        "pipeline_tag": "text-generation",
        "tags": ["kakao-persona", "conversational", "korean", "lora", "bitsandbytes", "4-bit"],
    }
    for kind, count in MASKED.items():
        assert f"| {kind} | {count} |" in card.text
    assert "| loss, nats per token of the persona's replies | – | 4.000 | – | 7.000 |" in card.text
    assert 'repo = "OWNER/NAME"  # the name of this repository' in card.text
    assert card.text.count("OWNER/NAME") == 1
    assert "AutoModelForCausalLM.from_pretrained(repo)" in card.text
    assert 'PeftModel.from_pretrained(base, repo, subfolder="adapter")' in card.text


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value}


def test_every_published_figure_stands_in_the_card_as_a_reader_writes_it(released, tmp_path):
    """Shares in percent with their intervals, chance beside what is compared with it, counts whole; no private text."""
    everyone = ("real", "tuned", "examples", "base")
    fidelity = {
        "moments": 60,
        "likeness": {
            who: {name: interval(0.75) for name in ("taken", "auc", "told_apart")} for who in everyone
        },
        "style": {"length": {"distances": dict.fromkeys(everyone, 0.25)}},
        "relevance": {who: {"retrieved": interval(0.3), "candidates": 10} for who in everyone[1:]},
    }
    score = Score(nll=4.0, accuracy=0.25, tokens=16796)
    numbers = release_module._plain_numbers(
        {"evaluation": comparison(score, score), "fidelity": fidelity, "memory": asdict(KEPT)}, ()
    )
    manifest = replace(PersonaManifest.read(released.release), evaluation=numbers)
    write_card(manifest, {}, tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")

    for row in (
        "| tokens measured | – | 16,796 | – | 16,796 |",
        "| next tokens foreseen | – | 25.0% | – | 25.0% |",
        "takes for the persona's | 75% (65–75) | 75% (65–75) | 75% (65–75) | 75% (65–75) |",
        "below is a caricature) | 0.75 (0.65–0.75) |",
        "| distance of style, mean over the habits (0: the same) | 0.25 |",
        "| real reply found among 10 (chance: 10%) | – | 30% (20–30) |",
        "measured at 60 of the persona's moments",
        "| secrets recited to the letter | 0 |",
        "| copied from training in long runs | 5.0% |",
    ):
        assert row in card
    written = {name.format(who=who) for name in FIGURES for who in everyone} | REMEMBERED.keys()
    assert {name for name in numbers if name.removesuffix("_low").removesuffix("_high") not in written} == {
        "nll_reduction",
        "moments",
        "candidates",
    }


def test_the_card_says_what_was_not_measured(released, tmp_path):
    """No canaries: not 0 bits, and a line that says that less was checked."""
    none = replace(KEPT, canaries=0, exposure=None, most_exposed=None, recited=None)
    numbers = release_module._plain_numbers({"memory": asdict(none)}, ())
    write_card(replace(PersonaManifest.read(released.release), evaluation=numbers), {}, tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")

    assert card.count("| not measured |") == 3
    assert "memory was checked less" in card
    assert "Too little talk was held out" in card
    assert "checked less" not in (released.release / "README.md").read_text(encoding="utf-8")


def test_the_card_of_a_hub_base_names_it(released, tmp_path):
    """base_model and its relation are there when the base has a name on the Hub; odd licences get name and link."""
    from huggingface_hub import ModelCard

    from persona_core.manifest import Base
    from trainer.release.card import write_card

    manifest = replace(
        PersonaManifest.read(released.release), base=Base("LGAI-EXAONE/EXAONE-4.0-1.2B", "9f2c" * 10, "other")
    )
    write_card(manifest, {}, tmp_path)

    card = ModelCard.load(tmp_path / "README.md")
    assert (card.data.base_model, card.data.base_model_relation) == (manifest.base.id, "finetune")
    assert (card.data.license, card.data.license_name) == ("other", "exaone")
    assert card.data.license_link == "LICENSE"
    assert f'"{manifest.base.id}", revision="{manifest.base.revision}"' in card.text
    assert "not for commercial use" in card.text


def test_no_name_and_no_line_of_chat(released):
    """Neither the two people nor anything they said is in any text of the release."""
    said = {*ASKED, *(bubble for bubbles in ANSWERED for bubble in bubbles if len(bubble) > 3)}

    for text in texts_of(released):
        assert not [
            secret for secret in (released.settings.me, released.settings.partner, *said) if secret in text
        ]


def test_others_load_it_with_plain_calls(released):
    """transformers the root, PEFT the adapter on the base: both with the weights that were trained."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(released.release)
    base = AutoModelForCausalLM.from_pretrained(released.settings.base)
    tuned = PeftModel.from_pretrained(base, str(released.release), subfolder="adapter")

    assert model.is_loaded_in_4bit
    assert tuned.peft_config["default"].base_model_name_or_path == "tiny-qwen3"
    assert AutoTokenizer.from_pretrained(released.release).decode([2]) == "<|im_end|>"


def test_the_engine_of_the_page_speaks_from_it(released):
    """What the Space and `persona chat` use loads the folder as it is."""
    from persona_core.engine import load_engine
    from persona_core.prompt import Turn

    engine = load_engine(released.release, "cpu")

    *_, bubbles = engine.stream([Turn("partner", ("뭐 해?",))], seed=0)
    assert all(isinstance(bubble, str) for bubble in bubbles)


def test_a_refused_release_leaves_the_previous_one(released, copy_of, monkeypatch):
    """When verification fails nothing is half-written, and the figures are kept to look at."""
    run: Run = copy_of(released)
    before = (run.release / "persona.json").read_bytes()
    monkeypatch.setattr(verify, "MAX_KL", 0.0)

    with pytest.raises(ReleaseError, match="too far"):
        build_release(run, openvino=False)

    assert (run.release / "persona.json").read_bytes() == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []
    assert run.read_metrics()["drift"]["kl"] > 0


def test_a_full_disk_leaves_the_previous_one(released, copy_of):
    """Where the weights cannot be written whole, one line says so and nothing is lost."""
    resource = pytest.importorskip("resource")
    run = copy_of(released)
    before = (run.release / "persona.json").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))  # bytes: the tokenizer fits, the weights do not
    try:
        with pytest.raises(StorageError, match="disk is full"):
            build_release(run, openvino=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (run.release / "persona.json").read_bytes() == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []


def test_other_forms_on_request(finished_run, copy_of):
    """8 bits at the root, the full weights in bf16/, each measured, named on the card and loadable by others."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from persona_core.engine import load_engine
    from persona_core.prompt import Turn

    run = copy_of(finished_run)
    build_release(run, 8, keep_full=True, openvino=False)

    manifest = PersonaManifest.read(run.release)
    assert [(a.kind, a.path) for a in manifest.artefacts] == [
        ("merged", "."),
        ("adapter", "adapter"),
        ("full", "bf16"),
    ]
    card = (run.release / "README.md").read_text(encoding="utf-8")
    assert "8-bit integers" in card
    assert 'subfolder="bf16"' in card
    assert "| adapter on the base in NF4 | 0 | 0 | 100 % | 100 % |\n| merged |" in card
    assert manifest.evaluation["drift_bf16_kl"] <= 0.001 > manifest.evaluation["drift_kl"]
    assert AutoModelForCausalLM.from_pretrained(run.release, subfolder="bf16").dtype.itemsize == 2
    own = AutoTokenizer.from_pretrained(run.release / "bf16")  # other tools want it beside the weights
    assert own.chat_template == AutoTokenizer.from_pretrained(run.release).chat_template
    *_, bubbles = load_engine(run.release, "cpu").stream([Turn("partner", ("뭐 해?",))], seed=0)
    assert bubbles


def test_full_weights_that_nobody_asked_for_are_not_released(finished_run, copy_of):
    """8 bits are made of them, and they go."""
    run = copy_of(finished_run)
    build_release(run, 8, openvino=False)

    assert [path.name for path in run.release.iterdir() if path.is_dir()] == ["adapter"]
    assert [a.kind for a in PersonaManifest.read(run.release).artefacts] == ["merged", "adapter"]


def test_where_full_weights_cannot_go_there_is_no_release(released, copy_of, monkeypatch):
    """Windows deletes no file that is open; half of them would be published, and no line say so."""
    run = copy_of(released)
    before = (run.release / "persona.json").read_bytes()

    def held_open(folder):
        raise PermissionError(13, "in use", folder)

    monkeypatch.setattr(release_module, "shutil", SimpleNamespace(rmtree=held_open))
    with pytest.raises(StorageError, match="release"):
        build_release(run, 8, openvino=False)

    assert (run.release / "persona.json").read_bytes() == before


def test_a_lack_of_memory_is_one_line(released, copy_of, monkeypatch):
    """It says what to type; the previous release is still there."""
    run = copy_of(released)
    before = (run.release / "persona.json").read_bytes()

    def too_much(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")

    monkeypatch.setattr(release_module, "measure_drifts", too_much)
    with pytest.raises(ReleaseError, match=r"Memory ran out .*: persona export .* \(with --no-openvino"):
        build_release(run, openvino=False)

    assert (run.release / "persona.json").read_bytes() == before


def test_an_interrupted_export_leaves_the_previous_one(released, copy_of, monkeypatch):
    """Ctrl-C while it is measured takes back what was written, and nothing else."""
    run = copy_of(released)
    before = (run.release / "persona.json").read_bytes()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(release_module, "measure_drifts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_release(run, openvino=False)

    assert (run.release / "persona.json").read_bytes() == before
    assert [p.name for p in run.path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("asked", [{"bits": 5}, {"keep": "gguf"}])
def test_a_form_that_is_none_is_refused(finished_run, asked):
    """By the option's name and what it can be."""
    from trainer import pipeline

    with pytest.raises(SettingsError, match=r"--(bits|keep)"):
        pipeline.export(finished_run.path, **asked)


def test_the_same_run_makes_the_same_weights(released, copy_of):
    """Building a release twice writes the same bytes but for the date."""
    run = copy_of(released)
    build_release(run, openvino=False)

    first, second = PersonaManifest.read(released.release), PersonaManifest.read(run.release)
    assert first.artefacts == second.artefacts
