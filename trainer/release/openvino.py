"""The release for CPUs: the merged weights in int4, as one OpenVINO graph that holds its own keys and values.

    write_graph(bf16_folder, train_rows, folder)     # openvino_model.xml, openvino_model.bin

The graph takes input_ids and position_ids ``[1, tokens]`` and beam_idx ``[1]``, and gives the logits ``[1, 1, vocabulary]``
of what follows the last token; an empty state makes of it a prompt, a kept one what comes next in a conversation. It is
written by transformers' own exporter and packed by NNCF. Which grid the weights lie on by then is our doing: they are
rounded to it as in `.rounding`, while examples pass through, which no way of NNCF's does better (a table is in
`tests/benchmarks/bench_merge.py`). Embedding and head are in 8 bits, and the head may be short (`.head`).
"""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from persona_core.engine.openvino import GRAPH, GROUP, runtime
from trainer.release.head import Head, shorten, spell_out, whole_head
from trainer.release.merging import round_in_turn
from trainer.release.rounding import round_evenly
from trainer.release.stateful import attend_in_state
from trainer.tuning.labels import Row

LIBRARIES = ("openvino", "nncf")
LAST = "last_token"  # the node that lets only the last token reach the head: a prompt's other logits are not asked for


def is_possible() -> bool:
    """Whether the libraries that write a graph are installed."""
    return all(importlib.util.find_spec(library) for library in LIBRARIES)


def write_graph(
    full: Path,
    rows: Sequence[Row],
    folder: Path,
    choose: Callable[[Any], Head] = whole_head,
    **how: object,
) -> Head:
    """Write the model in ``full`` (bfloat16) as int4 graph into a new ``folder``, after ``rows`` have passed through it.

    Its head is what ``choose`` leaves of the model's, and is returned. Holds the model in
    bfloat16, and one layer in float32. No ``rows``: NNCF chooses the grid, ``how`` it can.
    """
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        full, dtype=torch.bfloat16, attn_implementation="sdpa"
    ).eval()
    model.requires_grad_(requires_grad=False)
    head = choose(model)
    decoder = model.base_model
    linear = {name: m for name, m in decoder.named_modules() if isinstance(m, torch.nn.Linear)}
    if rows:
        round_in_turn(decoder, linear, rows, lambda _, layer, gram: round_evenly(layer.weight, gram))
    save_graph(model, folder, head, **how)
    return head


def save_graph(model: Any, folder: Path, head: Head | None = None, **how: object) -> None:
    """Write ``model`` as int4 graph into a new ``folder``, with no more than ``head`` of its own."""
    kept = head or whole_head(model)
    if kept.is_short:
        shorten(model, kept)
    graph = _packed(trace(model), **how)
    _answer_the_last(graph)
    if kept.is_short:
        spell_out(graph, kept)
    for told in ("nncf", "conversion_parameters"):
        del graph.rt_info[told]
    folder.mkdir()
    runtime().save_model(graph, folder / GRAPH, compress_to_fp16=False)


def trace(model: Any) -> Any:
    """``model`` as a stateful graph with the logits of every token, its weights as they are."""
    runtime()
    import torch
    from transformers.exporters.exporter_dynamo import (
        get_auto_dynamic_shapes,
        register_cache_pytrees_for_model,
    )
    from transformers.exporters.exporter_openvino import OpenVINOConfig, OpenVINOExporter
    from transformers.exporters.utils import decompose_for_generation

    for noisy in ("transformers", "torch"):  # the exporter calls itself experimental whenever it is asked
        logging.getLogger(noisy).setLevel(logging.ERROR)
    ids = torch.arange(8)[None]
    parts = decompose_for_generation(
        model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, multi_token_decode=True
    )
    model, inputs = parts["decode"]
    register_cache_pytrees_for_model(model)
    everywhere = get_auto_dynamic_shapes(inputs)
    shapes = {  # what grows with the tokens: to work all sides out took twice the time
        "input_ids": {1: torch.export.Dim.AUTO},
        "position_ids": {1: torch.export.Dim.AUTO},
        "past_key_values": [
            {side: sides[side] for side in sides if side == 2} for sides in everywhere["past_key_values"]
        ],
    }
    graph, _ = OpenVINOExporter().export_program(model, inputs, OpenVINOConfig(dynamic_shapes=shapes))
    attend_in_state(graph)
    del graph.rt_info["runtime_options"]  # a CPU knows better which precision it is fast in
    return graph


def _packed(graph: Any, **how: object) -> Any:
    """``graph`` with its weights in 4 bits, embedding and head in 8; what lies on the grid stays where it is.

    ``how``: NNCF's own ways to choose the grid, for comparison.
    """
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)  # its own way would silence whoever listens to it
    with redirect_stdout(StringIO()):  # a progress bar of its own, for a moment
        return nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT4_SYM, group_size=GROUP, **how)


def _answer_the_last(graph: Any) -> None:
    """Let only the last token's state reach the head."""
    import numpy as np
    from openvino import opset13

    head = graph.output("logits").get_node()
    while head.get_type_name() != "MatMul":
        head = head.input_value(0).get_node()
    last = opset13.gather(head.input_value(0), np.array([-1]), np.array(1))
    last.set_friendly_name(LAST)
    head.input(0).replace_source_output(last.output(0))
    graph.validate_nodes_and_infer_types()


def answer_all(graph: Any) -> None:
    """Take `_answer_the_last` back."""
    (last,) = (node for node in graph.get_ops() if node.get_friendly_name() == LAST)
    for target in last.output(0).get_target_inputs():
        target.replace_source_output(last.input_value(0))
    graph.validate_nodes_and_infer_types()
