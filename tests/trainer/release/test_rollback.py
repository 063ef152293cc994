"""Back to an older version and on again: `persona rollback` moves the default and the Space, whole or not at all."""

from contextlib import suppress
from dataclasses import replace

import pytest

from persona_core.errors import HubError
from tests.hub.faults import Fault
from tests.trainer.release.repository import REPO, SPACE, commit_of, open_space, run_verb, runs, weights
from trainer.release.shelf import find_personas
from trainer.release.withdrawal import roll_back


def test_a_rollback_moves_the_default_and_the_space(shelf):
    """By a new commit that copies inside the Hub; the newer version stays, and can be rolled forward to."""
    open_space(shelf, "v2")
    first, second = weights(shelf, "v1"), weights(shelf, "v2")

    with shelf.control.recording() as requests:
        assert run_verb("rollback", REPO, "v1")[0] == 0

    assert weights(shelf) == first != second
    assert runs(shelf) == commit_of(shelf, "v1")
    assert not [record for record in requests if record.method == "PUT"]
    assert find_personas()[0].default == "v1"

    roll_back(REPO, "v2")
    assert (weights(shelf), runs(shelf)) == (second, commit_of(shelf, "v2"))
    assert shelf.control.repo(REPO).meta["tags"].keys() == {"v1", "v2"}


def test_a_rollback_names_the_version(shelf, capsys):
    """The Space's line, too: nobody knows a commit by heart."""
    open_space(shelf, "v2")

    roll_back(REPO, "v1")

    assert f"The Space {SPACE} runs v1 now" in capsys.readouterr().err


def test_the_address_of_the_page_is_a_name(shelf):
    """Pasted from the browser, for every verb."""
    assert run_verb("rollback", f"{shelf.endpoint}/{REPO}", "v1")[0] == 0
    assert run_verb("forget", f"{shelf.endpoint}/{REPO}/tree/main", "--yes")[0] == 0

    with pytest.raises(KeyError):
        shelf.control.repo(REPO)


def test_a_rollback_to_what_is_there_changes_nothing(shelf):
    """No commit, and the Space is not restarted."""
    open_space(shelf, commit_of(shelf, "v2"))
    before, events = commit_of(shelf, "main"), shelf.control.space_events(SPACE)

    roll_back(REPO, "v2")

    assert (commit_of(shelf, "main"), shelf.control.space_events(SPACE)) == (before, events)


def test_a_version_that_is_not_there(shelf):
    """The error names those that are."""
    with pytest.raises(HubError, match=r"no version v9. It has: v1, v2"):
        roll_back(REPO, "v9")


@pytest.mark.parametrize("fault", [Fault.cut_upload(0), Fault.lose_answer()], ids=["dropped", "lost"])
def test_a_rollback_is_whole_or_not_at_all(shelf, fault):
    """A fault at request k, for all k: the same command ends it, by one commit."""
    open_space(shelf, commit_of(shelf, "v2"))
    whole = [shelf.control.repo(REPO).resolve(tag).files for tag in ("v1", "v2")]
    for k in range(1, 40):
        target = ("v1", "v2")[k % 2 == 0]
        shelf.control.clear_requests()
        shelf.control.inject(replace(fault, at=k))
        with suppress(HubError):
            roll_back(REPO, target)
        shelf.control.clear_faults()
        struck = any(record.fault for record in shelf.control.requests)
        assert shelf.control.repo(REPO).resolve("main").files in whole
        roll_back(REPO, target)
        assert (weights(shelf), runs(shelf)) == (weights(shelf, target), commit_of(shelf, target))
        if not struck:
            break
    assert k > 10
    assert not struck
