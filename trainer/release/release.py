"""The release: one folder, byte for byte what is pushed. Everything it holds is written here or by whom it calls.

build_release(run)
# release/  model.safetensors config.json … adapter/ persona.json README.md LICENSE, openvino/ where it can be made, and bf16/ when it is kept
"""

import gc
import json
import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from persona_core.engine.loading import memory_errors
from persona_core.errors import OutOfMemory, ReleaseError, SettingsError, StorageError
from persona_core.manifest import ADAPTER_FOLDER, FULL_FOLDER, OPENVINO_FOLDER, Generation, PersonaManifest
from persona_core.prompt import ChatFormat, dated_template, end_of_turn_id
from trainer.fidelity.assessment import published
from trainer.fidelity.memory import require_kept
from trainer.progress import say
from trainer.release.card import DRIFT, DRIFTS, write_card
from trainer.release.contents import artefacts_in, read_contents
from trainer.release.head import HEARD_TOKENS, Head, choose_head
from trainer.release.licences import declared_licence, write_licence_files
from trainer.release.merging import load_in_8_bits, load_tuned, merge, merge_in_full
from trainer.release.openvino import LIBRARIES, is_possible, write_graph
from trainer.release.scanning import Privacy
from trainer.release.size import size_in_words
from trainer.release.verify import Form, measure_drifts, require_enough, sample_rows
from trainer.run import Run, storage, whole_folder
from trainer.tuning.adapter import CONFIG, WEIGHTS
from trainer.tuning.base import choose_device, load_tokenizer, prepare_process
from trainer.tuning.labels import Row, read_rows
from trainer.tuning.source import Source, source_of

_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "trl")


Bits = Literal[4, 8]


def build_release(run: Run, bits: Bits = 4, *, keep_full: bool = False, openvino: bool | None = None) -> None:
    """Merge, quantise to ``bits``, verify and describe: ``run.release`` appears whole, or not at all.

    ``keep_full`` keeps the merged weights in bfloat16 as well, ``openvino`` makes a form of them for CPUs, each in a
    folder of its own; None makes it where its libraries are installed.

    Raises:
        SettingsError: the form for CPUs is asked for and its libraries are not installed.
        ReleaseError: what would be published repeats private lines, is not what was trained, or holds what must not leave the machine;
            or memory ran out.
        TrainingError, DataError, HubError, StorageError: a part it needs is not there.
    """
    require_kept(run)
    openvino = _may_write_graph(wanted=openvino)
    prepare_process()
    settings, chat_format = run.settings, ChatFormat()
    source = source_of(run)
    tokenizer = load_tokenizer(source)
    end_id = end_of_turn_id(tokenizer, chat_format)
    generation = Generation.for_rows(settings.max_length)
    held_out = read_rows(tokenizer, run.validation_file, chat_format, settings.max_length).rows
    require_enough(held_out)
    with _enough_memory(run), whole_folder(run.release) as release:
        write_licence_files(source, release)
        say("release.merging", base=source.base.id, bits=bits)
        heard = read_rows(tokenizer, run.train_file, chat_format, settings.max_length).rows
        forms: dict[Path, Form] = {release: bits}
        if keep_full:
            forms[release / FULL_FOLDER] = 16
        if openvino:
            forms[release / OPENVINO_FOLDER] = "graph"
        own = _write_merged(run, source, heard, forms)
        head: Head | None = None
        if openvino:
            say("release.tracing")
            some = sample_rows(held_out, HEARD_TOKENS)
            choose = partial(
                choose_head, tokenizer=tokenizer, rows=heard, held_out=some, generation=generation
            )
            head = write_graph(release / FULL_FOLDER, heard, release / OPENVINO_FOLDER, choose)
        if not keep_full:
            _remove(release / FULL_FOLDER)
        for folder in forms:
            _generation_config(own, end_id, generation).save_pretrained(folder)
            _write_tokenizer(tokenizer, folder)
        _copy_adapter(run.adapter, release / ADAPTER_FOLDER)

        say("release.verifying")
        device = choose_device(settings.device)
        drifts = measure_drifts(source, run.adapter, forms, held_out, device, head=head)
        sections = [DRIFT if folder == release else f"{DRIFT}_{folder.name}" for folder in forms]
        measured = dict(zip(sections, drifts, strict=True))
        for section, drift in measured.items():
            run.add_metrics(section, asdict(drift))
        if head:
            figures = {"kept": len(head.ids), "vocabulary": head.vocabulary, "missed": head.missed}
            run.add_metrics("head", figures)
        for form, drift in zip(forms.values(), drifts, strict=True):
            drift.require_small(form, run.path)

        manifest = PersonaManifest(
            base=replace(source.base, licence=declared_licence(source)),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            end_of_turn_id=end_id,
            artefacts=artefacts_in(release),
            chat_format=chat_format,
            generation=generation,
            evaluation=_plain_numbers(run.read_metrics(), (*measured, *(["head"] if head else []))),
            libraries={name: version(name) for name in (*_LIBRARIES, *(LIBRARIES if openvino else ()))},
        )
        manifest.write(release)
        write_card(manifest, _masked(run), release, bits)
        read_contents(release, Privacy.of(run))
    size = size_in_words(sum(artefact.size for artefact in manifest.artefacts))
    say("release.ready", folder=run.release, size=size)
    for section, drift in measured.items():
        say(
            "release.drift", form=DRIFTS[section].strip("`"), kl=f"{drift.kl:.4f}",
            agreement=f"{drift.agreement:.1%}", greedy=f"{drift.greedy:.1%}",
        )  # fmt: skip


