"""Every request is numbered and logged, and can be made to fail.

    traffic.inject(Fault.answer(503, at=3))
    traffic.records[2].status               # -> 503

Numbers count from 1 since the log was last cleared.
"""

import asyncio
import itertools
import json
import secrets
import threading
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any, Literal

from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.hub.faults import Armed, Fault, Record

SETTLE_TIMEOUT = 10.0  # seconds; only a handler that hangs by mistake takes this long
HELD_TIMEOUT = 60.0  # seconds; only a test that forgot to release a request takes this long

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Wire(H11Protocol):
    """uvicorn's protocol, which lets an application reach its connection to cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Exchange:
    """One request and its answer on the wire; counts what passes, can hang up."""

    def __init__(
        self, scope: Message, receive: Receive, send: Send, record: Record, *, keeps_body: bool
    ) -> None:
        self._keeps_body = keeps_body
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport = scope["state"]["transport"]
        self.record = record

    async def receive(self) -> Message:
        message = await self._receive()
        self.record.received += len(message.get("body", b""))
        if self._keeps_body:
            self.record.body += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.record.status = message["status"]
            every = [
                (b"x-request-id", secrets.token_hex(8).encode()),
                (b"date", formatdate(usegmt=True).encode()),  # uvicorn's own is a second late
            ]
            message = {**message, "headers": [*message.get("headers", []), *every]}
        elif self.record.method != "HEAD":
            self.record.sent += len(message.get("body", b""))
        await self._send(message)

    async def take_body(self, limit: float = float("inf")) -> None:
        """Read the request's body, or at least `limit` bytes of it."""
        more = True
        while more and self.record.received < limit:
            message = await self.receive()
            more = message.get("more_body", False)

    def close(self) -> None:
        """Close the connection once what was sent has left."""
        self._transport.close()

    async def hang_up(self) -> None:
        self.close()
        await self.wait_for_disconnect()

    async def wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Traffic:
    """ASGI middleware around the whole server."""

    def __init__(self, app: App, *, storage_port: int, label: Callable[[str | None], str]) -> None:
        self._app = app
        self._storage_port = storage_port
        self._label = label
        self._lock = threading.Condition()
        self._live: set[Exchange] = set()
        self._armed: list[Armed] = []
        self._records: list[Record] = []
        self._numbers = itertools.count(1)
        self.keeps_bodies = False
        self.crashes: list[str] = []  # tracebacks of our own mistakes

    def settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cut what is still under way and wait until nothing is; called from another thread."""
        with self._lock:
            for exchange in self._live:
                loop.call_soon_threadsafe(exchange.close)
            if not self._lock.wait_for(lambda: not self._live, timeout=SETTLE_TIMEOUT):
                raise TimeoutError(f"requests still run: {[e.record for e in self._live]}")

    def inject(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append(Armed(fault))

    def clear_faults(self) -> None:
        with self._lock:
            self._armed.clear()

    @property
    def records(self) -> list[Record]:
        with self._lock:
            return list(self._records)

    def clear_records(self) -> None:
        with self._lock:
            self._records.clear()
            self._numbers = itertools.count(1)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        record, fault = self._open(scope)
        exchange = Exchange(scope, receive, send, record, keeps_body=self.keeps_bodies)
        with self._lock:
            self._live.add(exchange)
        try:
            if fault is None:
                await self._app(scope, exchange.receive, exchange.send)
            else:
                await self._fail(scope, exchange, fault)
        except Exception:
            self.crashes.append(traceback.format_exc())
            raise
        finally:
            with self._lock:
                self._live.discard(exchange)
                self._lock.notify_all()

    def _open(self, scope: Message) -> tuple[Record, Fault | None]:
        headers = dict(scope["headers"])
        role = self._label(headers.get(b"authorization", b"").decode("latin-1"))
        port = scope["server"][1]
        origin: Literal["hub", "storage"] = "storage" if port == self._storage_port else "hub"
        query = scope["query_string"].decode("latin-1")
        with self._lock:
            number = next(self._numbers)
            agent = headers.get(b"user-agent", b"").decode("latin-1")
            record = Record(number, scope["method"], scope["path"], query, role, origin, agent)
            self._records.append(record)
            struck = [armed.fault for armed in self._armed if armed.strikes(record)]
        if struck:
            record.fault = struck[0].kind
        return record, struck[0] if struck else None

    async def _fail(self, scope: Message, exchange: Exchange, fault: Fault) -> None:
        match fault.kind:
            case "answer":
                await exchange.take_body()
                await _answer(exchange, fault)
            case "cut_upload":
                await exchange.take_body(fault.amount)
                await exchange.hang_up()
            case "cut_download":
                await self._app(scope, exchange.receive, _cutting(exchange, fault.amount))
            case "lose_answer":
                await self._app(scope, exchange.receive, _swallowing(exchange))
                await exchange.hang_up()
            case "hold":
                fault.reached.set()
                if not await asyncio.to_thread(fault.released.wait, HELD_TIMEOUT):
                    raise TimeoutError(f"never released: {exchange.record}")
                await self._app(scope, exchange.receive, exchange.send)
            case "silence":
                await exchange.take_body()
                await exchange.wait_for_disconnect()


async def _answer(exchange: Exchange, fault: Fault) -> None:
    body = json.dumps({"error": fault.message}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    pairs = {**headers, **fault.headers}.items()
    raw = [(name.lower().encode(), value.encode()) for name, value in pairs]
    await exchange.send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await exchange.send({"type": "http.response.body", "body": body})


def _swallowing(exchange: Exchange) -> Send:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.record.status = message["status"]

    return send


def _cutting(exchange: Exchange, limit: int) -> Send:
    cut = False

    async def send(message: Message) -> None:
        nonlocal cut
        if cut:
            return
        if message["type"] == "http.response.body":
            body = message.get("body", b"")[: limit - exchange.record.sent]
            cut = exchange.record.sent + len(body) >= limit or not message.get("more_body", False)
            message = {"type": "http.response.body", "body": body, "more_body": True}
        await exchange.send(message)
        if cut:
            await exchange.hang_up()

    return send
