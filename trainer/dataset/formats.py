"""The row formats that examples are written in and read back from. One JSON object a line::

    messages      {"messages": [{"role": "system", …}, {"role": "user", …}, {"role": "assistant", …}], "trained": […]}
    instruction   {"instruction": system prompt, "input": what was said, "output": the reply}
    vertex-text   {"input_text": system prompt and what was said, "output_text": the reply}
    vertex-chat   {"context": system prompt, "messages": [{"author": "user", "content": …}, {"author": "assistant", …}]}
    gemini        {"systemInstruction": …, "contents": [{"role": "user", "parts": [{"text": …}]}, {"role": "model", …}]}

``instruction`` and ``vertex-text`` hold one reply a row, and what was said before it one bubble a line::

    [[PARTNER]]: 밥 먹었어?
    [[PERSONA]]: ㅇㅇ

Only ``messages`` can say that a reply is mere context (``trained``). In the others every reply is learned, so what a
window repeats from the one before is left out, and every persona turn is still trained exactly once.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from persona_core.manifest import Placeholders
from persona_core.prompt import (
    ChatFormat,
    Role,
    Turn,
    alternate,
    from_messages,
    render_reply,
    to_messages,
)
from trainer.dataset.row_rules import Format, Row, check, format_of

Conversation = tuple[tuple[Turn, ...], tuple[bool, ...]]  # turns, and which persona turns carry loss

HISTORY = 8  # turns before a reply in the one-reply formats: a reply mostly hangs on the last few

_PREFIX: dict[Role, str] = {
    "partner": f"{Placeholders().partner}: ",
    "persona": f"{Placeholders().persona}: ",
}


# --- examples -> rows ---


def to_rows(
    turns: Sequence[Turn], trained: Sequence[bool], row_format: Format, chat_format: ChatFormat
) -> list[Row]:
    """An example in ``row_format``: one row, or one for each reply it trains."""
    if row_format == "messages":
        return [{"messages": to_messages(turns, chat_format), "trained": list(trained)}]
    learned = alternate(fresh(turns, trained))
    if row_format == "vertex-chat":
        return [_vertex_chat(learned, chat_format)]
    if row_format == "gemini":
        return [_gemini(learned, chat_format)]
    row = _instruction if row_format == "instruction" else _vertex_text
    turns, replies = (
        alternate(turns),
        [i for i, turn in enumerate(alternate(turns)) if turn.role == "persona"],
    )
    return [
        row(turns[max(0, i - HISTORY) : i], turns[i], chat_format)
        for i, learned in zip(replies, trained, strict=True)
        if learned
    ]


def fresh(turns: Sequence[Turn], trained: Sequence[bool]) -> Sequence[Turn]:
    """The turns from what the first trained reply answers: what a window does not repeat from the one before."""
    replies = [i for i, turn in enumerate(turns) if turn.role == "persona"]
    first = next(i for i, learned in zip(replies, trained, strict=True) if learned)
    return turns[max(0, first - 1) :]


def _instruction(history: Sequence[Turn], reply: Turn, chat_format: ChatFormat) -> Row:
    said = "\n".join(_lines(history))
    return {"instruction": chat_format.system_prompt, "input": said, "output": render_reply(reply.bubbles)}


def _vertex_text(history: Sequence[Turn], reply: Turn, chat_format: ChatFormat) -> Row:
    said = "\n".join([chat_format.system_prompt, "", *_lines(history)])
    return {"input_text": said, "output_text": render_reply(reply.bubbles)}


def _vertex_chat(turns: Sequence[Turn], chat_format: ChatFormat) -> Row:
    system, *said = to_messages(turns, chat_format)
    messages = [{"author": message["role"], "content": message["content"]} for message in said]
    return {"context": system["content"], "messages": messages}


def _gemini(turns: Sequence[Turn], chat_format: ChatFormat) -> Row:
    system, *said = to_messages(turns, chat_format)
    roles = {"user": "user", "assistant": "model"}
    return {
        "systemInstruction": {"role": "system", "parts": [{"text": system["content"]}]},
        "contents": [{"role": roles[m["role"]], "parts": [{"text": m["content"]}]} for m in said],
    }


def _lines(turns: Sequence[Turn]) -> Iterator[str]:
    for turn in turns:
        for bubble in turn.bubbles:
            yield _PREFIX[turn.role] + render_reply([bubble])


# --- rows -> examples ---


def from_row(row: object, chat_format: ChatFormat) -> Conversation:
    """The conversation in a row of any format; the format is known by the row's keys.

    Raises:
        ValueError: the row breaks its format's rules; the argument is the name of the broken rule.
    """
    checked = check(row)
    return _READERS[format_of(checked)](checked, chat_format)


def _read_messages(row: Row, chat_format: ChatFormat) -> Conversation:
    turns = from_messages(row["messages"], chat_format.bubble_separator)
    return turns, tuple(row.get("trained") or _all(turns))


def _read_vertex_chat(row: Row, chat_format: ChatFormat) -> Conversation:
    messages = [{"role": m["author"], "content": m["content"]} for m in row["messages"]]
    turns = from_messages(messages, chat_format.bubble_separator)
    return turns, _all(turns)


def _read_gemini(row: Row, chat_format: ChatFormat) -> Conversation:
    roles = {"user": "user", "model": "assistant"}
    messages = [
        {"role": roles[content["role"]], "content": "".join(part["text"] for part in content["parts"])}
        for content in row["contents"]
    ]
    turns = from_messages(messages, chat_format.bubble_separator)
    return turns, _all(turns)


def _read_instruction(row: Row, chat_format: ChatFormat) -> Conversation:
    return _read_reply(row.get("input") or row["instruction"], row["output"], chat_format)


def _read_vertex_text(row: Row, chat_format: ChatFormat) -> Conversation:
    return _read_reply(row["input_text"], row["output_text"], chat_format)


def _read_reply(said: str, reply: str, chat_format: ChatFormat) -> Conversation:
    """What was said in our lines, or, in another tool's file, as one turn of the partner; then the reply, learned."""
    spoken = [
        (role, line.removeprefix(prefix))
        for line in said.split("\n")
        for role, prefix in _PREFIX.items()
        if line.startswith(prefix)
    ]
    messages = [
        {
            "role": "assistant" if role == "persona" else "user",
            "content": "\n".join(line for _, line in lines),
        }
        for role, lines in groupby(spoken or [("partner", said)], key=lambda pair: pair[0])
    ]
    messages.append({"role": "assistant", "content": reply})
    turns = from_messages(messages, "\n" if spoken else chat_format.bubble_separator)
    personas = sum(turn.role == "persona" for turn in turns)
    return turns, (*[False] * (personas - 1), True)


def _all(turns: Sequence[Turn]) -> tuple[bool, ...]:
    return (True,) * sum(turn.role == "persona" for turn in turns)


_READERS: dict[Format, Callable[[Row, ChatFormat], Conversation]] = {
    "messages": _read_messages,
    "instruction": _read_instruction,
    "vertex-text": _read_vertex_text,
    "vertex-chat": _read_vertex_chat,
    "gemini": _read_gemini,
}


# What some readers of lines take for the end of one; JSON leaves them as they are.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def dump(row: Row) -> str:
    """A row as one line of a file, without its end."""
    return json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS)