@contextmanager
def _enough_memory(run: Run) -> Iterator[None]:
    """Say in words that memory ran out inside the block, and what to do.

    Raises:
        ReleaseError: it did.
    """
    try:
        with memory_errors():
            yield
    except OutOfMemory as error:
        raise ReleaseError("release.no_memory", folder=run.path) from error


_TRAINING_MARK = re.compile(r"\{%([-+]?)\s*(?:end)?generation\s*([-+]?)%\}")


def _write_tokenizer(tokenizer: Any, release: Path) -> None:
    """The tokenizer with a template that others can read, and that writes the date it was trained with.

    Trainers' marks break llama.cpp's parser. A comment in the mark's place trims the same white space, so that the
    template renders as before.
    """
    tokenizer.chat_template = _TRAINING_MARK.sub(r"{#\1 \2#}", dated_template(tokenizer))
    tokenizer.save_pretrained(release)


def _write_merged(run: Run, source: Source, heard: Sequence[Row], forms: Mapping[Path, Form]) -> Any:
    """config.json and weights, and those in bfloat16 for other forms; no model stays in memory.

    Returns the base's generation config.
    """
    from safetensors import SafetensorError

    release, *others = forms
    full = release / FULL_FOLDER
    tuned = load_tuned(source, run.adapter)
    own = tuned.generation_config
    try:
        if others or forms[release] == 8:
            merge_in_full(tuned, full)
        if forms[release] == 8:
            del tuned
            merged = load_in_8_bits(full)
        else:
            merged = merge(tuned, heard)
            del tuned
        merged.save_pretrained(release)
    except SafetensorError as error:  # its writer's only trouble is the disk, and it speaks no OSError
        raise StorageError("settings.disk_full", path=run.release) from error
    return own


def _remove(full: Path) -> None:
    """Delete the weights that other forms were made of, if there were such.

    Raises:
        StorageError: the system does not let them go; they would be published.
    """
    gc.collect()  # models end in circles; they hold the files open
    if full.exists():
        with storage(full):
            shutil.rmtree(full)


def _may_write_graph(*, wanted: bool | None) -> bool:
    """Whether a graph is to be written: it is ``wanted``, or nobody said and it can be."""
    if wanted is False or is_possible():
        return wanted is not False
    if wanted:
        raise SettingsError("release.no_openvino_asked")
    say("release.no_openvino")
    return False


def _generation_config(base: Any, end_id: int, generation: Generation) -> Any:
    """Our sampling, and every token that ends a reply: a model with a wrong end token never stops."""
    from transformers import GenerationConfig

    stops = base.eos_token_id if isinstance(base.eos_token_id, list) else [base.eos_token_id]
    return GenerationConfig(
        do_sample=generation.temperature > 0,
        temperature=generation.temperature,
        top_p=generation.top_p,
        top_k=generation.top_k,
        repetition_penalty=generation.repetition_penalty,
        max_new_tokens=generation.max_new_tokens,
        eos_token_id=list(dict.fromkeys([end_id, *(stop for stop in stops if stop is not None)])),
        pad_token_id=end_id if base.pad_token_id is None else base.pad_token_id,
        bos_token_id=base.bos_token_id,
    )


def _copy_adapter(adapter: Path, folder: Path) -> None:
    folder.mkdir()
    for name in (WEIGHTS, CONFIG):
        shutil.copyfile(adapter / name, folder / name)


def _plain_numbers(metrics: Mapping[str, Any], sections: Sequence[str]) -> dict[str, float]:
    """``{"base_nll": 4.7, "tuned_nll": 3.0, …, "drift_kl": 0.001}`` from the run's metrics."""
    numbers: dict[str, float] = {}
    measured = {
        **metrics.get("evaluation", {}),
        **published(metrics.get("fidelity", {})),
        "memory": metrics.get("memory", {}),
        **{name: metrics[name] for name in sections},
    }
    for name, value in measured.items():
        numbers |= (
            {f"{name}_{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
        )
    return {name: value for name, value in numbers.items() if value is not None and math.isfinite(value)}


def _masked(run: Run) -> dict[str, int]:
    """How often what was masked, by kind."""
    if not run.data_report.exists():
        return {}
    report = json.loads(run.data_report.read_text(encoding="utf-8"))
    return dict(report.get("masked", {}))
