"""From logits to a token: transformers' rules to the last survivor, and draws that depend on nothing but the seed."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.engine.sampling import distribution, generator, sample
from persona_core.manifest import Generation

LOGITS = np.log(np.array([0.05, 0.5, 0.15, 0.3], dtype=np.float32))


def chances(logits=LOGITS, said=(), **chosen):
    """What may come next, in hundredths."""
    plain = {"temperature": 1, "top_p": 1, "top_k": 0, "repetition_penalty": 1}
    tokens, probabilities = distribution(logits, said, Generation(**{**plain, **chosen}))
    return dict(zip(tokens.tolist(), (100 * probabilities).round(1).tolist(), strict=True))


def test_without_rules_the_chances_are_the_models():
    """Temperature 1, no limits."""
    assert chances() == {0: 5, 1: 50, 2: 15, 3: 30}


def test_each_rule_does_what_it_is_named_for():
    """The likeliest few, the likeliest mass, sharper, and less of what was said."""
    assert chances(top_k=2) == {1: 62.5, 3: 37.5}
    assert chances(top_p=0.79) == {1: 62.5, 3: 37.5}
    assert chances(top_p=0.01) == {1: 100}
    assert chances(temperature=0.5)[1] > 65
    assert chances(said=[1], repetition_penalty=2)[1] < 50
    assert chances(temperature=0) == {1: 100}


def test_what_is_as_likely_as_the_last_of_the_likeliest_stays():
    """A tie is not broken by the order of the vocabulary."""
    assert chances(np.array([0, 1, 1, 1], dtype=np.float32), top_k=2) == {1: 33.3, 2: 33.3, 3: 33.3}


def warped(logits, said, chosen):
    """The same by transformers: token -> probability."""
    import torch
    from transformers.generation import (
        LogitsProcessorList,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    rules = [RepetitionPenaltyLogitsProcessor(chosen.repetition_penalty)] if said else []
    rules += [TemperatureLogitsWarper(chosen.temperature)]
    rules += [TopKLogitsWarper(chosen.top_k)] if chosen.top_k else []
    rules += [TopPLogitsWarper(chosen.top_p)] if chosen.top_p < 1 else []
    scores = LogitsProcessorList(rules)(torch.tensor([said], dtype=torch.long), torch.tensor(logits)[None])
    probabilities = scores.softmax(-1)[0].numpy()
    return {int(token): probabilities[token] for token in probabilities.nonzero()[0]}


@settings(max_examples=200)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 299), max_size=20),
    st.floats(0.3, 2.0),
    st.sampled_from([0.05, 0.5, 0.9, 0.95, 1.0]),
    st.sampled_from([0, 1, 2, 50, 299, 300, 1000]),
    st.floats(1.0, 2.0),
)
def test_what_survives_is_what_survives_in_transformers(seed, said, temperature, top_p, top_k, penalty):
    """The same tokens with the same probabilities, within what float32 can tell."""
    chosen = Generation(temperature, top_p, top_k, penalty)
    logits = np.random.default_rng(seed).normal(scale=3, size=300).astype(np.float32)
    tokens, probabilities = distribution(logits, said, chosen)
    theirs = warped(logits, said, chosen)

    assert tokens.tolist() == sorted(theirs)
    assert probabilities == pytest.approx([theirs[token] for token in tokens], abs=1e-6)


def test_draws_fall_as_often_as_they_are_likely():
    """Ten thousand of them, within three standard deviations."""
    draws, plain = generator(0), Generation(temperature=1, top_p=1, top_k=0)
    drawn = Counter(sample(LOGITS, (), plain, draws) for _ in range(10_000))

    assert {token: round(drawn[token] / 10_000, 2) for token in range(4)} == pytest.approx(
        {0: 0.05, 1: 0.5, 2: 0.15, 3: 0.3}, abs=0.015
    )


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, -1, -(2**63)])
def test_the_same_seed_draws_the_same(seed):
    """Any integer that a program may name."""
    plain = Generation(temperature=1, top_p=1, top_k=0)
    one, other = generator(seed), generator(seed)

    assert [sample(LOGITS, (), plain, one) for _ in range(9)] == [
        sample(LOGITS, (), plain, other) for _ in range(9)
    ]


def test_no_seed_is_another_each_time():
    """And a number is not its negative."""
    numbers = [generator(seed).random() for seed in (None, None, 1, -1)]

    assert len(set(numbers)) == 4


def test_a_hair_in_the_logits_changes_no_draw():
    """Two engines round differently: of a thousand draws from noisy logits nearly all fall alike."""
    chosen = Generation()
    rng = np.random.default_rng(3)
    alike = 0
    for seed in range(1000):
        logits = rng.normal(scale=3, size=300).astype(np.float32)
        nearly = logits + rng.normal(scale=1e-5, size=300).astype(np.float32)
        alike += sample(logits, (), chosen, generator(seed)) == sample(nearly, (), chosen, generator(seed))

    assert alike >= 998
