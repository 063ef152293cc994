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

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import completions
from completions import until
from honesty import Honesty
from page import READY
from persona_core.errors import EngineError
from persona_core.manifest import Generation
from tests.space.served import SETTINGS, ScriptedEngine, served
from tests.space.test_question import DOCUMENTS, JSON
from waking import Status

KEY = "an invented key that no program would ever guess"
FOR_PROGRAMS = replace(SETTINGS, api_key=KEY, human_rhythm=True)
HELLO = [{"role": "user", "content": "밥 먹었어?"}]


@pytest.fixture(scope="module")
def engine():
    return ScriptedEngine()


@pytest.fixture(scope="module")
def state():
    return SimpleNamespace(now=READY)


@pytest.fixture(scope="module")
def url(engine, state):
    with served(engine, FOR_PROGRAMS, status=lambda: state.now) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60) as program:
        yield program


def ask(client, messages=HELLO, **wishes):
    """What he says to a program."""
    return client.chat.completions.create(model="persona", messages=messages, **wishes)


def pieces(stream):
    """The texts of a stream."""
    return [chunk.choices[0].delta.content for chunk in stream if chunk.choices[0].delta.content]


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


def test_the_page_and_programs_share_one_voice(client, engine):
    """Two questions at once are answered one after the other: the model is one."""
    engine.begin(["하나", "!"], ["둘"])
    engine.hold = True
    engine.permits.release()
    with ThreadPoolExecutor(1) as other, ask(client, stream=True) as first:
        second = other.submit(ask, client)
        next(first)
        assert len(engine.heard) == 1
        engine.permits.release(2)
        assert pieces(first) == ["\n!"]
        assert second.result(timeout=30).choices[0].message.content == "둘"


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


# --- refusals ---


def refusal(ask_it):
    """Status, type and code of what the client raises."""
    with pytest.raises(openai.APIStatusError) as caught:
        ask_it()
    return type(caught.value), caught.value.status_code, caught.value.type, caught.value.code


def test_a_wrong_key_is_an_authentication_error(url, client):
    """Wrong, none, or her cookie's secret: the client's own exception class."""
    for key in ("wrong", FOR_PROGRAMS.invite_secret):
        stranger = client.with_options(api_key=key)
        assert refusal(lambda: ask(stranger)) == (  # noqa: B023  # called at once
            openai.AuthenticationError,
            401,
            "authentication_error",
            "invalid_api_key",
        )
    assert httpx2.get(f"{url}/v1/models").headers["www-authenticate"] == "Bearer"


def test_another_model_is_not_found(client):
    """And what the one is called is said."""
    assert refusal(lambda: client.chat.completions.create(model="gpt-4", messages=HELLO)) == (
        openai.NotFoundError,
        404,
        "invalid_request_error",
        "model_not_found",
    )


def test_a_wrong_value_is_a_bad_request(client):
    """With the parameter's name."""
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, temperature=9)

    assert (caught.value.param, caught.value.code) == ("temperature", "invalid_value")


@pytest.mark.parametrize("now", ["waking", "downloading", "loading", "failed"])
def test_until_he_is_there_the_client_shall_come_back(client, state, now):
    """503 with the reason, and when to try again."""
    state.now = Status(now, EngineError("space.not_loaded") if now == "failed" else None)
    try:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client, stream=True)
    finally:
        state.now = READY

    assert (caught.value.status_code, caught.value.code) == (503, f"model_{now}")
    assert caught.value.response.headers["retry-after"] == "5"


def test_a_full_queue_is_a_rate_limit(client, engine, monkeypatch):
    """What waits is bounded; place is free again when a reply is through."""
    monkeypatch.setattr(completions, "AT_MOST", 1)
    engine.begin(["ㅇㅇ", "자기는?"])
    engine.hold = True
    engine.permits.release()
    with ask(client, stream=True) as stream:
        next(stream)
        found = refusal(lambda: ask(client))
        engine.permits.release()
        list(stream)
    engine.begin(["ㅇㅇ"])

    assert found == (openai.RateLimitError, 429, "rate_limit_error", "queue_full")
    assert ask(client).choices[0].message.content == "ㅇㅇ"


def test_what_breaks_is_told_without_details(client, engine, capfd):
    """No trace, no message of the error, and nothing of the chat in the log."""
    engine.begin(RuntimeError("비밀 대화"), EngineError("space.not_ready"))

    broken = refusal(lambda: ask(client, stream=True))
    asleep = refusal(lambda: ask(client))
    log = "".join(capfd.readouterr())

    assert broken == (openai.InternalServerError, 500, "server_error", None)
    assert asleep == (openai.InternalServerError, 503, "server_error", "model_unavailable")
    assert "비밀" not in log
    assert "밥 먹었어" not in log


def test_what_breaks_in_a_stream_is_an_error_in_the_stream(client, engine, monkeypatch):
    """Bubbles that were sent stay; then the client raises."""
    engine.begin(["ㅇㅇ", "자기는?"])
    heard = []

    def breaks(_, bubble, **__):
        heard.append(bubble)
        if len(heard) == 2:
            raise RuntimeError(bubble)
        return False

    monkeypatch.setattr(Honesty, "denies", breaks)
    read = []
    with pytest.raises(openai.APIError) as caught:
        read.extend(chunk.choices[0].delta.content for chunk in ask(client, stream=True))

    assert "자기는" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/models", 405),
        ("GET", "/v1/embeddings", 404),
        ("POST", "/v1/", 404),
        ("GET", "/v1/models/a%2Fb", 404),
    ],
)
def test_what_is_not_served_is_told_in_the_same_shape(url, method, path, status):
    """Other methods and addresses, too."""
    answer = httpx2.request(method, f"{url}{path}", headers={"authorization": f"Bearer {KEY}"})

    assert (answer.status_code, answer.json()["error"]["type"]) == (status, "invalid_request_error")
    assert ("allow" in answer.headers) == (status == 405)


def test_a_body_without_end_is_cut_off(url):
    """More than a conversation can have is too much, announced or not; the client gets to read it."""
    for body in (b" " * (completions.LONGEST_BODY + 1), iter([b" " * 2**16] * 20), b" " * 20_000_000):
        answer = post(url, body)
        assert (answer.status_code, answer.json()["error"]["type"]) == (413, "invalid_request_error")


def post(url, body):
    """A question of any shape."""
    return httpx2.post(
        f"{url}/v1/chat/completions", content=body, headers={"authorization": f"Bearer {KEY}"}, timeout=30
    )


@settings(max_examples=100, deadline=None)
@given(body=(JSON | DOCUMENTS).map(lambda document: json.dumps(document).encode()) | st.binary(max_size=200))
def test_any_body_gets_a_standard_answer(url, engine, body):
    """Whatever is posted to the page as it is served: a reply, or a refusal in the standard shape; never a trace."""
    engine.begin(["ㅇㅇ"])
    answer = post(url, body)

    assert answer.status_code in (200, 400, 404)
    assert "Traceback" not in answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


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
