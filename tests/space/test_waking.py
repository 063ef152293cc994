"""An engine that may still be asleep."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import app
from configuration import Settings
from persona_core.errors import EngineError, HubError, TokenMissing
from tests.tiny_release import tiny_run
from waking import Sleeper


class Ready:
    def stream(self, history, *, seed=None, generation=None):
        yield ["ㅇㅇ"]


def test_it_says_how_far_it_is():
    """Waking, what the loading reports, ready."""
    seen = []

    def load(report):
        seen.append(sleeper.status.state)
        report("downloading", 40)
        seen.append((sleeper.status.state, sleeper.status.percent))
        return Ready()

    sleeper = Sleeper(load)
    sleeper.wake()

    assert [*seen, sleeper.status.state] == ["waking", ("downloading", 40), "ready"]
    assert list(sleeper.stream(())) == [["ㅇㅇ"]]


def test_what_is_said_too_early_is_answered_on_waking():
    """A message waits for the engine instead of getting lost."""
    sleeper = Sleeper(lambda report: Ready())
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(lambda: list(sleeper.stream(())))
        assert not answer.done()
        sleeper.wake()

        assert answer.result(timeout=30) == [["ㅇㅇ"]]


def test_who_waited_long_enough_is_told():
    """When the engine does not come, words do."""
    with pytest.raises(EngineError) as caught:
        Sleeper(lambda report: Ready(), patience_s=0).stream(())

    assert caught.value.key == "space.not_ready"


def test_what_went_wrong_is_told_to_whoever_asks():
    """A failure never ends the page; every question is answered with it."""

    def load(report):
        raise TokenMissing("hub.token_missing")

    sleeper = Sleeper(load)
    sleeper.wake()

    assert sleeper.status.state == "failed"
    with pytest.raises(TokenMissing):
        sleeper.stream(())


def test_an_error_that_is_told_again_and_again_remembers_no_question():
    """Nothing of what she wrote stays in memory with it."""

    class Question(list):
        """One that can be looked for when it is gone."""

    def load(report):
        raise TokenMissing("hub.token_missing")

    def ask():
        question = Question(["비밀 대화"])
        with suppress(TokenMissing):
            sleeper.stream(question)
        return weakref.ref(question)

    sleeper = Sleeper(load)
    sleeper.wake()
    asked = [ask() for _ in range(3)]
    gc.collect()

    assert [question() for question in asked] == [None] * 3


def test_a_librarys_own_error_becomes_our_words(caplog):
    """The visitor reads what to do; the owner finds the rest in the log."""

    def load(report):
        raise OSError("no such host")

    sleeper = Sleeper(load)
    sleeper.wake()

    assert sleeper.status.error.key == "space.not_loaded"
    assert "no such host" not in str(sleeper.status.error)
    assert "no such host" in caplog.text


def test_the_log_says_in_one_language_how_far_it_is_and_what_is_wrong(caplog, monkeypatch):
    """The owner's: what is missing, where, and what to do about it."""
    caplog.set_level("INFO", "persona")

    def load(report):
        report("loading")
        raise EngineError("engine.no_manifest", folder="/srv/release")

    said = {}
    for language in ("ko", "en"):
        monkeypatch.setenv("PERSONA_LANG", language)
        caplog.clear()
        Sleeper(load).wake()
        said[language] = caplog.messages

    assert said["en"][0] == "Loading the model… You can talk in a moment."
    assert said["ko"][0] == "모델을 불러오는 중이에요… 곧 이야기할 수 있어요."
    assert all("/srv/release" in messages[1] for messages in said.values())


def test_a_hub_that_was_down_is_asked_again():
    """Until it is up, everyone is told; what does not pass by itself is not tried twice."""
    troubles = [
        HubError("hub.unreachable", repo="me/talk"),
        HubError("hub.down", repo="me/talk", status=503, message=""),
    ]
    told = []

    def load(report):
        told.append(sleeper.status.error and sleeper.status.error.key)
        if troubles:
            raise troubles.pop(0)
        return Ready()

    sleeper = Sleeper(load)
    sleeper.wake((0, 0, 0))

    assert told == [None, "hub.unreachable", "hub.down"]
    assert list(sleeper.stream(())) == [["ㅇㅇ"]]

    def refuse(report):
        told.append("refused")
        raise TokenMissing("hub.token_missing")

    Sleeper(refuse).wake((0, 0, 0))
    assert told.count("refused") == 1


def test_a_hub_that_stays_down_is_not_said_to_be_asked_again():
    """After the last time nothing passes by itself any more: somebody has to start the Space anew."""

    def load(report):
        seen.append(sleeper.status.error and sleeper.status.error.key)
        raise HubError("hub.unreachable", repo="me/talk")

    seen = []
    sleeper = Sleeper(load)
    sleeper.wake((0,))

    assert [*seen, sleeper.status.error.key] == [None, "hub.unreachable", "space.not_loaded"]


def test_the_page_says_how_much_of_the_download_is_here(hub, monkeypatch, tmp_path):
    """Percent of the released bytes, from the Hub itself, up to all of them."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub.api().create_repo("minsu/talk", private=True)
    hub.api().upload_folder(repo_id="minsu/talk", folder_path=tiny_run(tmp_path / "run").release)
    told = []

    folder = app.fetch(
        Settings(repo="minsu/talk", revision="main"), ("merged",), lambda *status: told.append(status)
    )

    assert (folder / "model.safetensors").is_file()
    assert (told[0], told[-1]) == (("downloading",), ("downloading", 100))
