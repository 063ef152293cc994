"""The torch engine on a tiny random model: seeds, stops, limits. What it says is noise, how it says it is not."""

import dataclasses

import pytest

from persona_core.engine import load_engine
from persona_core.engine.pytorch import TorchEngine
from persona_core.errors import EngineError
from persona_core.manifest import Artefact, Base, Generation, PersonaManifest
from persona_core.prompt import ChatFormat, Turn, encode
from tests.tiny_model import build_tiny_model

HISTORY = [Turn("partner", ("밥 먹었어?",))]
MANIFEST = PersonaManifest(
    base=Base("tiny"),
    created_at="2026-01-01",
    end_of_turn_id=2,
    artefacts=(Artefact("merged", ".", ()),),
    generation=Generation(max_new_tokens=24, max_context_tokens=256),
)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = build_tiny_model(tmp_path_factory.mktemp("release"))
    MANIFEST.write(folder)
    return folder


@pytest.fixture(scope="module")
def engine(release):
    return load_engine(release, "cpu")


def last(engine, **options) -> list[str]:
    return [[], *engine.stream(HISTORY, **options)][-1]


def test_the_same_seed_gives_the_same_reply(engine):
    """Sampling is reproducible, and other seeds say other things."""
    replies = [last(engine, seed=seed) for seed in (1, 1, 2)]

    assert replies[0] == replies[1] != replies[2]


def test_at_temperature_zero_the_seed_does_not_matter(engine):
    """Greedy means greedy."""
    greedy = dataclasses.replace(MANIFEST.generation, temperature=0)

    assert last(engine, seed=1, generation=greedy) == last(engine, seed=2, generation=greedy)


def test_whole_numbers_are_sampling_settings_too(engine):
    """persona.json edited by hand may say 1 and not 1.0."""
    whole = Generation(temperature=1, top_p=1, repetition_penalty=2, max_new_tokens=8, max_context_tokens=256)
    same = dataclasses.replace(whole, temperature=1.0, top_p=1.0, repetition_penalty=2.0)

    assert last(engine, seed=1, generation=whole) == last(engine, seed=1, generation=same)


def test_greedy_decoding_is_what_generate_does(engine, release):
    """Without penalty the engine chooses the very tokens that transformers' own generate chooses."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(release, dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(release)
    ids = encode(tokenizer, HISTORY, ChatFormat()).ids
    greedy = Generation(temperature=0, repetition_penalty=1, max_new_tokens=20)
    peer = model.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        max_new_tokens=20, do_sample=False, eos_token_id=2,
    )[0][len(ids) :].tolist()  # fmt: skip

    ours = list(engine._tokens(ids, greedy, seed=0))

    assert ours == [token for token in peer if token != 2]


def test_closing_the_stream_stops_the_model(engine):
    """Whoever stops listening stops the work: no token is computed after close."""
    computed = []
    hook = engine._model.register_forward_hook(lambda *_: computed.append(1))
    try:
        tokens = engine._tokens((5, 6, 7), MANIFEST.generation, seed=0)
        next(tokens)
        tokens.close()
    finally:
        hook.remove()

    assert len(computed) == 1


def test_replies_drawn_together_are_those_drawn_alone(release):
    """Each history gets its own reply to its own seed, whatever stands beside it; in full precision to the letter."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(release, dtype=torch.float32).eval()
    engine = TorchEngine(model, AutoTokenizer.from_pretrained(release), MANIFEST)
    histories = [HISTORY, [Turn("partner", ("뭐 해? 나는 지금 집에 가는 중이야 ㅎㅎ",))], HISTORY]
    alone = [[[], *engine.stream(history, seed=seed)][-1] for seed, history in enumerate(histories)]

    assert engine.replies(histories, range(3)) == alone
    assert alone[0] != alone[2]


def test_a_reply_keeps_to_its_limit(engine):
    """max_new_tokens bounds the work."""
    short = dataclasses.replace(MANIFEST.generation, max_new_tokens=3)

    assert len(list(engine._tokens((5, 6, 7), short, seed=0))) <= 3


def test_a_release_without_merged_weights_is_refused(tmp_path):
    """The line says what is missing."""
    dataclasses.replace(MANIFEST, artefacts=()).write(tmp_path)

    with pytest.raises(EngineError, match="merged"):
        load_engine(tmp_path, "cpu")
