"""The head of the form for CPUs: shorter, and he can say whatever he said."""

from array import array

import pytest

from persona_core.manifest import Generation, PersonaManifest
from persona_core.prompt import ChatFormat
from tests.tiny_model import build_tiny_tokenizer
from tests.trainer.tuning.families import FAMILIES, build_family
from trainer.release import head
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
    spoken = set(head.spoken_ids(tokenizer, [], len(tokenizer)))

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

    spoken = head.spoken_ids(tokenizer, [], len(tokenizer))

    assert spoken == sorted(spoken)
    assert set(range(EARLY)) < set(spoken)
    assert {len(tokenizer) - 2, len(tokenizer) - 1} < set(spoken)
    for text in FOREIGN:
        as_bytes = "".join(tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)[0][0])
        assert {tokenizer.convert_tokens_to_ids(character) for character in as_bytes} < set(spoken)


def test_single_letters_stay_wherever_they_are(tokenizer, monkeypatch):
    """SentencePiece has them behind the words; an ideograph is a word."""
    monkeypatch.setattr(head, "EARLY", 0)
    tokenizer = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer)
    tokenizer.add_tokens(
        ["早"]
    )  # byte-level BPE has no piece of one foreign letter: here each is three bytes
    spoken = {tokenizer.decode([token]) for token in head.spoken_ids(tokenizer, [], len(tokenizer))}

    assert {*"abcxyzABC019!?"} < spoken
    assert [head._is_for_all(piece) for piece in ("ω", "ツ", "é", "ℹ", "早", "안", "th", "가a")] == [
        True, True, True, True, False, True, False, True,
    ]  # fmt: skip


def test_no_token_is_kept_that_the_head_has_no_row_for(tokenizer):
    """Gemma's tokenizer knows one more than its model; ids may have gaps."""
    whole = head.spoken_ids(tokenizer, [], len(tokenizer))

    assert head.spoken_ids(tokenizer, [], len(tokenizer) - 1) == [t for t in whole if t < len(tokenizer) - 1]
    assert head.spoken_ids(tokenizer, [], 2 * len(tokenizer)) == whole


def test_a_foreign_word_that_he_says_often_stays(tokenizer):
    """In five examples it is his; in four, however often, it is not; what she says does not count."""
    word = next(token for token in ids(tokenizer, "butterfly") if token >= EARLY)

    def spoken(*rows):
        return word in head.spoken_ids(tokenizer, rows, len(tokenizer))

    assert spoken(*[row([word])] * 5)
    assert not spoken(*[row([word] * 9)] * 4)
    assert not spoken(*[row([5], heard=[word])] * 9)


class Sure:
    """A model that expects 5, 9, 5 and, in one of ten cases, 70."""

    device = "cpu"

    def get_output_embeddings(self):
        import torch

        return torch.nn.Linear(4, 100)

    def __call__(self, logits_to_keep, **_):
        import torch

        logits = torch.zeros(1, len(logits_to_keep), 100)
        logits[0, range(3), [5, 9, 5]] = 14.0
        logits[0, :, 70] = 14.0 - float(torch.log(torch.tensor(9.0)))
        return type("Output", (), {"logits": logits})


@pytest.mark.parametrize(
    ("generation", "share"),
    [
        (Generation(temperature=1.0, top_k=0, top_p=1.0), 0.1),
        (Generation(temperature=1.0, top_k=50, top_p=0.8), 0.0),
        (Generation(temperature=0.0), 0.0),
    ],
)
def test_what_is_missed_is_what_would_have_been_said(generation, share):
    """A word that is never drawn is not missed, however many of them the head lacks."""
    rows = [row([5, 9, 5], heard=[1])]

    assert head.missed(Sure(), range(60), rows, generation) == pytest.approx(share, abs=1e-4)
    assert head.missed(Sure(), range(100), rows, generation) == 0


