"""Melt the adapter into its base, in the memory of a small PC: to 4-bit NF4, or in full to be quantised otherwise.

    tuned = load_tuned(source_of(run), run.adapter)
    merge_in_full(tuned, folder)                         # bfloat16, to a gigabyte at a time
    merge(tuned, train_rows).save_pretrained(folder)     # NF4, in place

The exact model is the adapter on the base in NF4: dequantised weights plus delta. In full it fits bfloat16 as it is; in
NF4 each layer is rounded so that its answers to real inputs stay (see `.rounding`): the masked examples pass once through
the model, and every layer is rounded when they reach it, so that the next one hears what it will hear from then on.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from persona_core.errors import ReleaseError
from trainer.progress import bar
from trainer.release.rounding import dequantised, round_layer
from trainer.tuning.base import Device, load_model, quantised_layers
from trainer.tuning.labels import Row
from trainer.tuning.source import Source

HEARD_TOKENS = 4096  # of examples that pass through; a first version drifted 3 % less with 8,000 than 2,000
SHARD_BYTES = 10**9  # of full weights that are in memory before they are written


def load_tuned(source: Source, adapter: Path, device: Device = "cpu") -> Any:
    """The exact model: the adapter on its base in NF4, ready to be run.

    Raises:
        TrainingError: the base cannot be loaded.
    """
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(source, device), str(adapter)).eval()


def merge(tuned: Any, rows: Sequence[Row]) -> Any:
    """The model in NF4 that speaks like ``tuned``, which it uses up. Save it before anything runs it.

    ``rows`` are what it shall listen to: examples of the training set. Holds one layer in full.

    Raises:
        ReleaseError: the adapter makes a weight that is no number.
    """

    def melt(name: str, layer: Any, gram: Any) -> None:
        round_layer(layer.get_base_layer().weight, _delta(name, layer), gram)
        layer.set_scale("default", 0)  # it has become part of the weights

    round_in_turn(tuned.get_base_model().base_model, dict(_lora_layers(tuned)), rows, melt)
    return _in_bfloat16(tuned.unload())


def round_in_turn(
    decoder: Any, layers: Mapping[str, Any], rows: Sequence[Row], melt: Callable[[str, Any, Any], None]
) -> None:
    """Let some of ``rows`` pass through ``decoder``; each of its ``layers`` is changed by ``melt`` when they reach it.

    ``melt`` gets the layer's name, the layer and the gram matrix ``[inputs, inputs]`` of what it hears, in float32.
    """
    import torch

    ids, heard = _padded(_some(rows, HEARD_TOKENS))
    with bar("release.merging_layers", len(layers)) as advance:

        def reached(name: str, layer: Any, inputs: Any) -> None:
            said = inputs[heard].float()
            melt(name, layer, said.T @ said)
            advance(1)

        hooks = [
            layer.register_forward_pre_hook(lambda layer, args, name=name: reached(name, layer, args[0]))
            for name, layer in layers.items()
        ]
        with torch.inference_mode():
            decoder(input_ids=ids, attention_mask=heard.long(), use_cache=False)
        for hook in hooks:
            hook.remove()


def merge_in_full(tuned: Any, folder: Path) -> None:
    """Write the weights of ``tuned`` in bfloat16 and their config into a new ``folder``; ``tuned`` stays as it was.

    Raises:
        ReleaseError: the adapter makes a weight that is no number.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    weights = dict(_full_weights(tuned.get_base_model()))
    shards = _shards({name: size for name, (size, _) in weights.items()})
    files = [f"model-{n:05}-of-{len(shards):05}.safetensors" for n in range(1, len(shards) + 1)]
    with torch.inference_mode(), bar("release.merging_layers", len(weights)) as advance:
        for file, names in zip(files, shards, strict=True):
            tensors = {}
            for name in names:
                tensors[name] = weights[name][1]().to("cpu", torch.bfloat16).contiguous()
                advance(1)
            save_file(tensors, folder / file, metadata={"format": "pt"})
    index = {name: file for file, names in zip(files, shards, strict=True) for name in names}
    size = 2 * sum(size for size, _ in weights.values())
    document = json.dumps({"metadata": {"total_size": size}, "weight_map": index}, indent=2)
    (folder / "model.safetensors.index.json").write_text(document + "\n", encoding="utf-8", newline="\n")
    config = copy.deepcopy(tuned.config)
    del config.quantization_config
    config.dtype, config.use_cache = torch.bfloat16, True
    config.save_pretrained(folder)


