"""What a program asks, out of its JSON, or why not: the request of OpenAI's chat completions, as far as it makes sense here.

The persona's own system prompt is the only one: system and developer messages are ignored, as other servers with a fixed
prompt do, and so are parameters that are not named here. What would change the shape of an answer is refused. A line is
a bubble::

    Question.from_json(b'{"model": "persona", "messages": [{"role": "user", "content": "밥 먹었어?"}]}')
    Refusal(404, "…", code="model_not_found").answer()     {"error": {"message", "type", "param", "code"}}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import JSONResponse

from conversation import LONGEST_MESSAGE, REMEMBERED_MESSAGES
from persona_core.manifest import Generation
from persona_core.prompt import Turn, alternate, from_messages

MODEL = "persona"
STOPS = 4  # as many as the original takes
LONGEST_STOP = 100  # characters
COLDEST = (
    0.01  # below, the most likely token wins anyway, and dividing by it would leave the range of a float
)
_SPEAKERS = ("user", "assistant")
_IGNORED = ("system", "developer")
# Parameters without which an answer would not be what was asked for, and what of them is no more than the usual.
_UNSUPPORTED: dict[str, tuple[object, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "logprobs": (False,),
    "top_logprobs": (0,),
}


class Refusal(Exception):
    """No answer, and why. ``retry_after``: seconds; the official client waits for so long and asks again."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
        usual = "server_error" if status >= 500 else "invalid_request_error"
        self.body = {
            "error": {"message": message, "type": kind.get(status, usual), "param": param, "code": code}
        }

    def answer(self) -> JSONResponse:
        """The refusal as an HTTP answer."""
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.body, self.status, headers)


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation that waits for a reply, and how it shall be drawn; None is as the release does it."""

    turns: tuple[Turn, ...]
    stream: bool
    stop: tuple[str, ...]
    seed: int | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None

    @classmethod
    def from_json(cls, body: bytes) -> "Question":
        """Read a request.

        Raises:
            Refusal: 400 no JSON object, a value out of its bounds or a thing he cannot do, 404 another model.
        """
        asked = _document(body)
        if asked.get("model") != MODEL:
            raise Refusal(404, f"There is one model here: {MODEL}.", code="model_not_found", param="model")
        _integer(asked, "n", 1, 1)
        for key, usual in _UNSUPPORTED.items():
            if asked.get(key) not in (None, *usual):
                raise Refusal(400, f"{key} is not supported here.", code="unsupported_parameter", param=key)
        return cls(
            turns=_turns(asked),
            stream=_flag(asked, "stream"),
            stop=_stops(asked),
            seed=_integer(asked, "seed", -(2**63), 2**63 - 1),
            temperature=_number(asked, "temperature", 0, 2),
            top_p=_number(asked, "top_p", 0, 1),
            max_tokens=_integer(asked, "max_completion_tokens", 1, 2**31 - 1)
            or _integer(asked, "max_tokens", 1, 2**31 - 1),
        )

    def generation(self, usual: Generation) -> Generation:
        """``usual`` with what was asked for; a reply never gets longer than the release allows."""
        asked = usual
        if self.temperature is not None:
            asked = replace(asked, temperature=self.temperature if self.temperature >= COLDEST else 0.0)
        if self.top_p is not None:
            asked = replace(asked, top_p=self.top_p)
        if self.max_tokens is not None:
            asked = replace(asked, max_new_tokens=min(self.max_tokens, usual.max_new_tokens))
        return asked


# --- values ---


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, an endless number, endless brackets
        raise Refusal(400, "The body of the request is no JSON that can be read.") from None
    if not isinstance(document, dict):
        raise Refusal(400, "The body of the request must be a JSON object.")
    return document


def _invalid(param: str, what: str) -> Refusal:
    return Refusal(400, f"{param} {what}.", code="invalid_value", param=param)


def _flag(asked: Mapping[str, Any], key: str) -> bool:
    value = asked.get(key)
    if not isinstance(value, bool | None):
        raise _invalid(key, "must be true or false")
    return bool(value)


def _number(asked: Mapping[str, Any], key: str, low: int, high: int) -> float | None:
    """The number at ``key``, None when there is none. (NaN, which Python reads, is in no bounds.)"""
    value = asked.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _invalid(key, f"must be a number from {low} to {high}")
    return float(value)


def _integer(asked: Mapping[str, Any], key: str, low: int, high: int) -> int | None:
    value = asked.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(key, f"must be an integer from {low} to {high}")
    return value


def _stops(asked: Mapping[str, Any]) -> tuple[str, ...]:
    value = asked.get("stop")
    stops = [value] if isinstance(value, str) else value or []
    if not (isinstance(stops, list) and len(stops) <= STOPS and all(map(_is_stop, stops))):
        raise _invalid("stop", f"must be at most {STOPS} strings of 1 to {LONGEST_STOP} characters")
    return tuple(stops)


def _is_stop(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_STOP


# --- messages ---


def _turns(asked: Mapping[str, Any]) -> tuple[Turn, ...]:
    """What the two have said, ending with her."""
    messages = asked.get("messages")
    if not isinstance(messages, list):
        raise _invalid("messages", "must be a list of messages")
    said = [_message(message, f"messages[{i}]") for i, message in enumerate(messages)]
    spoken = [message for message in said if message["role"] in _SPEAKERS]
    turns = alternate(from_messages(spoken[-REMEMBERED_MESSAGES:]))
    if not turns or turns[-1].role != "partner":
        raise _invalid("messages", "must end with a message of the user that has words in it")
    return turns


def _message(message: object, place: str) -> dict[str, str]:
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or role not in (*_SPEAKERS, *_IGNORED):
        raise _invalid(place, "must be a message of the user, the assistant or the system")
    text = "" if role in _IGNORED else _text(message.get("content"), f"{place}.content")
    return {"role": role, "content": text}


def _text(content: object, place: str) -> str:
    """The words of one message: a string, or a list of text parts."""
    text = content
    if isinstance(content, list) and all(isinstance(p, dict) and p.get("type") == "text" for p in content):
        texts = [part.get("text") for part in content]
        text = "\n".join(texts) if all(isinstance(text, str) for text in texts) else None
    if not isinstance(text, str):
        raise _invalid(place, "must be a string or a list of text parts")
    if len(text) > LONGEST_MESSAGE:
        raise Refusal(
            400,
            f"{place} is longer than {LONGEST_MESSAGE} characters.",
            code="string_above_max_length",
            param=place,
        )
    return text.encode(errors="replace").decode()  # JSON can name half a character, which no tokenizer reads
