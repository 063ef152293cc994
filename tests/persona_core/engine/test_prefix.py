"""What was read stays read: the longest beginning, cut to what fits, within a bound of bytes."""

import pytest

from persona_core.engine.prefix import KEPT_READINGS, Prefixes
from persona_core.engine.pytorch import TorchReading
from persona_core.errors import OutOfMemory


def reading(*ids, window=None):
    """As if a model with one layer had read ``ids``: 16 bytes a token."""
    import torch
    from transformers import DynamicCache, Qwen3Config
    from transformers.cache_utils import DynamicSlidingWindowLayer

    cache = DynamicCache(config=Qwen3Config(num_hidden_layers=1))
    if window:
        cache.layers[0] = DynamicSlidingWindowLayer(window)
    cache.update(*[torch.tensor(ids, dtype=torch.float32).reshape(1, 1, -1, 1).expand(1, 1, -1, 2)] * 2, 0)
    return TorchReading(list(ids), cache)


def read(taken):
    """The tokens whose keys a reading holds."""
    return taken.cache.layers[0].keys[0, 0, :, 0].int().tolist() if taken.cache else []


def test_the_longest_beginning_is_taken_and_cut_to_it():
    """Of two conversations the right one, without what differs."""
    kept = Prefixes(TorchReading)
    kept.put(reading(1, 2, 9), 1)
    kept.put(reading(1, 2, 3, 4, 5), 1)

    taken = kept.take([1, 2, 3, 7, 8])

    assert taken.ids == read(taken) == [1, 2, 3]
    assert kept.take([1, 2, 9, 9]).ids == [1, 2, 9]


def test_a_reading_is_in_use_once():
    """Two replies at the same time share nothing."""
    kept = Prefixes(TorchReading)
    kept.put(reading(1, 2, 3), 1)

    assert [kept.take([1, 2, 3, 4]).ids for _ in range(2)] == [[1, 2, 3], []]


def test_another_conversation_gets_a_copy_of_what_it_begins_like():
    """Two that share a system prompt keep what each has read beyond it; asked again, a reply is the same conversation."""
    kept = Prefixes(TorchReading)
    kept.put(reading(1, 2, 3, 4, 5), 4)

    other = kept.take([1, 2, 7, 8])
    assert other.ids == read(other) == [1, 2]
    again = kept.take([1, 2, 3, 4, 6])
    assert again.ids == read(again) == [1, 2, 3, 4]
    assert kept.take([1, 2, 3, 4, 5]).ids == []


def test_the_last_token_is_always_read():
    """It is what the next one follows from."""
    kept = Prefixes(TorchReading)
    kept.put(reading(1, 2, 3), 1)

    assert kept.take([1, 2, 3]).ids == [1, 2]


@pytest.mark.parametrize("ids", [[7, 8], [1], []])
def test_what_was_never_read_is_read_anew(ids):
    """Nothing in common, or nothing that may be left out."""
    kept = Prefixes(TorchReading)
    kept.put(reading(1, 2), 1)

    assert kept.take(ids).ids == []


def test_a_window_that_has_moved_on_is_no_way_back():
    """A sliding layer goes on where it stands, but cannot return to what it forgot."""
    ids = list(range(1, 9))
    for prompt, taken in (([*ids, 50], ids), ([1, 2, 3, 50], [])):
        kept = Prefixes(TorchReading)
        kept.put(reading(*ids, window=4), 1)
        assert kept.take(prompt).ids == taken


def test_the_oldest_leave_when_the_bytes_are_full():
    """Three readings of two tokens in room for two."""
    kept = Prefixes(TorchReading, bytes_kept=64)
    for first in (1, 2, 3):
        kept.put(reading(first, 0), 1)

    assert [len(kept.take([first, 0, 0]).ids) for first in (1, 2, 3)] == [0, 2, 2]


def test_what_is_alone_too_large_is_not_kept():
    """The bound holds for one as for many, and what is kept stays; with 0 nothing is kept."""
    for bytes_kept, kept_before in ((32, [7, 8]), (0, [])):
        kept = Prefixes(TorchReading, bytes_kept)
        kept.put(reading(7, 8), 1)
        kept.put(reading(1, 2, 3), 1)
        assert kept.take([1, 2, 3]).ids == []
        assert kept.take([7, 8, 9]).ids == kept_before


def test_the_number_of_readings_is_bounded():
    """However small they are."""
    kept = Prefixes(TorchReading)
    for first in range(KEPT_READINGS + 1):
        kept.put(reading(first, 0), 1)

    assert kept.take([0, 0, 0]).ids == []
    assert kept.take([1, 0, 0]).ids == [1, 0]


def test_memory_that_runs_out_is_said_and_everything_is_forgotten():
    """As when another conversation is to get a copy: the next reply has what was kept."""

    class Huge(TorchReading):
        def copy(self):
            raise MemoryError

    kept = Prefixes(TorchReading)
    kept.put(Huge([1, 2, 3, 4], reading(1, 2, 3, 4).cache), 4)
    with pytest.raises(OutOfMemory), kept.freed_if_short():
        kept.take([1, 2, 8, 8])

    assert kept.take([1, 2, 8, 8]).ids == []
