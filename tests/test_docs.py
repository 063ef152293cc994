"""What the documents state as fact is held against the code: verbs, options, files, pins."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from trainer.cli import app, train_app

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")
DOCUMENTS = (*READMES, ".github/CONTRIBUTING.md", "space/README.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def command_lines(document: str) -> list[str]:
    """Everything in the document that looks like a call of one of our two programs."""
    code = re.findall(r"`([^`\n]+)`|^ {4,}(.+)$", document, flags=re.MULTILINE)
    lines = (inline or block for inline, block in code)
    return [line for line in lines if re.match(r"(\.venv\S*[/\\])?persona(-train)? ", line)]


def options(command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"--help"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_in_the_documents_exist(name):
    """Each verb and each option that a document shows is one the programs know."""
    verbs = typer.main.get_command(app).commands
    train = typer.main.get_command(train_app)
    for line in command_lines(read(name)):
        program, *words = line.split("#")[0].split()
        command = train if program.endswith("persona-train") else verbs[words[0]]
        assert {word for word in words if word.startswith("--")} <= options(command), line


def test_both_readmes_show_the_same_commands():
    """The Korean README is the whole README."""
    english, korean = (
        [
            re.sub(r"내아이디|your-name", "ME", line.split("#")[0]).split()
            for line in command_lines(read(name))
        ]
        for name in READMES
    )

    assert english == korean
    assert len(english) > 5


def test_the_map_names_files_that_are_there():
    """Every path of the contributing guide's table exists."""
    rows = [line for line in read(".github/CONTRIBUTING.md").splitlines() if line.startswith("| `")]
    paths = [path for row in rows for path in re.findall(r"`([^`]+)`", row.split("|")[1])]
    folder = ROOT / "trainer"

    missing = [path for path in paths if not (ROOT / path).exists() and not (folder / path).exists()]

    assert missing == []
    assert len(paths) > 15


def test_links_between_documents_lead_somewhere():
    """No document points at a file that is not there."""
    for name in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", read(name)):
            path = (ROOT / name).parent / (target[0] or target[1])
            assert path.exists(), f"{name} -> {path.name}"


def test_everything_the_project_needs_is_pinned():
    """constraints.txt names one exact version of every dependency, and torch 2.13.0."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    names = {re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-") for requirement in needed}
    pins = dict(
        line.lower().replace("_", "-").split("==")
        for line in read("constraints.txt").splitlines()
        if line and not line.startswith("#")
    )

    assert names - set(pins) == set()
    assert pins["torch"] == "2.13.0"


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md", "Makefile", ".ci/run", "constraints.txt"])
def test_no_document_names_a_machine_or_a_package_index(name):
    """No absolute path of a machine, and no host of a package registry."""
    found = re.findall(
        r"/(?:home|root|Users|work|tmp)/|pypi\.org|files\.pythonhosted|download\.pytorch", read(name)
    )

    assert found == []
