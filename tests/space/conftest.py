"""A page that a scripted engine answers, and the browser that looks at it."""

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
