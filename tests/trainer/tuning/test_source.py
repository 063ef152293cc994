"""Where a base comes from, and what is said when it cannot be had."""

import shutil

import pytest

from persona_core.errors import HubError, SettingsError, TrainingError
from persona_core.manifest import Base
from tests.hub.faults import Fault
from trainer.run import load_run, open_run
from trainer.tuning.source import Source, find_source, source_of

CARD = "---\nlicense: apache-2.0\n---\n# Tiny\n"


@pytest.fixture
def on_the_hub(hub, tiny_base, monkeypatch):
    """The tiny base as minsu/tiny on the test Hub; its commit."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    api = hub.api()
    api.create_repo("minsu/tiny", private=True)
    api.upload_file(path_or_fileobj=CARD.encode(), path_in_repo="README.md", repo_id="minsu/tiny")
    return api.upload_folder(folder_path=tiny_base, repo_id="minsu/tiny").oid


def test_a_local_folder_is_known_by_its_bare_name(tiny_base):
    """What may be told about a local base holds no path of this machine."""
    assert find_source(str(tiny_base)) == Source(str(tiny_base), Base("tiny-qwen3", None, None))


def test_a_hub_id_is_pinned_to_a_commit(on_the_hub):
    """The newest revision becomes the commit it is now, with the licence of the card."""
    assert find_source("minsu/tiny") == Source("minsu/tiny", Base("minsu/tiny", on_the_hub, "apache-2.0"))


def test_a_run_keeps_the_commit_it_began_with(on_the_hub, hub, make_run, tmp_path):
    """A push to the base while a run is under way changes nothing for it."""
    run = make_run(tmp_path / "run", base="minsu/tiny")
    first = source_of(run)
    hub.api().upload_file(path_or_fileobj=b"new", path_in_repo="notes.txt", repo_id="minsu/tiny")
    assert source_of(run) == first
    assert first.base.revision == on_the_hub
    assert find_source("minsu/tiny").base.revision != on_the_hub


def test_the_commit_outlives_the_measurements(on_the_hub, hub, make_run, tmp_path):
    """metrics.json may be deleted: the adapter is still measured on the weights it was trained on."""
    run = make_run(tmp_path / "run", base="minsu/tiny")
    first = source_of(run)
    hub.api().upload_file(path_or_fileobj=b"new", path_in_repo="notes.txt", repo_id="minsu/tiny")
    run.metrics_file.unlink()

    assert source_of(load_run(run.path)) == first
    assert open_run(run.path, run.settings, {"base": "flag"}).settings.base_revision == on_the_hub


def test_a_revision_that_was_asked_for_stays_what_it_was(on_the_hub, hub, make_run, tmp_path):
    """The same command finds the same run."""
    hub.api().create_tag("minsu/tiny", tag="v1")
    run = make_run(tmp_path / "run", base="minsu/tiny", base_revision="v1")

    assert source_of(run).base.revision == on_the_hub
    assert load_run(run.path).settings.base_revision == "v1"


def test_a_base_that_another_version_recorded_is_said_plainly(make_run, tmp_path):
    """The line names the file."""
    run = make_run(tmp_path / "run")
    run.add_metrics("base", {"id": "tiny-qwen3", "commit": "0123abc"})
    with pytest.raises(SettingsError, match=r"metrics\.json .*another version"):
        source_of(run)


def test_a_base_from_the_hub_loads(on_the_hub):
    """The pinned commit is what gets loaded, in 4 bits."""
    from trainer.tuning.base import load_model, load_tokenizer, quantised_layers

    source = find_source("minsu/tiny")
    assert len(quantised_layers(load_model(source, "cpu"))) == 14
    assert load_tokenizer(source).chat_template


@pytest.mark.parametrize("name", ["minsu/none", "not a/valid id", "./no-such-folder"])
def test_an_unknown_base_is_said_plainly(hub, name):
    """The error names the base and the option to change."""
    with pytest.raises(TrainingError) as error:
        find_source(name)
    assert error.value.key == "tuning.unknown_base"
    assert name in str(error.value)
    assert "--base" in str(error.value)


def test_an_unknown_revision_is_said_plainly(on_the_hub):
    """The base is there, the revision is not."""
    with pytest.raises(HubError) as error:
        find_source("minsu/tiny", "v9")
    assert error.value.key == "hub.no_revision"


def test_a_gated_base_says_where_to_accept(on_the_hub, hub):
    """Everyone may see a gated repository; only the download is refused, with the Hub's own code for it."""
    hub.control.inject(Fault.answer(403, headers={"X-Error-Code": "GatedRepo"}, path="/resolve/", times=None))
    with pytest.raises(TrainingError) as error:
        find_source("minsu/tiny")
    assert error.value.key == "tuning.gated_base"
    assert "https://huggingface.co/minsu/tiny" in str(error.value)


def test_a_hub_that_does_not_answer_is_said_plainly(hub):
    """A connection that fails is not mistaken for an unknown base."""
    hub.control.inject(Fault.lose_answer(times=None))
    with pytest.raises(HubError) as error:
        find_source("minsu/tiny")
    assert error.value.key == "hub.unreachable"


def test_a_download_that_breaks_is_no_broken_base(on_the_hub, hub, tmp_path, monkeypatch):
    """When the network fails while weights come down, the network is named, not the model."""
    from huggingface_hub import constants

    from trainer.tuning.base import load_model

    source = find_source("minsu/tiny")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    hub.control.inject(Fault.lose_answer(times=None))
    with pytest.raises(HubError) as error:
        load_model(source, "cpu")
    assert error.value.key == "hub.unreachable"


def test_a_folder_that_is_no_model_is_said_plainly(tmp_path):
    """A folder without config.json cannot be a base."""
    with pytest.raises(TrainingError) as error:
        find_source(str(tmp_path))
    assert error.value.key == "tuning.not_a_model"


def test_broken_weights_are_said_plainly(tiny_base, tmp_path):
    """A download that was cut off does not end in a traceback."""
    from trainer.tuning.base import load_model

    folder = shutil.copytree(tiny_base, tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(TrainingError) as error:
        load_model(find_source(str(folder)), "cpu")
    assert error.value.key == "tuning.base_unloadable"


def test_a_base_without_chat_template_is_refused(tiny_base, tmp_path):
    """A model that was never taught to chat has no format to train in."""
    from trainer.tuning.base import load_tokenizer

    folder = shutil.copytree(tiny_base, tmp_path / "plain")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TrainingError) as error:
        load_tokenizer(find_source(str(folder)))
    assert error.value.key == "tuning.no_template"
