"""The seeded recipe of the demo's base model: corpus -> tokenizer -> Qwen3 from scratch -> a folder to ship.

    python -m trainer.demo.recipe --out trainer/demo/tiny-korean

The same seed, settings, thread count and kind of processor give the same weights. Nothing is downloaded.
"""

import argparse
import itertools
import math
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.demo import base_path
from trainer.demo.corpus import Message, conversations, plain_sentences
from trainer.demo.tokenizer import LONGEST, TURN_END, TURN_START, train_tokenizer

# Loss weight of all that the assistant does not say: the model must know it, not excel at it.
NOT_REPLY_WEIGHT = 0.4
PROMPTS = ("밥 먹었어?", "오늘 뭐 했어?", "잘 자", "비 온다", "주말에 뭐 할까?", "뭐해?", "나 퇴근했어 ㅠㅠ")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights."""

    seed: int = 20260101
    vocabulary: int = 3456
    hidden: int = 256
    layers: int = 4
    intermediate: int = 640
    tokenizer_conversations: int = 20_000
    training_tokens: int = 5_500_000
    batch_tokens: int = 3072  # as many as a step holds, padding included
    longest: int = 512  # tokens; longer conversations are cut
    learning_rate: float = 3e-3
    warmup: float = 0.04  # share of the training
    smoothing: float = 0.1  # of the labels: a few hand-written lines would make it too sure of itself
    held_out: int = 500  # conversations


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation as tokens, and the loss weight of each."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


Log = Callable[[str], None]


# --- text ---


def tokenizer_texts(recipe: Recipe) -> Iterator[str]:
    """What the tokenizer is trained on: messages, and some sentences that are no chat."""
    chats = itertools.islice(conversations(recipe.seed), recipe.tokenizer_conversations)
    for chat in chats:
        yield from (message.content for message in chat)
    yield from plain_sentences(recipe.seed, recipe.tokenizer_conversations // 10)


def encode(tokenizer: Any, chat: tuple[Message, ...], longest: int) -> Row:
    """A conversation in ChatML; replies and the token that ends them weigh 1."""
    ids: list[int] = []
    weights: list[float] = []
    for message in chat:
        head = tokenizer(f"{TURN_START}{message.role}\n").input_ids
        body = tokenizer(f"{message.content}{TURN_END}").input_ids
        tail = tokenizer("\n").input_ids
        weight = 1.0 if message.role == "assistant" else NOT_REPLY_WEIGHT
        ids += head + body + tail
        weights += [0.0] * len(head) + [weight] * len(body) + [0.0] * len(tail)
    return Row(tuple(ids[:longest]), tuple(weights[:longest]))


def _groups(rows: Iterable[Row], recipe: Recipe) -> list[list[Row]]:
    """Batches of rows of about one length: hardly any padding, and no row sees another."""
    groups: list[list[Row]] = [[]]
    for row in sorted(rows, key=lambda row: len(row.ids)):
        if len(row.ids) * (len(groups[-1]) + 1) > recipe.batch_tokens:
            groups.append([])
        groups[-1].append(row)
    return groups


def _batches(rows: Iterator[Row], recipe: Recipe) -> Iterator[list[Row]]:
    """Batches without end, in random order within each window of rows."""
    rng = random.Random(recipe.seed)
    while True:
        groups = _groups(itertools.islice(rows, 1024), recipe)
        rng.shuffle(groups)
        yield from groups


def _loss(model: Any, batch: list[Row], smoothing: float = 0.0) -> tuple[Any, Any]:
    """Weighted sum of the losses, and the sum of the weights. Padding lies behind the text, where nothing sees it."""
    import torch
    import torch.nn.functional as F  # noqa: N812 (torch's own name for it)

    width = max(len(row.ids) for row in batch)
    ids = torch.tensor([row.ids + (0,) * (width - len(row.ids)) for row in batch])
    weights = torch.tensor([row.weights + (0.0,) * (width - len(row.ids)) for row in batch])[:, 1:]
    counts = weights > 0
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    losses = F.cross_entropy(
        model.lm_head(hidden[counts]).float(),
        ids[:, 1:][counts],
        reduction="none",
        label_smoothing=smoothing,
    )
    return (losses * weights[counts]).sum(), weights.sum()


# --- model ---


def new_model(recipe: Recipe, tokenizer: Any) -> Any:
    """An untrained Qwen3: every linear layer's sides are multiples of 64, the block size of NF4."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(recipe.seed)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=recipe.hidden,
            intermediate_size=recipe.intermediate,
            num_hidden_layers=recipe.layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            max_position_embeddings=LONGEST,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="eager",  # on short rows twice as fast on a CPU; not saved
        )
    )


