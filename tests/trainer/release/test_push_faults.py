"""A fault at request k of a push, for all k: always a whole release, never mixed, never public, and the next push ends it.

The release is real in form and tiny: four files, one of them an object. It is fetched back and compared, not asked.
"""

import io
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from persona_core import waiting
from persona_core.errors import HubError, ReleaseError, RepositoryIsPublic
from persona_core.texts import text_in
from tests.hub.faults import Fault
from tests.tiny_release import WEIGHTS, push, tiny_run, train
from tests.trainer.fidelity.couple import KEPT
from tests.trainer.release.repository import meanwhile
from trainer import progress
from trainer.release import pushing

ROOT = Path(__file__).parents[3]
REPO = "minsu/talk"
FULL = "Private repository storage limit reached"

# Once, or from that request on.
FAULTS = {
    "a dropped connection": Fault.cut_upload(0),
    "an answer that is lost": Fault.lose_answer(),
    "a server that is down from there": Fault.answer(500, times=None),
    "a request that took too long": Fault.answer(408),
    "too many requests": Fault.answer(429, headers={"Retry-After": "0"}),
    "a token that expires": Fault.answer(401, times=None),
    "a full quota": Fault.answer(403, message=FULL, times=None),
}


@pytest.fixture
def heard(monkeypatch):
    """What was said to the person."""
    from rich.console import Console

    stream = io.StringIO()
    monkeypatch.setattr(progress, "console", lambda: Console(file=stream, width=300))
    return stream


@pytest.fixture
def hasty(hub, monkeypatch, tmp_path):
    """The hub as minsu, the client without its pauses between tries, and nothing in the cache."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None, time=_http.time.time))
    monkeypatch.setattr(pushing, "PAUSES_S", ())
    return hub


@pytest.fixture
def asked(hasty, monkeypatch):
    """The paths that the client asked for; the Hub may come to read one after the client has given up."""
    from huggingface_hub import get_session

    waiting.bound_every_wait()
    hooks, paths = get_session().event_hooks, []
    monkeypatch.setitem(hooks, "request", [*hooks["request"], lambda request: paths.append(request.url.path)])
    return paths


@pytest.fixture
def run(tmp_path):
    """A run with the smallest release that is one."""
    return tiny_run(tmp_path / "runs" / "first")


def held(hub):
    """What the repository holds: each file by its content's id; None when there is no repository."""
    try:
        repo = hub.control.repo(REPO)
    except KeyError:
        return None
    assert repo.meta["visibility"] == "private"
    files = repo.resolve("main").files
    return {path: entry.sha256 or entry.oid for path, entry in files.items() if path != ".gitattributes"}


def forget_versions(hub):
    """So that the search for a version stays short."""
    with hub.control.repo(REPO).edit() as meta:
        meta["tags"].clear()


def sweep(hub, run, fault, *, anew=False):
    """Push with ``fault`` at request 1, 2, 3, … until it strikes none; returns how many there were.

    Each push is of a release of its own, onto the one before, or ``anew`` onto nothing.
    """
    k = 0
    while True:
        k += 1
        train(run, k)
        before = held(hub)
        hub.control.clear_requests()
        hub.control.inject(replace(fault, at=k))
        failed = None
        try:
            push(run, REPO)
        except HubError as error:
            failed = error
        struck = any(record.fault for record in hub.control.requests)
        hub.control.clear_faults()
        between = held(hub)
        pushed = push(run, REPO)
        after = held(hub)

        assert between in (before, after, {} if anew else after), f"mixed at request {k}"
        assert after not in (before, {})
        assert failed or between == after
        assert hub.token not in "".join(traceback.format_exception(failed))
        assert hub.control.repo(REPO).meta["tags"] == {pushed.tag: pushed.commit}
        forget_versions(hub)
        if anew:
            hub.api().delete_repo(REPO)
        if not struck:
            return k - 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_any_request_leaves_a_whole_release(hasty, heard, run, name):
    """The previous release or the new one, private, and the same command ends it."""
    push(run, REPO)
    forget_versions(hasty)

    assert sweep(hasty, run, FAULTS[name]) >= 20
    assert hasty.token not in heard.getvalue()


