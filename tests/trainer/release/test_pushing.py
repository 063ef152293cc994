"""Pushing: private or not at all, whole or not at all, and never twice. The client is real, the Hub is on loopback."""

import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

from persona_core.errors import (
    HubError,
    NotAllowed,
    ReleaseError,
    RepositoryIsPublic,
    TokenMissing,
)
from tests.hub.faults import Fault
from trainer.release import pushing
from trainer.release.pushing import Pushed
from trainer.tuning.adapter import WEIGHTS

ROOT = Path(__file__).parents[3]
REPO = "minsu/talk"
PUSH = """
import sys
from pathlib import Path
from trainer.release.pushing import push
from trainer.run import load_run
print(push(load_run(Path(sys.argv[1])), sys.argv[2]).tag)
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What fails is not tried again by itself, unless a test wants it."""
    monkeypatch.setattr(pushing, "PAUSES_S", ())


def push(run, repo, try_out=lambda folder: None):
    """A push whose release is fetched back and compared, but not asked: that takes a process with torch in it."""
    return pushing.push(run, repo, try_out)


@pytest.fixture
def signed_in(hub, monkeypatch):
    """The hub, with minsu's writing token in the environment."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    return hub


def names(run):
    """What the release holds, as the Hub would list it."""
    files = (path for path in run.release.rglob("*") if path.is_file())
    return {path.relative_to(run.release).as_posix() for path in files}


def retrain(run):
    """Another adapter and, for this test, nothing else: persona.json follows."""
    from dataclasses import replace

    from persona_core.manifest import PersonaManifest
    from trainer.release.contents import artefacts_in

    path = run.release / "adapter" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    manifest = PersonaManifest.read(run.release)
    replace(manifest, artefacts=artefacts_in(run.release)).write(run.release)


def uploads(requests):
    """The paths of objects that were sent."""
    return [record.path for record in requests if "/storage/" in record.path and record.method == "PUT"]


def commits(hub):
    return [commit.title for commit in hub.api().list_repo_commits(REPO)]


def tags(hub):
    return {tag.name: tag.target_commit for tag in hub.api().list_repo_refs(REPO).tags}


# --- what a push does ---


def test_a_push_makes_a_private_repository_with_the_release_and_nothing_else(signed_in, released):
    """One commit, one tag, every byte of the release, and the Hub's own .gitattributes."""
    pushed = push(released, REPO)

    info = signed_in.api().model_info(REPO)
    assert pushed == Pushed(REPO, info.sha, "v1", f"{signed_in.endpoint}/{REPO}")
    assert info.private
    assert tags(signed_in) == {"v1": info.sha}
    assert commits(signed_in) == ["Release a persona", "initial commit"]
    there = signed_in.control.files(REPO)
    assert there.keys() == names(released) | {".gitattributes"}
    assert all(there[name] == (released.release / name).read_bytes() for name in names(released))


def test_the_same_release_is_not_sent_twice(signed_in, released):
    """A second push makes no commit, no tag and sends no object."""
    first = push(released, REPO)

    with signed_in.control.recording() as requests:
        second = push(released, REPO)

    assert second == first
    assert {record.method for record in requests} - {"GET"} == {"POST"}  # create_repo alone
    assert len(commits(signed_in)) == 2


def test_a_new_release_sends_only_what_changed(signed_in, released, copy_of):
    """Another adapter is one object, one commit and the next tag; the first release stays at its tag."""
    first = push(released, REPO)
    run = copy_of(released)
    retrain(run)

    with signed_in.control.recording() as requests:
        second = push(run, REPO)

    assert len(uploads(requests)) == 1
    assert tags(signed_in) == {"v1": first.commit, "v2": second.commit}
    assert signed_in.api().hf_hub_download(REPO, "persona.json", revision="v1")


def test_what_no_longer_belongs_is_removed(signed_in, released):
    """Files that are not in the release leave with a commit, wherever they came from; the version is the one it was."""
    first = push(released, REPO)
    for path in ("adapter_config.json", "openvino/old.bin"):
        signed_in.api().upload_file(path_or_fileobj=b"{}", path_in_repo=path, repo_id=REPO)

    again = push(released, REPO)

    assert (again.tag, again.commit != first.commit) == ("v1", True)
    assert signed_in.control.files(REPO).keys() == names(released) | {".gitattributes"}


