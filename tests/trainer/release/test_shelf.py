"""What lies on the Hub, and taking it back: list, rollback, forget. The client is real, the releases are tiny."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from persona_core.errors import HubError, ReleaseError, SettingsError
from tests.hub.faults import Fault
from tests.tiny_release import WEIGHTS, push, tiny_run, train
from trainer.cli import app
from trainer.release import pushing, withdrawal
from trainer.release.shelf import find_personas, pins_of, show
from trainer.release.size import size_in_words
from trainer.release.withdrawal import forget, forget_older, roll_back
from trainer.run import load_run

REPO, SPACE = "minsu/talk", "minsu/talk-space"


@pytest.fixture
def shelf(hub, monkeypatch, tmp_path):
    """The hub as minsu, with two releases in one repository; the folder is one with runs/ in it."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pushing, "PAUSES_S", ())
    monkeypatch.chdir(tmp_path)
    run = tiny_run(tmp_path / "runs" / "first")
    push(run, REPO)
    train(run, 1)
    push(run, REPO)
    return hub


def open_space(hub, revision):
    """A Space of minsu's that runs the persona at ``revision``."""
    variables = [{"key": "PERSONA_REPO", "value": REPO}, {"key": "PERSONA_REVISION", "value": revision}]
    hub.api().create_repo(
        SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g", private=True, space_variables=variables
    )  # fmt: skip


def commit_of(hub, name):
    meta = hub.control.repo(REPO).meta
    return {**meta["branches"], **meta["tags"]}[name]


def runs(hub):
    return hub.control.space_environment(SPACE)["PERSONA_REVISION"]


def weights(hub, revision="main"):
    return hub.control.repo(REPO).resolve(revision).files[WEIGHTS].sha256


def run_verb(*words):
    """`persona …` as a person without a terminal would run it: its exit code and what it printed on stdout."""
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout


def typed(name):
    return lambda question: name


# --- list ---


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


# --- rollback ---


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


# --- forget ---


def test_forgetting_deletes_the_repository_and_its_space(shelf, tmp_path):
    """After the name was typed; what is here stays unless it is asked for."""
    open_space(shelf, "v1")
    shelf.api().create_repo("minsu/other", private=True)

    forget(REPO, typed(REPO))

    for repo, kind in ((REPO, "models"), (SPACE, "spaces")):
        with pytest.raises(KeyError):
            shelf.control.repo(repo, kind)
    assert shelf.control.repo("minsu/other")
    assert (tmp_path / "runs" / "first").is_dir()


@pytest.mark.parametrize("name", ["", "talk", "minsu/tal", "y"])
def test_another_name_deletes_nothing(shelf, name):
    """An empty line is not a yes, nor is y."""
    for delete in (forget, forget_older):
        with pytest.raises(SettingsError, match="nothing was deleted"):
            delete(REPO, typed(name))

    assert shelf.control.repo(REPO).meta["tags"].keys() == {"v1", "v2"}


def test_without_a_terminal_only_yes_deletes(shelf):
    """A script says it with an option, and is told so."""
    assert run_verb("forget", REPO)[0] == 2
    with pytest.raises(SettingsError, match=f"no terminal.*persona forget {REPO} --yes"):
        forget(REPO, typed(""))
    assert shelf.control.repo(REPO)

    assert run_verb("forget", REPO, "--yes")[0] == 0
    with pytest.raises(KeyError):
        shelf.control.repo(REPO)


def test_the_runs_here_go_when_asked(shelf, tmp_path, capsys):
    """Those that were pushed there and copies from there; other runs stay."""
    tiny_run(tmp_path / "runs" / "second")
    shelf.api().hf_hub_download(REPO, "persona.json", cache_dir=tmp_path / "cache")

    forget(REPO, typed(REPO), runs=True)

    assert f"downloaded copies ({tmp_path / 'cache'}" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["second"]
    assert not (tmp_path / "cache" / "models--minsu--talk").exists()


def test_what_cannot_be_found_is_not_forgotten(shelf, monkeypatch):
    """A name with a slip, or another's token: a 404 is no success."""
    assert run_verb("forget", "minsu/tlak", "--yes")[0] == 2
    with pytest.raises(HubError, match="minsu/tlak cannot be found, so nothing was deleted"):
        forget("minsu/tlak", typed("minsu/tlak"))
    monkeypatch.setenv("HF_TOKEN", shelf.stranger_token)
    with pytest.raises(HubError, match="a token that may see it"):
        forget(REPO, typed(REPO))

    assert shelf.control.repo(REPO).meta["tags"].keys() == {"v1", "v2"}


