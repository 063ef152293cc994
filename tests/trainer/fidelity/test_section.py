"""The report shows the likeness in both languages, on a phone, without a word of the chat."""

import re

import pytest

from persona_core.texts import table
from tests.browser import chromium_page, screenshots
from trainer.fidelity.habits import FEATURES
from trainer.fidelity.section import fidelity
from trainer.page import whole_page

INTERVAL = {"value": 0.83, "low": 0.7, "high": 0.95}
EVERYONE = ("real", "tuned", "examples", "base")
MEASURED = {
    "moments": 60,
    "bundle": 5,
    "likeness": {
        who: {"bundles": 24, "taken": INTERVAL, "auc": INTERVAL, "told_apart": INTERVAL} for who in EVERYONE
    },
    "style": {
        name: {
            "values": dict.fromkeys(EVERYONE, None if name == "ending" else 0.25),
            "distances": dict.fromkeys(EVERYONE, 0.3),
        }
        for name in FEATURES
    },
    "relevance": {
        who: {"nll": 5.3, "perplexity": 207.4, "retrieved": INTERVAL, "candidates": 10}
        for who in EVERYONE[1:]
    },
}
ELSEWHERE = {"begin", "too_little", "taken_line", "found_line", "bar", "nothing"}  # of texts: the terminal's


def test_nothing_measured_is_nothing_shown():
    """A run with too little talk has no such part."""
    assert fidelity({}) == ""


def test_the_part_tells_all_of_it():
    """Every share with its interval, every habit with its bar, and every text of the table in both languages."""
    part = fidelity(MEASURED)

    assert part.count("83% (70%–95%)") == len(EVERYONE) + 3
    assert part.count("<svg") == len(EVERYONE) * (1 + len(FEATURES)) + 3
    for key, said in table().items():
        room, name = key.split(".")
        if room == "fidelity" and name not in ELSEWHERE and "{" not in said["ko"]:
            assert all(f">{text}<" in part.replace("&#x27;", "'") for text in said.values()), key


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_without_zooming(tmp_path, dark):
    """Nothing is wider than a phone; a wide table scrolls in its card."""
    page = tmp_path / "page.html"
    page.write_text(whole_page("run_report.title", [fidelity(MEASURED)]), encoding="utf-8")

    assert not re.search(r"<script|<link|<img|\bsrc=|href=", page.read_text(encoding="utf-8"))
    with chromium_page(width=390, height=844, dark=dark) as tab:
        tab.goto(page.as_uri())
        for language in ("en", "ko"):
            tab.locator(f"label[for={language}]").click()
            assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        tab.screenshot(path=screenshots() / f"fidelity-{'dark' if dark else 'light'}.png", full_page=True)
