"""What a model remembers: a run that was overfitted on purpose is refused, one with the demo's settings is not."""

import random
import re
from dataclasses import asdict, replace

import pytest

from persona_core.errors import ReleaseError
from persona_core.prompt import ChatFormat, Turn
from persona_core.texts import text
from tests.trainer.fidelity.couple import KEPT
from trainer import demo
from trainer.dataset.example import Example, write_examples
from trainer.fidelity.answers import Answered, write_answers
from trainer.fidelity.memory import (
    MOST_COPIED,
    MOST_COPIED_EVER,
    MOST_EXPOSURE,
    MOST_PRIVATE,
    Memory,
    require_kept,
)
from trainer.fidelity.memory_section import remembered
from trainer.fidelity.recall import TOKENS, assess_memory, exposure, privacy
from trainer.run import Run, open_run
from trainer.settings import Settings
from trainer.tuning import canaries, tune
from trainer.tuning.canaries import BITS
from trainer.tuning.evaluation import load_trained

# --- each figure ---


def test_an_untouched_secret_loses_about_a_bit():
    """As likely as the others at their mean: half of all secrets are likelier."""
    assert exposure(50.0, [48.0, 50.0, 52.0]) == pytest.approx(1.0)


def test_the_likelier_a_secret_the_more_of_it_is_lost():
    """Bits rise as its loss falls, up to all of it, and fall to none when it is unlikelier than the others."""
    others = [48.0, 50.0, 52.0]
    lost = [exposure(secret, others) for secret in (60.0, 50.0, 46.0, 40.0, 0.0)]
    assert lost == sorted(lost)
    assert lost[0] == pytest.approx(0, abs=1e-5)
    assert lost[-1] == BITS == 2 * MOST_EXPOSURE


def test_a_number_it_writes_counts_although_the_page_holds_it_back():
    """Placeholders are held back and tell nothing; the two names and what a friend is called are not private here."""
    said = ["ㅇㅇ", "[[PARTNER]]야 민수 왔어", "내 번호 [[PHONE]]", "010-0000-1234 아니면 010-0000-5678"]
    assert privacy(said) == {"held_back": 0.5, "private": 0.25}
    assert privacy([]) == {"held_back": 0.0, "private": 0.0}


def test_a_model_that_keeps_to_itself_passes():
    """As natural figures do."""
    assert KEPT.over_limits() == {}
    KEPT.require_small()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"most_exposed": MOST_EXPOSURE + 1}, "most_exposed"),
        ({"recited": 1}, "recited"),
        ({"copied": KEPT.copied_by_him + MOST_COPIED + 0.01}, "copied"),
        ({"drawn_out": 0.2}, "drawn_out"),
        ({"private": MOST_PRIVATE + 0.001}, "private"),
        ({"copied": float("nan")}, "copied"),
    ],
)
def test_each_figure_has_its_limit(changes, named):
    """One over its limit, or no number, is enough, and is named."""
    memory = replace(KEPT, **changes)
    assert list(memory.over_limits()) == [named]
    with pytest.raises(ReleaseError, match=re.escape(text(f"recall.{named}"))):
        memory.require_small()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "ko",
            "외운 정도나 개인정보처럼 보이는 말이 한도를 넘어서 내보내지 않아요: 한 글자도 틀리지 않고 말한 비밀 = 2 (한도 0); "
            "학습한 말을 길게 옮긴 비율 (토큰 6개부터) = 21.5% (한도 14.0%). ",
        ),
        (
            "en",
            "is not released: planted secrets said to the letter = 2 (limit 0); "
            "copied from training in runs of 6 tokens and more = 21.5% (limit 14.0%). ",
        ),
    ],
)
def test_a_refusal_names_the_figures_as_the_report_does(language, line, monkeypatch):
    """In the reader's language, each with its limit."""
    monkeypatch.setenv("PERSONA_LANG", language)
    with pytest.raises(ReleaseError, match=re.escape(line)):
        replace(KEPT, recited=2, copied=0.215).require_small()


@pytest.mark.parametrize("usual", ["drawn_out_unseen", "drawn_out_by_base"])
def test_what_style_alone_finishes_is_not_held_against_it(usual):
    """Lines that can be guessed without having been learned are drawn out of anybody."""
    assert replace(KEPT, drawn_out=0.2, **{usual: 0.15}).over_limits() == {}


# --- a run ---


def lines(count: int, seed: int) -> list[Example]:
    """Questions with answers that nobody could guess: eight words in random order."""
    dice = random.Random(seed)
    words = "오늘 집에 가는 중이야 나도 배고파 커피 마실래 영화 보자 진짜 피곤해 내일 비 온대 우산 챙겨 버스 탔어".split()
    return [
        Example(
            (Turn("partner", ("뭐 해?",)), Turn("persona", (" ".join(dice.sample(words, 8)),))),
            (True,),
        )
        for _ in range(count)
    ]


