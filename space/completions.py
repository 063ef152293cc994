"""The persona for programs: OpenAI's chat completions under /v1, behind a key of their own.

The same voice as on the page, without the time it takes to type; his bubbles are the lines of one message::

    POST /v1/chat/completions   {"model": "persona", "messages": [{"role": "user", "content": "밥 먹었어?"}]}
    200                         {"choices": [{"message": {"role": "assistant", "content": "ㅇㅇ\\n자기는?"}, …}], …}

access.py keeps the door; question.py reads what is asked. Tokens are not counted, so answers have no ``usage``.
"""

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from access import PROGRAMS, App, Receive, Scope
from apology import apology, cause
from configuration import Settings
from conversation import AT_ONCE, Voice
from headers import Message, Send
from page import status_text
from persona_core.engine import Engine
from persona_core.prompt import Turn
from question import MODEL, Question, Refusal
from waking import Status

LONGEST_BODY = 2**20  # bytes: what is remembered of a conversation, its letters escaped, with room to spare
HEARD_OUT = 2**25  # bytes: who sends so much at most is read to the end, unkept, and so gets to read why not
AT_MOST = 16  # questions in flight; whoever comes then is told to come back
SOON_S = 5  # when to come back

_UNBUFFERED = {"X-Accel-Buffering": "no"}  # for a proxy that would hold a stream back


# --- the reply ---


class Drawn:
    """An engine that draws as a program asked; a reply that is drawn again takes the next seed.

    ``is_cut`` says whether its length ended the last reply. ``finish_reason`` is what the program reads.
    """

    def __init__(self, engine: Engine, question: Question) -> None:
        self._engine = engine
        self._question = question
        self._seeds = itertools.repeat(None) if question.seed is None else itertools.count(question.seed)
        self.is_cut = False
        self.finish_reason = "stop"

    def stream(self, history: Sequence[Turn], *, seed: int | None = None) -> Iterator[list[str]]:
        """See `persona_core.engine.Engine.stream`."""
        chosen = next(self._seeds) if seed is None else seed
        generation = self._question.generation(self._engine.manifest.generation)
        self.is_cut = yield from self._engine.stream(history, seed=chosen, generation=generation)


