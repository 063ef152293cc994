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
        who: {"nll": 5.3, "perplexity": 207.4, "tokens": 816, "retrieved": INTERVAL, "candidates": 10}
        for who in EVERYONE[1:]
    },
}
# of texts: the terminal's
ELSEWHERE = {"begin", "too_little", "taken_line", "taken_means", "found_line", "bar", "unreadable_answers"}
FEW = {"moments": 5, "bundles": 1, "bundle": 5, "fewest_moments": 20, "fewest_bundles": 10}


def test_nothing_measured_is_nothing_shown():
    """A run with too little talk has no such part."""
    assert fidelity({}) == ""


def test_the_part_tells_all_of_it():
    """Every share with its interval, every habit with its bar, and every text of the table in both languages."""
    part = fidelity(MEASURED)

    assert part.count("83% (70–95)") == len(EVERYONE) + 3
    assert part.count("<svg") == len(EVERYONE) * (3 + len(FEATURES)) + 3
    for key, said in table().items():
        room, name = key.split(".")
        if room == "fidelity" and name not in ELSEWHERE and "{" not in said["ko"]:
            assert all(f">{text}<" in part.replace("&#x27;", "'") for text in said.values()), key


def test_the_candidates_are_as_many_as_there_were():
    """Five different replies: one in five by chance, and the text says so."""
    found = {who: {**one, "candidates": 5} for who, one in MEASURED["relevance"].items()}
    part = fidelity({**MEASURED, "relevance": found})

    assert "Found your reply among 5" in part
    assert "Chance finds 20%" in part


def test_too_few_moments_are_told_as_such():
    """One sentence, and neither a share nor a plot."""
    part = fidelity(FEW)

    assert "too few to say" in part
    assert "말하기에 너무 적어요" in part
    assert not re.search("<svg|%", part)


def test_what_is_more_like_him_than_he_is_points_the_other_way():
    """Told apart below one half: the bar goes to the left of the middle."""
    who = {
        "bundles": 24,
        "taken": INTERVAL,
        "auc": INTERVAL,
        "told_apart": {"value": 0.3, "low": 0.2, "high": 0.4},
    }
    part = fidelity({**MEASURED, "likeness": {"tuned": who}})

    assert '<rect x="30.0" width="20.0"' in part


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_all_of_it_without_zooming(tmp_path, dark, width):
    """Nothing is wider than its card, no figure is cut off, and every bar is as long as any other."""
    page = tmp_path / "page.html"
    page.write_text(whole_page("run_report.title", [fidelity(MEASURED)]), encoding="utf-8")

    assert not re.search(r"<script|<link|<img|\bsrc=|href=", page.read_text(encoding="utf-8"))
    with chromium_page(width=width, height=844, dark=dark) as tab:
        tab.goto(page.as_uri())
        for language in ("en", "ko"):
            tab.locator(f"label[for={language}]").click()
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.evaluate(
                "[...document.querySelectorAll('section *')].every(e => e.closest('svg') ||"
                " e.getBoundingClientRect().right <= e.closest('section').getBoundingClientRect().right)"
            )
            lengths = tab.evaluate(
                "[...document.querySelectorAll('.charts svg')].map(e => e.getBoundingClientRect().width)"
            )
            assert max(lengths) - min(lengths) < 3
        shade = "dark" if dark else "light"
        tab.screenshot(path=screenshots() / f"fidelity-{width}-{shade}.png", full_page=True)
