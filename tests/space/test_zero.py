"""ZeroGPU lends a GPU for a call, until the day's time is used up; then a CPU goes on where the conversation stands."""

import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

import app
from configuration import Settings
from persona_core.engine.speech import speak
from persona_core.errors import HubError
from persona_core.manifest import Artefact, Base, Generation, PersonaManifest
from persona_core.prompt import Turn
from tests.persona_core.engine.reply import ending
from tests.space.served import SETTINGS, ScriptedEngine
from tests.staged_space import reserved_port
from waking import Sleeper

QUOTA = gr.Error("60s requested", title="ZeroGPU quota exceeded")
MANIFEST = PersonaManifest(Base("tiny"), "2026-01-01", 2, (Artefact("merged", ".", ()),))


@pytest.fixture(autouse=True)
def lent(monkeypatch):
    """The platform's library: it runs what it is given, and says of each call for how long."""
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lambda function, duration: function))


@pytest.mark.parametrize(("hardware", "is_up"), [("zero", False), ("cpu", True)])
def test_a_hub_that_is_down_at_the_start_is_asked_again(monkeypatch, hardware, is_up):
    """While the page is up already; on ZeroGPU before, because it packs at launch what was loaded."""
    pauses, found_it_up = [], []
    troubles = [HubError("hub.unreachable", repo="minsu/talk"), HubError("hub.busy", repo="minsu/talk")]
    asked_thrice = threading.Event()

    def load(settings, report):
        found_it_up.append(page.is_running)
        if troubles:
            raise troubles.pop(0)
        asked_thrice.set()
        return ScriptedEngine(["ㅇㅇ"])

    monkeypatch.setattr(app, "load", load)
    monkeypatch.setattr("waking.time", SimpleNamespace(sleep=pauses.append))
    settings = replace(SETTINGS, hardware=hardware)
    page, programs, sleeper = app.prepare(settings)
    with reserved_port() as port:
        app.open_up(page, settings, programs, sleeper, server_name="127.0.0.1", server_port=port)
        try:
            assert asked_thrice.wait(timeout=60)
        finally:
            page.close(verbose=False)

    assert (pauses, found_it_up) == ([15, 60], [is_up] * 3)


def awake(engine):
    sleeper = Sleeper(lambda report: engine)
    sleeper.wake()
    return sleeper


def say(engine, history):
    return list(speak(engine, history, "도윤", "서연"))


@pytest.mark.parametrize("title", ["ZeroGPU quota exceeded", "ZeroGPU queue timeout"])
def test_the_cpu_goes_on_with_the_whole_conversation_and_the_gpu_comes_back(title):
    """The second message finds no GPU: it is answered all the same, by an engine that knows the first; the third has one."""
    gpu = ScriptedEngine(["아직"], gr.Error("", title=title), ["좋아"])
    cpu = ScriptedEngine(["지금 먹어", "자기는?"])
    engine = app.OnZeroGPU(gpu, awake(cpu))
    first = [Turn("partner", ("밥 먹었어?",))]
    second = [*first, Turn("persona", ("아직",)), Turn("partner", ("왜",))]
    third = [*second, Turn("persona", ("지금 먹어", "자기는?")), Turn("partner", ("나도",))]

    assert [say(engine, history) for history in (first, second, third)] == [
        ["아직"],
        ["지금 먹어", "자기는?"],
        ["좋아"],
    ]
    assert cpu.heard == [second]


@pytest.mark.parametrize("gpu", [ScriptedEngine(["응", "왜"]), ScriptedEngine(QUOTA)])
def test_that_its_length_ended_a_reply_comes_through(gpu):
    """Out of the GPU's worker, or from the CPU."""
    engine = app.OnZeroGPU(gpu, awake(ScriptedEngine(["응", "왜"])))
    hello = [Turn("partner", ("응?",))]

    assert [
        ending(engine.stream(hello, generation=Generation(max_new_tokens=limit))) for limit in (2, 3)
    ] == [
        True,
        False,
    ]


def test_without_a_spare_the_quota_is_said():
    """The release has no openvino artefact, or it did not load: she is told what she was told before."""
    failed = Sleeper(lambda report: 1 / 0)
    failed.wake()

    for spare in (None, failed):
        with pytest.raises(gr.Error) as caught:
            list(app.OnZeroGPU(ScriptedEngine(QUOTA), spare).stream([Turn("partner", ("응?",))]))
        assert caught.value is QUOTA


def test_other_errors_are_no_reason_to_change_engines():
    """A fault of the model's would only be made again, more slowly."""
    cpu = ScriptedEngine(["ㅇㅇ"])
    engine = app.OnZeroGPU(ScriptedEngine(gr.Error("KeyError", title="ZeroGPU worker error")), awake(cpu))

    with pytest.raises(gr.Error, match="KeyError"):
        list(engine.stream([Turn("partner", ("응?",))]))
    assert cpu.heard == []


def test_a_spare_is_had_where_the_release_has_one(monkeypatch):
    """Only then is anything fetched, and only that."""
    fetched = []
    monkeypatch.setattr(app, "download_release", lambda *_, kinds, **__: fetched.append(kinds))
    monkeypatch.setattr(app, "load_engine", lambda folder, hardware: ScriptedEngine(["ㅇㅇ"]))
    settings = Settings(repo="minsu/talk", revision="v1", hardware="zero")
    both = replace(MANIFEST, artefacts=(*MANIFEST.artefacts, Artefact("openvino", "openvino", ())))

    assert app.spare_engine(settings, MANIFEST) is None
    assert list(app.spare_engine(settings, both).stream([Turn("partner", ("응?",))])) == [["ㅇㅇ"]]
    assert fetched == [("openvino",)]
