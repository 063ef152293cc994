"""Why he does not answer: in her words, for everything that is known to go wrong, and never with a stack trace."""

from dataclasses import replace

import gradio as gr
import pytest

from apology import apology, cause
from configuration import Settings
from persona_core.errors import EngineError, HubError, OutOfMemory, SettingsError, TokenMissing
from persona_core.texts import text_in

KOREAN, ENGLISH = Settings(language="ko"), Settings(language="en")


@pytest.mark.parametrize(
    ("error", "korean", "english"),
    [
        (EngineError("space.not_ready"), "깨어나는 중", "waking up"),
        (EngineError("space.too_long"), "너무 오래", "too long"),
        (OutOfMemory("engine.out_of_memory"), "메모리가 부족", "Memory ran out"),
        (gr.Error("429", title="ZeroGPU quota exceeded"), "GPU 시간을 다", "GPU time is used up"),
        (gr.Error("20s requested", title="ZeroGPU illegal duration"), "GPU 시간을 다", "GPU time is used up"),
        (gr.Error("No GPU", title="ZeroGPU queue timeout"), "빈 GPU가 없", "No GPU is free"),
        (gr.Error("GPU task aborted", title="ZeroGPU worker error"), "너무 오래", "too long"),
        (gr.Error("OutOfMemory", title="ZeroGPU worker error"), "메모리가 부족", "Memory ran out"),
        (gr.Error("KeyError", title="ZeroGPU worker error"), "보내지 못했어요", "could not be sent"),
        (RuntimeError("CUDA error"), "보내지 못했어요", "could not be sent"),
    ],
)
def test_what_goes_wrong_is_said_in_her_language(error, korean, english):
    """Loading, a hang, the day's quota, no free GPU, memory; and for the rest a plain apology."""
    assert korean in apology(error, KOREAN)
    assert english in apology(error, ENGLISH)


@pytest.mark.parametrize(
    "error",
    [
        EngineError("engine.missing_artefact", kind="merged"),
        EngineError("engine.damaged", folder="/srv/release"),
        EngineError("space.not_loaded"),
        SettingsError("space.no_model"),
        TokenMissing("hub.token_missing"),
    ],
)
def test_of_what_only_the_owner_can_mend_she_hears_whom_to_tell(error):
    """No path, no command, no setting: those are in the log."""
    for settings in (KOREAN, ENGLISH):
        assert apology(error, replace(settings, persona_name="도윤")) == text_in(
            settings.language, "space.tell", persona="도윤"
        )


def test_a_hub_that_is_down_passes_by_itself():
    """It is tried again: she need not tell anybody."""
    assert "by itself" in apology(HubError("hub.unreachable", repo="minsu/talk"), ENGLISH)


def test_the_log_says_where_and_not_what(caplog):
    """A library's message could repeat what she wrote."""
    try:
        raise ValueError("비밀 대화")
    except ValueError as error:
        apology(error, KOREAN)

    assert "ValueError" in caplog.text
    assert "test_apology.py" in caplog.text
    assert "비밀" not in caplog.text.replace('raise ValueError("비밀 대화")', "")


def test_the_cause_is_a_key_that_programs_can_be_told():
    """The same distinction for the page and for /v1."""
    assert cause(gr.Error("", title="ZeroGPU pending credits exceeded")) == "space.quota"
    assert cause(EngineError("space.too_long")) == "space.too_long"
    assert cause(KeyError()) == "space.trouble"
