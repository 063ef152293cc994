"""She without her browser: one cookie, gradio's queue and its stream of events, as the page's own script speaks them.

with Visitor(url) as visitor:
    visitor.say("밥 먹었어?")      # ["ㅇㅇ", "자기는?"]
"""

import html
import json
import re
import secrets
from collections.abc import Iterator

import httpx2
from gradio_client.utils import apply_diff

from conversation import words
from tests.space.served import invite


class Visitor:
    """One open page. ``chat`` is what it shows, and goes back to the server with every message."""

    def __init__(self, url: str) -> None:
        self._browser = httpx2.Client(base_url=url, follow_redirects=True, timeout=60)
        self._browser.get(invite(url)).raise_for_status()
        config = self._browser.get("/config").raise_for_status().json()
        ids = {component["props"].get("elem_id"): component["id"] for component in config["components"]}
        self._sending = next(
            event["id"] for event in config["dependencies"] if [ids["outbox"], "submit"] in event["targets"]
        )
        self._outbox = ids["outbox"]
        self.reload()

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._browser.close()

    def reload(self) -> None:
        """An open page with an empty chat."""
        self.session = secrets.token_hex(6)
        self.chat: list[dict] = []
        self.note = ""

    def say(self, text: str) -> list[str]:
        """The bubbles of his whole reply; ``note`` is the line above the chat then."""
        *_, (bubbles, self.note) = self.hear(text)
        return bubbles

    def hear(self, text: str) -> Iterator[tuple[list[str], str]]:
        """His bubbles so far, and the line above the chat, at every sign of life."""
        self.send(text)
        return self.listen()

    def send(self, text: str) -> None:
        """Stand in the queue with ``text``."""
        asked = {
            "data": [self.chat, f"{secrets.token_hex(4)} {text}"],
            "event_data": None,
            "fn_index": self._sending,
            "trigger_id": self._outbox,
            "session_hash": self.session,
        }
        self._browser.post("/gradio_api/queue/join", json=asked).raise_for_status()

    def listen(self) -> Iterator[tuple[list[str], str]]:
        """What there is to hear once a message was sent: see `hear`."""
        before, screen = len(self.chat) + 1, None
        for event in self._events():
            assert event.get("success", True), event
            if event["msg"] == "process_generating":
                new = event["output"]["data"]
                # the first is whole, each one after it says what changed
                screen = new if screen is None else [*map(apply_diff, screen, new)]
            elif event["msg"] == "process_completed":
                screen = event["output"]["data"]
            if screen is not None:
                self.chat = screen[0]
                note = html.unescape(re.sub("<[^>]*>", "", screen[2]["value"]))
                yield [words(said["content"]) for said in self.chat[before:]], note

    def _events(self) -> Iterator[dict]:
        with self._browser.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self.session}
        ) as lines:
            lines.raise_for_status()
            for line in lines.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
