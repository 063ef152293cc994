"""Is what will be published still what was trained? The weights are loaded from the disk and compared.

    {"kl": 0.0012, "nll_change": 0.0014, "agreement": 0.962, "greedy": 0.91, "tokens": 2048}

The exact model is the adapter on the base in NF4. All score the same held-out replies and go on with the same prompts,
one after the other, so that only one of them is in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from persona_core.engine.base import compute_dtype
from persona_core.errors import ReleaseError
from trainer.release.head import Head
from trainer.release.merging import load_tuned
from trainer.release.voice import GraphVoice, ModelVoice, Voice, labelled
from trainer.tuning.base import Device, keep_unpacked, quantised_layers
from trainer.tuning.labels import IGNORED, Row
from trainer.tuning.shortage import free_memory
from trainer.tuning.source import Source

MAX_KL = 0.05  # nats per token; above it sampled replies begin to read differently
MAX_NLL_RISE = 0.05  # nats per token, a tenth of what a weak fine-tune gains
MAX_TOKENS = 4096  # more would not change the figures' second digit
# The loss per token of two models that far apart in KL differs by 0.3 nats (the root of twice the KL) from token to
# token: over 160 tokens its mean is known to 0.025, half its limit; over 8 tokens it may be anything.
MIN_TOKENS = 160
KEPT_BYTES = 256 * 2**20  # of the exact model's log-probabilities: 440 tokens at a vocabulary of 150,000
Form = Literal[4, 8, 16, "graph"]  # bits of transformers' weights, 16: not quantised; or OpenVINO's graph
NEVER = -1e4  # log-probability of what cannot be said: its e-th power is 0, and it times 0 a number
PROMPTS, CONTINUED = 16, 16  # greedy continuations, together in one batch, and their tokens: a short turn


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a published model is from the trained one, over held-out reply tokens."""

    kl: float  # mean Kullback-Leibler divergence from the exact model, nats per token
    nll_change: float  # of the loss, nats per token; positive is worse
    agreement: float  # share of tokens on which the likeliest choice is the same, after the same words
    greedy: float  # share of equal tokens of greedy continuations, each model after its own words
    tokens: int

    def require_small(self, form: Form, run: Path) -> None:
        """Refuse a release of ``run`` whose weights in this ``form`` are not the model that was trained.

        Raises:
            ReleaseError: a figure is over its limit, or no number.
        """
        if not (self.kl <= MAX_KL and self.nll_change <= MAX_NLL_RISE):
            raise ReleaseError(
                "release.graph_drifted" if form == "graph" else "release.drifted",
                bits=form,
                folder=run,
                kl=f"{self.kl:.3f}",
                max_kl=MAX_KL,
                nll=f"{self.nll_change:+.3f}",
                max_nll=MAX_NLL_RISE,
            )


@dataclass(frozen=True, slots=True)
class _Speech:
    """What one model makes of the held-out replies: log-probabilities ``[n, vocabulary]``, and continuations."""

    scores: Any
    targets: Any
    continuations: Any  # ids [prompts, CONTINUED]


def require_enough(held_out: Sequence[Row]) -> None:
    """Refuse a release that could not be verified.

    Raises:
        ReleaseError: the replies of ``held_out`` are too few tokens to tell a drift from chance.
    """
    tokens = sum(row.supervised for row in held_out)
    if tokens < MIN_TOKENS:
        raise ReleaseError("release.too_little_held_out", tokens=tokens, needed=MIN_TOKENS)


def measure_drifts(
    source: Source,
    adapter: Path,
    published: Mapping[Path, Form],
    held_out: Sequence[Row],
    device: Device,
    *,
    head: Head | None = None,
) -> list[Drift]:
    """Compare the weights in each folder of ``published``, in that form, with ``adapter`` on the base, on some of ``held_out``.

    A graph with a short ``head`` is compared with what the exact model makes of the tokens it has: what lacking the others
    costs was measured before it was written (`trainer.release.head.missed`).

    Raises:
        ReleaseError: a folder does not load as such weights alone.
        TrainingError: the base cannot be loaded.
    """
    exact = load_tuned(source, adapter, device)
    some = sample_rows(held_out, comparable(exact.config.get_text_config().vocab_size))
    end_id = some[0].input_ids[_last_labelled(some[0])]  # every reply ends with it
    trained = _listen(ModelVoice(exact), some)
    del exact
    drifts = []
    for folder, form in published.items():
        free_memory()  # of the model before
        heard = _listen(_voice(folder, form, device), some)
        drifts.append(_compare(trained, heard, end_id, head if form == "graph" else None))
    return drifts


