"""Every format is written by its rules, read back as what it was, and refused with the broken rule's name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.errors import DataError
from persona_core.prompt import OPENING, SYSTEM_PROMPT, ChatFormat, Turn, clean_bubble
from persona_core.texts import table
from trainer.dataset.example import Example, read_examples, write_examples
from trainer.dataset.formats import dump, from_row, to_rows
from trainer.dataset.row_rules import FORMATS, VERTEX_INPUT, VERTEX_OUTPUT, check

CHAT = ChatFormat()
TURNS = (
    Turn("partner", ("밥 먹었어?",)),
    Turn("persona", ("ㅇㅇ", "김밥")),
    Turn("partner", ("맛있었어?",)),
    Turn("persona", ("웅\n완전",)),
)
EXAMPLE = Example(TURNS, (True, True))
WINDOW = Example(TURNS, (False, True))  # its first reply was trained in the window before

bubbles = (
    st.text(min_size=1, max_size=12).map(clean_bubble).filter(lambda bubble: bubble not in ("", OPENING))
)
spoken = st.lists(bubbles, min_size=1, max_size=3).map(tuple)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Alternating turns that end in the persona's; the context that was trained before comes first."""
    count = draw(st.integers(1, 8))
    roles = ["persona" if i % 2 == 0 else "partner" for i in range(count)][::-1]
    roles = roles if roles[-1] == "persona" else roles[1:]
    turns = tuple(Turn(role, draw(spoken)) for role in roles)
    personas = roles.count("persona")
    context = draw(st.integers(0, personas - 1))
    return Example(turns, (False,) * context + (True,) * (personas - context))


def test_messages_rows_say_which_replies_are_learned():
    """The default: what chat models are trained on everywhere, with our flags beside it."""
    assert to_rows(TURNS, (False, True), "messages", CHAT) == [
        {
            "messages": [
                {"role": "system", "content": SYSTEM_PROMPT},
                {"role": "user", "content": "밥 먹었어?"},
                {"role": "assistant", "content": "ㅇㅇ\n김밥"},
                {"role": "user", "content": "맛있었어?"},
                {"role": "assistant", "content": "웅\u2028완전"},
            ],
            "trained": [False, True],
        }
    ]


def test_instruction_rows_hold_one_reply_and_what_was_said_before():
    """Each reply that is learned has a row; one that is context has none."""
    row = {
        "instruction": SYSTEM_PROMPT,
        "input": "[[PARTNER]]: 밥 먹었어?\n[[PERSONA]]: ㅇㅇ\n[[PERSONA]]: 김밥\n[[PARTNER]]: 맛있었어?",
        "output": "웅\u2028완전",
    }

    assert to_rows(TURNS, (False, True), "instruction", CHAT) == [row]
    assert len(to_rows(TURNS, (True, True), "instruction", CHAT)) == 2


def test_vertex_text_rows_hold_the_prompt_in_the_input():
    """input_text and output_text, nothing else."""
    first, _ = to_rows(TURNS, (True, True), "vertex-text", CHAT)

    assert first == {"input_text": f"{SYSTEM_PROMPT}\n\n[[PARTNER]]: 밥 먹었어?", "output_text": "ㅇㅇ\n김밥"}


def test_vertex_chat_and_gemini_rows_leave_out_what_is_trained_elsewhere():
    """They cannot say that a reply is mere context, so the conversation begins with what is learned."""
    assert to_rows(TURNS, (False, True), "vertex-chat", CHAT) == [
        {
            "context": SYSTEM_PROMPT,
            "messages": [
                {"author": "user", "content": "맛있었어?"},
                {"author": "assistant", "content": "웅\u2028완전"},
            ],
        }
    ]
    assert to_rows(TURNS, (False, True), "gemini", CHAT) == [
        {
            "systemInstruction": {"role": "system", "parts": [{"text": SYSTEM_PROMPT}]},
            "contents": [
                {"role": "user", "parts": [{"text": "맛있었어?"}]},
                {"role": "model", "parts": [{"text": "웅\u2028완전"}]},
            ],
        }
    ]


@given(examples())
def test_messages_are_read_back_as_they_were(example):
    """Turns, bubbles and flags."""
    assert Example.from_json(example.to_json(CHAT), CHAT) == example


@pytest.mark.parametrize("row_format", FORMATS)
@given(example=examples())
def test_every_format_keeps_its_rules_and_every_learned_reply_exactly_once(row_format, example):
    """What is read back learns just the replies that were to be learned, bubble for bubble."""
    rows = to_rows(example.turns, example.trained, row_format, CHAT)

    read = [Example(*from_row(json.loads(json.dumps(check(row))), CHAT)) for row in rows]

    assert [turn for back in read for turn in back.learned] == list(example.learned)


@pytest.mark.parametrize("row_format", FORMATS)
def test_a_file_of_any_format_is_read_by_its_content(tmp_path, row_format):
    """The file's name does not matter."""
    path = tmp_path / "mine.jsonl"
    rows = to_rows(TURNS, (True, True), row_format, CHAT)
    path.write_text("\ufeff" + "\n\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")

    read = list(read_examples(path, CHAT))

    assert [turn for example in read for turn in example.learned] == [TURNS[1], TURNS[3]]