def test_others_load_what_was_pushed(signed_in, released):
    """Plain transformers and PEFT calls on the repository's name give the released weights."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    push(released, REPO)

    model = AutoModelForCausalLM.from_pretrained(REPO)
    local = AutoModelForCausalLM.from_pretrained(released.release)
    base = AutoModelForCausalLM.from_pretrained(released.settings.base)
    tuned = PeftModel.from_pretrained(base, REPO, subfolder="adapter")
    assert model.is_loaded_in_4bit
    assert not model._hf_peft_config_loaded
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), local.parameters(), strict=True))
    assert [name for name in tuned.state_dict() if "lora_B" in name]
    assert AutoTokenizer.from_pretrained(REPO).chat_template == (
        released.release / "chat_template.jinja"
    ).read_text(encoding="utf-8")


def test_a_fresh_process_pushes_and_never_shows_its_token(hub, released):
    """The whole way with the question at the end, in LFS mode and in Xet mode; no stream and no file holds the token."""
    for mode, repo in ((False, "minsu/lfs"), (True, "minsu/xet")):
        hub.control.offer_xet(on=mode)
        done = hub.run(
            [sys.executable, "-c", PUSH, released.path, repo], token=hub.token, cwd=ROOT, xet=mode, home=repo
        )

        assert done.stdout.strip() == "v1"
        assert hub.token not in done.stdout + done.stderr
        assert repo in done.stderr  # it says where
        files = [
            path
            for place in (released.path, hub.folder / repo)
            for path in place.rglob("*")
            if path.is_file()
        ]
        assert not [path for path in files if hub.token.encode() in path.read_bytes()]


# --- private or not at all ---


def test_a_public_repository_is_refused(signed_in, released):
    """Nothing is uploaded, and the line says how to make it private."""
    signed_in.api().create_repo(REPO, private=False)

    with (
        signed_in.control.recording() as requests,
        pytest.raises(RepositoryIsPublic, match=f"hf repos settings {REPO} --private"),
    ):
        push(released, REPO)

    assert not [r for r in requests if "/storage/" in r.path or "preupload" in r.path or "commit" in r.path]
    assert signed_in.control.files(REPO).keys() == {".gitattributes"}


def test_a_repository_opened_during_the_upload_gets_no_commit(signed_in, released):
    """The proof is repeated between the weights and the commit that would show them."""
    signed_in.control.inject(Fault.delay(0.5, path="/storage/", times=None))

    with pytest.raises(RepositoryIsPublic):
        meanwhile(signed_in, released, "PUT", "/storage/", lambda: open_up(signed_in))

    assert commits(signed_in) == ["initial commit"]


def test_a_repository_opened_during_the_commit_is_closed_again(signed_in, released):
    """It is made private at once, and the person is told."""
    signed_in.control.inject(Fault.delay(0.5, path="/commit/"))

    with pytest.raises(RepositoryIsPublic, match="became public"):
        meanwhile(signed_in, released, "POST", "/commit/", lambda: open_up(signed_in))

    assert signed_in.api().model_info(REPO).private


def open_up(hub):
    hub.api().update_repo_settings(REPO, private=False)


def meanwhile(hub, run, method, path, action):
    """Push, and do ``action`` while the first such request is held back; what push raised is raised."""
    raised = []

    def pushing():
        try:
            push(run, REPO)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=pushing)
    thread.start()
    while thread.is_alive() and not any(r.method == method and path in r.path for r in hub.control.requests):
        thread.join(0.01)
    action()
    thread.join()
    raise raised[0]


# --- who may ---


def test_no_token(hub, released):
    """Nothing is asked of the Hub, and the line says how to sign in."""
    with hub.control.recording() as requests, pytest.raises(TokenMissing, match="hf auth login"):
        push(released, REPO)

    assert requests == []


def test_a_refused_token(signed_in, released):
    """A token that was revoked is told apart from one that is missing."""
    signed_in.control.revoke_token(signed_in.token)

    with pytest.raises(TokenMissing, match="does not accept"):
        push(released, REPO)


def test_a_read_only_token(hub, released, monkeypatch):
    """It is noticed before the repository is made."""
    monkeypatch.setenv("HF_TOKEN", hub.read_token)

    with pytest.raises(NotAllowed, match="only read"):
        push(released, REPO)

    with pytest.raises(KeyError):
        hub.control.repo(REPO)


def test_a_fine_grained_token_without_the_right(hub, released, monkeypatch):
    """A token that may only read this repository sends nothing."""
    hub.api().create_repo(REPO, private=True)
    reader = hub.control.issue_token("minsu", "fineGrained", grants={f"models/{REPO}": "read"})
    monkeypatch.setenv("HF_TOKEN", reader)

    with hub.control.recording() as requests, pytest.raises(NotAllowed):
        push(released, REPO)

    assert not [record for record in requests if "preupload" in record.path]


def test_somebody_elses_name(signed_in, released):
    """A repository below another user's name is refused."""
    with pytest.raises(NotAllowed):
        push(released, "jiho/talk")


