"""The table of texts: both languages, the same values, and every key that the code names."""

import re
import string
from pathlib import Path

import pytest

from persona_core.errors import PersonaError, SettingsError
from persona_core.texts import LANGUAGES, language, table, text, text_in

ROOT = Path(__file__).parents[2]
KEY = re.compile(r'"([a-z_]+\.[a-z_]+)"')


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
