"""The engine on torch and transformers: merged NF4 weights, or a base with its adapter, on a GPU or a CPU."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from persona_core.engine import Hardware
from persona_core.engine.decoding import bubbles_of, prompt_ids
from persona_core.errors import EngineError
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn


class TorchEngine:
    """A causal language model of transformers, sampled token by token."""

    def __init__(self, model: Any, tokenizer: Any, manifest: PersonaManifest) -> None:
        self.manifest = manifest
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def from_release(cls, release: Path, hardware: Hardware = "auto") -> "TorchEngine":
        """Load the merged weights at the root of ``release``. See `persona_core.engine.load_engine`."""
        manifest = PersonaManifest.read(release)
        if manifest.artefact("merged") is None:
            raise EngineError("engine.missing_artefact", kind="merged")
        try:
            import torch
            import transformers
        except ImportError as error:
            raise EngineError("engine.missing_library", library=error.name, extra="space") from error

        _be_quiet()
        device = hardware
        if hardware == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        # On ZeroGPU weights must reach the CPU first: transformers' loading threads would touch the real driver.
        first = "cpu" if device == "zero" else device
        from safetensors import SafetensorError

        try:
            model = transformers.AutoModelForCausalLM.from_pretrained(
                release, device_map={"": first}, dtype=_compute_dtype(first), attn_implementation="sdpa"
            )
        except SafetensorError as error:
            raise EngineError("engine.damaged", folder=release) from error
        if device == "zero":
            model = model.to("cuda")
        return cls(model.eval(), transformers.AutoTokenizer.from_pretrained(release), manifest)

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Iterator[list[str]]:
        """See `persona_core.engine.Engine.stream`."""
        chosen = generation or self.manifest.generation
        room = chosen.max_context_tokens - chosen.max_new_tokens
        ids = prompt_ids(self._tokenizer, history, self.manifest, room)
        tokens = self._tokens(ids, chosen, seed)
        return bubbles_of(self._tokenizer, tokens, self.manifest.chat_format.bubble_separator)

    def _tokens(self, prompt: Sequence[int], chosen: Generation, seed: int | None) -> Iterator[int]:
        """Sample up to ``max_new_tokens``; stop before the end-of-turn token."""
        import torch

        rng = torch.Generator()  # on the CPU: the same seed draws the same numbers on every device
        rng.seed() if seed is None else rng.manual_seed(seed)
        ids = torch.tensor([list(prompt)], device=self._model.device)
        feed, cache = ids, None
        for _ in range(chosen.max_new_tokens):
            with torch.inference_mode():
                out = self._model(input_ids=feed, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            token = _sample(out.logits[:, -1].float(), ids, len(prompt), chosen, rng)
            if token == self.manifest.end_of_turn_id:
                return
            yield token
            feed = torch.tensor([[token]], device=ids.device)
            ids = torch.cat([ids, feed], dim=1)


def _sample(logits: Any, ids: Any, prompt_length: int, chosen: Generation, rng: Any) -> int:
    """Draw one token. The repetition penalty looks at the reply alone: echoing her words is no repetition."""
    import torch
    from transformers.generation import (
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    said = ids[:, prompt_length:]
    if chosen.repetition_penalty != 1 and said.shape[1]:
        logits = RepetitionPenaltyLogitsProcessor(chosen.repetition_penalty)(said, logits)
    if chosen.temperature == 0:
        return int(logits.argmax())
    logits = TemperatureLogitsWarper(chosen.temperature)(ids, logits)
    if chosen.top_k:
        logits = TopKLogitsWarper(chosen.top_k)(ids, logits)
    if chosen.top_p < 1:
        logits = TopPLogitsWarper(chosen.top_p)(ids, logits)
    probabilities = logits.softmax(dim=-1)[0].cpu()
    return int(torch.multinomial(probabilities, 1, generator=rng))


def _be_quiet() -> None:
    """No bars of files being read, and no news about kernels that nobody installed."""
    import logging

    import transformers

    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _compute_dtype(device: str) -> Any:
    """bfloat16, except on GPUs older than Ampere, which only emulate it."""
    import torch

    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16
