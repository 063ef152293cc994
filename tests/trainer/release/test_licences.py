"""Licences of bases: what a release must carry, and what its repository must be called."""

from dataclasses import replace

import pytest

from persona_core.errors import ReleaseError, SettingsError
from persona_core.manifest import Base, PersonaManifest
from tests.tiny_release import push, tiny_run
from trainer.release.licences import (
    UNKNOWN,
    Licence,
    declared_licence,
    licence_of,
    require_acceptance,
    require_duties,
    write_licence_files,
)
from trainer.run import Run
from trainer.tuning.source import Source

EXAONE = Base("LGAI-EXAONE/EXAONE-4.0-1.2B")


@pytest.mark.parametrize(
    ("base", "licence"),
    [
        (Base("Qwen/Qwen3-4B-Instruct-2507"), "apache-2.0"),
        (Base("K-intelligence/Midm-2.0-Mini-Instruct"), "mit"),
        (Base("google/gemma-3-1b-it", licence="gemma"), "gemma"),
        (EXAONE, "other"),
        (Base("somebody/some-model", licence="mit"), "mit"),
        (Base("my-model"), "other"),
    ],
)
def test_the_licence_of_a_base(base, licence):
    """From the table, or from what the base declares."""
    assert licence_of(base).id == licence


def test_the_duties_of_the_table():
    """Gating, commercial use, name and notice are known per family."""
    assert licence_of(Base("google/gemma-3-1b-it")).gated
    assert not licence_of(EXAONE).commercial
    assert licence_of(Base("kakaocorp/kanana-2-3b-instruct")).notice.startswith("Powered by Kanana")
    assert licence_of(Base("my-model")) == UNKNOWN == Licence("other", "see-base-model")


@pytest.fixture
def run(tmp_path):
    """A run whose release has a card and a licence, and no notice."""
    return tiny_run(tmp_path / "runs" / "first")


def accepting(run, licence):
    """The same run, in which ``licence`` was accepted."""
    return Run(run.path, replace(run.settings, accepted_licence=licence))


def test_a_name_that_the_licence_asks_for(run):
    """EXAONE's derivatives are called EXAONE-something; others are free."""
    require_duties(run, Base("Qwen/Qwen3-0.6B"), "minsu/talk")
    require_duties(accepting(run, "exaone"), EXAONE, "minsu/exaone-talk")

    with pytest.raises(ReleaseError, match="EXAONE"):
        require_duties(accepting(run, "exaone"), EXAONE, "exaone/talk")


def test_a_notice_that_the_licence_asks_for(run):
    """Its words must be in the file; another text is not enough."""
    kanana, notice = Base("kakaocorp/kanana-2-3b-instruct"), run.release / "NOTICE"
    for words in (None, "Made by somebody.\n"):
        if words:
            notice.write_text(words, encoding="utf-8")
        with pytest.raises(ReleaseError, match="words that the file NOTICE lacks"):
            require_duties(run, kanana, "minsu/talk")

    notice.write_text(f"Made by somebody.\n{licence_of(kanana).notice}\n", encoding="utf-8")
    require_duties(run, kanana, "minsu/talk")


def test_a_licence_that_nobody_accepted_is_not_passed_on(run):
    """Whatever happened to the run or its release since: the settings say what was accepted, and of which licence."""
    base = Base("somebody/some-model", licence="cc-by-nd-4.0")
    for accepted in ("", "exaone"):
        with pytest.raises(ReleaseError, match=r'accepted_licence = "cc-by-nd-4.0" into .*run\.toml'):
            require_duties(accepting(run, accepted), base, "minsu/talk")

    require_duties(accepting(run, "cc-by-nd-4.0"), base, "minsu/talk")


