"""What stands upon the Hub's client works with the test Hub too: Xet, the hf command, transformers and peft."""

import sys
from pathlib import Path

import pytest

from tests.hub_fixtures import Hub
from tests.loopback.talk import MODEL, WEIGHTS


class TestXet:
    PUSH = (
        "import sys; from huggingface_hub import HfApi\n"
        "HfApi().upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])\n"
    )
    PULL = (
        "import sys; from huggingface_hub import hf_hub_download\n"
        "print(hf_hub_download(sys.argv[1], 'model.safetensors'))\n"
    )

    def test_default_transfer_works_without_a_network(self, hub: Hub, release: Path):
        """Pushed by Xet, the weights come back by Xet and, for clients without it, by LFS."""
        hub.control.offer_xet()
        hub.api().create_repo(MODEL, private=True)
        push = [sys.executable, "-c", self.PUSH, MODEL, release]
        hub.run(push, token=hub.token, xet=True)
        assert not [r for r in hub.control.requests if r.method == "PUT"]
        for xet in (True, False):
            with hub.control.recording() as requests:
                pull = [sys.executable, "-c", self.PULL, MODEL]
                done = hub.run(pull, token=hub.read_token, xet=xet, home=f"home-{xet}")
            assert Path(done.stdout.strip()).read_bytes() == WEIGHTS
            assert any("/xet-read-token/" in r.path for r in requests) is xet

    def test_switched_off_it_fails_as_the_client_does(self, hub: Hub, release: Path):
        """A client that insists on Xet gets a network error from a Hub that has none."""
        hub.api().create_repo(MODEL, private=True)
        push = [sys.executable, "-c", self.PUSH, MODEL, release]
        done = hub.run(push, token=hub.token, xet=True, check=False)
        assert "ConnectionError" in done.stderr
        assert list(hub.control.files(MODEL)) == [".gitattributes"]


class TestOtherClients:
    def test_hf_command_downloads(self, hub: Hub, pushed: str, tmp_path: Path):
        """`hf download` gets the repository with a token from the environment."""
        hf = [sys.executable, "-m", "huggingface_hub.cli.hf"]
        hub.run([*hf, "download", MODEL, "--local-dir", tmp_path / "got"], token=hub.read_token)
        assert (tmp_path / "got" / "model.safetensors").read_bytes() == WEIGHTS

    @pytest.mark.slow
    def test_transformers_and_peft_load_from_the_repository(self, hub: Hub, tmp_path: Path):
        """A tiny random model and its adapter, pushed to one private repository, load and answer."""
        import torch
        from peft import LoraConfig, PeftModel, get_peft_model
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from tests.tiny_model import build_tiny_model

        base = build_tiny_model(tmp_path / "base")
        api = hub.api()
        api.create_repo(MODEL, private=True)
        model = AutoModelForCausalLM.from_pretrained(base)
        adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"]))
        adapted.save_pretrained(tmp_path / "adapter")
        api.upload_folder(repo_id=MODEL, folder_path=base)
        api.upload_folder(repo_id=MODEL, folder_path=tmp_path / "adapter", path_in_repo="adapter")

        client = {"token": hub.read_token, "cache_dir": tmp_path / "cache"}
        tokenizer = AutoTokenizer.from_pretrained(MODEL, **client)
        loaded = AutoModelForCausalLM.from_pretrained(MODEL, **client)
        with_adapter = PeftModel.from_pretrained(loaded, MODEL, subfolder="adapter", **client)
        words = tokenizer("뭐 해?", return_tensors="pt")
        with torch.inference_mode():
            there, here = with_adapter(**words).logits, adapted.eval()(**words).logits
        assert torch.equal(there, here)
