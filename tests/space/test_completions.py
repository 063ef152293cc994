"""Programs talk to him through the official client, to the page as it is really served."""

import asyncio
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import app
from completions import until
from persona_core.engine import load_engine
from persona_core.manifest import Artefact, Base, Generation, PersonaManifest
from tests.space.programs import FOR_PROGRAMS, HELLO, KEY, ask
from tests.space.served import ScriptedEngine, served
from tests.space.visitor import Visitor
from tests.tiny_model import build_tiny_model


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine()


@pytest.fixture(scope="module")
def url(engine):
    with served(engine, FOR_PROGRAMS) as address:
        yield address


def pieces(stream):
    """The texts of a stream."""
    return [chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content]


def ending(answer):
    """What he says, and why it ends."""
    return answer.choices[0].message.content, answer.choices[0].finish_reason


# --- replies ---


def test_his_bubbles_are_the_lines_of_one_message(client, engine):
    """Names come back, and the model reads placeholders."""
    engine.begin(["[[PARTNER]]아", "집 가는중ㅋㅋㅋ"])

    answer = ask(client, [{"role": "user", "content": "도윤아 뭐해?"}])

    assert answer.choices[0].message.content == "서연아\n집 가는중ㅋㅋㅋ"
    assert (answer.choices[0].message.role, answer.choices[0].finish_reason) == ("assistant", "stop")
    assert (answer.object, answer.model, answer.usage) == ("chat.completion", "persona", None)
    assert engine.heard[0][-1].bubbles == ("[[PERSONA]]아 뭐해?",)


def test_a_stream_brings_each_bubble_when_it_is_there(client, engine):
    """The first is read before the second is made; nothing on the way holds it back."""
    engine.begin(["ㅇㅇ", "자기는?"])
    engine.hold = True
    engine.permits.release()
    with ask(client, stream=True, stream_options={"include_usage": True}) as stream:
        first = next(stream)
        engine.permits.release()
        rest = list(stream)

    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "ㅇㅇ")
    assert [(c.choices[0].delta.content, c.choices[0].finish_reason) for c in rest] == [
        ("\n자기는?", None),
        (None, "stop"),
    ]
    assert {chunk.id for chunk in rest} == {first.id}


def test_the_asynchronous_client_is_answered_too(url, engine):
    """With and without a stream."""
    engine.begin(["ㅇㅇ", "자기는?"])

    async def both():
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY) as program:
            whole = await ask(program)
            stream = await ask(program, stream=True)
            return whole.choices[0].message.content, [
                chunk.choices[0].delta.content async for chunk in stream
            ]

    assert asyncio.run(both()) == ("ㅇㅇ\n자기는?", ["ㅇㅇ", "\n자기는?", None])


def test_there_is_one_model(client):
    """Listed, and found by its name."""
    assert [model.id for model in client.models.list()] == ["persona"]
    assert client.models.retrieve("persona").object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


def test_wishes_reach_the_engine(client, engine):
    """Temperature, length and seed are the engine's; a reply that is drawn again takes the next seed."""
    engine.begin([], ["ㅇㅇ"])

    answer = ask(client, temperature=0.3, top_p=0.5, max_tokens=20, seed=7)

    asked = Generation(temperature=0.3, top_p=0.5, max_new_tokens=20)
    assert answer.choices[0].message.content == "ㅇㅇ"
    assert engine.drawn == [(7, asked), (8, asked)]


def test_a_reply_that_its_length_ended_says_so(client, engine):
    """Whole or in a stream; one that a stop ended before, or that was drawn again and came to its own end, does not."""
    engine.begin(["ㅇㅇ", "자기는?", "뭐해"])
    *_, last = ask(client, max_tokens=2, stream=True)

    assert ending(ask(client, max_tokens=2)) == ("ㅇㅇ\n자기는?", "length")
    assert last.choices[0].finish_reason == "length"
    assert ending(ask(client, max_tokens=2, stop="?")) == ("ㅇㅇ\n자기는", "stop")
    engine.begin(["[[PHONE]]", "[[PHONE]]"], ["응"])
    assert ending(ask(client, max_tokens=2)) == ("응", "stop")


