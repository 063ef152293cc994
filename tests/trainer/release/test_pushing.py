"""Pushing: the whole release or nothing of it, and never twice. The client is real, the Hub is on loopback."""

import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from persona_core.errors import HubError
from tests.hub.faults import Fault
from tests.tiny_release import push
from tests.trainer.release.repository import REPO, commits, meanwhile
from trainer.release.pushing import Pushed
from trainer.tuning.adapter import WEIGHTS

ROOT = Path(__file__).parents[3]
PUSH = """
import sys
from pathlib import Path
from trainer.release.pushing import push
from trainer.run import load_run
print(push(load_run(Path(sys.argv[1])), sys.argv[2]).tag)
"""

pytestmark = pytest.mark.usefixtures("impatient")


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

    def other():
        signed_in.api().upload_file(path_or_fileobj=b"mine", path_in_repo="README.md", repo_id=REPO)

    run = copy_of(released)
    retrain(run)
    with pytest.raises(HubError, match="changed from elsewhere"):
        meanwhile(signed_in, run, other, path="/commit/")

    assert signed_in.control.files(REPO)["README.md"] == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to another process")
def test_an_interrupted_push_leaves_the_repository_as_it_was(hub, released):
    """Ctrl-C during the upload: no commit; the same command then finishes it."""
    held = Fault.hold(path="/storage/", times=None)
    hub.control.inject(held)
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
    while process.poll() is None and not held.reached.wait(0.01):
        pass
    process.send_signal(signal.SIGINT)
    held.released.set()  # nothing but the client's own threads waits for it
    said, _ = process.communicate()

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
