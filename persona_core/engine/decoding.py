"""Token ids -> bubbles, and the history that still fits: what every engine does the same way."""

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from persona_core.engine.taste import is_stuck
from persona_core.errors import EngineError
from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import Turn, alternate, begun_ids, encode, parse_reply


def answer(
    tokenizer: Any,
    history: Sequence[Turn],
    manifest: PersonaManifest,
    generation: Generation | None,
    tokens: Callable[[Sequence[int], Generation], Iterator[int]],
) -> Generator[list[str], None, bool]:
    """What `persona_core.engine.Engine.stream` yields, of an engine whose ``tokens`` go on after a prompt."""
    chosen = generation or manifest.generation
    answered, begun = split_begun(history)
    so_far = reply_so_far(tokenizer, begun, manifest)
    rest = replace(chosen, max_new_tokens=max(1, chosen.max_new_tokens - len(so_far)))
    prompt = prompt_ids(tokenizer, answered, manifest, chosen.room) + so_far
    separator = manifest.chat_format.bubble_separator
    return bubbles_of(tokenizer, tokens(prompt, rest), separator, rest.max_new_tokens)


def prompt_ids(
    tokenizer: Any, history: Sequence[Turn], manifest: PersonaManifest, max_tokens: int
) -> tuple[int, ...]:
    """The prompt of the next reply in at most ``max_tokens``; the oldest exchanges leave first.

    A last turn that alone is too long keeps its newest bubbles, and of a single endless bubble its end.

    Raises:
        EngineError: the history is empty or does not end with the partner.
    """
    turns = alternate(history)
    if not turns or turns[-1].role != "partner":
        raise EngineError("engine.empty_history")

    def ids_without(exchanges: int) -> tuple[int, ...]:
        return encode(tokenizer, turns[2 * exchanges :], manifest.chat_format).ids

    def fits(exchanges: int) -> bool:
        return len(ids_without(exchanges)) <= max_tokens

    ids, newest = ids_without(0), turns[-1]
    if len(ids) > max_tokens:
        # Looked for by halves: a talk of years would be read a thousand times otherwise.
        most = len(turns) // 2  # turns alternate, and the last one is to be answered
        ids = ids_without(min(most, 1 + bisect_left(range(1, most), x=True, key=fits)))
    while len(ids) > max_tokens:
        newest = _shorter(newest)
        ids = encode(tokenizer, (newest,), manifest.chat_format).ids
    return ids


def split_begun(history: Sequence[Turn]) -> tuple[Sequence[Turn], tuple[str, ...]]:
    """What is to be answered, and the bubbles of the answer that have been said already."""
    if len(history) > 1 and history[-1].role == "persona":
        return history[:-1], history[-1].bubbles
    return history, ()


def reply_so_far(tokenizer: Any, begun: Sequence[str], manifest: PersonaManifest) -> tuple[int, ...]:
    """The tokens of what has been said, up to where the next bubble begins."""
    return begun_ids(tokenizer, begun, manifest.chat_format) if begun else ()


def _shorter(turn: Turn) -> Turn:
    if len(turn.bubbles) > 1:
        return Turn(turn.role, turn.bubbles[len(turn.bubbles) // 2 :])
    if len(turn.bubbles[0]) <= 1:
        raise EngineError("engine.no_room")
    return Turn(turn.role, (turn.bubbles[0][len(turn.bubbles[0]) // 2 :],))


def bubbles_of(
    tokenizer: Any, tokens: Iterable[int], separator: str, longest: int
) -> Generator[list[str], None, bool]:
    """Yield the bubbles so far after every token, and once more at the end: whoever listens can stop at any of them.

    A bubble is there when a separator or the end completes it. One that repeats itself endlessly is the last. Returns
    whether nothing but their number, ``longest``, ended the ``tokens``.
    """
    ids: list[int] = []
    is_cut = False
    complete: tuple[str, ...] = ()
    for token in tokens:
        ids.append(token)
        # The whole reply is decoded anew: a Korean syllable may span tokens, and a reply is short.
        text: str = tokenizer.decode(ids, skip_special_tokens=True)
        head, _, tail = text.rpartition(separator)
        complete = parse_reply(head, separator)
        if is_stuck(tail):
            break
        yield list(complete)
    else:
        is_cut = len(ids) == longest
    final = parse_reply(tokenizer.decode(ids, skip_special_tokens=True).rstrip("\ufffd"), separator)
    if len(final) > len(complete):
        yield list(final)
    return is_cut
