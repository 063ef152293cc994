"""How a model is heard, whatever runs it: what it foresees after real words, and how it goes on by itself.

ModelVoice(model).foresee(row)                     # torch
GraphVoice(release / "openvino").go_on(prompts, 16)    # OpenVINO
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from persona_core.engine.openvino import GRAPH, core, hints, portions
from trainer.release.openvino import answer_all
from trainer.tuning.evaluation import labelled_logits
from trainer.tuning.labels import IGNORED, Row


class Voice(Protocol):
    """A model that can be compared with another."""

    def foresee(self, row: Row) -> Any:
        """Logits ``[labelled, vocabulary]`` on the CPU, of each labelled token of ``row`` after those before it."""
        ...

    def go_on(self, prompts: Sequence[Sequence[int]], count: int) -> Any:
        """The likeliest token after token, ids ``[prompts, count]`` on the CPU."""
        ...


def labelled(row: Row) -> list[int]:
    """The places of ``row`` whose token is to be foreseen; nothing comes before the first."""
    return [i for i, label in enumerate(row.labels) if i and label != IGNORED]


class ModelVoice:
    """A model of transformers, adapter and all."""

    def __init__(self, model: Any) -> None:
        self._model = model.eval()

    def foresee(self, row: Row) -> Any:
        with self._as_in_training():
            return labelled_logits(self._model, [row], self._model.device)[0].float().cpu()

    def go_on(self, prompts: Sequence[Sequence[int]], count: int) -> Any:
        with self._as_in_training():
            return self._greedy(prompts, count)

    @contextmanager
    def _as_in_training(self) -> Iterator[None]:
        import torch

        dtype = self._model.get_input_embeddings().weight.dtype
        with (
            torch.inference_mode(),
            torch.autocast(self._model.device.type, dtype=dtype, enabled=dtype != torch.float32),
        ):
            yield

    def _greedy(self, prompts: Sequence[Sequence[int]], count: int) -> Any:
        """All prompts in one batch."""
        import torch

        device = self._model.device
        turned = [torch.tensor(prompt).flip(0) for prompt in prompts]
        ids = torch.nn.utils.rnn.pad_sequence(turned, batch_first=True, padding_value=-1).flip(
            1
        )  # to the left
        there = (ids >= 0).long().to(device)
        feed, cache, made = ids.clamp(min=0).to(device), None, []
        last = torch.tensor([-1], device=device)  # by index: a slice makes torch copy the head for every row
        for _ in range(count):
            out = self._model(
                input_ids=feed,
                attention_mask=there,
                position_ids=(there.cumsum(1) - 1).clamp(min=0)[:, -feed.shape[1] :],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=last,
            )
            cache, feed = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
            there = torch.cat((there, torch.ones_like(feed)), dim=1)
            made.append(feed.cpu())
        return torch.cat(made, dim=1)


class GraphVoice:
    """The graph in ``folder``, read in the portions that the engine reads, but with the logits of every token."""

    def __init__(self, folder: Path) -> None:
        graph = core().read_model(folder / GRAPH)
        answer_all(graph)
        self._request = core().compile_model(graph, "CPU", hints()).create_infer_request()

    def foresee(self, row: Row) -> Any:
        self._request.reset_state()
        return self._read(row.input_ids, 0, [place - 1 for place in labelled(row)])

    def go_on(self, prompts: Sequence[Sequence[int]], count: int) -> Any:
        import torch

        return torch.tensor([self._greedy(prompt, count) for prompt in prompts])

    def _greedy(self, prompt: Sequence[int], count: int) -> list[int]:
        self._request.reset_state()
        ids, read = [*prompt], 0
        for _ in range(count):
            last = self._read(ids, read, [len(ids) - 1])
            read = len(ids)
            ids.append(int(last.argmax()))
        return ids[len(prompt) :]

    def _read(self, ids: Sequence[int], read: int, wanted: Sequence[int]) -> Any:
        """The logits ``[wanted, vocabulary]`` after these places of ``ids``, of which some were ``read`` before."""
        import numpy as np
        import torch

        kept = []
        for begin, end in portions(read, len(ids)):
            out = self._request.infer(
                {
                    "input_ids": np.array([ids[begin:end]], dtype=np.int64),
                    "position_ids": np.arange(begin, end, dtype=np.int64)[None],
                    "beam_idx": np.zeros(1, dtype=np.int32),
                },
                share_outputs=True,
            )
            kept.append(out["logits"][0, [place - begin for place in wanted if begin <= place < end]])
        return torch.from_numpy(np.concatenate(kept))
