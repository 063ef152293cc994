"""The shipped base model: what it is, what its tokenizer promises, and that its recipe is reproducible."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.demo import base_path
from trainer.demo.corpus import Message, blocks, conversations, with_particle
from trainer.demo.recipe import Recipe, encode, greedy_reply, tokenizer_texts, train
from trainer.demo.tokenizer import train_tokenizer

LARGEST = 8_000_000  # bytes; the package's promise for the whole folder


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(base_path())


@pytest.fixture(scope="module")
def model() -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(base_path())


def test_the_shipped_folder_is_small() -> None:
    """The base takes at most 8 MB in the package."""
    assert sum(path.stat().st_size for path in base_path().iterdir()) <= LARGEST


def test_the_shipped_folder_holds_nothing_else() -> None:
    """Weights, configuration, tokenizer and card, and no leftovers of a training."""
    assert {path.name for path in base_path().iterdir()} == {
        "LICENSE",
        "README.md",
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_it_is_a_real_qwen3_in_bf16(model: Any) -> None:
    """Any tool that loads a Qwen3 loads this one."""
    import torch

    assert type(model).__name__ == "Qwen3ForCausalLM"
    assert model.dtype == torch.bfloat16


def test_linear_layers_fit_nf4_blocks(model: Any) -> None:
    """Both sides of every linear layer but the head are multiples of NF4's block of 64."""
    import torch

    sides = {
        side
        for name, layer in model.model.named_modules()
        if isinstance(layer, torch.nn.Linear)
        for side in (layer.in_features, layer.out_features)
    }
    assert {side % 64 for side in sides} == {0}


@given(text=st.text())
def test_any_text_survives_the_tokenizer(tokenizer: Any, text: str) -> None:
    """Whatever is encoded decodes to itself."""
    ids = tokenizer(text, split_special_tokens=True).input_ids
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize(
    "text", ["뷁쀍 꿻", "가족 👨‍👩‍👧 ❤️‍🔥", "ㅇㅈㅋㅋㅋㅋ ㅠㅠ", " 앞뒤 빈칸\n\n ", "[[PARTNER]]야"]
)
def test_rare_syllables_and_emoji_survive_the_tokenizer(tokenizer: Any, text: str) -> None:
    """Korean that the training text never held, emoji sequences and placeholders come back whole."""
    assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_the_chat_template_is_plain_chatml(tokenizer: Any) -> None:
    """Roles and contents are written as they are, and the prompt opens the assistant's turn."""
    chat = [
        {"role": "system", "content": "짧게 답하세요."},
        {"role": "user", "content": "안녕\n뭐해?"},
        {"role": "assistant", "content": "쉬고 있어요."},
        {"role": "user", "content": "잘 자"},
    ]
    assert tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) == (
        "<|im_start|>system\n짧게 답하세요.<|im_end|>\n"
        "<|im_start|>user\n안녕\n뭐해?<|im_end|>\n"
        "<|im_start|>assistant\n쉬고 있어요.<|im_end|>\n"
        "<|im_start|>user\n잘 자<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_training_tokens_are_the_template_s(tokenizer: Any) -> None:
    """The recipe trains on exactly the tokens that the chat template renders."""
    chat = next(conversations(seed=7))
    rendered = tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in chat], tokenize=False
    )
    assert list(encode(tokenizer, chat, longest=10_000).ids) == tokenizer(rendered).input_ids


def test_only_replies_and_their_end_weigh_fully(tokenizer: Any) -> None:
    """A reply's tokens up to its end-of-turn token weigh 1, and what stands around them less."""
    row = encode(tokenizer, (Message("user", "안녕"), Message("assistant", "네.")), longest=100)
    heavy = [token for token, weight in zip(row.ids, row.weights, strict=True) if weight == 1.0]
    assert tokenizer.decode(heavy) == "네.<|im_end|>"


@pytest.mark.parametrize("prompt", ["밥 먹었어?", "오늘 뭐 했어?", "잘 자", "비 온다", "주말에 뭐 할까?"])
def test_it_answers_everyday_messages(model: Any, tokenizer: Any, prompt: str) -> None:
    """A greedy reply, polite or plain, is some short Korean lines and ends by itself within 60 tokens."""
    reply = greedy_reply(model, tokenizer, prompt)
    assert len(tokenizer(reply).input_ids) < 60
    assert re.fullmatch(r"[가-힣ㄱ-ㅣ .,?!~\n]{2,80}", reply)


def test_generation_stops_at_the_end_of_a_turn(model: Any, tokenizer: Any) -> None:
    """The end-of-turn token is the only one that stops generation."""
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert (model.generation_config.eos_token_id, tokenizer.eos_token_id) == (end, end)


def test_the_recipe_is_deterministic() -> None:
    """Two runs with one seed give the same weights, bit for bit."""
    import torch

    tiny = Recipe(
        vocabulary=320,
        hidden=64,
        layers=1,
        intermediate=64,
        tokenizer_conversations=50,
        training_tokens=1500,
        batch_tokens=512,
    )

    def weights() -> dict[str, Any]:
        tokenizer = train_tokenizer(tokenizer_texts(tiny), tiny.vocabulary)
        return dict(train(tiny, tokenizer, log=lambda line: None).state_dict())

    first, second = weights(), weights()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_conversations_repeat_with_their_seed() -> None:
    """The corpus is drawn from the seed alone."""
    assert list(itertools.islice(conversations(3), 20)) == list(itertools.islice(conversations(3), 20))


@given(seed=st.integers(0, 10_000))
def test_a_conversation_alternates_and_ends_in_a_reply(seed: int) -> None:
    """After an optional system prompt, user and assistant take turns, the assistant last; no slot stays open."""
    chat = next(conversations(seed))
    roles = [message.role for message in chat if message.role != "system"]
    assert roles == ["user", "assistant"] * (len(roles) // 2)
    assert not any(mark in message.content for message in chat for mark in "{}()|/")


def test_every_exchange_can_be_said_both_ways_and_answered() -> None:
    """No exchange of the corpus lacks a polite form, a casual form, or a choice of answers."""
    exchanges = [exchange for block in blocks() for exchange in block.exchanges]
    assert min(len(exchange.polite) for exchange in exchanges) >= 2
    assert min(len(exchange.casual) for exchange in exchanges) >= 3
    assert min(len(exchange.answers) for exchange in exchanges) >= 3


@pytest.mark.parametrize(
    ("word", "particle", "expected"),
    [
        ("김밥", "을", "김밥을"),
        ("피자", "을", "피자를"),
        ("지하철", "으로", "지하철로"),
        ("빵", "도", "빵도"),
    ],
)
def test_particles_follow_the_last_syllable(word: str, particle: str, expected: str) -> None:
    """A slot's filling takes the form of the particle that Korean asks for."""
    assert with_particle(word, particle) == expected