def test_what_is_here_can_be_forgotten_later(shelf, tmp_path, capsys):
    """The repository is gone already, and the line says that only the rest is deleted."""
    forget(REPO, typed(REPO))
    assert "To delete them too" in capsys.readouterr().err

    forget(REPO, typed(REPO), runs=True)

    assert "Only the rest is deleted" in (said := capsys.readouterr().err)
    assert f"Deleted: {REPO}" not in said
    assert list((tmp_path / "runs").iterdir()) == []


def test_runs_that_lie_elsewhere_are_told_of(shelf, tmp_path, monkeypatch, capsys):
    """From another folder they are not found, and the line says where they were looked for."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    forget(REPO, typed(REPO), runs=True)

    said = capsys.readouterr().err
    assert f"No run that was pushed to {REPO} lies in {tmp_path / 'elsewhere' / 'runs'}" in said
    assert (tmp_path / "runs" / "first").is_dir()


def test_a_line_that_is_closed_confirms_nothing(shelf):
    """Ctrl-D is no name."""

    def closed(question):
        raise EOFError

    for delete in (forget, forget_older):
        with pytest.raises(SettingsError, match="nothing was deleted"):
            delete(REPO, closed)


def test_forgetting_goes_on_where_it_was_interrupted(shelf, capsys):
    """The weights go first; the Space is found again without them, and the line says what is gone and what is not."""
    open_space(shelf, "v1")
    shelf.control.inject(Fault.answer(500, path="/repos/delete", at=2))
    with pytest.raises(HubError, match="error 500"):
        forget(REPO, typed(REPO))
    assert f"Deleted: {REPO}. Still there, or just being deleted: {SPACE}." in capsys.readouterr().err

    forget(REPO, typed(REPO))

    with pytest.raises(KeyError):
        shelf.control.repo(SPACE, "spaces")


def test_forgetting_what_is_older_frees_its_storage(shelf):
    """One commit, one version with its number, the Space at it; the older weights are gone for good."""
    open_space(shelf, "v2")
    kept, gone = weights(shelf, "v2"), weights(shelf, "v1")
    before = find_personas()[0].storage

    forget_older(REPO, typed(REPO))

    repo = shelf.control.repo(REPO)
    assert repo.meta["tags"] == {"v2": commit_of(shelf, "main")}
    assert [commit.parent for commit in repo.history(commit_of(shelf, "main"))] == [None]
    assert (weights(shelf), runs(shelf)) == (kept, commit_of(shelf, "main"))
    assert find_personas()[0].storage < before
    assert gone not in {entry.sha256 for entry in repo.resolve("main").files.values()}


def test_a_release_that_a_space_runs_is_not_deleted(shelf):
    """The line says how to move the Space first."""
    open_space(shelf, "v1")

    with pytest.raises(SettingsError, match=f"persona rollback {REPO} v2"):
        forget_older(REPO, typed(REPO))

    assert shelf.control.repo(REPO).meta["tags"].keys() == {"v1", "v2"}


def test_ctrl_c_in_the_middle_tells_what_is_gone(shelf, tmp_path, monkeypatch, capsys):
    """And what is not; the same command then deletes the rest."""

    def interrupted(folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(withdrawal, "_remove", interrupted)
        with pytest.raises(KeyboardInterrupt):
            forget(REPO, typed(REPO), runs=True)

    left = Path("runs") / "first"
    assert f"Deleted: {REPO}. Still there, or just being deleted: {left}." in capsys.readouterr().err
    forget(REPO, typed(REPO), runs=True)
    assert list((tmp_path / "runs").iterdir()) == []


def test_ctrl_c_at_the_question_deletes_nothing(shelf, capsys):
    """And the line says so."""

    def interrupted(question):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(REPO, interrupted)

    assert f"Nothing of {REPO} was deleted" in capsys.readouterr().err
    assert shelf.control.repo(REPO)


def test_what_is_older_and_half_forgotten_is_told(shelf, capsys):
    """What the repository gives is whole in any case."""
    shelf.control.inject(Fault.answer(500, path="/super-squash"))
    with pytest.raises(HubError, match="error 500"):
        forget_older(REPO, typed(REPO))

    assert "is whole; of the rest some may be deleted already" in capsys.readouterr().err


def test_forgetting_what_is_older_can_be_interrupted_anywhere(shelf):
    """A fault at request k, for all k: what main holds is never touched, and the same command ends it."""
    content = shelf.control.repo(REPO).resolve("main").files
    for k in range(1, 40):
        shelf.control.clear_requests()
        shelf.control.inject(Fault.lose_answer(at=k))
        with suppress(HubError):
            forget_older(REPO, typed(REPO))
        shelf.control.clear_faults()
        struck = any(record.fault for record in shelf.control.requests)
        forget_older(REPO, typed(REPO))
        repo = shelf.control.repo(REPO)
        assert repo.resolve("main").files == content
        assert list(repo.meta["tags"].values()) == [commit_of(shelf, "main")]
        if not struck:
            break
    assert k > 8
    assert not struck
