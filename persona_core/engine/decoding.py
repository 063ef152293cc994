"""Token ids -> bubbles, and the history that still fits: what every engine does the same way."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from persona_core.errors import EngineError
from persona_core.manifest import PersonaManifest
from persona_core.prompt import Turn, alternate, encode, parse_reply


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
    while len(ids := encode(tokenizer, turns, manifest.chat_format).ids) > max_tokens:
        turns = _shorter(turns)
    return ids


def _shorter(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    if len(turns) > 1:
        return turns[2:]  # a partner turn and the reply to it: roles keep alternating
    role, bubbles = turns[0].role, turns[0].bubbles
    if len(bubbles) > 1:
        return (Turn(role, bubbles[len(bubbles) // 2 :]),)
    if len(bubbles[0]) <= 1:
        raise EngineError("engine.no_room")
    return (Turn(role, (bubbles[0][len(bubbles[0]) // 2 :],)),)


def bubbles_of(tokenizer: Any, tokens: Iterable[int], separator: str) -> Iterator[list[str]]:
    """Yield the bubbles so far, each time a separator or the end of ``tokens`` completes another one."""
    ids: list[int] = []
    shown = 0
    for token in tokens:
        ids.append(token)
        # The whole reply is decoded anew: a Korean syllable may span tokens, and a reply is short.
        text: str = tokenizer.decode(ids, skip_special_tokens=True)
        if separator not in text:
            continue
        complete = parse_reply(text.rpartition(separator)[0], separator)
        if len(complete) > shown:
            shown = len(complete)
            yield list(complete)
    final = parse_reply(tokenizer.decode(ids, skip_special_tokens=True).rstrip("\ufffd"), separator)
    if len(final) > shown:
        yield list(final)
