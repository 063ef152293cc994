"""The page of a run shows its curves and what it took, in both languages, on a phone; and loads nothing."""

import re
import shutil
from typing import get_args

import pytest

from persona_core.errors import SettingsError
from persona_core.prompt import Turn
from persona_core.texts import table
from tests.browser import chromium_page, screenshots
from trainer.fidelity.answers import Answered, write_answers
from trainer.run import Run, load_run, open_run
from trainer.settings import Origin, Settings
from trainer.tuning.report import FILE_NAME, require_readable, write_report

WIDTH = 390


@pytest.fixture(scope="module")
def page(trained, tmp_path_factory):
    """The page of a whole run: trained, evaluated, with replies that hold placeholders and markup."""
    run = load_run(shutil.copytree(trained.path, tmp_path_factory.mktemp("report") / "run"))
    run.add_metrics(
        "evaluation",
        {
            "base": {"nll": 5.1, "perplexity": 164.0, "accuracy": 0.12, "tokens": 90},
            "tuned": {"nll": 3.2, "perplexity": 24.5, "accuracy": 0.41, "tokens": 90},
        },
    )
    drift = {"kl": 0.0012, "nll_change": 0.0004, "agreement": 0.962, "greedy": 0.91, "tokens": 2048}
    for name in ("drift", "drift_bf16"):
        run.add_metrics(name, drift)
    before = (Turn("partner", ("아까 뭐라고?",)), Turn("persona", ("아무것도",))) * 2
    said = {"real": ("ㅇㅇ",), "tuned": ("웅 먹었지 ㅋㅋ", "너는?"), "base": ()}
    talk = Answered((*before, Turn("partner", ("밥 먹었어?", "<b>뭐 해</b>"))), said)
    write_answers(run.path, [talk] * 2)
    write_report(run)
    return run.path / FILE_NAME


def test_a_run_leaves_its_page_while_it_goes(trained):
    """It is there after training, before anything was evaluated: with curves, without replies."""
    page = (trained.path / FILE_NAME).read_text(encoding="utf-8")

    assert page.count("<polyline") == 7  # two with two curves, three with one
    assert "bubble partner" not in page
    assert 'id="drifts"' not in page


def test_a_reply_stands_after_the_talk_it_answers(page):
    """Three turns of each moment of answers.json, the oldest left out."""
    text = page.read_text(encoding="utf-8")

    assert (text.count("아까 뭐라고?"), text.count("아무것도"), text.count("웅 먹었지 ㅋㅋ")) == (2, 2, 2)


def test_what_was_lost_with_the_metrics_is_left_out(trained, tmp_path):
    """Damaged measurements were deleted: the page is written all the same, without curves."""
    run = Run(tmp_path, trained.settings)
    shutil.copy(trained.path / "run.toml", tmp_path)
    write_report(run)

    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert "<polyline" not in text
    assert 'id="settings"' in text


def test_the_page_is_one_file_that_loads_nothing(page):
    """No script, no link, no picture beside it; what was said is escaped; whose files they were is not on it."""
    text = page.read_text(encoding="utf-8")

    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|href=|url\(|@import|\bon\w+=", text)
    assert "&lt;b&gt;뭐 해&lt;/b&gt;" in text
    assert "exports" not in text


def test_every_text_of_the_page_is_used(page):
    """Both languages stand in the page, and the table holds no text that nobody reads."""
    source = page.read_text(encoding="utf-8")
    missing = [
        key
        for key, texts in table().items()
        if key.startswith("run_report.")
        and "{" not in texts["ko"]
        and not all(f">{said}<" in source for said in texts.values())
    ]

    elsewhere = {f"run_report.origin_{origin}" for origin in get_args(Origin) if origin != "default"}
    assert set(missing) == {"run_report.nothing", *elsewhere}


@pytest.mark.parametrize("origin", get_args(Origin))
def test_wherever_a_setting_came_from_the_page_says_so(origin, tmp_path):
    """A licence may be accepted by an option, or by who was asked at the terminal."""
    write_report(open_run(tmp_path, Settings(), {"accepted_licence": origin}))

    said = table()[f"run_report.origin_{origin}"]
    assert all(f">{words}<" in (tmp_path / FILE_NAME).read_text(encoding="utf-8") for words in said.values())


OF_ANOTHER_VERSION = {
    "fidelity": {"likeness": {"tuned": {"taken": {"value": 1, "low": 1, "high": 1}}}, "relevance": {}},
    "evaluation": {"base": {"nll": 5.1}, "tuned": {"nll": 3.2}},
    "drift": {"kl": 0.0012},
    "quiz": {"answers": 1},
    "training": {"best": {"nll": 3.2}},
    "plan": {"peak": []},
}


@pytest.mark.parametrize("name", OF_ANOTHER_VERSION)
def test_what_another_version_measured_is_one_line(trained, tmp_path, name):
    """It names the file to delete; the run folder stays."""
    run = load_run(shutil.copytree(trained.path, tmp_path / "run"))
    run.add_metrics(name, OF_ANOTHER_VERSION[name])

    with pytest.raises(SettingsError, match=r"metrics\.json .*another version\. Delete that file alone"):
        write_report(run)


def test_what_is_measured_anew_may_be_of_another_version(tmp_path):
    """Nobody is sent to delete what the very command replaces; what it leaves is said before it begins."""
    run = open_run(tmp_path, Settings(), {})
    run.add_metrics("evaluation", OF_ANOTHER_VERSION["evaluation"])
    require_readable(run, apart_from={"evaluation"})

    run.add_metrics("drift", OF_ANOTHER_VERSION["drift"])
    with pytest.raises(SettingsError, match="another version"):
        require_readable(run, apart_from={"evaluation"})


def test_origins_of_another_version_are_no_fault_of_the_metrics(tmp_path):
    """The file that is named is the one that cannot be read."""
    run = open_run(tmp_path, Settings(), {})
    file = tmp_path / "run.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"default"', '"guessed"'), encoding="utf-8")

    with pytest.raises(SettingsError, match=r"run\.toml cannot be read"):
        write_report(run)


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_it_without_zooming(page, dark):
    """Nothing is wider than a phone, and the switch changes the language."""
    with chromium_page(width=WIDTH, height=844, dark=dark) as tab:
        tab.goto(page.as_uri())
        for language in ("en", "ko"):
            tab.locator(f"label[for={language}]").click()
            assert tab.evaluate("document.documentElement.scrollWidth") <= WIDTH
            assert tab.locator(f"h1 .in-{language}").is_visible()
        tab.screenshot(path=screenshots() / f"run-report-{'dark' if dark else 'light'}.png", full_page=True)
