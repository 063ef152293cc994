"""The table of texts: both languages, the same values, and every key that the code names."""

import re
import string
import sys
from pathlib import Path

import pytest

from persona_core.errors import PersonaError, SettingsError
from persona_core.texts import LANGUAGES, language, table, text, text_in

ROOT = Path(__file__).parents[2]
KEY = re.compile(r'"([a-z_]+\.[a-z_]+)"')
# Behind a value of any ending: 을(를) and its like, or a word of ours in between. An amount is read to its end: 10퍼센트예요.
ONE_SIDED = re.compile(
    r"\{(?!chance\}|most\})\w+\}(?:가|이|를|을|는|은|와|과|예요|이에요|라는|이라는)(?![가-힣(])"
)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("key", sorted(table()))
def test_a_text_says_the_same_in_both_languages(key):
    """Each row has Korean and English, and both are filled with the same values."""
    row = table()[key]

    assert set(row) == set(LANGUAGES)
    assert fields(row["ko"]) == fields(row["en"])


def test_every_key_the_code_names_is_in_the_table():
    """No error or message can end in a KeyError."""
    rooms = {key.split(".")[0] for key in table()}
    named = {
        match
        for room in ("persona_core", "trainer", "space")
        for path in (ROOT / room).rglob("*.py")
        for match in KEY.findall(path.read_text(encoding="utf-8"))
        if match.split(".")[0] in rooms
        and match.split(".")[1] not in ("toml", "json", "txt", "py", "html")
        and match != "chat.completion"  # what OpenAI calls an answer
    }

    assert named - set(table()) == set()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PERSONA_LANG": "ko", "LANG": "en_US.UTF-8"}, "ko"),
        ({"PERSONA_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_systems(monkeypatch, environment, expected):
    """PERSONA_LANG wins, then the locale's variables in their order."""
    for name in ("PERSONA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert language() == expected


def test_an_error_is_its_text_in_the_readers_language(monkeypatch):
    """The same error reads Korean to one and English to another."""
    error = SettingsError("settings.no_run", folder="runs")

    monkeypatch.setenv("PERSONA_LANG", "en")
    english = str(error)
    monkeypatch.setenv("PERSONA_LANG", "ko")

    assert english == text_in("en", "settings.no_run", folder="runs")
    assert str(error) == text("settings.no_run", folder="runs") != english
    assert isinstance(error, PersonaError)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("key", sorted(table()))
def test_a_particle_does_not_guess_how_a_value_ends(key):
    """`{repo}를` is wrong for half of all names."""
    assert ONE_SIDED.findall(table()[key]["ko"]) == []


def test_rows_are_learned_from_and_examples_are_shown():
    """예제 is what a model is trained on; 예시 is what the base is shown before it answers, in the room of likeness alone."""
    assert {key.split(".")[0] for key, row in table().items() if "예시" in row["ko"]} == {"fidelity"}


def test_a_command_that_installs_can_be_typed_as_it_stands(tmp_path, monkeypatch):
    """It calls the pip of this Python from here, in quotes that every shell takes off; our package is on no index."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    command = f'{Path(".venv", "bin", "python")} -m pip install -c constraints.txt -e ".[cpu]"'

    assert all("pip install" not in said for row in table().values() for said in row.values())
    for lang in LANGUAGES:
        assert text_in(lang, "release.no_openvino_asked").endswith(command)