@pytest.mark.parametrize(("limit", "kept"), [(0.11, 60), (0.09, 100)])
def test_the_head_stays_whole_where_he_would_miss_words(tokenizer, monkeypatch, capsys, limit, kept):
    """Either way a line says how many word pieces there are, and how many in a thousand would be others."""
    monkeypatch.setattr(head, "MAX_MISSED", limit)
    monkeypatch.setattr(
        head, "spoken_ids", lambda *_: list(range(60))
    )  # 70, which it says in a tenth, is not there
    monkeypatch.setenv("PERSONA_LANG", "en")

    anything = Generation(temperature=1.0, top_k=0, top_p=1.0)
    chosen = head.choose_head(Sure(), tokenizer, [], [row([5, 9, 5], heard=[1])], anything)

    said = " ".join(capsys.readouterr().err.split())
    assert (len(chosen.ids), chosen.is_short) == (kept, kept == 60)
    assert ("with 60 of 100 word" in said) == chosen.is_short
    assert ("keep all 100 word pieces: with 60" in said) != chosen.is_short
    assert "100.0 in 1,000" in said


def test_a_small_vocabulary_stays_whole(tokenizer, capsys):
    """There is nothing to leave out, and nothing is measured or said."""
    chosen = head.choose_head(Sure(), tokenizer, [], [], Generation())

    assert (len(chosen.ids), chosen.is_short) == (100, False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["qwen3", "kanana2", "hyperclovax-think"])
def test_what_is_spoken_has_the_logits_of_the_whole_head_and_the_rest_the_least(name, tmp_path):
    """With tied weights and without, multipliers after the head and none; the embedding keeps its rows."""
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM

    from persona_core.engine.openvino import compile_graph

    base = build_family(FAMILIES[name], tmp_path / "base")

    def logits(folder, step):
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16).eval()
        rows = model.config.vocab_size
        save_graph(model, folder, head.Head(range(0, rows - 60 * (step > 1), step), rows))
        graph, _ = compile_graph(folder, DYNAMIC_QUANTIZATION_GROUP_SIZE=0, KV_CACHE_PRECISION="f32")
        feed = {"input_ids": [[7, 90, 33]], "position_ids": [[0, 1, 2]], "beam_idx": np.zeros(1, np.int32)}
        return graph.create_infer_request().infer(feed)["logits"][0, 0].copy()

    whole = logits(tmp_path / "whole", 1)
    spoken = [*range(0, len(whole) - 60, 2)]
    short = logits(tmp_path / "short", 2)

    assert short.shape == whole.shape
    assert np.abs(short[spoken] - whole[spoken]).max() <= 1e-5 * np.abs(whole).max()
    rest = np.delete(short, spoken)
    assert (rest == short[spoken].min()).all()


def test_a_release_has_a_short_head_where_little_is_missed(finished_run, copy_of, monkeypatch):
    """This base was never trained and says anything; here it may miss as much as it likes (else: test_openvino.py).

    A short head is held against what the exact model says of the tokens it has; it is as near as a whole one.
    """
    import numpy as np

    from persona_core.engine.openvino import compile_graph

    monkeypatch.setattr(head, "WORTH", 1.0)
    monkeypatch.setattr(head, "MAX_MISSED", 1.0)
    run = copy_of(finished_run)
    tokenizer = load_tokenizer(source_of(run))
    rows = read_rows(tokenizer, run.train_file, ChatFormat(), 256).rows
    spoken = head.spoken_ids(tokenizer, rows, len(tokenizer))

    build_release(run, openvino=True)

    graph, _ = compile_graph(run.release / "openvino")
    feed = {"input_ids": [[5]], "position_ids": [[0]], "beam_idx": np.zeros(1, np.int32)}
    said = graph.create_infer_request().infer(feed)["logits"][0, 0]
    figures = PersonaManifest.read(run.release).evaluation
    card = (run.release / "README.md").read_text(encoding="utf-8")
    assert len(said) == len(tokenizer) > len(spoken)
    assert (np.delete(said, spoken) == said.min()).all()
    assert 0 < figures["drift_openvino_kl"] < 0.05
    assert figures["head_kept"] == len(spoken)
    assert f"it lacks {1000 * figures['head_missed']:.1f}" in card
