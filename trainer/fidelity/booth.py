"""`persona quiz`: the page on which people tell the real reply from the generated one, and the same in the terminal.

    http://127.0.0.1:52311/hV1u…/            a question; POST number, choice and language answers it
    http://127.0.0.1:52311/hV1u…/result      how often the generated reply was taken for real

Only this machine can reach it, and only who has the link: its first part is drawn anew at every start. There is no
script, nothing is loaded from anywhere and nothing is logged. After the last question it ends by itself.
"""

import secrets
import sys
import threading
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from persona_core.errors import SettingsError
from persona_core.prompt import Turn
from persona_core.texts import LANGUAGES, text
from trainer.fidelity.quiz import FILE_NAME, Question, Quiz, Tally, keep_result
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
.foot button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-decoration: underline; cursor: pointer; }
.choices button:hover, .choices button:focus-visible { border-color: var(--persona); outline: none; }
.choices .bubble { background: var(--persona); border-color: var(--persona); color: #17150f; max-width: 100%; }
.choices b { font-size: .9rem; color: var(--soft); } .choices .pick { margin-top: auto; padding-top: .5rem; font-weight: 600; }
.talk .persona { background: var(--persona); border-color: var(--persona); color: #17150f; }
.foot { margin-top: 1rem; display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; }
</style>"""


def hold_quiz(folder: Path, *, port: int, seed: int, count: int, terminal: bool) -> None:
    """Serve the quiz of a run until its last question or Ctrl-C, or hold it in the terminal; then say the result.

    The result is in the run's metrics and report afterwards. ``port`` 0 takes any free one.

    Raises:
        SettingsError: no such run, it was not evaluated, nothing of it can be shown, a file of it is damaged, or the
            port is taken.
    """
    from trainer.tuning.report import write_report

    run = load_run(folder)
    quiz = Quiz(run, seed, count)
    keep_result(run)  # reads what may be damaged: said before anybody answers
    if terminal:
        _in_terminal(quiz, run)
    else:
        _serve(quiz, run, port)
    keep_result(run)
    write_report(run)
    _tell(quiz.tally(), run)


def _serve(quiz: Quiz, run: Run, port: int) -> None:
    with open_booth(quiz, run.settings.me, port) as server:
        say("quiz.open", url=server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _in_terminal(quiz: Quiz, run: Run) -> None:
    say("quiz.legend", me=run.settings.me, partner=run.settings.partner)
    while (number := quiz.open_number()) is not None:
        question = quiz.questions[number]
        say("quiz.heading", number=number + 1, count=len(quiz.questions))
        for turn in question.context:
            mark = "<" if turn.role == "partner" else ">"
            console().print("\n".join(f"{mark} {bubble}" for bubble in turn.bubbles), markup=False)
        for letter, reply in zip(LETTERS, question.replies, strict=True):
            console().print(f"\n{letter}: " + "\n   ".join(reply), markup=False)
        picked = _picked()
        if not picked:
            return
        quiz.answer(number, LETTERS.index(picked))


def _picked() -> str:
    """A or B as it was typed; nothing where an empty line, the end of the input or Ctrl-C ends the quiz."""
    try:
        while (typed := console().input(text("quiz.pick")).strip().upper()) not in ("", *LETTERS):
            say("quiz.no_letter")
    except (EOFError, KeyboardInterrupt):
        console().print()
        return ""
    return typed


def _tell(tally: Tally, run: Run) -> None:
    if not tally.answers:
        say("quiz.nothing_yet")
    else:
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
        # Elsewhere this takes a port that was just given back; Windows would give one to two servers at once.
        self.allow_reuse_address = sys.platform != "win32"
        super().__init__((HOST, port), _Visit)
        self.quiz = quiz
        self.me = me
        self.root = f"/{secrets.token_urlsafe(16)}/"
        self.language = ""  # the reader's, until another is chosen on the page
        self.url = f"http://{HOST}:{self.server_port}{self.root}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing of a browser that hung up; a fault of ours is told as ever."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


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
        if not self._comes_from_here():
            self._send(403, "")
            return
        pages: dict[str, Callable[[Booth], str]] = {
            booth.root: question_page,
            f"{booth.root}result": result_page,
        }
        if page := pages.get(self.path):
            self._send(200, page(booth))
            if booth.quiz.open_number() is None:  # the result was delivered
                threading.Thread(target=booth.shutdown).start()
        else:
            self._send(404, "")

    def do_POST(self) -> None:
        booth = self.server
        if not self._comes_from_here():
            self._send(403, "")
            return
        if self.path != booth.root:
            self._send(404, "")
            return
        form = self._form()
        if form is None:
            self._send(400, "")
            return
        number, choice, language = (form.get(name, "") for name in ("number", "choice", "language"))
        if language in LANGUAGES:
            booth.language = language
        if choice in ("0", "1") and number in map(str, range(len(booth.quiz.questions))):
            booth.quiz.answer(int(number), int(choice))
        self.send_response(303)
        self.send_header("Location", f"{booth.root}result" if "stop" in form else booth.root)
        self.end_headers()

    def _comes_from_here(self) -> bool:
        """Whether a page of ours asks: another one may know a name that leads to this machine, but not our address."""
        here = f"{HOST}:{self.server.server_port}"
        return (
            self.headers.get("Host") == here
            and self.headers.get("Origin", f"http://{here}") == f"http://{here}"
        )

    def _form(self) -> dict[str, str] | None:
        """The fields that were sent, or None: only a hand-made request is too long, no text, or does not say its length."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return None
        try:
            sent = parse_qs(self.rfile.read(int(length)).decode())
        except ValueError:
            return None
        return {name: values[0] for name, values in sent.items()}

    def _send(self, status: int, page: str) -> None:
        body = page.encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            (
                "Referrer-Policy",
                "same-origin",
            ),  # with none at all a browser hides the origin of our own forms
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
        f"<button form=answer name=stop value=1>{_parts.both('to_result')}</button></p>"
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
    if booth.quiz.open_number() is None:
        content.append(f"<p class=soft>{_parts.both('ended')}</p>")
    else:
        go_on = f"<button>{_parts.both('go_on')}</button>"
        content.append(f'<form id=answer method=post action="{booth.root}" class=foot>{go_on}</form>')
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