def test_a_repository_of_something_else(signed_in, released):
    """Files that no persona.json stands beside are not replaced."""
    signed_in.api().create_repo(REPO, private=True)
    signed_in.api().upload_file(path_or_fileobj=b"weights", path_in_repo="pytorch_model.bin", repo_id=REPO)

    with pytest.raises(HubError, match="another name"):
        push(released, REPO)

    assert "pytorch_model.bin" in signed_in.control.files(REPO)


def test_a_bad_name(signed_in, released):
    """OWNER/NAME, nothing else."""
    for name in ("talk", "minsu/talk/again", "minsu/말투"):
        with pytest.raises(HubError, match="OWNER/NAME"):
            push(released, name)


def test_a_release_that_may_not_leave(signed_in, released, copy_of):
    """A planted token stops the push before the Hub is asked anything."""
    run = copy_of(released)
    (run.release / "NOTICE").write_text("hf_" + "Abcd1234" * 4, encoding="utf-8")

    with signed_in.control.recording() as requests, pytest.raises(ReleaseError):
        push(run, REPO)

    assert requests == []


# --- whole or not at all ---


def test_a_lost_answer_to_a_commit_that_landed_is_recognised(signed_in, released):
    """The repository is asked, and the push is done: one commit, one tag."""
    signed_in.control.inject(Fault.lose_answer(path="/commit/"))

    assert push(released, REPO).tag == "v1"

    assert commits(signed_in) == ["Release a persona", "initial commit"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.answer(503, path="/commit/"), "error 503"),
        (Fault.answer(412, path="/commit/"), "changed from elsewhere"),
        (Fault.answer(403, path="/commit/", message="Private repository storage limit reached"), "storage is full"),
        (Fault.answer(500, path="/tag/"), "error 500"),
        (Fault.cut_upload(0, path="/commit/"), "connection broke"),
        (Fault.lose_answer(path="/tag/"), "connection broke"),
    ],
)  # fmt: skip
def test_after_a_failure_the_next_push_goes_on(signed_in, released, fault, said):
    """The line says what happened; the repository holds the previous release or this one; no object goes twice."""
    signed_in.control.inject(fault)
    with pytest.raises(HubError, match=said):
        push(released, REPO)
    assert commits(signed_in) in (["initial commit"], ["Release a persona", "initial commit"])

    with signed_in.control.recording() as requests:
        assert push(released, REPO).tag == "v1"

    assert uploads(requests) == []
    assert commits(signed_in) == ["Release a persona", "initial commit"]
    assert tags(signed_in).keys() == {"v1"}


def test_weights_that_do_not_arrive(signed_in, released):
    """Without every object there is no commit; the next push sends what is missing."""
    signed_in.control.inject(Fault.answer(400, path="/storage/", message="because", times=None))
    with pytest.raises(HubError, match="error 400"):
        push(released, REPO)
    assert commits(signed_in) == ["initial commit"]

    signed_in.control.clear_faults()
    assert push(released, REPO).tag == "v1"


def test_somebody_else_pushing_at_the_same_time(signed_in, released, copy_of):
    """Whoever comes second replaces nothing."""
    push(released, REPO)
    signed_in.control.inject(Fault.delay(0.5, path="/commit/", at=1))

    def other():
        signed_in.control.clear_faults()
        signed_in.api().upload_file(path_or_fileobj=b"mine", path_in_repo="README.md", repo_id=REPO)

    run = copy_of(released)
    retrain(run)
    signed_in.control.clear_requests()
    with pytest.raises(HubError, match="changed from elsewhere"):
        meanwhile(signed_in, run, "POST", "/commit/", other)

    assert signed_in.control.files(REPO)["README.md"] == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to another process")
def test_an_interrupted_push_leaves_the_repository_as_it_was(hub, released):
    """Ctrl-C during the upload: no commit; the same command then finishes it."""
    hub.control.inject(Fault.delay(1.0, path="/storage/", times=None))
    process = subprocess.Popen(
        [sys.executable, "-c", PUSH, released.path, REPO],
        env=hub.environment(token=hub.token),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # a shell's background jobs ignore Ctrl-C, and so would everything they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and not uploads(hub.control.requests):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert hub.token not in said
    assert commits(hub) == ["initial commit"]
    hub.control.clear_faults()
    assert (
        hub.run([sys.executable, "-c", PUSH, released.path, REPO], token=hub.token, cwd=ROOT).stdout == "v1\n"
    )


def test_the_token_is_in_no_error(signed_in, released, caplog):
    """Not in the text, not in the whole traceback with its causes, not in a log, even when the Hub repeats it."""
    signed_in.control.inject(Fault.answer(400, path="/commit/", message=f"bad token {signed_in.token}"))

    with caplog.at_level("DEBUG"), pytest.raises(HubError) as caught:
        push(released, REPO)

    assert "bad token" in str(caught.value)
    assert signed_in.token not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert signed_in.token not in caplog.text
