"""Is what will be published still what was trained? The merged weights are loaded from the disk and compared.

    {"kl": 0.0012, "nll_change": 0.0014, "agreement": 0.962, "tokens": 2048}

The exact model is the adapter on the base in NF4. Both score the same held-out replies, one after the other, so that
only one of them is in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_core.errors import ReleaseError
from trainer.tuning.base import Device, compute_dtype, keep_unpacked, load_model, quantised_layers
from trainer.tuning.evaluation import labelled_logits
from trainer.tuning.labels import Row
from trainer.tuning.source import Source

MAX_KL = 0.05  # nats per token; above it sampled replies begin to read differently
MAX_NLL_RISE = 0.05  # nats per token, a tenth of what a weak fine-tune gains
MAX_TOKENS = 4096  # more would not change the figures' second digit
KEPT_BYTES = 256 * 2**20  # of the exact model's log-probabilities: 440 tokens at a vocabulary of 150,000


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the published model is from the trained one, over held-out reply tokens."""

    kl: float  # mean Kullback-Leibler divergence from the exact model, nats per token
    nll_change: float  # of the loss, nats per token; positive is worse
    agreement: float  # share of tokens on which the likeliest choice is the same
    tokens: int

    def require_small(self) -> None:
        """Refuse a release that is not the model that was trained.

        Raises:
            ReleaseError: a figure is over its limit.
        """
        if self.kl > MAX_KL or self.nll_change > MAX_NLL_RISE:
            raise ReleaseError(
                "release.drifted",
                kl=f"{self.kl:.3f}",
                max_kl=MAX_KL,
                nll=f"{self.nll_change:+.3f}",
                max_nll=MAX_NLL_RISE,
            )


def measure_drift(
    source: Source, adapter: Path, release: Path, held_out: Sequence[Row], device: Device
) -> Drift:
    """Compare the merged weights in ``release`` with ``adapter`` on the base, on some of ``held_out``.

    Raises:
        ReleaseError: the release does not load as 4-bit weights alone.
        TrainingError: the base cannot be loaded.
    """
    import torch
    from peft import PeftModel

    exact = PeftModel.from_pretrained(load_model(source, device), str(adapter))
    some = _sample(held_out, exact.config.vocab_size)
    trained, targets = _log_probabilities(exact, some)
    del exact
    published, _ = _log_probabilities(load_merged(release, device), some)

    kl = torch.nn.functional.kl_div(published, trained, log_target=True, reduction="sum") / len(targets)
    said = targets[:, None]
    return Drift(
        kl=kl.item(),
        nll_change=(trained.gather(1, said) - published.gather(1, said)).mean().item(),
        agreement=(trained.argmax(1) == published.argmax(1)).float().mean().item(),
        tokens=len(targets),
    )


def load_merged(release: Path, device: Device) -> Any:
    """The weights at the root of ``release``, by nothing but transformers.

    Raises:
        ReleaseError: they are not in 4 bits, or an adapter was applied on top of them.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        release, dtype=compute_dtype(device), device_map={"": device}, attn_implementation="sdpa"
    )
    if model._hf_peft_config_loaded:
        raise ReleaseError("release.adapter_twice")
    if not quantised_layers(model):
        raise ReleaseError("release.not_quantised")
    keep_unpacked(model)
    return model


def _sample(rows: Sequence[Row], vocabulary: int) -> list[Row]:
    """Rows from all over the held-out time, with as many labelled tokens as may be kept."""
    room = min(MAX_TOKENS, KEPT_BYTES // (4 * vocabulary))
    wanted = max(1, room * len(rows) // max(1, sum(row.supervised for row in rows)))
    return list(rows[:: max(1, len(rows) // wanted)])[:wanted]


def _log_probabilities(model: Any, rows: Sequence[Row]) -> tuple[Any, Any]:
    """Log-probabilities ``[n, vocabulary]`` in float32 and targets ``[n]`` of the labelled tokens, on the CPU."""
    import torch

    model.eval()
    device, dtype = model.device, model.get_input_embeddings().weight.dtype
    scored = []
    with (
        torch.inference_mode(),
        torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32),  # as in training
    ):
        for row in rows:
            logits, targets = labelled_logits(model, [row], device)
            scored.append((logits.float().log_softmax(-1).cpu(), targets.cpu()))
    return tuple(torch.cat(parts) for parts in zip(*scored, strict=True))
