"""The engine on torch and transformers: merged NF4 weights, or a base with its adapter, on a GPU or a CPU."""

import copy
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from persona_core.engine import Hardware, Weights
from persona_core.engine.decoding import answer, bubbles_of, prompt_ids
from persona_core.engine.loading import load
from persona_core.engine.prefix import KEPT_BYTES, Prefixes
from persona_core.engine.sampling import generator, sample
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn


@dataclass(slots=True)
class TorchReading:
    """Tokens that were read, and the keys and values they left (transformers' cache; None: nothing yet)."""

    ids: list[int] = field(default_factory=list)
    cache: Any = None

    @property
    def size(self) -> int:
        """Bytes of keys and values; 0 of a cache that holds anything else."""
        from transformers.cache_utils import DynamicLayer

        layers = self.cache.layers if self.cache else ()
        if not all(isinstance(layer, DynamicLayer) and layer.is_initialized for layer in layers):
            return 0
        return int(sum(layer.keys.nbytes + layer.values.nbytes for layer in layers))

    def cut(self, length: int) -> bool:
        """See `persona_core.engine.prefix.Reading`.

        A sliding window keeps only its last tokens, a state-space layer none: past them there is no way back.
        """
        try:
            self.cache.crop(length - len(self.ids))
        except RuntimeError:
            return False
        del self.ids[length:]
        return True

    def copy(self) -> "TorchReading":
        """See `persona_core.engine.prefix.Reading`."""
        return TorchReading([*self.ids], copy.deepcopy(self.cache))


class TorchEngine:
    """A causal language model of transformers, sampled token by token.

    ``kept_bytes`` of what it has read stay for the next turns.
    """

    def __init__(self, model: Any, tokenizer: Any, manifest: PersonaManifest, kept_bytes: int = 0) -> None:
        self.manifest = manifest
        self._model = model
        self._tokenizer = tokenizer
        self._kept = Prefixes(TorchReading, kept_bytes)

    @classmethod
    def from_release(
        cls, release: Path, hardware: Hardware = "auto", weights: Weights = "merged"
    ) -> "TorchEngine":
        """See `persona_core.engine.load_engine`."""
        manifest = PersonaManifest.read(release)
        model, tokenizer = load(release, manifest, weights, hardware)
        # On ZeroGPU every reply is made in a process of its own: what it keeps nobody finds.
        return cls(model, tokenizer, manifest, 0 if hardware == "zero" else KEPT_BYTES)

    def stream(
        self, history: Sequence[Turn], *, seed: int | None = None, generation: Generation | None = None
    ) -> Generator[list[str], None, bool]:
        """See `persona_core.engine.Engine.stream`."""
        return answer(
            self._tokenizer,
            history,
            self.manifest,
            generation,
            lambda prompt, chosen: self._tokens(prompt, chosen, seed),
        )

    def replies(
        self, histories: Sequence[Sequence[Turn]], seeds: Sequence[int], generation: Generation | None = None
    ) -> list[list[str]]:
        """What `stream` ends with after each of ``histories``, drawn together: for measuring, many times faster.

        Each has its seed, and the same call gives the same replies. Prompts of different lengths are padded, which
        changes the last bits of the arithmetic: a reply is drawn as in `stream`, but may be another one.

        Raises:
            EngineError: a history is empty or does not end with the partner.
        """
        chosen = generation or self.manifest.generation
        said: list[list[int]] = [[] for _ in histories]
        for tokens in self._steps(
            [self._prompt(history, chosen) for history in histories], chosen, seeds, TorchReading()
        ):
            for reply, token in zip(said, tokens, strict=True):
                reply.extend(() if token is None else (token,))
        separator = self.manifest.chat_format.bubble_separator
        longest = chosen.max_new_tokens
        return [[[], *bubbles_of(self._tokenizer, reply, separator, longest)][-1] for reply in said]

    def _tokens(self, prompt: Sequence[int], chosen: Generation, seed: int | None) -> Iterator[int]:
        """Sample up to ``max_new_tokens``; stop before the end-of-turn token.

        What a reply was read for stays for the next one. Only without a seed: reading in other portions changes the
        last bits of the arithmetic in 16 bits, and the same seed must give the same reply.
        """
        with self._kept.freed_if_short():
            reading = self._kept.take(prompt) if seed is None else TorchReading()
        try:
            for tokens in self._steps([prompt], chosen, [seed], reading):
                yield from (token for token in tokens if token is not None)
        finally:
            if seed is None:
                self._kept.put(reading, len(prompt))

    def _prompt(self, history: Sequence[Turn], chosen: Generation) -> tuple[int, ...]:
        return prompt_ids(self._tokenizer, history, self.manifest, chosen.room)

    def _steps(
        self,
        prompts: Sequence[Sequence[int]],
        chosen: Generation,
        seeds: Sequence[int | None],
        reading: TorchReading,
    ) -> Iterator[list[int | None]]:
        """Sample up to ``max_new_tokens`` for each prompt, a token each at a time; None from its end of turn on.

        ``reading`` says what of a single prompt was read before, and grows with what is read now.
        """
        import torch

        device, longest = self._model.device, max(map(len, prompts))
        draws = [generator(seed) for seed in seeds]
        feed = torch.tensor(
            [[0] * (longest - len(prompt)) + list(prompt[len(reading.ids) :]) for prompt in prompts],
            device=device,
        )
        # Which tokens are none: before the shorter prompts. One prompt, or several of one length, need no such mask.
        read = torch.tensor(
            [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device
        )
        is_padded = not bool(read.all())
        said: list[list[int]] = [[] for _ in prompts]
        open_rows = set(range(len(prompts)))
        for _ in range(chosen.max_new_tokens):
            places = {}
            if is_padded:
                positions = (read.cumsum(-1) - 1).clamp(min=0)[:, -feed.shape[1] :]
                places = {"attention_mask": read, "position_ids": positions}
            logits = self._read(feed, reading, places)
            tokens: list[int | None] = [None] * len(prompts)
            for row in sorted(open_rows):
                token = sample(logits[row], said[row], chosen, draws[row])
                if token == self.manifest.end_of_turn_id:
                    open_rows.remove(row)
                else:
                    tokens[row] = token
                    said[row].append(token)
            if not open_rows:
                return
            yield tokens
            feed = torch.tensor([[token or 0] for token in tokens], device=device)
            read = torch.cat([read, torch.ones_like(feed)], dim=1)

    def _read(self, feed: Any, reading: TorchReading, places: dict[str, Any]) -> Any:
        """The logits after ``feed`` (shape ``[prompts, tokens]``), which comes after what ``reading`` holds."""
        import torch

        cache, reading.cache = reading.cache, None  # half a pass is worth nothing
        with self._kept.freed_if_short(), torch.inference_mode():
            out = self._model(
                input_ids=feed, past_key_values=cache, use_cache=True, logits_to_keep=1, **places
            )
        reading.ids += feed[0].tolist()
        reading.cache = out.past_key_values
        return out.logits[:, -1].float().cpu().numpy()
