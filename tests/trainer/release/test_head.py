"""The head of the form for CPUs: shorter, and he can say whatever he said."""

from array import array

import pytest

from persona_core.manifest import PersonaManifest
from persona_core.prompt import ChatFormat
from tests.tiny_model import build_tiny_tokenizer
from tests.trainer.tuning.families import FAMILIES, build_family
from trainer.release import head, openvino, verify
from trainer.release.openvino import save_graph
from trainer.release.release import build_release
from trainer.tuning.base import load_tokenizer
from trainer.tuning.labels import IGNORED, Row, read_rows
from trainer.tuning.source import source_of

EARLY = 300  # of the tiny vocabulary: the control tokens, the bytes and a few pieces
FOREIGN = ("привет как дела", "今天天气很好", "wonderful butterfly", "สวัสดีครับ", "مرحبا بك")
KOREAN = ("오늘 뭐 했어?", "집에서 쉬었어 ㅋㅋㅋ", "알겠어 조심해서 와!", "😀😀😀", "!?!?", "~~~~")


@pytest.fixture(scope="module")
def tokenizer():
    """A vocabulary of many languages; everything above is a piece of it, or a few."""
    return build_tiny_tokenizer(700).train_new_from_iterator([*FOREIGN, *KOREAN] * 9, 700)


@pytest.fixture(autouse=True)
def early(monkeypatch):
    """A vocabulary of hundreds is as large here as one of hundreds of thousands."""
    monkeypatch.setattr(head, "EARLY", EARLY)


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False).input_ids


def row(said, heard=()):
    """An example with one reply."""
    return Row(array("i", [*heard, *said]), array("i", [IGNORED] * len(heard) + [*said]))


def test_words_of_other_languages_are_left_out_and_hangul_emoji_and_signs_stay(tokenizer):
    """What stays of foreign words are the early pieces, and pieces that end in the middle of a letter."""
    spoken = set(head.spoken_ids(tokenizer, []))

    for text in KOREAN:
        assert set(ids(tokenizer, text)) <= spoken, text
    for text in FOREIGN:
        assert not set(ids(tokenizer, text)) <= spoken, text
        lost = [tokenizer.decode([token]) for token in set(ids(tokenizer, text)) - spoken]
        assert all(piece.strip().isalpha() or "่" in piece or "ั" in piece for piece in lost), lost


def test_every_token_in_front_and_every_one_that_was_added_stays(tokenizer):
    """Bytes are among the first: with them every text can be spelled. No reply ends without its control token."""
    from transformers import AddedToken

    tokenizer = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|im_end|>")
    tokenizer.add_tokens([AddedToken("<|late|>", special=True), AddedToken("[[NAME]]")])

    spoken = head.spoken_ids(tokenizer, [])

    assert spoken == sorted(spoken)
    assert set(range(EARLY)) < set(spoken)
    assert {len(tokenizer) - 2, len(tokenizer) - 1} < set(spoken)
    for text in FOREIGN:
        as_bytes = "".join(tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)[0][0])
        assert {tokenizer.convert_tokens_to_ids(character) for character in as_bytes} < set(spoken)


def test_a_foreign_word_that_he_says_often_stays(tokenizer):
    """In five examples it is his; in four, however often, it is not; what she says does not count."""
    word = next(token for token in ids(tokenizer, "butterfly") if token >= EARLY)
    plenty = [row([5] * 100_000)]

    assert word in head.spoken_ids(tokenizer, plenty + [row([word])] * 5)
    assert word not in head.spoken_ids(tokenizer, plenty + [row([word] * 9)] * 4)
    assert word not in head.spoken_ids(tokenizer, plenty + [row([5], heard=[word])] * 9)


def test_a_small_vocabulary_stays_whole(tokenizer, monkeypatch):
    """There is nothing to leave out."""
    monkeypatch.setattr(head, "EARLY", len(tokenizer))

    assert head.spoken_ids(tokenizer, []) == list(range(len(tokenizer)))


@pytest.mark.parametrize(("said", "about"), [([5, 9, 5], 0.00547), ([5, 9, 70], 4 / 3)])
def test_what_a_short_head_costs(said, about):
    """A model that is sure of 5, 9 and 5 loses what little it gave to others; a word it can no longer say costs 4 nats."""
    import torch

    class Sure(torch.nn.Module):
        device = "cpu"

        def forward(self, logits_to_keep, **_):
            logits = torch.zeros(1, 3, 100)
            logits[0, range(3), [5, 9, 5]] = 14.0
            logits[0, :, 60:] = 4.0
            return type("Output", (), {"logits": logits})

    assert head.cost(Sure(), range(60), [row(said, heard=[1])]) == pytest.approx(about, rel=0.01)
    assert head.cost(Sure(), range(100), [row(said, heard=[1])]) == 0


@pytest.mark.parametrize("name", ["qwen3", "llama3", "gemma3", "exaone4", "hyperclovax-think"])
def test_what_is_spoken_has_the_logits_of_the_whole_head_and_the_rest_the_least(name, tmp_path):
    """With tied weights and without, multipliers after the head and none; the embedding keeps its rows."""
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM

    from persona_core.engine.openvino import compile_graph

    base = build_family(FAMILIES[name], tmp_path / "base")

    def logits(folder, spoken):
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16).eval()
        save_graph(model, folder, spoken)
        graph, _ = compile_graph(folder, DYNAMIC_QUANTIZATION_GROUP_SIZE=0, KV_CACHE_PRECISION="f32")
        feed = {"input_ids": [[7, 90, 33]], "position_ids": [[0, 1, 2]], "beam_idx": np.zeros(1, np.int32)}
        return graph.create_infer_request().infer(feed)["logits"][0, 0].copy()

    whole = logits(tmp_path / "whole", ())
    spoken = [*range(0, len(whole) - 60, 2)]
    short = logits(tmp_path / "short", spoken)

    assert short.shape == whole.shape
    assert np.abs(short[spoken] - whole[spoken]).max() <= 1e-5 * np.abs(whole).max()
    rest = np.delete(short, spoken)
    assert (rest == short[spoken].min()).all()


@pytest.mark.parametrize("enough", [True, False])
def test_a_release_has_a_short_head_where_it_costs_little(finished_run, copy_of, monkeypatch, enough):
    """This base was never trained, and says anything: its head stays whole, unless that is allowed to cost something."""
    import numpy as np

    from persona_core.engine.openvino import compile_graph

    for module, limit in ((openvino, "MAX_COST"), (verify, "MAX_KL"), (verify, "MAX_NLL_RISE")):
        monkeypatch.setattr(module, limit, 1.0 if enough else getattr(module, limit))
    run = copy_of(finished_run)
    tokenizer = load_tokenizer(source_of(run))
    rows = read_rows(tokenizer, run.train_file, ChatFormat(), 256).rows
    spoken = head.spoken_ids(tokenizer, rows)

    build_release(run, openvino=True)

    graph, _ = compile_graph(run.release / "openvino")
    feed = {"input_ids": [[5]], "position_ids": [[0]], "beam_idx": np.zeros(1, np.int32)}
    said = graph.create_infer_request().infer(feed)["logits"][0, 0]
    rest = np.delete(said, spoken)
    assert len(said) == len(tokenizer) > len(spoken)
    assert (rest == said.min()).all() == enough
    kl = PersonaManifest.read(run.release).evaluation["drift_openvino_kl"]
    assert (0.05 < kl < 1.0) if enough else kl < 0.05