@pytest.mark.slow
def test_a_real_engine_says_it_too(tmp_path):
    """One token is not the end of what this model says."""
    release = build_tiny_model(tmp_path)
    PersonaManifest(Base("tiny"), "2026-01-01", 2, (Artefact("merged", ".", ()),)).write(release)
    with (
        served(load_engine(release, "cpu"), FOR_PROGRAMS) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60) as program,
    ):
        assert ask(program, max_tokens=1, seed=1).choices[0].finish_reason == "length"


def test_a_stop_ends_the_reply(client, engine):
    """What stands before it is all there is."""
    engine.begin(["ㅇㅇ 먹었지", "자기는?"])

    assert ask(client, stop="\n").choices[0].message.content == "ㅇㅇ 먹었지"
    assert pieces(ask(client, stop=["지\n자", "x"], stream=True)) == ["ㅇㅇ 먹었"]


def test_he_never_passes_for_a_person(client, engine):
    """Asked, he says what he is; a denial is not sent, whole or in a stream."""
    engine.begin(["나 AI 아니야ㅋㅋ", "왜"])

    asked = ask(client, [{"role": "user", "content": "너 혹시 AI야?"}]).choices[0].message.content
    denied = ask(client).choices[0].message.content

    assert asked.startswith("나는 도윤의 메시지로 배운 AI야.")
    assert denied == f"{asked}\n왜"
    assert pieces(ask(client, stream=True)) == [asked, "\n왜"]
    assert len(engine.heard) == 2


def test_the_page_and_programs_share_one_voice(monkeypatch):
    """Two who ask at once are answered one after the other: the model is one."""
    waiting = threading.Semaphore(0)

    class Threads(ThreadPoolExecutor):
        def submit(self, *work):
            reply = super().submit(*work)
            waiting.release()
            return reply

    monkeypatch.setattr(app, "ThreadPoolExecutor", Threads)
    engine = ScriptedEngine(["하나", "!"], ["둘"])
    engine.hold = True
    with (
        served(engine, replace(FOR_PROGRAMS, human_rhythm=False)) as url,
        Visitor(url) as her,
        openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60) as program,
        ThreadPoolExecutor(2) as both,
    ):
        first = both.submit(her.say, "뭐해?")
        assert waiting.acquire(timeout=60)
        second = both.submit(ask, program)
        assert waiting.acquire(timeout=60)
        engine.permits.release(3)
        assert first.result(timeout=60) == ["하나", "!"]
        assert second.result(timeout=60).choices[0].message.content == "둘"

    assert engine.most_at_once == 1


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_snippet_of_the_readme_runs(url, engine, monkeypatch, capsys, name):
    """As it stands there, with another address."""
    engine.begin(["ㅇㅇ", "자기는?"])
    text = (Path(__file__).parents[2] / name).read_text(encoding="utf-8")
    snippet = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "openai" in code)
    monkeypatch.setenv("PERSONA_API_KEY", KEY)

    exec(re.sub(r"https://[^/]+\.hf\.space", url, snippet), {})  # our own words

    assert capsys.readouterr().out == "ㅇㅇ\n자기는?\n"


# --- a client that leaves ---


class Endless:
    """Goes on until it is closed, and says so."""

    manifest = SimpleNamespace(generation=Generation())

    def __init__(self):
        self.begun = threading.Event()
        self.closed = threading.Event()

    def stream(self, history, *, seed=None, generation=None):
        try:
            while True:
                yield ["ㅇㅇ"]
                self.begun.set()
        finally:
            self.closed.set()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_model(stream):
    """Whoever hangs up costs nothing more, even while nothing is sent to him."""
    engine = Endless()
    body = json.dumps({"model": "persona", "messages": HELLO, "stream": stream}).encode()
    with served(engine, FOR_PROGRAMS) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(
                f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            assert engine.begun.wait(timeout=30)

        assert engine.closed.wait(timeout=30)


# --- stops ---


@given(
    bubbles=st.lists(st.text("ab\n", min_size=1, max_size=6), max_size=5),
    stops=st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3),
)
def test_a_stream_with_stops_says_what_the_whole_says(bubbles, stops):
    """In pieces or at once: the text up to the first stop, and nothing of a stop that was only half there."""

    async def said():
        for bubble in bubbles:
            yield bubble

    async def read():
        return [piece async for piece in until(said(), stops)]

    whole = "\n".join(bubbles)
    end = min((at for stop in stops if (at := whole.find(stop)) >= 0), default=len(whole))
    found = asyncio.run(read())

    assert "".join(found) == whole[:end]
    assert all(found)
