"""The whole way with real parts: an export becomes a persona that answers in a browser, and only when she may ask.

The demo is trained once (real trl, peft and bitsandbytes on the CPU), pushed to the Hub on loopback, staged as a Space,
started as a process of its own with nothing but that folder on its path, and opened in Chromium.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from persona_core.invite import make_invite
from persona_core.manifest import PersonaManifest
from tests.browser import chromium_page, screenshots
from tests.staged_space import running_space, status
from trainer.demo import base_path
from trainer.demo.sample import sample_lines
from trainer.release.staging import stage_space
from trainer.run import load_run

ROOT = Path(__file__).parents[1]
SECRET = "a secret that opens the page for as long as it stays"
RELEASE_FILES = {
    ".gitattributes",  # every repository of the Hub has one
    "README.md",
    "LICENSE",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "openvino/chat_template.jinja",
    "openvino/generation_config.json",
    "openvino/openvino_model.bin",
    "openvino/openvino_model.xml",
    "openvino/tokenizer.json",
    "openvino/tokenizer_config.json",
    "persona.json",
    "tokenizer.json",
    "tokenizer_config.json",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory) -> Path:
    """A finished demo run, made by the command a user types."""
    work = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "trainer.cli", "train", "--demo"],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PERSONA_LANG": "en", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (work / "said.txt").write_text(done.stderr, encoding="utf-8")
    return work / "runs" / "demo"


def test_the_demo_learns(demo_folder):
    """Held-out loss per token falls by at least 15 % from the base to the tuned model."""
    evaluation = load_run(demo_folder).read_metrics()["evaluation"]

    assert evaluation["tuned"]["nll"] <= 0.85 * evaluation["base"]["nll"]


def test_the_demo_says_what_was_learned_and_what_to_type_next(demo_folder):
    """Loss before and after, replies side by side, and the next command."""
    said = (demo_folder.parent.parent / "said.txt").read_text(encoding="utf-8")

    assert "loss per token, held out" in said
    assert "Replies to what it never saw" in said
    assert f"persona chat {Path('runs') / 'demo'}" in said


def test_no_private_fact_of_the_chat_is_left_in_the_run(demo_folder):
    """Neither names nor numbers of the sample stand in a dataset file or in the release."""
    private = ["김도윤", "이서연", "도윤", "서연", "010-0000", "mochi0000!", "@example.com"]
    said = "\n".join(line.text for line in sample_lines())
    assert all(fact in said for fact in private[2:])  # they were there to be masked

    files = [*(demo_folder / "data").iterdir(), *(demo_folder / "release").rglob("*.*")]
    found = {
        (path.name, fact)
        for path in files
        if path.is_file() and path.suffix != ".safetensors" and path.name != "tokenizer.json"
        for fact in private
        if fact in path.read_text(encoding="utf-8", errors="replace")
    }

    assert found == set()


def test_a_second_call_finds_everything_done(demo_folder):
    """The same command goes on where the run stands: here, at its end."""
    before = {p: p.stat().st_mtime_ns for p in demo_folder.rglob("*") if p.is_file()}
    done = subprocess.run(
        [sys.executable, "-m", "trainer.cli", "train", str(demo_folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in demo_folder.rglob("*") if p.is_file()} == before


def test_what_was_pushed_is_private_complete_and_loads(hub, demo_folder):
    """One private repository, the architecture's files and no other; plain transformers and peft load it."""
    done = hub.run(
        [sys.executable, "-m", "trainer.cli", "push", demo_folder, "minsu/talk"],
        token=hub.token,
        extra={"PYTHONPATH": str(ROOT), "PERSONA_LANG": "en"},
    )
    info = hub.api().model_info("minsu/talk")

    assert info.private
    assert {file.rfilename for file in info.siblings} == RELEASE_FILES
    assert [tag.name for tag in hub.api().list_repo_refs("minsu/talk").tags] == ["v1"]
    assert hub.token not in done.stdout + done.stderr

    program = (
        "import json, sys, torch\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "from peft import PeftModel\n"
        "merged = AutoModelForCausalLM.from_pretrained('minsu/talk')\n"
        "tokenizer = AutoTokenizer.from_pretrained('minsu/talk')\n"
        "base = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.bfloat16)\n"
        "tuned = PeftModel.from_pretrained(base, 'minsu/talk', subfolder='adapter')\n"
        "ids = tokenizer.apply_chat_template([{'role': 'user', 'content': '밥 먹었어?'}],"
        " add_generation_prompt=True, return_tensors='pt', return_dict=True)\n"
        "kinds = {type(m).__name__ for m in merged.modules()}\n"
        "print(json.dumps(['Linear4bit' in kinds, bool(getattr(merged, '_hf_peft_config_loaded', False)),"
        " len(merged.generate(**ids, max_new_tokens=8)[0]) > len(ids['input_ids'][0]), len(tuned.peft_config)]))\n"
    )
    loaded = hub.run([sys.executable, "-c", program, base_path()], token=hub.read_token, home="fresh")

    assert json.loads(loaded.stdout.splitlines()[-1]) == [True, False, True, 1]


def test_she_opens_the_space_and_he_answers(hub, demo_folder, tmp_path):
    """Refused without an invite, let in with one, a Korean message is answered in bubbles."""
    hub.api().create_repo("minsu/talk", private=True)
    revision = hub.api().upload_folder(repo_id="minsu/talk", folder_path=demo_folder / "release").oid
    stage_space(tmp_path / "space")
    settings = {
        "PERSONA_REPO": "minsu/talk",
        "PERSONA_REVISION": revision,
        "PERSONA_NAME": "도윤",
        "PARTNER_NAME": "서연",
        "INVITE_SECRET": SECRET,
        "PERSONA_RHYTHM": "off",
    }

    with running_space(tmp_path / "space", hub.environment(token=hub.read_token, extra=settings)) as url:
        assert status(url) == 401

        with chromium_page(width=390, height=844) as page:
            page.goto(f"{url}/invite/{make_invite(SECRET, 1)}")
            page.locator("#message textarea:enabled").wait_for(timeout=120_000)
            assert "/invite/" not in page.url
            page.get_by_role("textbox").fill("밥 먹었어?")
            page.get_by_role("textbox").press("Enter")
            # the page itself waits two minutes for the model
            page.locator("#chat [data-testid=bot]").first.wait_for(timeout=150_000)
            page.locator("#message .submit-button").wait_for()
            page.screenshot(path=screenshots() / "end-to-end.png")
            answer = page.locator("#chat [data-testid=bot]").all_inner_texts()

    assert any("가" <= letter <= "힣" or "ㄱ" <= letter <= "ㅣ" for letter in "".join(answer))
    assert "[[" not in "".join(answer)


def test_the_release_manifest_names_no_person_and_no_path(demo_folder):
    """persona.json holds nothing private and nothing of the machine."""
    manifest = PersonaManifest.read(demo_folder / "release")
    document = manifest.to_json()

    assert manifest.base.id == base_path().name or "/" not in manifest.base.id
    assert str(demo_folder.parent) not in document
    assert "도윤" not in document
