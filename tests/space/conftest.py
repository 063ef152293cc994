"""A page that a scripted engine answers, the browser and the program that talk to it, and a clock that a test moves."""

import pytest

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def served_engine():
    # Late: it loads the Hub's client, which must find the tests' settings.
    from tests.space.served import ScriptedEngine

    return ScriptedEngine()


@pytest.fixture(scope="module")
def url(browser, served_engine):
    from tests.space.served import served

    with served(served_engine) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    """A program with the key, before the page of its module's own ``url``."""
    import openai

    from tests.space.programs import KEY

    with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=60) as program:
        yield program


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()