def test_a_fault_at_any_request_of_the_first_push(hasty, run):
    """No repository, an empty one, or the whole release."""
    assert sweep(hasty, run, FAULTS["a dropped connection"], anew=True) >= 20


@pytest.mark.parametrize("name", ["a dropped connection", "an answer that is lost"])
def test_a_fault_at_any_request_in_xet_mode(hasty, monkeypatch, run, name):
    """The client's default transfer. Its library tries on for a minute when the Hub stays down, so it does not here."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    hasty.control.offer_xet()
    push(run, REPO)
    forget_versions(hasty)

    assert sweep(hasty, run, FAULTS[name]) >= 15


# --- what is said ---


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("/repos/create", "Nothing was sent to minsu/talk."),
        ("/preupload/", "Nothing in minsu/talk was replaced."),
        ("/commit/", "Nothing in minsu/talk was replaced."),
        ("/resolve/", "holds the whole new release, but the check"),
        ("/tag/", "holds the whole new release, but the check"),
    ],
)
def test_a_line_says_which_release_is_there(hasty, heard, run, where, said):
    """Whatever stops a push, the person learns what the repository holds."""
    hasty.control.inject(Fault.answer(500, path=where, times=None))

    with pytest.raises(HubError, match="error 500"):
        push(run, REPO)

    assert said in heard.getvalue()


def test_a_commit_nobody_could_look_at(hasty, heard, run):
    """The commit is sent, then the line is down: either release may be there, and the line says so."""
    hasty.control.inject(Fault.lose_answer(path="/commit/"))
    hasty.control.inject(Fault.cut_upload(0, path="^/api/models/minsu/talk$", at=3, times=None))

    with pytest.raises(HubError, match="connection broke"):
        push(run, REPO)

    assert "holds all that is new, or what it held before" in heard.getvalue()


def test_a_passing_trouble_needs_nobody(hasty, heard, monkeypatch, run):
    """A push that fails for a moment goes on by itself, from where it was."""
    monkeypatch.setattr(pushing, "PAUSES_S", (0.0, 0.0))
    hasty.control.inject(Fault.answer(503, path="/commit/"))
    hasty.control.inject(Fault.lose_answer(path="/tag/"))

    assert push(run, REPO).tag == "v1"

    assert heard.getvalue().count("Trying again by itself") == 2
    assert hasty.control.repo(REPO).meta["tags"].keys() == {"v1"}


def test_while_it_tries_again_nobody_is_told_to(hasty, heard, monkeypatch, run):
    """One sentence says what is wrong; what to type follows when it has given up."""
    monkeypatch.setattr(pushing, "PAUSES_S", (0.0,))
    hasty.control.inject(Fault.answer(503, path="/commit/", times=None))

    with pytest.raises(HubError, match="Run the same command again in a while"):
        push(run, REPO)

    assert "trouble (error 503). Trying again by itself in 0 s." in heard.getvalue()
    assert "Run the same command" not in heard.getvalue()


def test_a_hub_that_is_silent_from_the_start(hasty, asked, heard, monkeypatch, run):
    """Each try waits once, and says so; the client does not repeat it on its own."""
    monkeypatch.setattr(pushing, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 0.2)
    hasty.control.inject(Fault.silence(times=None))

    with pytest.raises(HubError, match="cannot be reached"):
        push(run, REPO)

    assert heard.getvalue().count("does not answer, or the connection broke. Trying again") == 2
    assert asked == ["/api/whoami-v2"] * 3


def test_a_hub_that_falls_silent_over_its_work(hasty, asked, monkeypatch, run):
    """What the client would ask five times more, with a time-out each, is asked once."""
    hasty.control.inject(Fault.silence(path="/preupload/", times=None))

    def hurry():  # only now: what was asked before has been answered, however long it took
        monkeypatch.setattr(waiting, "SILENCE_SECONDS", 0.2)

    with pytest.raises(HubError, match="cannot be reached"):
        meanwhile(hasty, run, hurry, path="/auth-check/")

    assert [path for path in asked if "/preupload/" in path] == ["/api/models/minsu/talk/preupload/main"]


def test_a_long_wait_that_the_hub_asks_for(hasty, heard, run):
    """Ten minutes are no time to sleep through: the push ends and says how long."""
    hasty.control.inject(Fault.answer(429, headers={"Retry-After": "600"}, path="/storage/", times=None))

    with pytest.raises(HubError, match="asks to wait 10 minutes"):
        push(run, REPO)

    assert "Nothing in minsu/talk was replaced" in heard.getvalue()


def test_two_pushes_of_one_run_do_not_meet(hasty, run):
    """Each fetches its release back into a folder of its own: the end of one leaves the other's alone."""

    def push_elsewhere(folder):
        push(run, "minsu/other")
        assert (folder / WEIGHTS).is_file()

    pushing.push(run, REPO, push_elsewhere)

    assert hasty.control.repo("minsu/other").meta["tags"].keys() == {"v1"}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to another process")
