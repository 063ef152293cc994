"""What lies on the Hub: `persona list` names each version, which is the default, and which Space runs which."""

import json
import sys
from pathlib import Path

import pytest

from persona_core.errors import ReleaseError
from tests.hub.faults import Fault
from tests.tiny_release import push, train
from tests.trainer.release.repository import REPO, SPACE, commit_of, open_space, run_verb
from trainer.release import pushing
from trainer.release.shelf import find_personas, pins_of, show
from trainer.release.size import size_in_words
from trainer.release.withdrawal import roll_back
from trainer.run import load_run

ROOT = Path(__file__).parents[3]


def test_the_list_is_read_from_the_hub(shelf):
    """Each version with its base, date, size, likeness and drift; which is the default; which Space runs which."""
    open_space(shelf, "v1")
    shelf.api().create_repo("minsu/other", private=True)

    (persona,) = find_personas()

    assert (persona.repo, persona.private, persona.default) == (REPO, True, "v2")
    assert persona.storage > 0
    newest, oldest = persona.releases
    assert (newest.tag, newest.commit, newest.spaces) == ("v2", commit_of(shelf, "v2"), ())
    assert (oldest.tag, oldest.base, oldest.created_at) == ("v1", "tiny", "2026-11-01T00:00:00+00:00")
    assert (oldest.likeness, oldest.drift, oldest.spaces) == (0.25, 0.0, (SPACE,))
    assert oldest.size == newest.size > 0


@pytest.mark.parametrize(
    "program",
    [["-m", "trainer.cli", "list"], ["-c", "from persona_core.hub import client; client().whoami()"]],
)
def test_the_hub_is_not_told_what_runs_here(hub, program):
    """The client would name torch and its version, where nobody turns that off."""
    with hub.control.recording() as requests:
        hub.run(
            [sys.executable, *program], token=hub.token, cwd=ROOT, extra={"HF_HUB_DISABLE_TELEMETRY": "0"}
        )

    assert requests
    assert not [request.agent for request in requests if "torch" in request.agent]


def test_list_json_is_one_document(shelf):
    """On stdout, and nothing else."""
    code, said = run_verb("list", "--json")

    assert code == 0
    assert [(p["repo"], [r["tag"] for r in p["releases"]]) for p in json.loads(said)] == [
        (REPO, ["v2", "v1"])
    ]


@pytest.mark.parametrize(
    ("default", "hints"),
    [
        ("v1", {"Go on to the newest: persona rollback minsu/talk v3", "Delete all but v1"}),
        (
            "v2",
            {
                "Go back: persona rollback minsu/talk v1",
                "Go on to the newest: persona rollback minsu/talk v3",
                "Delete all but v2",
            },
        ),
        ("v3", {"Go back: persona rollback minsu/talk v2", "Delete all but v3"}),
    ],
)
def test_what_to_type_below_the_list(shelf, tmp_path, capsys, default, hints):
    """Back, on, and what a deletion leaves."""
    run = load_run(tmp_path / "runs" / "first")
    train(run, 2)
    push(run, REPO)
    roll_back(REPO, default)
    capsys.readouterr()

    show(as_json=False)

    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(": persona forget")[0] for line in lines if "persona " in line} == hints


def test_a_release_without_its_card_is_listed(shelf):
    """Whoever deleted README.md on the Hub's page still has a persona there."""
    shelf.api().delete_file("README.md", REPO)

    (persona,) = find_personas()

    assert [release.tag for release in persona.releases] == ["v2", "v1"]


def test_what_has_no_version_yet_is_unfinished(shelf, tmp_path, capsys):
    """Its check was interrupted: the list says so, and what finishes it."""

    def fail(folder):
        raise ReleaseError("release.no_answer", reason="silence")

    with pytest.raises(ReleaseError):
        pushing.push(load_run(tmp_path / "runs" / "first"), "minsu/new", fail)
    capsys.readouterr()

    newest, finished = find_personas()
    assert (newest.repo, newest.default, newest.unfinished, newest.releases) == ("minsu/new", "", True, ())
    assert not finished.unfinished
    show(as_json=False)
    assert "it has no version. To finish it: persona push runs/… minsu/new" in capsys.readouterr().err


def test_sizes_are_in_one_way_of_writing():
    """The largest unit of which there is one."""
    sizes = {0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 4_400_000: "4.4 MB", 999_960_000: "1.0 GB"}

    assert {size: size_in_words(size) for size in sizes} == sizes


def test_a_public_one_is_listed_as_such(shelf):
    """The list is where it would be noticed."""
    shelf.api().update_repo_settings(REPO, private=False)

    (persona,) = find_personas()

    assert not persona.private


def test_a_space_that_cannot_be_looked_into_is_left_out(shelf):
    """Its variables belong to who may manage it."""
    open_space(shelf, "v1")
    shelf.control.inject(Fault.answer(403, path="/variables"))

    assert pins_of(REPO) == ()