def _voice(folder: Path, form: Form, device: Device) -> Voice:
    return GraphVoice(folder) if form == "graph" else ModelVoice(load_published(folder, form, device))


def load_published(folder: Path, bits: int, device: Device) -> Any:
    """The weights at the root of ``folder``, by nothing but transformers.

    Raises:
        ReleaseError: they are not in ``bits`` bits (16: not quantised), or an adapter was applied on top of them.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=compute_dtype(device), device_map={"": device}, attn_implementation="sdpa"
    )
    if model._hf_peft_config_loaded:
        raise ReleaseError("release.adapter_twice")
    if bits != _bits(model):
        raise ReleaseError("release.other_bits", bits=bits)
    keep_unpacked(model)
    return model


def _bits(model: Any) -> int:
    from bitsandbytes.nn import Linear8bitLt

    if quantised_layers(model):
        return 4
    return 8 if any(isinstance(module, Linear8bitLt) for module in model.modules()) else 16


def comparable(vocabulary: int) -> int:
    """Of how many tokens the scores are kept and compared."""
    return min(MAX_TOKENS, KEPT_BYTES // (4 * vocabulary))


def sample_rows(rows: Sequence[Row], tokens: int) -> list[Row]:
    """Some of ``rows``, from all over their time, with about so many labelled tokens, or fewer."""
    wanted = max(1, tokens * len(rows) // max(1, sum(row.supervised for row in rows)))
    return list(rows[:: max(1, len(rows) // wanted)])[:wanted]


def _compare(trained: _Speech, published: _Speech, end_id: int, head: Head | None = None) -> Drift:
    """How far ``published`` is from what was ``trained``, over the tokens that it has a ``head`` for, by default all."""
    import torch

    lacks = torch.full(trained.scores.shape[1:], head is not None)
    if head:
        lacks[list(head.ids)] = False
    kl = rise = 0.0
    parts = (speech.split(64) for speech in (trained.scores, published.scores, trained.targets))
    for exact, there, said in zip(*parts, strict=True):  # 64: no third copy in memory
        possible = exact.masked_fill(lacks, NEVER).log_softmax(-1)
        kl += torch.nn.functional.kl_div(there, possible, log_target=True, reduction="sum").item()
        rise += (possible - there).gather(1, said[:, None])[~lacks[said]].sum().item()
    heard = _until_end(trained.continuations, end_id) | _until_end(published.continuations, end_id)
    return Drift(
        kl=kl / len(trained.targets),
        nll_change=rise / max(1, int((~lacks[trained.targets]).sum())),
        agreement=(trained.scores.argmax(1) == published.scores.argmax(1)).float().mean().item(),
        greedy=(trained.continuations == published.continuations)[heard].float().mean().item(),
        tokens=len(trained.targets),
    )


def _until_end(ids: Any, end_id: int) -> Any:
    """Which of ``ids`` ``[prompts, tokens]`` belong to the turn, its end token included."""
    ends = (ids == end_id).int()
    return ends.cumsum(1) - ends == 0


def _listen(voice: Voice, rows: Sequence[Row]) -> _Speech:
    """Let ``voice`` score the replies of ``rows``, and go on where the last reply of a few of them begins."""
    import torch

    scores = [voice.foresee(row).log_softmax(-1) for row in rows]
    targets = [row.input_ids[place] for row in rows for place in labelled(row)]
    prompts = [_before_last_reply(row) for row in rows[:: max(1, len(rows) // PROMPTS)][:PROMPTS]]
    return _Speech(torch.cat(scores), torch.tensor(targets), voice.go_on(prompts, CONTINUED))


def _last_labelled(row: Row) -> int:
    return max(i for i, label in enumerate(row.labels) if label != IGNORED)


def _before_last_reply(row: Row) -> list[int]:
    """The ids of ``row`` up to where its last labelled stretch begins."""
    end = _last_labelled(row)
    begin = max((i for i in range(end) if row.labels[i] == IGNORED), default=0) + 1
    return list(row.input_ids[:begin])
