"""A fault at request k of a deploy, for all k: each part old or new, a line that says which, and the next run ends it."""

import re
import traceback
from contextlib import suppress
from dataclasses import replace

import pytest

from persona_core.errors import HubError, PersonaError
from persona_core.invite import is_valid
from tests.hub.faults import Fault
from tests.trainer.deploy.conftest import MODEL, SPACE
from trainer.deploy.deployment import Request, deploy

FAULTS = {
    "a dropped connection": Fault.cut_upload(0),
    "an answer that is lost": Fault.lose_answer(),
    "a server that is down from there": Fault.answer(500, times=None),
    "a right that is missing": Fault.answer(403),
}
STATES = (
    "Nothing was changed at",
    "holds all that is new",
    "is as it was before",
    "holds part of what is new",
    "Nobody could look whether",
)


def state(owner):
    """Files and settings; None when there is no Space."""
    try:
        repo = owner.control.repo(SPACE, "spaces")
    except KeyError:
        return None
    files = {path: entry.oid for path, entry in repo.resolve("main").files.items()}
    return files, owner.settings(), owner.space["hardware"]["requested"]


def mixes(now, before, after):
    """What is neither as before nor as after: the code by one commit, each setting by itself."""
    (files, settings, hardware), (old_files, old, old_hardware), (new_files, new, new_hardware) = (
        now,
        before,
        after,
    )
    wrong = [
        n
        for n in settings.keys() | old.keys() | new.keys()
        if settings.get(n) not in (old.get(n), new.get(n))
    ]
    wrong += ["files"] if files not in (old_files, new_files) else []
    return wrong + (["hardware"] if hardware not in (old_hardware, new_hardware) else [])


def link_opens(owner, said):
    """Whether the one link that was shown is a key to the door."""
    tokens = re.findall(r"/invite/(\S+)", said)
    return len(tokens) == 1 and is_valid(owner.settings()["INVITE_SECRET"], "invite", tokens[0], now=0)


def sweep(owner, fault, prepare, request):
    """Deploy ``request(k)`` after ``prepare()`` with ``fault`` at request k = 1, 2, 3, … until it strikes none."""
    k = 0
    while True:
        k += 1
        prepare()
        before = state(owner)
        owner.said()
        owner.control.clear_requests()
        owner.control.inject(replace(fault, at=k))
        failed = None
        try:
            deploy(request(k))
        except PersonaError as error:
            failed = error
        struck = any(record.fault for record in owner.control.requests)
        owner.control.clear_faults()
        between, told = state(owner), owner.said()
        deploy(request(k))
        after, again = state(owner), owner.said()

        assert before is None or mixes(between, before, after) == [], f"request {k}"
        if failed:
            assert sum(told.count(line) for line in STATES) == 1, told
            assert ("holds all that is new" in told) == (between == after), f"request {k}: {told}"
            assert ("is as it was" in told or "Nothing was changed" in told) <= (between == before)
        else:
            assert between == after
        assert "nothing has to change" in again or failed
        assert link_opens(owner, again)
        assert owner.hub.token not in "".join(traceback.format_exception(failed)) + told
        if not struck:
            return k - 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_at_any_request_of_an_update(owner, name):
    """New code, a new name, another language: what is there is always known, and the same command ends it."""
    deploy(Request(SPACE, MODEL, invite=True, her_name="서연"))
    api = owner.hub.api()

    def spoil():
        api.upload_file(path_or_fileobj=b"old", path_in_repo="old.py", repo_id=SPACE, repo_type="space")

    def request(k):
        return Request(SPACE, MODEL, invite=True, her_name=f"이름{k}", language=("ko", "en")[k % 2])

    assert sweep(owner, FAULTS[name], spoil, request) >= 20


@pytest.mark.parametrize("name", ["a dropped connection", "an answer that is lost"])
def test_a_fault_at_any_request_of_the_first_deploy(owner, name):
    """No Space, an empty one with its settings, or the whole one; the invite link is never lost."""

    def begin_anew():
        with suppress(KeyError):
            owner.control.repo(SPACE, "spaces")
            owner.hub.api().delete_repo(SPACE, repo_type="space")

    assert sweep(owner, FAULTS[name], begin_anew, lambda k: Request(SPACE, MODEL, invite=True)) >= 20


def test_a_passing_trouble_needs_nobody(owner, monkeypatch):
    """A deploy that fails for a moment goes on by itself from where it was: one Space, one commit, one secret."""
    from trainer.release import pushing

    monkeypatch.setattr(pushing, "PAUSES_S", (0.0, 0.0))
    owner.control.inject(Fault.lose_answer(path="/repos/create"))
    owner.control.inject(Fault.lose_answer(path="/commit/"))

    deploy(Request(SPACE, MODEL, invite=True))

    said = owner.said()
    assert said.count("Trying again by itself") == 2
    assert owner.events() == ["created", "commit"]
    assert link_opens(owner, said)


def test_somebody_else_commits_meanwhile(owner):
    """The parent is checked: nothing of theirs is overwritten without being seen."""
    deploy(Request(SPACE, MODEL))
    api = owner.hub.api()
    api.upload_file(path_or_fileobj=b"old", path_in_repo="old.py", repo_id=SPACE, repo_type="space")
    owner.control.inject(Fault.answer(412, path="/commit/"))

    with pytest.raises(HubError, match="changed from elsewhere meanwhile"):
        deploy(Request(SPACE, MODEL))

    assert "old.py" in owner.control.files(SPACE, "spaces")


def test_interrupted_it_says_what_the_space_is(owner, monkeypatch):
    """Ctrl-C between two settings: part of it is there, the rest is named."""
    from trainer.deploy import space

    deploy(Request(SPACE, MODEL))
    owner.said()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(space, "set_variable", interrupt)
    with pytest.raises(KeyboardInterrupt):
        deploy(Request(SPACE, MODEL, her_name="서연", language="ko"))

    assert "Left: variable PERSONA_LANG = ko" in owner.said()
