"""`persona quiz`: the page on which people tell the real reply from the generated one, and the same in the terminal.

    http://127.0.0.1:52311/hV1u…/            a question; POST number, choice and language answers it
    http://127.0.0.1:52311/hV1u…/result      how often the generated reply was taken for real

Only this machine can reach it, and only who has the link: its first part is drawn anew at every start. There is no
script, nothing is loaded from anywhere and nothing is logged.
"""

import secrets
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from persona_core.errors import SettingsError
from persona_core.prompt import Turn
from persona_core.texts import LANGUAGES, text
from trainer.fidelity.quiz import FILE_NAME, Question, Quiz, Tally
from trainer.page import Parts, whole_page
from trainer.progress import console, say
from trainer.run import Run, load_run

HOST = "127.0.0.1"
LETTERS = "AB"
MOST_BYTES = 1024  # of a form: three short fields

_parts = Parts("quiz")
_STYLE = """<style>
.choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem; }
.choices button { font: inherit; color: inherit; text-align: left; cursor: pointer; background: var(--card); padding: .8rem;
  border: 2px solid var(--line); border-radius: .8rem; display: flex; flex-direction: column; gap: .3rem; align-items: flex-start; }
.choices button:hover, .choices button:focus-visible { border-color: var(--persona); outline: none; }
.choices .bubble { background: var(--persona); border-color: var(--persona); color: #17150f; max-width: 100%; }
.choices b { font-size: .9rem; color: var(--soft); } .choices .pick { margin-top: auto; padding-top: .5rem; font-weight: 600; }
.talk .persona { background: var(--persona); border-color: var(--persona); color: #17150f; }
.foot { margin-top: 1rem; display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; } .foot a, .go { color: inherit; }
</style>"""


def hold_quiz(folder: Path, *, port: int, seed: int, count: int, terminal: bool) -> None:
    """Serve the quiz of a run until Ctrl-C, or hold it in the terminal; then say the result.

    ``port`` 0 takes any free one.

    Raises:
        SettingsError: no such run, it was not evaluated, nothing of it can be shown, or the port is taken.
    """
    run = load_run(folder)
    quiz = Quiz(run, seed, count)
    if terminal:
        _in_terminal(quiz)
    else:
        _serve(quiz, run, port)
    _tell(quiz.tally(), run)


def _serve(quiz: Quiz, run: Run, port: int) -> None:
    with open_booth(quiz, run.settings.me, port) as server:
        say("quiz.open", url=server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _in_terminal(quiz: Quiz) -> None:
    while (number := quiz.open_number()) is not None:
        question = quiz.questions[number]
        for turn in question.context:
            mark = "<" if turn.role == "partner" else ">"
            console().print("\n".join(f"{mark} {bubble}" for bubble in turn.bubbles), markup=False)
        for letter, reply in zip(LETTERS, question.replies, strict=True):
            console().print(f"\n{letter}: " + "\n   ".join(reply), markup=False)
        picked = console().input(text("quiz.pick")).strip().upper()
        if not picked:
            return
        if picked in LETTERS:
            quiz.answer(number, LETTERS.index(picked))


def _tell(tally: Tally, run: Run) -> None:
    if tally.answers:
        low, high = tally.interval
        say(
            "quiz.told", answers=tally.answers, fooled=tally.fooled, rate=f"{tally.rate:.0%}",
            low=f"{low:.0%}", high=f"{high:.0%}", file=run.path / FILE_NAME,
        )  # fmt: skip


# --- the server ---


class Booth(ThreadingHTTPServer):
    """The page of one quiz; ``url`` is the only address that leads to it."""

    daemon_threads = True

    def __init__(self, quiz: Quiz, me: str, port: int) -> None:
        super().__init__((HOST, port), _Visit)
        self.quiz = quiz
        self.me = me
        self.root = f"/{secrets.token_urlsafe(16)}/"
        self.language = ""  # the reader's, until another is chosen on the page
        self.url = f"http://{HOST}:{self.server_port}{self.root}"


def open_booth(quiz: Quiz, me: str, port: int = 0) -> Booth:
    """A server that listens on ``port`` of this machine, or on any free one.

    Raises:
        SettingsError: the port is taken.
    """
    try:
        return Booth(quiz, me, port)
    except OSError as error:
        raise SettingsError("chat.port_taken", port=port) from error


class _Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Booth

    def do_GET(self) -> None:
        booth = self.server
        pages: dict[str, Callable[[Booth], str]] = {
            booth.root: question_page,
            f"{booth.root}result": result_page,
        }
        if page := pages.get(self.path):
            self._send(200, page(booth))
        else:
            self._send(404, "")

    def do_POST(self) -> None:
        booth, length = self.server, int(self.headers.get("Content-Length", "0"))
        if self.path != booth.root or length > MOST_BYTES:
            self._send(404, "")
            return
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        number, choice, language = (form.get(name, "") for name in ("number", "choice", "language"))
        if language in LANGUAGES:
            booth.language = language
        if choice in ("0", "1") and number in map(str, range(len(booth.quiz.questions))):
            booth.quiz.answer(int(number), int(choice))
        self.send_response(303)
        self.send_header("Location", booth.root)
        self.end_headers()

    def _send(self, status: int, page: str) -> None:
        body = page.encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the link is a key."""


# --- the pages ---


def question_page(booth: Booth) -> str:
    """The next question, or the result when there is none."""
    number = booth.quiz.open_number()
    if number is None:
        return result_page(booth)
    question = booth.quiz.questions[number]
    head = (
        f"<h1>{_parts.both('question', me=booth.me)}</h1>"
        f"<p class=soft>{_parts.both('progress', number=number + 1, count=len(booth.quiz.questions))}</p>"
    )
    talk = "".join(map(_turn, question.context))
    form = (
        f'<form id=answer method=post action="{booth.root}"><input type=hidden name=number value={number}>'
        f"<div class=choices>{_choices(question)}</div></form>"
    )
    foot = (
        f'<p class="soft foot"><span>{_parts.both("private")}</span>'
        f'<a href="{booth.root}result">{_parts.both("to_result")}</a></p>'
    )
    content = [_STYLE, head, f"<section><div class=talk>{talk}</div></section>", form, foot]
    return whole_page("quiz.title", content, booth.language)


def result_page(booth: Booth) -> str:
    """How often the generated reply was taken for real, and what that means."""
    tally = booth.quiz.tally()
    figures = {"answers": str(tally.answers), "fooled": str(tally.fooled)}
    if tally.answers:
        low, high = tally.interval
        figures |= {"rate": f"{tally.rate:.0%}", "interval": f"{low:.0%}–{high:.0%}"}
    note = _parts.both("meaning" if tally.answers else "nothing_yet")
    content = [_STYLE, f"<h1>{_parts.both('result')}</h1>", _parts.figures(figures), f"<p>{note}</p>"]
    if booth.quiz.open_number() is not None:
        content.append(f'<p><a class=go href="{booth.root}">{_parts.both("go_on")}</a></p>')
    return whole_page("quiz.title", content, booth.language)


def _turn(turn: Turn) -> str:
    return "".join(f'<div class="bubble {turn.role}">{escape(bubble)}</div>' for bubble in turn.bubbles)


def _choices(question: Question) -> str:
    return "".join(
        f"<button name=choice value={index}><b>{LETTERS[index]}</b>"
        + "".join(f'<span class="bubble">{escape(bubble)}</span>' for bubble in reply)
        + f"<span class=pick>{_parts.both('choose')}</span></button>"
        for index, reply in enumerate(question.replies)
    )