def test_a_row_is_one_line_for_every_reader_of_lines():
    """Some end lines at U+2028, which parts the lines of a bubble; JSON can spell it."""
    row = to_rows(TURNS, (True, True), "messages", CHAT)[0]

    assert len(dump(row).splitlines()) == 1
    assert json.loads(dump(row)) == row


def test_rows_of_other_tools_are_read_too(tmp_path):
    """Single questions without our line prefixes, with and without an input."""
    path = tmp_path / "alpaca.jsonl"
    rows = [
        {"instruction": "밥 먹었어?", "input": "", "output": "ㅇㅇ"},
        {"instruction": "연인처럼 답해", "input": "뭐해?", "output": "그냥 있어"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")

    assert list(read_examples(path, CHAT)) == [
        Example((Turn("partner", ("밥 먹었어?",)), Turn("persona", ("ㅇㅇ",))), (True,)),
        Example((Turn("partner", ("뭐해?",)), Turn("persona", ("그냥 있어",))), (True,)),
    ]


def test_written_examples_are_read_back(tmp_path):
    """The whole file, in order."""
    path = tmp_path / "train.jsonl"
    write_examples(path, [EXAMPLE, WINDOW], CHAT)

    assert list(read_examples(path, CHAT)) == [EXAMPLE, WINDOW]


USER, ASSISTANT = {"role": "user", "content": "밥?"}, {"role": "assistant", "content": "ㅇㅇ"}
ASKS, ANSWERS = {"author": "user", "content": "밥?"}, {"author": "assistant", "content": "ㅇㅇ"}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ([], "row_unknown"),
        ({}, "row_unknown"),
        ({"messages": []}, "row_unknown"),
        ({"messages": "밥?"}, "row_unknown"),
        ({"messages": [USER, "ㅇㅇ"]}, "row_unknown"),
        ({"messages": [USER]}, "row_roles"),
        ({"messages": [ASSISTANT, USER]}, "row_roles"),
        ({"messages": [USER, USER, ASSISTANT, ASSISTANT]}, "row_roles"),
        ({"messages": [USER, {"role": "assistant", "content": "  "}]}, "row_blank"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "row_blank"),
        ({"messages": [USER, ASSISTANT], "trained": []}, "row_trained"),
        ({"messages": [USER, ASSISTANT], "trained": [False]}, "row_trained"),
        ({"messages": [USER, ASSISTANT], "trained": [True, True]}, "row_trained"),
        ({"messages": [USER, ASSISTANT], "trained": ["no"]}, "row_trained"),
        ({"messages": [USER, ASSISTANT], "trained": [[]]}, "row_trained"),
        ({"messages": [USER, {"role": "assistant", "content": "\ud83d"}]}, "row_no_json"),
        ({"instruction": "", "input": "", "output": "ㅇㅇ"}, "row_blank"),
        ({"instruction": "밥?", "input": "", "output": ""}, "row_blank"),
        ({"output": "ㅇㅇ"}, "row_blank"),
        ({"input_text": "밥?"}, "row_blank"),
        ({"input_text": "밥" * (VERTEX_INPUT + 1), "output_text": "ㅇㅇ"}, "row_too_long"),
        ({"input_text": "밥?", "output_text": "ㅇ" * (VERTEX_OUTPUT + 1)}, "row_too_long"),
        ({"messages": [ANSWERS, ASKS]}, "row_roles"),
        ({"messages": [ASKS, ANSWERS], "context": 1}, "row_unknown"),
        ({"messages": [ASKS, ANSWERS], "context": "가" * VERTEX_INPUT}, "row_too_long"),
        ({"messages": [ASKS, {"author": "assistant", "content": "ㅇ" * 1025}]}, "row_too_long"),
        ({"contents": [{"role": "user", "parts": [{"text": "밥?"}]}]}, "row_roles"),
        (
            {"contents": [{"role": "user", "parts": []}, {"role": "model", "parts": [{"text": "네"}]}]},
            "row_blank",
        ),
        ({"contents": [{"role": "user"}, {"role": "model", "parts": [{"text": "네"}]}]}, "row_blank"),
    ],
)
def test_a_broken_row_is_refused_by_the_rule_it_breaks(row, rule):
    """The rule has a text of its own."""
    with pytest.raises(ValueError, match=f"^{rule}$"):
        from_row(row, CHAT)
    assert f"dataset.{rule}" in table()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b"1" * 5_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b'{"messages": []}', "no example we know"),
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(tmp_path, monkeypatch, line, reason):
    """The second line is at fault, the first is read."""
    monkeypatch.setenv("PERSONA_LANG", "en")
    path = tmp_path / "mine.jsonl"
    path.write_bytes(EXAMPLE.to_json(CHAT).encode() + b"\n" + line + b"\n")
    read = read_examples(path, CHAT)

    assert next(read) == EXAMPLE
    with pytest.raises(DataError) as error:
        next(read)
    assert f"{path}, line 2: " in str(error.value)
    assert reason in str(error.value)
