"""What the documents state as fact is held against the code: verbs, options, files, pins."""

import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from access import VISIT_DAYS
from persona_core.privacy import KINDS
from persona_core.texts import table
from trainer.cli import app, train_app
from trainer.deploy.door import LINK_DAYS
from trainer.fidelity.memory import MOST_PRIVATE

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


@pytest.mark.parametrize("name", DOCUMENTS)
def test_options_in_the_documents_exist(name):
    """An option that stands by itself is one of some command."""
    commands = (typer.main.get_command(train_app), *typer.main.get_command(app).commands.values())
    known = set().union(*(options(command) for command in commands)) | {"--index-url"}  # pip's

    assert set(re.findall(r"`(--[a-z-]+)", read(name))) <= known


def test_what_is_typed_is_where_it_is_installed():
    """Before the README says how, no command of the environment is typed by its bare name."""
    for name in READMES:
        before = read(name).partition("`source .venv/bin/activate`")[0]
        assert re.findall(r"^ {4,}(?:persona|hf|python) .+$", before, flags=re.MULTILINE) == []


@pytest.mark.parametrize(
    ("number", "english", "korean"),
    [
        (len(KINDS), "{} kinds of private facts", "개인정보 {}가지"),
        (LINK_DAYS, "link opens for {} days", "링크는 {}일 안에"),
        (VISIT_DAYS, "lets her in for {};", "{}일 동안 들어올 수"),
        (round(1 / MOST_PRIVATE), "more than 1 bubble in {} looks", "말풍선 {}개 중 1개보다 많은"),
    ],
)
def test_numbers_in_the_readmes_are_those_of_the_code(number, english, korean):
    """What is counted and how long it lasts is said as it is."""
    for name, phrase in zip(READMES, (english, korean), strict=True):
        assert phrase.format(number) in " ".join(read(name).split())


@pytest.mark.parametrize(("name", "language"), list(zip(READMES, ("en", "ko"), strict=True)))
def test_what_you_see_is_what_the_program_says(name, language):
    """The words that the table of troubles puts in quotes are words of the table of texts."""
    quoted = re.findall(r'^\| "([^"]+)" \|', read(name), flags=re.MULTILINE)
    said = [row[language] for row in table().values()]

    assert quoted != []
    assert all(any(words in text for text in said) for words in quoted)


def test_the_guide_says_when_the_workflow_runs():
    """Pushes to main and pull requests, and nothing else by itself."""
    when = yaml.load(read(".github/workflows/ci.yml"), yaml.BaseLoader)["on"]

    assert when["push"] == {"branches": ["main"]}
    assert "pull_request" in when
    assert "| `.github/workflows/ci.yml` | every push to main, every pull request |" in read(
        ".github/CONTRIBUTING.md"
    )


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
