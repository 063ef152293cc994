"""The page of the blind test: on this machine only, behind its link, without a script, and fit for a phone."""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from persona_core.errors import SettingsError
from tests.browser import chromium_page, screenshots
from tests.trainer.fidelity.couple import evaluated_run
from trainer.fidelity.booth import HOST, Booth, hold_quiz, open_booth
from trainer.fidelity.quiz import Quiz, Tally
from trainer.run import Run, load_run


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


def ask(
    booth: Booth, method: str, path: str, form: str | bytes = "", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(HOST, booth.server_port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded", **named})
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
        "same-origin",
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


@pytest.mark.parametrize(
    ("form", "headers"),
    [(b"\xff", {}), ("", {"Content_Length": "abc"}), ("", {"Content_Length": "-1"}), ("x" * 2000, {})],
)
def test_what_no_browser_sends_is_a_bad_request(booth, form, headers, capfd):
    """No text, no length, too long: status 400 and not a word in the terminal."""
    assert ask(booth, "POST", booth.root, form, **headers)[0].status == 400
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "sent", ["GET {root} HTTP/1.1\r\n", "POST {root} HTTP/1.1\r\nContent-Length: 20\r\n\r\nnumber=0"]
)
def test_a_browser_that_hangs_up_is_not_a_word_in_the_terminal(sent, quiz, capfd):
    """In the middle of its head or of its form, with a reset."""
    with serving(quiz) as booth:
        heard = threading.Event()
        booth.shutdown_request = lambda request, end=booth.shutdown_request: (end(request), heard.set())
        with socket.create_connection((HOST, booth.server_port), timeout=10) as browser:
            browser.sendall(
                sent.format(root=booth.root)
                .replace("1.1\r\n", f"1.1\r\nHost: {HOST}:{booth.server_port}\r\n")
                .encode()
            )
            browser.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )  # a reset at the end
        assert heard.wait(10)
    assert capfd.readouterr().err == ""


def test_a_fault_of_ours_is_still_told(booth, monkeypatch, capfd):
    """With its traceback, in the terminal: only hanging up is nobody's fault."""
    monkeypatch.setattr("trainer.fidelity.booth.question_page", lambda booth: 1 / 0)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(booth, "GET", booth.root)
    booth.shutdown()
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize(("platform", "option"), [("win32", 0), ("linux", 1), ("darwin", 1)])
def test_only_windows_would_give_one_port_to_two_servers(platform, option, quiz, monkeypatch):
    """So it is not asked there to give it again; elsewhere one that was just given back would be refused otherwise."""
    monkeypatch.setattr("sys.platform", platform)
    with open_booth(quiz, "김도윤") as booth:
        assert booth.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == option


@pytest.mark.parametrize(
    "headers", [{"Host": "example.com"}, {"Origin": "http://example.com"}, {"Origin": "null"}]
)
def test_another_page_gets_nothing(booth, headers):
    """Neither one whose name leads to this machine, nor one that sends a form here."""
    assert ask(booth, "GET", booth.root, **headers)[0].status == 403
    assert ask(booth, "POST", booth.root, "number=0&choice=0", **headers)[0].status == 403
    assert booth.quiz.tally().answers == 0


def test_the_language_stays_when_it_is_stopped(booth):
    """The way to the result is a form, too, which says which language is shown."""
    answer, _ = ask(booth, "POST", booth.root, "number=0&stop=1&language=ko")
    assert answer.headers["Location"] == f"{booth.root}result"
    assert '<html lang="ko">' in ask(booth, "GET", f"{booth.root}result")[1]
    assert booth.quiz.tally().answers == 0


def test_it_ends_by_itself_when_the_result_was_delivered(quiz):
    """After the last question the page says so, and the command goes on."""
    with open_booth(quiz, "김도윤") as booth:
        thread = threading.Thread(target=booth.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for number in range(3):
            ask(booth, "POST", booth.root, f"number={number}&choice=0")
        assert "마지막 질문까지 끝났어요" in ask(booth, "GET", booth.root)[1]
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_a_taken_port_is_said(booth):
    """And which option chooses another one."""
    with pytest.raises(SettingsError, match="--port"):
        open_booth(booth.quiz, "김도윤", booth.server_port)


def test_a_run_that_is_none_is_said(tmp_path):
    """As everywhere."""
    with pytest.raises(SettingsError):
        hold_quiz(tmp_path, port=0, seed=0, count=5, terminal=False)


@pytest.mark.slow
def test_stopping_in_a_browser_keeps_the_language(booth):
    """A click on the way out, and back in."""
    with chromium_page(width=390, height=844) as page:
        page.goto(booth.url)
        for language, words in (("ko", "결과"), ("en", "The result")):
            page.locator(f"label[for={language}]").click()
            page.locator("button[name=stop]").click()
            page.wait_for_load_state()
            assert page.locator(f"h1 .in-{language}").inner_text() == words
            assert page.locator(f"h1 .in-{language}").is_visible()
            page.locator("form button").click()
            page.wait_for_load_state()
            assert page.locator(f"h1 .in-{language}").is_visible()


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


@pytest.fixture
def typed(monkeypatch, tmp_path, capfd):
    """What `persona quiz --terminal` says, in English, to somebody who types these lines, and the run afterwards."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    run = evaluated_run(tmp_path / "run")

    def held(*lines: str) -> tuple[str, Run]:
        typing = iter(lines)

        def type_next(*_: object) -> str:
            try:
                return next(typing)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", type_next)
        hold_quiz(run.path, port=0, seed=0, count=3, terminal=True)
        return capfd.readouterr().err, run

    return held


def test_the_terminal_asks_the_same(typed, tmp_path):
    """A or B, an empty line ends it, and the result is said and kept in metrics and report."""
    first = Quiz(load_run(tmp_path / "run"), 0, 3).questions[0]
    said, run = typed("AB"[first.real], "?", "")

    assert Quiz(run, 0, 3).tally() == Tally(answers=1, fooled=0)
    assert "< 이서연 · > 김도윤" in said
    assert ("Question 1 of 3" in said, "Question 2 of 3" in said, "Question 3 of 3" in said) == (
        True,
        True,
        False,
    )
    assert said.count("Type A or B") == 1
    assert "taken for real 0 of 1 times" in said
    assert run.read_metrics()["quiz"] == {
        "answers": 1,
        "fooled": 0,
        "rate": 0.0,
        "low": 0.0,
        "high": 0.793457,
    }
    assert "Could people tell?" in (run.path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lines", [(), ("",)])
def test_who_answers_nothing_is_told_so(typed, lines):
    """An empty line and the end of the input end it alike."""
    said, run = typed(*lines)
    assert "No question has been answered yet." in said
    assert run.read_metrics()["quiz"] == {}
