"""A GGUF file with random weights in the shape of a Qwen3, for measuring llama.cpp: Q4_0, the embedding Q8_0, as it does.

    write_gguf(Path("model.gguf"), config_of(QWEN3["0.6B"]))

The format is small: a header, metadata, names and shapes of the tensors, and their blocks, each at a multiple of 32.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

ALIGNMENT = 32
UINT32, INT32, FLOAT32, STRING, ARRAY = 4, 5, 6, 8, 9  # types of metadata
F32, Q4_0, Q8_0 = 0, 2, 8  # types of tensors
BLOCK_BYTES = {Q4_0: 18, Q8_0: 34}  # of 32 weights: a scale of two bytes, then their codes
MOSTLY_Q4_0 = 2


def write_gguf(file: Path, config: Any) -> None:
    """Write ``file``: random codes, all scales alike, so that no number overflows."""
    tensors = list(_tensors(config))
    metadata = _metadata(config)
    with file.open("wb") as out:
        out.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
        for key, value in metadata.items():
            out.write(_string(key) + value)
        begin = 0
        for name, shape, kind in tensors:
            out.write(_string(name) + struct.pack("<I", len(shape)))
            out.write(struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, begin))
            begin += -(-_size(shape, kind) // ALIGNMENT) * ALIGNMENT
        for _, shape, kind in tensors:
            out.write(b"\0" * (-out.tell() % ALIGNMENT))
            _write_random(out, shape, kind)


def _write_random(out: BinaryIO, shape: tuple[int, ...], kind: int) -> None:
    import numpy as np

    if kind == F32:
        out.write(np.ones(shape, np.float32).tobytes())
        return
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (_size(shape, kind) // BLOCK_BYTES[kind], BLOCK_BYTES[kind]), np.uint8)
    step = 0.05 / (8 if kind == Q4_0 else 128)  # weights of at most 0.05
    blocks[:, :2] = np.frombuffer(np.float16(step).tobytes(), np.uint8)
    out.write(blocks.tobytes())


def _size(shape: tuple[int, ...], kind: int) -> int:
    count = 1
    for side in shape:
        count *= side
    return 4 * count if kind == F32 else count // 32 * BLOCK_BYTES[kind]


def _tensors(config: Any) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Name, shape (inputs first) and type of every tensor."""
    wide, inner = config.hidden_size, config.intermediate_size
    heads, kept = (n * config.head_dim for n in (config.num_attention_heads, config.num_key_value_heads))
    yield "token_embd.weight", (wide, config.vocab_size), Q8_0
    yield "output_norm.weight", (wide,), F32
    for n in range(config.num_hidden_layers):
        block = f"blk.{n}."
        for name, size in (
            ("attn_norm", wide), ("ffn_norm", wide),
            ("attn_q_norm", config.head_dim), ("attn_k_norm", config.head_dim),
        ):  # fmt: skip
            yield f"{block}{name}.weight", (size,), F32
        for name, shape in (
            ("attn_q", (wide, heads)), ("attn_k", (wide, kept)), ("attn_v", (wide, kept)), ("attn_output", (heads, wide)),
            ("ffn_gate", (wide, inner)), ("ffn_up", (wide, inner)), ("ffn_down", (inner, wide)),
        ):  # fmt: skip
            yield f"{block}{name}.weight", shape, Q4_0


def _metadata(config: Any) -> dict[str, bytes]:
    """Every key with its value as it is written."""
    numbers = {
        "block_count": config.num_hidden_layers,
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.key_length": config.head_dim,
        "attention.value_length": config.head_dim,
    }
    tokens = [f"t{n}" for n in range(config.vocab_size)]
    return {
        "general.architecture": struct.pack("<I", STRING) + _string("qwen3"),
        "general.file_type": struct.pack("<II", UINT32, MOSTLY_Q4_0),
        **{f"qwen3.{key}": struct.pack("<II", UINT32, value) for key, value in numbers.items()},
        "qwen3.attention.layer_norm_rms_epsilon": struct.pack("<If", FLOAT32, config.rms_norm_eps),
        "qwen3.rope.freq_base": struct.pack("<If", FLOAT32, 1e6),
        "tokenizer.ggml.model": struct.pack("<I", STRING) + _string("gpt2"),
        "tokenizer.ggml.pre": struct.pack("<I", STRING) + _string("qwen2"),
        "tokenizer.ggml.tokens": _strings(tokens),
        "tokenizer.ggml.token_type": struct.pack("<IIQ", ARRAY, INT32, len(tokens))
        + struct.pack("<i", 1) * len(tokens),
        "tokenizer.ggml.merges": _strings(["t 1"]),
        "tokenizer.ggml.eos_token_id": struct.pack("<II", UINT32, 2),
    }


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode("ascii")


def _strings(texts: list[str]) -> bytes:
    return struct.pack("<IIQ", ARRAY, STRING, len(texts)) + b"".join(map(_string, texts))