def test_a_push_asks_for_the_duties_first(hub, monkeypatch, run):
    """Nothing is asked of the Hub before."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    manifest = PersonaManifest.read(run.release)
    replace(manifest, base=Base("kakaocorp/kanana-2-3b-instruct")).write(run.release)

    with hub.control.recording() as requests, pytest.raises(ReleaseError, match="NOTICE"):
        push(run, "minsu/talk")

    assert requests == []


def test_licence_files_of_a_local_base_are_copied(tmp_path):
    """Whatever their ending, they are called LICENSE and NOTICE in the release."""
    base, release = tmp_path / "base", tmp_path / "release"
    base.mkdir()
    release.mkdir()
    (base / "LICENSE.txt").write_text("terms\n", encoding="utf-8")
    (base / "NOTICE.md").write_text("notice\n", encoding="utf-8")

    write_licence_files(Source(str(base), Base("base")), release)

    assert {p.name: p.read_text(encoding="utf-8") for p in release.iterdir()} == {
        "LICENSE": "terms\n",
        "NOTICE": "notice\n",
    }


def test_licence_files_of_a_hub_base_are_fetched(hub, tmp_path, monkeypatch):
    """At the pinned revision; the notice a licence asks for is written when the base has none."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    api = hub.api()
    api.create_repo("minsu/base")
    sha = api.upload_file(path_or_fileobj=b"terms\n", path_in_repo="LICENSE", repo_id="minsu/base").oid

    write_licence_files(Source("minsu/base", Base("minsu/base", sha)), tmp_path)

    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["LICENSE"]


def test_a_notice_is_written_when_the_licence_asks_for_one(tmp_path):
    """A base without a NOTICE file still gets its words."""
    base, release = tmp_path / "kanana", tmp_path / "release"
    base.mkdir()
    release.mkdir()

    write_licence_files(Source(str(base), Base("kakaocorp/kanana-2-3b-instruct")), release)

    assert (release / "NOTICE").read_text(encoding="utf-8").startswith("Powered by Kanana")


def test_a_notice_of_the_base_is_added_to(tmp_path):
    """Its own words stay."""
    base, release = tmp_path / "kanana", tmp_path / "release"
    base.mkdir()
    release.mkdir()
    (base / "NOTICE").write_text("Made by somebody.\n", encoding="utf-8")

    write_licence_files(Source(str(base), Base("kakaocorp/kanana-2-3b-instruct")), release)

    assert (release / "NOTICE").read_text(encoding="utf-8").splitlines() == [
        "Made by somebody.",
        "",
        licence_of(Base("kakaocorp/kanana-2-3b-instruct")).notice,
    ]


def test_a_base_without_a_licence_file(tmp_path):
    """The release says in one which licence it is."""
    base, release = tmp_path / "base", tmp_path / "release"
    base.mkdir()
    release.mkdir()
    (base / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")

    write_licence_files(Source(str(base), Base("base")), release)

    assert [path.name for path in release.iterdir()] == ["LICENSE"]
    assert (release / "LICENSE").read_text(encoding="utf-8") == "The base model is base. Its licence: mit\n"


def test_a_local_base_declares_its_licence_in_its_card(tmp_path):
    """The metadata of its README.md; without one nothing is claimed."""
    assert declared_licence(Source(str(tmp_path), Base("base"))) == "other"

    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")

    assert declared_licence(Source(str(tmp_path), Base("base"))) == "mit"


@pytest.mark.parametrize(
    ("base", "name"),
    [
        (EXAONE, "exaone"),
        (Base("somebody/some-model", licence="cc-by-nd-4.0"), "cc-by-nd-4.0"),
        (Base("somebody/some-model", licence="cc-by-nc-nd-4.0"), "cc-by-nc-nd-4.0"),
    ],
)
def test_a_licence_that_forbids_this_use_is_accepted_or_refused(base, name):
    """The warning names base and licence; accepted it is recorded, refused nothing begins."""
    said = []

    assert require_acceptance(Source(base.id, base), lambda warning: not said.append(warning)) == name
    assert base.id in said[0]
    assert name in said[0]
    with pytest.raises(SettingsError, match="--accept-licence"):
        require_acceptance(Source(base.id, base), lambda _warning: False)


@pytest.mark.parametrize(
    ("licence", "said"), [("apache-2.0", ""), ("mit", ""), ("cc-by-nc-4.0", "no commercial use"), (None, "")]
)
def test_a_licence_that_allows_it_asks_nothing(licence, said, capfd):
    """Private use is no commerce: nobody is asked, and what may not be sold is told."""
    base = Base("somebody/some-model", licence=licence)

    assert require_acceptance(Source(base.id, base), lambda _warning: pytest.fail("asked")) == ""
    told = capfd.readouterr().err
    assert said in told
    assert bool(said) == bool(told)
