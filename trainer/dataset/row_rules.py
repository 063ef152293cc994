"""What a row of each format must be: validated before it is written, and again when it is read.

A broken rule is a ValueError whose argument is a key of ``persona_core/texts/dataset.toml``::

    row_unknown   no format we know                    row_blank      someone says nothing
    row_roles     the speakers do not take turns       row_too_long   longer than the format allows
    row_trained   ``trained`` does not fit the replies row_no_json    nothing UTF-8 can hold
"""

import re
from collections.abc import Callable
from typing import Any, Literal, get_args

from persona_core.prompt import parse_reply

Format = Literal["messages", "instruction", "vertex-text", "vertex-chat", "gemini"]
FORMATS: tuple[Format, ...] = get_args(Format)

Row = dict[str, Any]

# Limits of Google's tuning services, in tokens. We count characters: Korean is at most one token a character there.
VERTEX_INPUT = 8_192
VERTEX_OUTPUT = 1_024
VERTEX_TURNS = 2_500
GEMINI_EXAMPLE = 131_072

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which JSON can spell and UTF-8 cannot


def check(row: object) -> Row:
    """``row`` itself, when it keeps the rules of its format.

    Raises:
        ValueError: the name of the broken rule.
    """
    _require(isinstance(row, dict), "row_unknown")
    assert isinstance(row, dict)
    _CHECKS[format_of(row)](row)
    return row


def format_of(row: Row) -> Format:
    """Which format a row is in.

    Raises:
        ValueError: none that we know.
    """
    if "contents" in row:
        return "gemini"
    if "input_text" in row:
        return "vertex-text"
    if "output" in row:
        return "instruction"
    messages = row.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], dict):
        return "vertex-chat" if "author" in messages[0] else "messages"
    raise ValueError("row_unknown")


def _require(holds: object, rule: str) -> None:
    if not holds:
        raise ValueError(rule)


def _check_conversation(
    said: object, author: str, roles: tuple[str, str], words: Callable[[Row], object]
) -> None:
    """User and assistant alternate, the user begins, the assistant ends, and everyone says something."""
    _require(isinstance(said, list) and said and all(isinstance(m, dict) for m in said), "row_unknown")
    assert isinstance(said, list)
    found = [message.get(author) for message in said]
    _require(len(found) % 2 == 0 and found == [*roles] * (len(found) // 2), "row_roles")
    for message in said:
        _check_words(words(message))


def _check_messages(row: Row) -> None:
    said = row["messages"]
    first = isinstance(said[0], dict) and said[0].get("role")
    _check_conversation(
        said[1:] if first == "system" else said, "role", ("user", "assistant"), lambda m: m.get("content")
    )
    trained = row.get("trained")
    if trained is not None:
        replies = sum(message["role"] == "assistant" for message in said)
        flags = trained if isinstance(trained, list) else []
        fits = len(flags) == replies and any(flags) and all(isinstance(flag, bool) for flag in flags)
        _require(fits, "row_trained")


def _check_vertex_chat(row: Row) -> None:
    said = row["messages"]
    _check_conversation(said, "author", ("user", "assistant"), lambda m: m.get("content"))
    _require(isinstance(row.get("context", ""), str), "row_unknown")
    size = len(row.get("context", "")) + sum(len(message["content"]) for message in said)
    _require(size <= VERTEX_INPUT and len(said) <= VERTEX_TURNS, "row_too_long")
    _require(
        all(len(m["content"]) <= VERTEX_OUTPUT for m in said if m["author"] == "assistant"), "row_too_long"
    )


def _check_gemini(row: Row) -> None:
    _check_conversation(row["contents"], "role", ("user", "model"), _words_of_parts)
    size = sum(len(str(_words_of_parts(content))) for content in row["contents"])
    _require(size <= GEMINI_EXAMPLE, "row_too_long")


def _words_of_parts(content: Row) -> object:
    parts = content.get("parts")
    if not isinstance(parts, list) or not all(
        isinstance(p, dict) and isinstance(p.get("text"), str) for p in parts
    ):
        return None
    return "".join(part["text"] for part in parts)


def _check_instruction(row: Row) -> None:
    _check_reply(row.get("input") or row.get("instruction"), row["output"])


def _check_vertex_text(row: Row) -> None:
    said, reply = row["input_text"], row.get("output_text")
    _check_reply(said, reply)
    _require(len(said) <= VERTEX_INPUT and len(str(reply)) <= VERTEX_OUTPUT, "row_too_long")


def _check_reply(said: object, reply: object) -> None:
    _check_words(said)
    _check_words(reply)


def _check_words(words: object) -> None:
    _require(isinstance(words, str) and parse_reply(words), "row_blank")
    _require(not _SURROGATE.search(str(words)), "row_no_json")


_CHECKS: dict[Format, Callable[[Row], None]] = {
    "messages": _check_messages,
    "instruction": _check_instruction,
    "vertex-text": _check_vertex_text,
    "vertex-chat": _check_vertex_chat,
    "gemini": _check_gemini,
}