def load_in_8_bits(folder: Path) -> Any:
    """The full weights in ``folder`` as 8-bit integers (LLM.int8), ready to be saved; a layer at a time in full."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    return AutoModelForCausalLM.from_pretrained(
        folder,
        dtype=torch.bfloat16,
        quantization_config=BitsAndBytesConfig(load_in_8bit=True),
        device_map={"": "cpu"},
    )


def _lora_layers(tuned: Any) -> Iterator[tuple[str, Any]]:
    from peft.tuners.lora import LoraLayer

    return ((n, m) for n, m in tuned.get_base_model().named_modules() if isinstance(m, LoraLayer))


def _delta(name: str, layer: Any) -> Any:
    """What the adapter adds to the weights ``[outputs, inputs]`` of one layer, in float32."""
    delta = layer.get_delta_weight("default").float()
    if not delta.isfinite().all():
        raise ReleaseError("release.not_finite", layer=name)
    return delta


def _exact(name: str, layer: Any) -> Any:
    """The weights ``[outputs, inputs]`` of one LoRA layer in float32, delta and all."""
    return dequantised(layer.get_base_layer().weight) + _delta(name, layer)


def _full_weights(model: Any) -> Iterator[tuple[str, tuple[int, Callable[[], Any]]]]:
    """The name of every weight that the merged model has, how many numbers it holds, and how to get them."""
    from bitsandbytes.nn import Params4bit
    from peft.tuners.lora import LoraLayer

    for name, parameter in model.named_parameters():
        owner, _, leaf = name.replace(".base_layer", "").rpartition(".")
        if ".lora_" in name:
            continue
        layer = model.get_submodule(owner)
        if not isinstance(parameter, Params4bit):
            yield f"{owner}.{leaf}", (parameter.numel(), parameter.detach)
        elif isinstance(layer, LoraLayer):
            yield f"{owner}.{leaf}", (2 * parameter.numel(), partial(_exact, owner, layer))
        else:
            yield f"{owner}.{leaf}", (2 * parameter.numel(), partial(dequantised, parameter))


def _shards(sizes: Mapping[str, int]) -> list[list[str]]:
    """The names of weights of ``sizes`` numbers, in files of at most `SHARD_BYTES` in bfloat16."""
    shards: list[list[str]] = [[]]
    room = SHARD_BYTES
    for name, size in sizes.items():
        if shards[-1] and 2 * size > room:
            shards.append([])
            room = SHARD_BYTES
        shards[-1].append(name)
        room -= 2 * size
    return shards


def _some(rows: Sequence[Row], tokens: int) -> list[Row]:
    """Rows from all over, together about ``tokens`` long and at least one."""
    wanted = max(1, tokens * len(rows) // sum(len(row.input_ids) for row in rows))
    return list(rows[:: max(1, len(rows) // wanted)])[:wanted]


def _padded(rows: Sequence[Row]) -> tuple[Any, Any]:
    """Ids ``[rows, longest]``, and which of them are there."""
    import torch

    lengths = torch.tensor([len(row.input_ids) for row in rows])
    heard = torch.arange(int(lengths.max())) < lengths[:, None]
    ids = torch.zeros(heard.shape, dtype=torch.long)
    ids[heard] = torch.tensor([token for row in rows for token in row.input_ids])
    return ids, heard


def _in_bfloat16(model: Any) -> Any:
    """Make what is not quantised bfloat16: a CPU without it loads the base in float32, the release must not tell."""
    import torch

    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(torch.bfloat16)
    for layer in quantised_layers(model):
        layer.weight.quant_state.dtype = torch.bfloat16
    model.config.dtype = torch.bfloat16
    model.config.use_cache = True  # off for training
    model.config.quantization_config.bnb_4bit_compute_dtype = torch.bfloat16
    return model
