"""What a program is refused, and how it is told: the official client raises its own exceptions."""

import json
from types import SimpleNamespace

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import completions
from honesty import Honesty
from page import READY
from persona_core.errors import EngineError
from tests.space.documents import DOCUMENTS, JSON
from tests.space.programs import FOR_PROGRAMS, HELLO, KEY, ask
from tests.space.served import ScriptedEngine, served
from waking import Status


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


@settings(max_examples=100)
@given(body=(JSON | DOCUMENTS).map(lambda document: json.dumps(document).encode()) | st.binary(max_size=200))
def test_any_body_gets_a_standard_answer(url, engine, body):
    """Whatever is posted to the page as it is served: a reply, or a refusal in the standard shape; never a trace."""
    engine.begin(["ㅇㅇ"])
    answer = post(url, body)

    assert answer.status_code in (200, 400, 404)
    assert "Traceback" not in answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
