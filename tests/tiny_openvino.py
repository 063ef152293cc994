"""A model as an openvino artefact: exported as it is, so that its numbers can be held against torch's, or in 4 bits.

release = build_tiny_openvino(build_tiny_model(tmp_path / "base"), tmp_path / "release")    # about 5 seconds
OpenVinoEngine.from_release(release)
"""

import sys
from pathlib import Path

from persona_core.engine.openvino import GRAPH, runtime
from persona_core.manifest import OPENVINO_FOLDER, Artefact, Base, Generation, PersonaManifest
from persona_core.prompt import ChatFormat, end_of_turn_id
from trainer.release.openvino import save_graph, trace

GENERATION = Generation(max_new_tokens=24, max_context_tokens=256)


def build_tiny_openvino(base: Path, release: Path, *, packed: bool = False) -> Path:
    """Write ``base`` as the openvino artefact of a release that holds nothing else; return ``release``.

    ``packed``: in 4 bits, as it is served; the base's widths must be multiples of 64.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = release / OPENVINO_FOLDER
    release.mkdir(parents=True, exist_ok=True)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    if packed:
        save_graph(model, folder)
    else:
        folder.mkdir()
        runtime().save_model(trace(model), folder / GRAPH, compress_to_fp16=False)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.save_pretrained(folder)
    PersonaManifest(
        Base("tiny"),
        "2026-01-01",
        end_of_turn_id(tokenizer, ChatFormat()),
        (Artefact("openvino", OPENVINO_FOLDER, ()),),
        generation=GENERATION,
    ).write(release)
    return release


if __name__ == "__main__":
    build_tiny_openvino(*map(Path, sys.argv[1:]))
