"""The sizes of a causal language model that decide its memory, counted or known.

    shape_of(AutoConfig.from_pretrained(…))     counted on a model without memory
    BASES["Qwen/Qwen3-0.6B"]                    known, so that a plan for it needs no network

Each row of `BASES` repeats the numbers of that model's own config.json; the parameters they add up to are those that
its page states.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a causal language model that decide its memory."""

    layers: int
    hidden: int
    heads: int  # of a layer's queries
    vocabulary: int
    context: int  # the most positions it knows
    linear: int  # weights in the layers' linear maps: what NF4 shrinks
    other: int  # embeddings, untied head, norms
    features: int  # inputs and outputs of all linear maps: LoRA's size is rank times this
    outputs: int  # outputs of the linear maps of one layer
    widest: int  # weights of the largest linear map

    @property
    def parameters(self) -> int:
        return self.linear + self.other


def shape_of(config: Any) -> Shape:
    """The sizes of the model that ``config`` describes, counted on a model without memory."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    head = model.get_output_embeddings()
    linears = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    linear = sum(m.weight.numel() for m in linears)
    text = config.get_text_config()
    return Shape(
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        heads=text.num_attention_heads,
        vocabulary=text.vocab_size,
        context=text.max_position_embeddings,
        linear=linear,
        other=sum(p.numel() for p in model.parameters()) - linear,
        features=sum(m.in_features + m.out_features for m in linears),
        outputs=sum(m.out_features for m in linears) // text.num_hidden_layers,
        widest=max(m.weight.numel() for m in linears),
    )


def decoder(
    *,
    layers: int,
    hidden: int,
    intermediate: int,
    heads: tuple[int, int],
    vocabulary: int,
    context: int,
    head: int = 128,
    tied: bool = True,
) -> Shape:
    """The shape of a decoder of the Llama family: four maps around the attention, three in the MLP.

    ``heads`` are those of the queries and of the keys; ``head`` is the width of one. Norms are left out: they are a
    ten-thousandth of the parameters.
    """
    queries, keys = heads[0] * head, heads[1] * head
    maps = [(hidden, queries), (hidden, keys), (hidden, keys), (queries, hidden)]
    maps += [(hidden, intermediate), (hidden, intermediate), (intermediate, hidden)]
    return Shape(
        layers=layers,
        hidden=hidden,
        heads=heads[0],
        vocabulary=vocabulary,
        context=context,
        linear=layers * sum(i * o for i, o in maps),
        other=vocabulary * hidden * (1 if tied else 2),
        features=layers * sum(i + o for i, o in maps),
        outputs=sum(o for _, o in maps),
        widest=max(i * o for i, o in maps),
    )


# Bases that speak Korean, largest first: instruct models with a chat template that transformers loads by itself.
BASES: dict[str, Shape] = {
    "Qwen/Qwen3-14B": decoder(
        layers=40,
        hidden=5120,
        intermediate=17_408,
        heads=(40, 8),
        vocabulary=151_936,
        context=40_960,
        tied=False,
    ),
    "Qwen/Qwen3-8B": decoder(
        layers=36,
        hidden=4096,
        intermediate=12_288,
        heads=(32, 8),
        vocabulary=151_936,
        context=40_960,
        tied=False,
    ),
    "Qwen/Qwen3-4B-Instruct-2507": decoder(
        layers=36, hidden=2560, intermediate=9728, heads=(32, 8), vocabulary=151_936, context=262_144
    ),
    "kakaocorp/kanana-2-3b-instruct": decoder(
        layers=32,
        hidden=2560,
        intermediate=8192,
        heads=(32, 8),
        vocabulary=128_256,
        context=32_768,
        tied=False,
    ),
    "K-intelligence/Midm-2.0-Mini-Instruct": decoder(
        layers=48, hidden=1792, intermediate=4608, heads=(32, 8), vocabulary=131_392, context=32_768
    ),
    "Qwen/Qwen3-1.7B": decoder(
        layers=28, hidden=2048, intermediate=6144, heads=(16, 8), vocabulary=151_936, context=40_960
    ),
    "naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-1.5B": decoder(
        layers=24, hidden=2048, intermediate=7168, heads=(16, 8), vocabulary=110_592, context=16_384
    ),
    "LGAI-EXAONE/EXAONE-4.0-1.2B": decoder(
        layers=30,
        hidden=2048,
        intermediate=4096,
        heads=(32, 8),
        head=64,
        vocabulary=102_400,
        context=65_536,
    ),
    "google/gemma-3-1b-it": decoder(
        layers=26,
        hidden=1152,
        intermediate=6912,
        heads=(4, 1),
        head=256,
        vocabulary=262_144,
        context=32_768,
    ),
    "Qwen/Qwen3-0.6B": decoder(
        layers=28, hidden=1024, intermediate=3072, heads=(16, 8), vocabulary=151_936, context=40_960
    ),
    "naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-0.5B": decoder(
        layers=24, hidden=1024, intermediate=4096, heads=(16, 8), vocabulary=110_592, context=4096
    ),
}

# What to train when nobody says, largest first: permissive, not gated. A larger one is chosen by name.
LADDER = ("Qwen/Qwen3-4B-Instruct-2507", "Qwen/Qwen3-1.7B", "Qwen/Qwen3-0.6B")
