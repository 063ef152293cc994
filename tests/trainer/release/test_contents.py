"""What may be in a release: an allow-list of names, and a look into every text."""

import sys

import pytest

from persona_core.errors import ReleaseError
from persona_core.manifest import PersonaManifest
from tests.tiny_release import tiny_run
from trainer.release.contents import is_release_file, read_contents
from trainer.release.scanning import Privacy

PLANTED = "hf_" + "Abcd1234" * 4


@pytest.mark.parametrize(
    "name",
    ["persona.json", "README.md", "model.safetensors", "model-00001-of-00002.safetensors",
     "adapter/adapter_model.safetensors", "chat_template.jinja", "NOTICE", "bf16/config.json",
     "bf16/model-00001-of-00009.safetensors"],
)  # fmt: skip
def test_what_may_be_released(name):
    """Weights, tokenizer, configuration, papers."""
    assert is_release_file(name)


@pytest.mark.parametrize(
    "name",
    ["training_args.bin", "adapter_config.json", "adapter_model.safetensors", "adapter/README.md", "train.jsonl",
     "data/train.jsonl", "optimizer.pt", "trainer_state.json", "modeling_tiny.py", "metrics.json", ".env",
     "persona.json.bak", "adapter/persona.json", "bf16/adapter_config.json", "bf16/README.md"],
)  # fmt: skip
def test_what_may_not(name):
    """Pickles, states, data, code, and adapter files beside merged weights."""
    assert not is_release_file(name)


def test_a_release_has_exactly_its_files(released):
    """Each file once, with its digest, sorted."""
    contents = read_contents(released.release, Privacy.of(released))

    assert [file.path for file in contents] == [
        "LICENSE",
        "README.md",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "persona.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_a_label_that_the_card_holds_anyway_is_let_through(released, copy_of):
    """In what was written here of nobody; a line that somebody added to the card is none of it."""
    called = Privacy(names=frozenset({"사람", "대화", "Base", "No"}))
    read_contents(released.release, called)

    release = copy_of(released).release
    with (release / "README.md").open("a", encoding="utf-8") as card:
        card.write("내 사람\n")
    with pytest.raises(ReleaseError, match=r"README\.md holds what looks like a private fact"):
        read_contents(release, called)


def test_an_unexpected_file_is_refused(released, copy_of):
    """A file that is on no list stops everything, by name."""
    release = copy_of(released).release
    (release / "training_args.bin").write_bytes(b"pickle")

    with pytest.raises(ReleaseError, match=r"training_args\.bin"):
        read_contents(release)


@pytest.mark.skipif(sys.platform == "win32", reason="links take an administrator there")
def test_a_link_is_refused(released, copy_of, tmp_path):
    """A link could lead anywhere."""
    release = copy_of(released).release
    (tmp_path / "elsewhere").write_text("x", encoding="utf-8")
    (release / "NOTICE").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ReleaseError, match="NOTICE"):
        read_contents(release)


def test_a_token_inside_is_refused(released, copy_of):
    """The error names the file, never the token."""
    release = copy_of(released).release
    (release / "NOTICE").write_text(f"made with {PLANTED}\n", encoding="utf-8")

    with pytest.raises(ReleaseError, match="NOTICE") as caught:
        read_contents(release)

    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["/home/dasom/chat", "/Users/dasom", r"C:\Users\dasom", '"C:\\\\Users\\\\dasom"', "/tmp/x"]
)
def test_a_machine_path_inside_is_refused(released, copy_of, text):
    """Home folders of every system, plain or escaped."""
    release = copy_of(released).release
    (release / "NOTICE").write_text(f"from {text}\n", encoding="utf-8")

    with pytest.raises(ReleaseError, match="NOTICE"):
        read_contents(release)


def test_the_paths_of_the_run_are_refused(released, copy_of):
    """Wherever the run, its base or the exports lie, no text may say so."""
    release = copy_of(released).release
    (release / "NOTICE").write_text("from /srv/chats/first\n", encoding="utf-8")
    read_contents(release)

    with pytest.raises(ReleaseError, match="NOTICE"):
        read_contents(release, Privacy(frozenset({"/srv/chats"})))
    places = Privacy.of(released).places
    assert {str(released.path), released.settings.base, released.settings.exports[0]} <= places


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "persona.json"])
def test_a_paper_that_is_missing(tmp_path, name):
    """Card, licence and contract belong to every release."""
    release = tiny_run(tmp_path / "run").release
    (release / name).unlink()

    with pytest.raises(ReleaseError, match=f"lacks {name}.*persona export"):
        read_contents(release)


@pytest.mark.parametrize("content", ["{", "[]", "{}", ""])
def test_a_broken_manifest(tmp_path, content):
    """One line that says what to do, whatever is in the file."""
    release = tiny_run(tmp_path / "run").release
    (release / "persona.json").write_text(content, encoding="utf-8")

    with pytest.raises(ReleaseError, match=r"persona\.json is broken. Delete the release folder"):
        read_contents(release)


@pytest.mark.parametrize("change", ["alter", "remove"])
def test_a_release_that_changed_is_refused(released, copy_of, change):
    """What persona.json promises is there, byte for byte."""
    release = copy_of(released).release
    file = release / PersonaManifest.read(release).artefacts[1].files[0].path
    file.write_bytes(b"{}") if change == "alter" else file.unlink()

    with pytest.raises(ReleaseError, match=file.name):
        read_contents(release)
