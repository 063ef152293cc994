"""The one chat format: system prompt, turns, bubbles, and how they become a model's tokens.

A turn is what one speaker says before the other answers; its bubbles stay separate. In text, bubbles are joined by
``BUBBLE_SEPARATOR`` and a line break inside a bubble is written as ``LINE_BREAK``::

    Turn("persona", ("ㅇㅇ", "지금 가는중ㅋㅋㅋ"))  <->  "ㅇㅇ\n지금 가는중ㅋㅋㅋ"

Tokens come from the model's own chat template. `encode` is used by the trainer for its labels and by the engines for
their prompts, so that what is trained is what is served. Every reply is rendered as the template renders a reply of
the *past*: hybrid templates put an empty think-block before the newest reply only, and a model trained with it in
one place and served with it in another answers worse. Every prompt is dated alike, too: some templates write today's date,
and a model would be served with another one than it was trained with. Contents are tokenised apart from the template,
and never into a token that was added to the vocabulary, so no message can pretend to be one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

from persona_core.errors import DataError
from persona_core.invisible import FILLERS, JOINER, ZERO_WIDTH, is_ordinary

CHAT_FORMAT_VERSION = 1
BUBBLE_SEPARATOR = "\n"
LINE_BREAK = "\u2028"  # LINE SEPARATOR: what a line break inside one bubble is
OPENING = "…"  # what the partner "says" when the persona writes first: most templates begin with the user

SYSTEM_PROMPT = (
    "너는 [[PERSONA]]. 연인 [[PARTNER]]와 카카오톡으로 대화 중이야. "
    "[[PERSONA]]의 말투 그대로, 짧은 말풍선 여러 개로 답해."
)

Role = Literal["persona", "partner"]
_CHAT_ROLE: dict[Role, str] = {"persona": "assistant", "partner": "user"}
_ROLE_OF: dict[str, Role] = {"assistant": "persona", "user": "partner"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive bubbles of one speaker. Bubbles are clean (see `clean_bubble`) and at least one."""

    role: Role
    bubbles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """What the trainer fixed and the engine must repeat."""

    system_prompt: str = SYSTEM_PROMPT
    bubble_separator: str = BUBBLE_SEPARATOR
    version: int = CHAT_FORMAT_VERSION


# --- bubbles <-> text ---

# White space of other kinds, our two marks, and what stands for broken text.
_NOT_TEXT = re.compile("[\t\x0b\x0c\r\x85\ue000\ue001\ufffd]")
# What a terminal obeys (ESC [31m, ESC ]0;title BEL), whole.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]"
)
# Emoji are made with some of what cannot be seen: the joiner between two, the tags of a flag; what selects one stays
# everywhere.
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u27ff\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\ufe0f"
_INVISIBLE = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)"
    f"|[{ZERO_WIDTH}{FILLERS}]+|(?<![{_EMOJI}]){JOINER}+|{JOINER}+(?![{JOINER}{_EMOJI}])"
)
_FILLER = re.compile(f"[{FILLERS}]")


def clean_bubble(text: str) -> str:
    """The normal form of one bubble: nothing invisible, ``\\n`` as its only line break, no blank ends.

    Terminal codes and control characters go, and so do zero widths and marks of direction that are no part of an emoji.
    A filler beside a letter is a blank, as it looks; elsewhere, in a number, it goes, too.
    """
    if is_ordinary(text):
        return text.strip()
    unified = text.replace("\r\n", "\n").replace(LINE_BREAK, "\n").replace("\u2029", "\n")
    visible = _INVISIBLE.sub(_seen, _ESCAPE.sub("", unified))
    return _NOT_TEXT.sub(" ", visible).strip()


def _seen(match: re.Match[str]) -> str:
    """What is seen in the place of a run that `_INVISIBLE` found: a flag, a blank or nothing."""
    if match["flag"] or not _FILLER.search(match[0]):
        return match["flag"] or ""
    around = match.string[match.start() - 1 : match.start()] + match.string[match.end() : match.end() + 1]
    return " " if any(map(str.isalpha, around)) and not any(map(str.isspace, around)) else ""