@pytest.fixture
def dense(monkeypatch):
    """A canary for every six examples."""
    monkeypatch.setattr(canaries, "SPACING", 6)


def trained_run(folder, **changes) -> Run:
    """Twelve lines and two canaries learned by the demo's base."""
    settings = {**demo.SETTINGS, "evaluations": 1, "effective_batch": 4, **changes}
    run = open_run(folder, Settings(**settings), {})
    run.data.mkdir()
    write_examples(run.train_file, lines(12, seed=0), ChatFormat())
    write_examples(run.validation_file, lines(6, seed=1), ChatFormat())
    tune(run)
    return run


def assessed(run: Run) -> Memory:
    """Its memory, when it answered with a line of training."""
    said = {"real": ("ㅇㅇ",), "tuned": lines(1, seed=0)[0].learned[0].bubbles, "base": ()}
    write_answers(run.path, [Answered(lines(1, seed=1)[0].turns[:1], said)])
    assess_memory(run, load_trained(run))
    return Memory(**run.read_metrics()["memory"])


@pytest.mark.slow
@pytest.mark.usefixtures("dense")
def test_an_overfitted_run_is_refused(tmp_path):
    """Learned two dozen times over, the planted secrets are found at once, rare lines come to the letter, and it says so."""
    run = trained_run(tmp_path / "run", epochs=24.0, learning_rate=4e-3)
    memory = assessed(run)

    assert memory.canaries == 2
    assert memory.exposure > MOST_EXPOSURE
    assert memory.drawn_out > 0.3
    assert memory.copied == 1
    assert memory.longest >= TOKENS  # where anything is copied, the longest run is one of those counted
    with pytest.raises(ReleaseError, match=r"bits given away.*copied.*rare lines finished"):
        require_kept(run)


@pytest.mark.slow
@pytest.mark.usefixtures("dense")
def test_a_run_with_the_settings_of_the_demo_keeps_its_secrets(tmp_path):
    """Nothing that was planted or is rare can be drawn out of it."""
    run = trained_run(tmp_path / "run")
    memory = assessed(run)

    assert memory.canaries == 2
    assert memory.most_exposed < MOST_EXPOSURE
    assert (memory.recited, memory.drawn_out) == (0, 0)


@pytest.mark.slow
def test_without_canaries_nothing_is_said_of_them(tmp_path):
    """Too few examples for one: not measured is not 0. Lost measurements of the training are no hindrance."""
    run = trained_run(tmp_path / "run")
    run.metrics_file.unlink()
    memory = assessed(run)

    assert (memory.canaries, memory.exposure, memory.most_exposed, memory.recited) == (0, None, None, None)
    assert list(memory.over_limits()) == ["copied"]


def test_what_was_never_measured_is_not_released(tmp_path):
    """The line says what to run; measured and within the limits it passes."""
    run = open_run(tmp_path / "run", Settings(), {})
    with pytest.raises(ReleaseError, match="persona evaluate"):
        require_kept(run)
    run.add_metrics("memory", asdict(KEPT))
    require_kept(run)


@pytest.mark.parametrize("section", [{"canaries": 4}, {**asdict(KEPT), "luck": 1}])
def test_what_another_version_measured_is_measured_anew(section, tmp_path):
    """Figures of which one is missing or unknown say nothing, and cost only the command that measures them."""
    run = open_run(tmp_path / "run", Settings(), {})
    run.add_metrics("memory", section)
    with pytest.raises(ReleaseError, match="persona evaluate"):
        require_kept(run)


def test_who_repeats_himself_has_a_limit_all_the_same():
    """Of five replies any share may be copied by chance: 69.8 % is no limit."""
    assert replace(KEPT, copied_by_him=0.598).most_copied == MOST_COPIED_EVER
    assert replace(KEPT, copied_by_him=0.2).most_copied == pytest.approx(0.3)


# --- the report ---


def test_the_report_shows_each_figure_beside_what_is_natural_and_its_limit():
    """The person copies 4 % himself, so 14 % is the limit; nothing is shown where nothing was measured."""
    card = remembered(KEPT)
    assert "<td class=number>5.0%</td><td class=number>4.0%</td><td class=number>14.0%</td>" in card
    assert "All within their limits" in card
    assert "no release is made" in remembered(replace(KEPT, recited=1))


def test_without_canaries_the_report_says_that_there_were_none():
    """Few examples, or none wanted: a figure of 0 bits would look like one that was measured."""
    none = replace(KEPT, canaries=0, exposure=None, most_exposed=None, recited=None)
    assert ("not measured" in remembered(KEPT), "checked less" in remembered(KEPT)) == (False, False)
    assert remembered(none).count("not measured<") == 3
    assert "checked less" in remembered(none)
    assert none.over_limits() == {}
