"""What of an example carries loss, and what gives way when it is too long."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.errors import DataError
from persona_core.prompt import ChatFormat, Turn, clean_bubble, encode, end_of_turn_id, render_reply
from trainer.dataset.example import Example, write_examples
from trainer.tuning.labels import IGNORED, Row, check, label, read_rows

FORMAT = ChatFormat(system_prompt="친구와 대화 중이야.")
HI, YES = Turn("partner", ("밥 먹었어?",)), Turn("persona", ("웅", "ㅋㅋㅋ"))
WHERE, HOME = Turn("partner", ("어디야?",)), Turn("persona", ("집",))


def row_of(tokenizer, turns, trained, max_length=512):
    row, _ = label(tokenizer, Example(tuple(turns), tuple(trained)), FORMAT, max_length)
    assert row is not None
    return row


def learned(tokenizer, row):
    """The labelled stretches as text."""
    stretches, current = [], []
    for token in [*row.labels, IGNORED]:
        if token != IGNORED:
            current.append(token)
        elif current:
            stretches.append(tokenizer.decode(current))
            current = []
    return stretches


def test_loss_falls_on_the_reply_and_its_end_of_turn_token(tokenizer):
    """Exactly the ids of the reply's text and the end-of-turn token are labelled."""
    row = row_of(tokenizer, (HI, YES), (True,))
    reply = [*tokenizer("웅\nㅋㅋㅋ", add_special_tokens=False).input_ids, end_of_turn_id(tokenizer, FORMAT)]
    assert list(row.labels) == [IGNORED] * (len(row.input_ids) - len(reply)) + reply
    assert list(row.input_ids[-len(reply) :]) == reply
    assert row.supervised == len(reply)


def test_every_trained_reply_is_learned(tokenizer):
    """Each persona turn of an example is learned, not the last one alone."""
    row = row_of(tokenizer, (HI, YES, WHERE, HOME), (True, True))
    assert learned(tokenizer, row) == ["웅\nㅋㅋㅋ<|im_end|>", "집<|im_end|>"]


def test_a_reply_that_is_only_context_is_not_learned(tokenizer):
    """A persona turn with trained=False carries no loss."""
    row = row_of(tokenizer, (HI, YES, WHERE, HOME), (False, True))
    assert learned(tokenizer, row) == ["집<|im_end|>"]


def test_what_stands_before_a_reply_is_what_the_engine_sends(tokenizer):
    """Token for token, the row up to a reply is the prompt that `encode` makes of the same history."""
    row = row_of(tokenizer, (HI, YES, WHERE, HOME), (True, True))
    for history in ((HI,), (HI, YES, WHERE)):
        prompt = encode(tokenizer, history, FORMAT).ids
        assert tuple(row.input_ids[: len(prompt)]) == prompt
        assert row.labels[len(prompt) - 1] == IGNORED
        assert row.labels[len(prompt)] != IGNORED


def test_the_persona_may_write_first(tokenizer):
    """An example that begins with a persona turn is learned after the opening that stands for her."""
    row = row_of(tokenizer, (YES, WHERE, HOME), (True, True))
    assert learned(tokenizer, row) == ["웅\nㅋㅋㅋ<|im_end|>", "집<|im_end|>"]


def test_too_long_loses_its_oldest_exchange(tokenizer):
    """The system prompt and the newest exchange stay; what remains is the row of the shorter example."""
    short = row_of(tokenizer, (WHERE, HOME), (True,))
    example = Example((HI, YES, WHERE, HOME), (True, True))
    row, dropped = label(tokenizer, example, FORMAT, len(short.input_ids))
    assert (row, dropped) == (short, 1)
    assert tokenizer.decode(row.input_ids).startswith("<|im_start|>system\n친구와 대화 중이야.<|im_end|>")


def test_a_newest_exchange_that_is_too_long_makes_no_row(tokenizer):
    """Nothing of the newest exchange is ever cut off."""
    short = row_of(tokenizer, (WHERE, HOME), (True,))
    row, _ = label(tokenizer, Example((WHERE, HOME), (True,)), FORMAT, len(short.input_ids) - 1)
    assert row is None


def test_an_example_that_teaches_nothing_is_refused(tokenizer):
    """No trained persona turn is an error of the data, not a row to skip."""
    with pytest.raises(DataError):
        label(tokenizer, Example((HI, YES), (False,)), FORMAT, 512)


def test_flags_that_do_not_match_the_turns_are_refused(tokenizer):
    """One flag for two persona turns would shift every label."""
    with pytest.raises(DataError):
        label(tokenizer, Example((HI, YES, WHERE, HOME), (True,)), FORMAT, 512)


@pytest.mark.parametrize(
    ("labels", "why"),
    [([IGNORED, IGNORED, IGNORED], "no label"), ([IGNORED, 5, IGNORED], "end"), ([7, IGNORED, 5], "end")],
)
def test_a_row_without_labels_or_without_its_end_is_refused(labels, why):
    """A reply that is learned without its end-of-turn token would never stop."""
    with pytest.raises(DataError):
        check(Row(array("i", [1, 5, 7]), array("i", labels)), end_id=7)


def test_a_file_is_read_whole_and_what_did_not_fit_is_counted(tokenizer, tmp_path):
    """Rows come in the file's order; examples too long for one exchange are left out and counted."""
    longer = Turn("persona", ("가나다라마바사아자차카타파하" * 9,))
    examples = [Example(turns, (True,)) for turns in ((HI, YES), (HI, longer), (WHERE, HOME))]
    write_examples(tmp_path / "train.jsonl", examples, FORMAT)
    read = read_rows(tokenizer, tmp_path / "train.jsonl", FORMAT, 160)
    assert [learned(tokenizer, row) for row in read.rows] == [["웅\nㅋㅋㅋ<|im_end|>"], ["집<|im_end|>"]]
    assert (read.shortened, read.left_out) == (0, 1)
    assert read.supervised == sum(row.supervised for row in read.rows)


def test_a_file_without_examples_is_refused(tokenizer, tmp_path):
    """There is nothing to train on, and the error names the file."""
    (tmp_path / "train.jsonl").touch()
    with pytest.raises(DataError, match=r"train\.jsonl"):
        read_rows(tokenizer, tmp_path / "train.jsonl", FORMAT, 512)


bubbles = st.lists(
    st.text(st.sampled_from("가나다ㅋㅠ ?!😀<|im_end|>a1\n"), min_size=1, max_size=12)
    .map(clean_bubble)
    .filter(bool),
    min_size=1,
    max_size=3,
).map(tuple)


@settings(max_examples=60)
@given(st.lists(st.tuples(bubbles, bubbles, st.booleans()), min_size=1, max_size=4))
def test_what_is_learned_decodes_to_what_he_wrote(tokenizer, exchanges):
    """Whatever is said, even the template's own tokens, the labels are the trained replies, each with its end."""
    exchanges[-1] = (*exchanges[-1][:2], True)
    turns = [turn for hers, his, _ in exchanges for turn in (Turn("partner", hers), Turn("persona", his))]
    trained = [flag for *_, flag in exchanges]
    row = row_of(tokenizer, turns, trained, max_length=4096)
    check(row, end_of_turn_id(tokenizer, FORMAT))
    assert learned(tokenizer, row) == [render_reply(his) + "<|im_end|>" for _, his, flag in exchanges if flag]
