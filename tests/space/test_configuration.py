"""What the environment says becomes settings; what it fails to say is named."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from configuration import Settings
from persona_core.errors import SettingsError

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "space"
ON_A_SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "minsu/talk",
    "SPACE_HOST": "minsu-talk.hf.space,talk.example.com",
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}


def settings(**environment):
    return Settings.from_environment(environment)


def test_an_empty_environment_opens_nothing_and_speaks_korean():
    """Locked by default."""
    empty = settings()

    assert (empty.invites, empty.sign_in, empty.language, empty.hardware) == (False, False, "ko", "auto")
    assert empty.door_problems() == ("space.no_door",)


def test_names_and_secrets_stay_out_of_the_repr():
    """Whoever logs the settings logs nothing private."""
    shown = repr(
        settings(PERSONA_NAME="도윤", PARTNER_NAME="서연", INVITE_SECRET="s" * 32, ALLOWED_USERS="seoyeon")
    )

    assert [word for word in ("도윤", "서연", "sss", "seoyeon") if word in shown] == []


def test_allowed_users_are_a_list_in_any_spelling():
    """Commas, blanks and capitals do not matter."""
    assert settings(ALLOWED_USERS=" SeoYeon, ,minsu,").allowed_users == {"seoyeon", "minsu"}


def test_signing_in_needs_a_space_that_offers_it():
    """Elsewhere gradio's sign-in would let everyone in, so there the door stays shut."""
    here = settings(**{**ON_A_SPACE, "SYSTEM": ""}, ALLOWED_USERS="seoyeon")
    there = settings(**ON_A_SPACE, ALLOWED_USERS="seoyeon")
    incomplete = settings(**{**ON_A_SPACE, "OAUTH_CLIENT_SECRET": ""}, ALLOWED_USERS="seoyeon")

    assert [here.sign_in, there.sign_in, incomplete.sign_in] == [False, True, False]
    assert here.door_problems() == incomplete.door_problems() == ("space.no_sign_in",)


def test_a_space_knows_its_first_address():
    """With a domain of one's own Hugging Face names two."""
    assert settings(**ON_A_SPACE).space_host == "minsu-talk.hf.space"


def test_a_short_secret_is_no_door():
    """The invite door opens only with a secret nobody can guess."""
    weak = settings(INVITE_SECRET="s" * 31)

    assert (weak.invites, weak.door_problems()) == (False, ("space.weak_secret",))


def test_programs_may_ask_only_with_a_key_nobody_can_guess():
    """Off unless set; one that is short, or that no header can carry, is told to the owner, and keeps no door of hers shut."""
    off, *weak, on = (settings(PERSONA_API_KEY=key) for key in ("", "k" * 31, "키" * 32, "k" * 32))

    assert [s.answers_programs for s in (off, *weak, on)] == [False, False, False, True]
    assert [s.key_problems() for s in weak] == [("space.weak_api_key",)] * 2
    assert off.key_problems() == on.key_problems() == ()
    assert "kkk" not in repr(on)


@pytest.mark.parametrize(
    ("environment", "key"),
    [({}, "space.no_model"), ({"PERSONA_REPO": "minsu/talk"}, "space.no_revision")],
)
def test_a_model_is_a_folder_or_a_repository_at_a_revision(environment, key):
    """What runs is pinned."""
    with pytest.raises(SettingsError) as caught:
        settings(**environment).check_model()

    assert caught.value.key == key
    settings(PERSONA_REPO="minsu/talk", PERSONA_REVISION="v1").check_model()
    settings(PERSONA_FOLDER="release").check_model()


def test_one_variable_chooses_the_weights():
    """Merged unless the adapter is asked for; a word that is neither is refused."""
    model = {"PERSONA_FOLDER": "release"}

    assert settings(**model).weights == settings(**model, PERSONA_ARTEFACT="").weights == "merged"
    assert settings(**model, PERSONA_ARTEFACT="adapter").weights == "adapter"
    with pytest.raises(SettingsError, match="merged, adapter"):
        settings(**model, PERSONA_ARTEFACT="gguf").check_model()


@pytest.mark.parametrize("environment", [{"SPACES_ZERO_GPU": "true"}, {"ACCELERATOR": "zero-a10g"}])
def test_zero_gpu_is_seen(environment):
    """Either of the platform's two variables says so."""
    assert settings(**environment).hardware == "zero"


def test_english_is_a_choice_and_other_languages_are_korean():
    """The page speaks two languages."""
    assert [settings(PERSONA_LANG=language).language for language in ("en", "ko", "fr", "")] == [
        "en",
        "ko",
        "ko",
        "ko",
    ]


def test_the_page_has_words_for_names_it_was_not_told():
    """Without secrets nobody is called by an empty name."""
    assert (settings().his_name, settings().her_name) == ("그 사람", "자기")
    assert (settings(PERSONA_NAME="도윤").his_name, settings(PARTNER_NAME="서연").her_name) == (
        "도윤",
        "서연",
    )


# --- the Space's own files ---


def card():
    return yaml.safe_load((SPACE / "README.md").read_text(encoding="utf-8").split("---")[1])


def extra(name):
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ][name]


def required(file):
    lines = (SPACE / file).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_the_card_is_one_the_hub_accepts():
    """Known keys, a short description, a colour that exists, the file that is there."""
    front = card()

    assert (front["sdk"], front["python_version"]) == ("gradio", "3.12")
    assert len(front["short_description"]) <= 60
    assert {front["colorFrom"], front["colorTo"]} <= {
        "red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray",
    }  # fmt: skip
    assert (SPACE / front["app_file"]).is_file()
    assert (front["hf_oauth"], front["hf_oauth_expiration_minutes"]) == (True, 43_200)


def test_the_space_runs_the_gradio_that_was_tested():
    """One pin: the card's sdk_version is that of pyproject.toml."""
    pin = next(line for line in extra("space") if line.startswith("gradio"))

    assert pin == f"gradio[oauth]=={card()['sdk_version']}"


def test_the_space_installs_what_the_extra_names():
    """The space extra and openvino, without gradio, and with what gradio's oauth extra brings."""
    ours = {*extra("space"), *extra("cpu"), "authlib", "itsdangerous"}

    assert required("requirements.txt") == {line for line in ours if not line.startswith(("gradio", "nncf"))}


def test_a_space_on_a_cpu_installs_no_torch():
    """Nor what exists for torch alone."""
    for_torch = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")

    assert required("requirements-cpu.txt") == {
        line for line in required("requirements.txt") if not line.startswith(for_torch)
    }


def test_every_variable_of_the_card_is_one_the_page_reads():
    """The table in the card and the code name the same settings."""
    named = set(re.findall(r"`([A-Z_]{6,})`", (SPACE / "README.md").read_text(encoding="utf-8")))
    code = (SPACE / "configuration.py").read_text(encoding="utf-8")

    assert named
    assert [name for name in named if name not in code] == []
