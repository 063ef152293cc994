"""`persona forget` deletes a repository, its Space and what is here, or only the versions that are older: after a name was typed."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from persona_core.errors import HubError, ReleaseError, SettingsError
from tests.hub.faults import Fault
from tests.tiny_release import push, tiny_run, train
from tests.trainer.release.repository import REPO, SPACE, commit_of, open_space, run_verb, runs, weights
from trainer.deploy.release import find_release
from trainer.release import pushing, withdrawal
from trainer.release.shelf import find_personas
from trainer.release.withdrawal import forget, forget_older, roll_back
from trainer.run import load_run


def typed(name):
    return lambda question: name


def silent(folder):
    raise ReleaseError("release.no_answer", reason="silence")


@pytest.fixture
def run(shelf):
    """The one that both releases came from."""
    return load_run(Path("runs") / "first")


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


@pytest.mark.parametrize("fault", [Fault.cut_upload(0), Fault.lose_answer()], ids=["dropped", "lost"])
def test_forgetting_what_is_older_can_be_interrupted_anywhere(shelf, run, fault):
    """A fault at request k, for all k: main keeps what it holds, and the same command ends with its version and its Space."""
    open_space(shelf, commit_of(shelf, "v2"))
    for k in range(1, 40):
        kept, content = f"v{k + 1}", shelf.control.repo(REPO).resolve("main").files
        shelf.control.clear_requests()
        shelf.control.inject(replace(fault, at=k))
        with suppress(HubError):
            forget_older(REPO, typed(REPO))
        shelf.control.clear_faults()
        struck = any(record.fault for record in shelf.control.requests)
        forget_older(REPO, typed(REPO))
        repo, main = shelf.control.repo(REPO), commit_of(shelf, "main")
        assert repo.resolve("main").files == content
        assert [commit.parent for commit in repo.history(main)] == [None]
        assert (repo.meta["tags"], runs(shelf)) == ({kept: main}, main)
        if not struck:
            break
        train(run, k + 1)
        push(run, REPO)
        roll_back(REPO, f"v{k + 2}")
    assert k > 12
    assert not struck


@pytest.mark.parametrize("tags", [("v1", "v2"), ()], ids=["after others", "the first"])
def test_what_was_never_proved_is_not_made_a_version(shelf, run, tags):
    """The versions there are stay, and the line says how to end the push or to go back."""
    if not tags:
        forget(REPO, typed(REPO))
    train(run, 2)
    with pytest.raises(ReleaseError, match="does not answer"):
        pushing.push(run, REPO, silent)

    with pytest.raises(
        HubError, match=f"nothing was deleted.*persona push.*{REPO}.*persona rollback {REPO} VERSION"
    ):
        forget_older(REPO, typed(REPO))

    assert shelf.control.repo(REPO).meta["tags"].keys() == {*tags}
    with pytest.raises(HubError, match="never proved"):
        find_release(REPO, "")
