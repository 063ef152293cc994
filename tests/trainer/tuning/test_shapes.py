"""Sizes are counted from a configuration without weights; those that are written down agree with the count."""

import pytest

from trainer.tuning.base import load_config
from trainer.tuning.shapes import BASES, LADDER, shape_of
from trainer.tuning.source import find_source


def test_a_shape_is_counted_without_weights():
    """Qwen3-0.6B has 596 million parameters: 440 in linear maps, the rest embeddings and norms."""
    from transformers import Qwen3Config

    shape = shape_of(
        Qwen3Config(
            vocab_size=151_936,
            hidden_size=1024,
            intermediate_size=3072,
            num_hidden_layers=28,
            num_attention_heads=16,
            num_key_value_heads=8,
            head_dim=128,
            max_position_embeddings=40_960,
            tie_word_embeddings=True,
        )
    )
    known = BASES["Qwen/Qwen3-0.6B"]
    assert shape.linear == known.linear == 440_401_920
    assert shape.parameters == 596_049_920
    assert shape.other == pytest.approx(known.other, rel=1e-3)  # norms
    assert shape.outputs == known.outputs == 2048 + 1024 + 1024 + 1024 + 3072 + 3072 + 1024
    assert (shape.context, shape.features, shape.widest) == (known.context, known.features, known.widest)


@pytest.mark.parametrize(
    ("base", "millions"),
    [
        ("Qwen/Qwen3-14B", 14_768),
        ("Qwen/Qwen3-8B", 8_191),
        ("Qwen/Qwen3-4B-Instruct-2507", 4_022),
        ("kakaocorp/kanana-2-3b-instruct", 3_510),
        ("K-intelligence/Midm-2.0-Mini-Instruct", 2_305),
        ("Qwen/Qwen3-1.7B", 1_720),
        ("naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-1.5B", 1_585),
        ("LGAI-EXAONE/EXAONE-4.0-1.2B", 1_279),
        ("google/gemma-3-1b-it", 1_000),
        ("Qwen/Qwen3-0.6B", 596),
        ("naver-hyperclovax/HyperCLOVAX-SEED-Text-Instruct-0.5B", 566),
    ],
)
def test_the_known_shapes_add_up_to_what_their_pages_state(base, millions):
    """Within a thousandth: norms are not counted."""
    assert BASES[base].parameters / 1e6 == pytest.approx(millions, rel=2e-3)


def test_known_bases_stand_largest_first():
    """So does the ladder, whose rungs are known."""
    sizes = [shape.parameters for shape in BASES.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert [base for base in BASES if base in LADDER] == list(LADDER)


def test_the_shape_of_a_local_base_is_read_from_its_configuration(tiny_base):
    """No weights are needed: 2 layers of 7 linear maps."""
    shape = shape_of(load_config(find_source(str(tiny_base))))
    assert (shape.layers, shape.hidden, shape.context) == (2, 64, 2048)