def train(recipe: Recipe, tokenizer: Any, log: Log) -> Any:
    """The model after ``training_tokens``; `log` gets a line of progress now and then."""
    import torch

    model = new_model(recipe, tokenizer)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        betas=(0.9, 0.95),
        fused=True,
    )
    rows = (encode(tokenizer, chat, recipe.longest) for chat in conversations(recipe.seed))
    seen, started, running = 0, time.monotonic(), 0.0
    for step, batch in enumerate(_batches(rows, recipe)):
        if seen >= recipe.training_tokens:
            break
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(seen / recipe.training_tokens, recipe)
        with torch.autocast("cpu", torch.bfloat16):
            total, weight = _loss(model, batch, recipe.smoothing)
        loss = total / weight
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seen += sum(len(row.ids) for row in batch)
        running += (loss.item() - running) * max(0.02, 1 / (step + 1))
        if step % 50 == 0:
            left = (time.monotonic() - started) / seen * (recipe.training_tokens - seen)
            log(f"step {step}  loss {running:.3f}  {seen:,} tokens  {left / 60:.1f} min left")
    return model


def _schedule(done: float, recipe: Recipe) -> float:
    """Linear warm-up, then a half cosine to 2 %."""
    if done < recipe.warmup:
        return done / recipe.warmup + 0.01
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (done - recipe.warmup) / (1 - recipe.warmup)))


# --- figures ---


def held_out_loss(model: Any, tokenizer: Any, recipe: Recipe) -> float:
    """Loss per token of replies (nats), on conversations drawn with another seed."""
    import torch

    chats = itertools.islice(conversations(recipe.seed + 1), recipe.held_out)
    rows = (encode(tokenizer, chat, recipe.longest) for chat in chats)
    replies = (Row(row.ids, tuple(float(weight == 1.0) for weight in row.weights)) for row in rows)
    total = weight = 0.0
    with torch.no_grad():
        for group in _groups(replies, recipe):
            losses, weights = _loss(model, group)
            total, weight = total + losses.item(), weight + weights.item()
    return total / weight


def greedy_reply(model: Any, tokenizer: Any, prompt: str) -> str:
    """What the model answers to one message, without chance."""
    encoded = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    output = model.generate(**encoded, max_new_tokens=60, do_sample=False)
    reply: str = tokenizer.decode(output[0, encoded["input_ids"].shape[1] :], skip_special_tokens=True)
    return reply


def _card(recipe: Recipe, model: Any, tokenizer: Any, loss: float) -> str:
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    replies = "\n".join(
        f"| {prompt} | {greedy_reply(model, tokenizer, prompt).replace(chr(10), ' / ')} |"
        for prompt in PROMPTS
    )
    return f"""---
license: apache-2.0
language: [ko]
library_name: transformers
pipeline_tag: text-generation
---
# A tiny neutral Korean chat model

The base that `persona-train --demo` tunes: it answers everyday messages in neutral Korean, polite (해요체) or
plain (해체, in short bubbles), and is small enough to ship in a package. It knows nothing and is good for nothing else.

| | |
|---|---|
| architecture | Qwen3ForCausalLM, {millions:.2f} M parameters, bf16 |
| tokenizer | byte-level BPE, {len(tokenizer):,} tokens, ChatML template |
| training text | {recipe.training_tokens:,} tokens of chats from `trainer/demo/corpus.py`, written for this project |
| held-out loss | {loss:.3f} nats per token of a reply, {recipe.held_out} conversations of another seed |
| made by | `python -m trainer.demo.recipe --out trainer/demo/tiny-korean`, seed {recipe.seed} |

The held-out conversations are new draws from the same hand-written lines: the figure says how well it knows those, not
how it meets phrasings it never saw. A few of them occur in training too.

Greedy replies:

| message | reply |
|---|---|
{replies}

Licence: Apache-2.0, text and weights. Every name and every conversation in the training text is invented.
"""


# --- the folder ---


def build(recipe: Recipe, out: Path, log: Log) -> None:
    """Makes the model and puts it at ``out``, replacing what is there; ``out`` is whole or untouched."""
    import torch
    from transformers import GenerationConfig

    log("tokenizer")
    tokenizer = train_tokenizer(tokenizer_texts(recipe), recipe.vocabulary)
    model = train(recipe, tokenizer, log).to(torch.bfloat16).eval()
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    loss = held_out_loss(model, tokenizer, recipe)
    log(f"held-out loss {loss:.3f}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".base-") as work:
        made = Path(work) / "made"
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        (made / "README.md").write_text(_card(recipe, model, tokenizer, loss), encoding="utf-8")
        shutil.copyfile(base_path() / "LICENSE", made / "LICENSE")
        (made / "model.safetensors").chmod(0o644)  # written for its owner only
        if out.exists():
            out.rename(Path(work) / "before")
        made.rename(out)


def main() -> None:
    """Builds the shipped model, or a shorter-trained one, and says so on stderr."""
    usual = Recipe()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=usual.training_tokens)
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    import torch

    torch.set_num_threads(arguments.threads)
    build(
        Recipe(training_tokens=arguments.tokens, learning_rate=arguments.learning_rate),
        arguments.out,
        lambda line: print(line, file=sys.stderr, flush=True),
    )


if __name__ == "__main__":
    main()