@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"method": "PUT"}, "Nothing in minsu/talk was replaced"),
        ({"path": "/resolve/"}, "holds the whole new release, but the check"),
    ],
)
def test_an_interrupted_push_ends_while_the_hub_is_silent(hub, run, where, said):
    """Ctrl-C waits for no answer and no thread: the line says what is there, and the program is gone."""
    (run.release / "bf16").mkdir()
    (run.release / "bf16" / WEIGHTS).write_bytes((run.release / WEIGHTS).read_bytes()[:-1] + b"\1")
    train(run, 1)  # two objects: the client sends them in threads
    run.add_metrics("memory", asdict(KEPT))
    hub.control.inject(Fault.silence(**where, times=None))
    process = subprocess.Popen(
        [sys.executable, "-m", "trainer.cli", "push", run.path, REPO],
        env=hub.environment(token=hub.token, extra={"PERSONA_LANG": "en"}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # a shell's background jobs ignore Ctrl-C, and so would everything they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and not any(record.fault for record in hub.control.requests):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    heard, _ = process.communicate(
        timeout=waiting.SILENCE_SECONDS / 2
    )  # below the client's own end of waiting

    assert process.returncode == 130
    assert said in heard
    assert text_in("en", "cli.interrupted") in heard


def test_a_repository_that_cannot_be_closed_again(hasty, run):
    """It was opened during the push and the Hub does not close it: the person must, and is told how."""
    push(run, REPO)
    train(run, 1)
    hasty.control.inject(Fault.answer(500, path="/settings", times=None))

    with pytest.raises(
        RepositoryIsPublic, match=f"could not be made private.*hf repos settings {REPO} --private"
    ):
        pushing.push(run, REPO, lambda folder: open_up(hasty))


def open_up(hub):
    with hub.control.repo(REPO).edit() as meta:
        meta["visibility"] = "public"


def test_a_release_that_does_not_answer(hasty, heard, run):
    """It gets no version; when it answers, the next push gives it one without sending anything."""

    def silent(folder):
        raise ReleaseError("release.no_answer", reason="silence")

    with pytest.raises(ReleaseError, match=r"does not answer \(silence\)"):
        pushing.push(run, REPO, silent)
    assert hasty.control.repo(REPO).meta["tags"] == {}

    with hasty.control.recording() as requests:
        assert push(run, REPO).tag == "v1"

    assert not [record for record in requests if record.method == "PUT" or "commit" in record.path]


def test_the_proof_is_of_what_the_hub_gives(hasty, run):
    """Every byte is fetched again, into a cache that is gone afterwards."""
    seen = []

    def look(folder):
        seen.append((folder / WEIGHTS).read_bytes())
        assert run.path in folder.parents

    pushing.push(run, REPO, look)

    assert seen == [(run.release / WEIGHTS).read_bytes()]
    assert sorted(path.name for path in run.path.iterdir()) == ["metrics.json", "release", "run.toml"]
