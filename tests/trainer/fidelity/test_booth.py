"""The page of the blind test: on this machine only, behind its link, without a script, and fit for a phone."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from persona_core.errors import SettingsError
from tests.browser import chromium_page, screenshots
from tests.trainer.fidelity.couple import evaluated_run
from trainer.fidelity.booth import HOST, Booth, hold_quiz, open_booth
from trainer.fidelity.quiz import Quiz, Tally


@contextmanager
def serving(quiz: Quiz) -> Iterator[Booth]:
    with open_booth(quiz, "김도윤") as booth:
        thread = threading.Thread(target=booth.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield booth
        finally:
            booth.shutdown()
            thread.join()


@pytest.fixture
def quiz(tmp_path):
    return Quiz(evaluated_run(tmp_path / "run"), 0, 3)


@pytest.fixture
def booth(quiz):
    with serving(quiz) as served:
        yield served


def ask(booth: Booth, method: str, path: str, form: str = "") -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(HOST, booth.server_port)
    connection.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_only_this_machine_can_reach_it(booth):
    """It listens on the loopback address, on a port that was free."""
    assert booth.server_address[0] == "127.0.0.1"
    assert booth.url.startswith(f"http://127.0.0.1:{booth.server_port}/")


@pytest.mark.parametrize("path", ["/", "/result", "/wrong/", "/favicon.ico"])
def test_without_the_link_there_is_nothing(booth, path):
    """Neither page nor answer."""
    assert ask(booth, "GET", path)[0].status == 404
    assert ask(booth, "POST", path, "number=0&choice=0")[0].status == 404
    assert booth.quiz.tally().answers == 0


def test_the_page_is_not_kept_and_tells_nobody_where_it_was(booth):
    """No cache, no referrer, no script, nothing from elsewhere."""
    answer, page = ask(booth, "GET", booth.root)
    assert (answer.status, answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == (
        200,
        "no-store",
        "no-referrer",
    )
    assert "<script" not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_the_page_does_not_say_which_is_real(booth, quiz):
    """Both buttons are the same but for their letters and bubbles."""
    _, *buttons = ask(booth, "GET", booth.root)[1].split("</form>")[0].split("<button ")
    for index, bubbles in enumerate(quiz.questions[0].replies):
        for bubble in bubbles:
            buttons[index] = buttons[index].replace(f'<span class="bubble">{bubble}</span>', "", 1)
    first, second = (button.split("</button>")[0] for button in buttons)
    assert first.replace("value=0><b>A", "value=1><b>B") == second


@pytest.mark.parametrize(
    "form", ["", "number=0", "choice=0", "number=9&choice=0", "number=0&choice=2", "number=x&choice=1"]
)
def test_a_form_that_is_none_is_no_answer(booth, form):
    """It leads back to the question."""
    answer, _ = ask(booth, "POST", booth.root, form)
    assert (answer.status, answer.headers["Location"]) == (303, booth.root)
    assert booth.quiz.tally().answers == 0


def test_a_taken_port_is_said(booth):
    """And which option chooses another one."""
    with pytest.raises(SettingsError, match="--port"):
        open_booth(booth.quiz, "김도윤", booth.server_port)


def test_a_run_that_is_none_is_said(tmp_path):
    """As everywhere."""
    with pytest.raises(SettingsError):
        hold_quiz(tmp_path, port=0, seed=0, count=5, terminal=False)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1100, 800)])
def test_three_taps_and_a_result(booth, quiz, width, height):
    """In a real browser: nothing wider than the screen, the language stays as chosen, the count is right."""
    wrong = [1 - question.real for question in quiz.questions[:1]]
    right = [question.real for question in quiz.questions[1:]]
    with chromium_page(width=width, height=height) as page:
        page.goto(booth.url)
        page.locator("label[for=ko]").click()
        assert page.locator("h1 .in-ko").is_visible()
        page.screenshot(path=screenshots() / f"quiz-{width}.png", full_page=True)
        for choice in (*wrong, *right):
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.locator("button").nth(choice).click()
            page.wait_for_load_state()
            assert page.locator("h1 .in-ko").is_visible()
        assert page.locator("dd").all_inner_texts() == ["3", "1", "33%", "6%–79%"]
        page.screenshot(path=screenshots() / f"quiz-result-{width}.png", full_page=True)
    assert quiz.tally() == Tally(answers=3, fooled=1)


def test_the_terminal_asks_the_same(tmp_path, monkeypatch, capsys):
    """A or B, an empty line ends it, and the result is said."""
    run = evaluated_run(tmp_path / "run")
    first = Quiz(run, 0, 3).questions[0]
    typed = iter(["AB"[first.real], "?", ""])
    monkeypatch.setattr("builtins.input", lambda *_: next(typed))
    hold_quiz(run.path, port=0, seed=0, count=3, terminal=True)
    assert Quiz(run, 0, 3).tally() == Tally(answers=1, fooled=0)