def render_reply(bubbles: Iterable[str], separator: str = BUBBLE_SEPARATOR) -> str:
    """One turn as text. `parse_reply` is its inverse on clean bubbles."""
    return separator.join(bubble.replace("\n", LINE_BREAK) for bubble in bubbles)


def parse_reply(text: str, separator: str = BUBBLE_SEPARATOR) -> tuple[str, ...]:
    """The bubbles of one turn's text; blank ones are no bubbles."""
    return tuple(bubble for part in text.split(separator) if (bubble := clean_bubble(part)))


# --- turns <-> messages ---


def alternate(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join neighbours of the same role, and put `OPENING` before a persona turn that comes first."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = Turn(turn.role, joined[-1].bubbles + turn.bubbles)
        else:
            joined.append(turn)
    if joined and joined[0].role == "persona":
        joined.insert(0, Turn("partner", (OPENING,)))
    return tuple(joined)


def to_messages(turns: Iterable[Turn], chat_format: ChatFormat) -> list[dict[str, str]]:
    """The conversation as ``{"role", "content"}`` messages: system first, then alternating user and assistant."""
    said = [
        {
            "role": _CHAT_ROLE[t.role],
            "content": render_reply(t.bubbles, chat_format.bubble_separator),
        }
        for t in alternate(turns)
    ]
    return [{"role": "system", "content": chat_format.system_prompt}, *said]


def from_messages(messages: Iterable[dict[str, str]], separator: str = BUBBLE_SEPARATOR) -> tuple[Turn, ...]:
    """The turns of ``messages``; the inverse of `to_messages` apart from the system prompt."""
    turns = [
        Turn(_ROLE_OF[m["role"]], parse_reply(m["content"], separator))
        for m in messages
        if m["role"] != "system"
    ]
    if turns and turns[0] == Turn("partner", (OPENING,)):
        del turns[0]
    return tuple(turn for turn in turns if turn.bubbles)


# --- messages -> tokens ---


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids, and for each whether it belongs to a reply (its text or its end-of-turn token)."""

    ids: tuple[int, ...]
    is_reply: tuple[bool, ...]


_MARK = re.compile("\ue000(\\d+)\ue001")

# Whether a tokenizer takes "<|im_end|>" for a token is a switch on it: two visitors at once would set it for each other.
_READING = Lock()

# Put before a template, this stands for the clock that transformers gives it. What is empty at its end is there so that
# no white space at the template's beginning is trimmed as that after a block is.
_CLOCK = (
    "{% macro strftime_now(format) -%}"
    "{{ format.replace('%d', '01').replace('%b', 'Jan').replace('%B', 'January').replace('%Y', '2026')"
    ".replace('%m', '01') }}"
    "{%- endmacro %}{{ '' }}"
)


def dated_template(tokenizer: Any) -> str:
    """The chat template of ``tokenizer``, which writes one date on every day; as it is where it writes none."""
    template: str = tokenizer.get_chat_template()
    reads_a_clock = "strftime_now" in template and not template.startswith(_CLOCK)
    return _CLOCK + template if reads_a_clock else template


def encode(tokenizer: Any, turns: Iterable[Turn], chat_format: ChatFormat) -> Encoded:
    """The tokens of a conversation, by the tokenizer's own chat template.

    Ends in a persona turn: the whole conversation up to that turn's end-of-turn token (for training).
    Ends in a partner turn: everything up to where the persona's reply begins (for generating it).

    Raises:
        DataError: the template refuses, drops, repeats or reorders what is said, or ends a reply with no special token.
    """
    with _READING:
        return _encode(tokenizer, to_messages(turns, chat_format))


def _encode(tokenizer: Any, messages: Sequence[dict[str, str]]) -> Encoded:
    ends_in_reply = messages[-1]["role"] == "assistant"
    pieces = _template_pieces(tokenizer, [m["role"] for m in messages], ends_in_reply=ends_in_reply)
    specials = _special_ids(tokenizer)

    ids: list[int] = []
    is_reply: list[bool] = []

    def add(new: Sequence[int], *, reply: bool) -> None:
        ids.extend(new)
        is_reply.extend([reply] * len(new))

    add(_template_ids(tokenizer, pieces[0]), reply=False)
    for index, message in enumerate(messages):
        reply = message["role"] == "assistant"
        add(_content_ids(tokenizer, message["content"]), reply=reply)
        after = _template_ids(tokenizer, pieces[index + 1])
        if not reply:
            add(after, reply=False)
            continue
        end = _end_of_turn(after, specials)
        add(after[:end], reply=True)
        if index < len(messages) - 1:
            add(after[end:], reply=False)
    return Encoded(tuple(ids), tuple(is_reply))


def begun_ids(tokenizer: Any, bubbles: Iterable[str], chat_format: ChatFormat) -> tuple[int, ...]:
    """The tokens of a reply of which ``bubbles`` have been said, up to where the next one begins."""
    separator = chat_format.bubble_separator
    with _READING:
        return tuple(_content_ids(tokenizer, render_reply(bubbles, separator) + separator))


def end_of_turn_id(tokenizer: Any, chat_format: ChatFormat) -> int:
    """The token that ends a reply in this template, and stops generation."""
    encoded = encode(tokenizer, (Turn("partner", ("가",)), Turn("persona", ("나",))), chat_format)
    return encoded.ids[-1]


def _template_pieces(tokenizer: Any, roles: Sequence[str], *, ends_in_reply: bool) -> list[str]:
    """What the template writes before, between and after the contents: ``len(roles) + 1`` strings.

    The contents are replaced by marks, and the conversation is continued by one exchange, so that every reply is
    rendered as one of the past and templates that trim or inspect contents cannot change ours.
    """
    from jinja2 import TemplateError

    more = ["user"] if ends_in_reply else ["assistant", "user"]
    marked = [{"role": role, "content": f"\ue000{i}\ue001"} for i, role in enumerate([*roles, *more])]
    try:
        rendered: str = tokenizer.apply_chat_template(
            marked, chat_template=dated_template(tokenizer), tokenize=False
        )
    except TemplateError as error:  # the template's own refusal, of a system prompt for instance
        raise DataError("core.template_unfit") from error
    parts = _MARK.split(rendered)  # piece, "0", piece, "1", piece, …
    if parts[1::2] != [str(i) for i in range(len(marked))]:
        raise DataError("core.template_unfit")
    return parts[0::2][: len(roles) + 1]


def _template_ids(tokenizer: Any, piece: str) -> list[int]:
    return list(tokenizer(piece, add_special_tokens=False).input_ids) if piece else []


def _content_ids(tokenizer: Any, content: str) -> list[int]:
    """The tokens of what someone said. Where they would be an added one, like <think>, it is read in two parts.

    An added token of a single character has no parts: it stays.
    """
    # verbose would warn of what is longer than the model's context: whoever encodes cuts
    read = tokenizer(content, add_special_tokens=False, split_special_tokens=True, verbose=False)
    ids: list[int] = list(read.input_ids)
    added = _added_ids(tokenizer)
    if added.isdisjoint(ids):  # split_special_tokens sees to the special ones
        return ids
    spans = zip(ids, read.encodings[0].offsets, strict=True)
    cuts = [begin + 1 for token, (begin, end) in spans if token in added and end - begin > 1]
    if not cuts:
        return ids
    parts = (content[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True))
    return [token for part in parts for token in _content_ids(tokenizer, part)]


@lru_cache(maxsize=2)  # tokenizers, for each of which it takes milliseconds
def _added_ids(tokenizer: Any) -> frozenset[int]:
    return frozenset(tokenizer.added_tokens_decoder)


@lru_cache(maxsize=2)
def _special_ids(tokenizer: Any) -> frozenset[int]:
    # all_special_ids lists only the named ones (eos, pad, …): Gemma's <end_of_turn> is not among them.
    return frozenset(i for i, token in tokenizer.added_tokens_decoder.items() if token.special)


def _end_of_turn(ids: Sequence[int], specials: frozenset[int]) -> int:
    """How many of the tokens after a reply belong to it: up to and with the first special one."""
    for position, token in enumerate(ids):
        if token in specials:
            return position + 1
    raise DataError("core.template_no_end")