@dataclass
class Programs:
    """Answers questions, with ``voice`` and as ``status`` allows."""

    voice: Voice
    engine: Engine
    settings: Settings  # in English, as programs are
    status: Callable[[], Status]
    in_flight: int = 0

    async def complete(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        question = Question.from_json(await _body(request))
        drawn = Drawn(self.engine, question)
        deltas = until(self._bubbles(question, drawn), question.stop)
        head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": MODEL}
        if question.stream:
            first = await anext(deltas, "")  # what refuses, refuses before a stream is promised
            events = _events(head, first, deltas, drawn)
            return StreamingResponse(events, media_type="text/event-stream", headers=_UNBUFFERED)
        message = {
            "role": "assistant",
            "content": "".join([delta async for delta in deltas]),
            "refusal": None,
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": drawn.finish_reason}
        return JSONResponse({**head, "object": "chat.completion", "choices": [choice]})

    async def _bubbles(self, question: Question, drawn: Drawn) -> AsyncGenerator[str]:
        """His reply. What goes wrong becomes a `Refusal`."""
        now = self.status()
        if now.state != "ready":
            raise Refusal(503, status_text(now, self.settings), code=f"model_{now.state}", retry_after=SOON_S)
        if self.in_flight >= AT_MOST:
            raise Refusal(429, "Too many questions at once.", code="queue_full", retry_after=SOON_S)
        voice = replace(self.voice, engine=drawn, rhythm=AT_ONCE)
        self.in_flight += 1
        try:
            async with aclosing(voice.reply(question.turns)) as reply:
                async for bubble in reply:
                    yield bubble
            if drawn.is_cut:  # who found a stop before has left
                drawn.finish_reason = "length"
        except Exception as error:  # noqa: BLE001  # whatever it was, the log gets no chat and the program no trace
            raise self._refusal(error) from None
        finally:
            self.in_flight -= 1

    def _refusal(self, error: Exception) -> Refusal:
        words = apology(error, self.settings)
        match cause(error):
            case "space.quota":
                return Refusal(429, words, code="insufficient_quota")
            case "space.trouble":
                return Refusal(500, words)
        return Refusal(503, words, code="model_unavailable", retry_after=SOON_S)


async def until(bubbles: AsyncGenerator[str], stops: Sequence[str]) -> AsyncGenerator[str]:
    """The text of ``bubbles``, a line each, in pieces up to the first of ``stops``; what may become one is held back."""
    text, sent = "", 0
    async with aclosing(bubbles):
        async for bubble in bubbles:
            text += f"\n{bubble}" if text else bubble
            found = [at for stop in stops if (at := text.find(stop)) >= 0]
            end = min(found) if found else len(text) - max(map(_begun(text), stops), default=0)
            if end > sent:
                yield text[sent:end]
                sent = end
            if found:
                return
    if text[sent:]:
        yield text[sent:]


def _begun(text: str) -> Callable[[str], int]:
    """How many letters of a stop stand at the end of ``text``."""
    return lambda stop: max((n for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)


async def _events(
    head: dict[str, Any], first: str, deltas: AsyncGenerator[str], drawn: Drawn
) -> AsyncGenerator[str]:
    """The pieces as server-sent events."""

    def chunk(delta: dict[str, str], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": first})
    async with aclosing(deltas):
        try:
            async for delta in deltas:
                yield chunk({"content": delta})
        except Refusal as refusal:
            yield _event(refusal.body)
            return
    yield chunk({}, drawn.finish_reason)
    yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


# --- the routes ---


def routes(voice: Voice, engine: Engine, settings: Settings, status: Callable[[], Status]) -> list[Mount]:
    """What is served under /v1; nothing at all without a key."""
    if not settings.answers_programs:
        return []
    programs = Programs(voice, engine, replace(settings, language="en"), status)
    application = Starlette(
        routes=[
            Route("/chat/completions", programs.complete, methods=["POST"]),
            Route("/models", _models),
            Route("/models/{model}", _model),
        ],
        middleware=[Middleware(HangUp)],
        exception_handlers={Refusal: _refused, HTTPException: _not_served, Exception: _broken},
    )
    return [Mount(PROGRAMS.rstrip("/"), application)]


_MODEL = {"id": MODEL, "object": "model", "created": 0, "owned_by": "kakao-persona"}


def _models(_: Request) -> Response:
    return JSONResponse({"object": "list", "data": [_MODEL]})


def _model(request: Request) -> Response:
    if request.path_params["model"] != MODEL:
        raise Refusal(404, f"There is one model here: {MODEL}.", code="model_not_found", param="model")
    return JSONResponse(_MODEL)


async def _body(request: Request) -> bytes:
    body, length = bytearray(), 0
    async for piece in request.stream():
        length += len(piece)
        if length <= LONGEST_BODY:
            body += piece
        elif length > HEARD_OUT:
            break
    if length > LONGEST_BODY:
        raise Refusal(413, f"The body of the request is longer than {LONGEST_BODY} bytes.")
    return bytes(body)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.answer()


def _not_served(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = Refusal(error.status_code, error.detail).answer()
    answer.headers.update(error.headers or {})  # Allow, with 405
    return answer


def _broken(_: Request, __: Exception) -> Response:
    return Refusal(500, "Something went wrong here.").answer()


class HangUp:
    """ASGI middleware that ends what is done for a client as soon as it is gone."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)  # a body is read as fast as it is used
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                while (message := await receive())["type"] != "http.disconnect":
                    await messages.put(message)
                tasks.cancel_scope.cancel()

            tasks.start_soon(listen)
            await self._app(scope, messages.get, send)
            tasks.cancel_scope.cancel()
