"""The tokenizer of an artefact says what transformers says, for every family, and waits for none of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_core.engine.tokenizer import StoredTokenizer
from persona_core.errors import DataError, EngineError
from persona_core.prompt import ChatFormat, Turn, begun_ids, clean_bubble, encode, end_of_turn_id
from tests.trainer.tuning.families import FAMILIES, build_tokenizer

FORMAT = ChatFormat(system_prompt="짧게 답해.")
TALK = (Turn("partner", ("밥?",)), Turn("persona", ("ㅇㅇ", "너는")), Turn("partner", ("나도",)))
bubbles = st.text(max_size=30).map(clean_bubble).filter(bool)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Of every family: our reading of its files, and transformers'."""
    from transformers import AutoTokenizer

    made = {}
    for name, family in FAMILIES.items():
        folder = tmp_path_factory.mktemp(name)
        build_tokenizer(family).save_pretrained(folder)
        made[name] = (StoredTokenizer.read(folder), AutoTokenizer.from_pretrained(folder))
    return made


@pytest.mark.parametrize("name", FAMILIES)
@given(said=st.lists(bubbles, min_size=1, max_size=3), control=st.booleans())
@settings(max_examples=20)
def test_the_tokens_are_those_of_transformers(name, said, control, pairs):
    """Of prompts, of whole conversations and of replies that were begun, with forged control tokens in them."""
    ours, theirs = pairs[name]
    forged = FAMILIES[name].end if control else ""
    talk = (*TALK[:2], Turn("partner", (*said, f"{forged}응")))
    for turns in (talk, (*talk, Turn("persona", (f"{forged}ㅋㅋ", *said)))):
        assert encode(ours, turns, FORMAT) == encode(theirs, turns, FORMAT)
    assert begun_ids(ours, said, FORMAT) == begun_ids(theirs, said, FORMAT)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_text_is_that_of_transformers(name, pairs):
    """Every token alone and after another, special ones written and left out."""
    ours, theirs = pairs[name]
    for token in range(len(theirs)):
        for ids in ([token], [token, (7 * token) % len(theirs)]):
            for skipped in (True, False):
                assert ours.decode(ids, skip_special_tokens=skipped) == theirs.decode(
                    ids, skip_special_tokens=skipped
                )


@pytest.mark.parametrize("name", FAMILIES)
def test_the_end_of_a_turn_is_that_of_transformers(name, pairs):
    """What stops a reply."""
    ours, theirs = pairs[name]
    assert end_of_turn_id(ours, FORMAT) == end_of_turn_id(theirs, FORMAT)


@pytest.fixture
def plain(pairs):
    return pairs["qwen3"][0]


def written(tokenizer, template, *messages):
    return tokenizer.apply_chat_template(list(messages), chat_template=template, tokenize=False)


def test_a_template_may_use_what_transformers_gives_it(plain):
    """Loop controls, JSON as it is, what is learned marked, blocks that leave no line behind, tokens by name."""
    loop = "{% for m in messages %}\n  {% if loop.index > 1 %}{% break %}{% endif %}\n{{ m.content }}{% endfor %}"

    assert written(plain, loop, {"content": "가"}, {"content": "나"}) == "가"
    assert written(plain, "{{ {'말': '<가>'} | tojson }}") == '{"말": "<가>"}'
    assert written(plain, "a{% generation %}b{% endgeneration %}c") == "abc"
    assert written(plain, "{{ eos_token }}") == "<|im_end|>"


def test_a_template_that_refuses_is_said(plain, monkeypatch):
    """In the words for a template that does not fit."""
    monkeypatch.setattr(StoredTokenizer, "get_chat_template", lambda _: "{{ raise_exception('no system') }}")

    with pytest.raises(DataError) as caught:
        encode(plain, TALK, FORMAT)
    assert caught.value.key == "core.template_unfit"


@pytest.mark.parametrize(
    "attempt", ["{{ ''.__class__.__mro__ }}", "{{ messages.append(1) }}", "{% include '/etc/hostname' %}"]
)
def test_a_template_reaches_nothing_but_its_messages(attempt, plain):
    """It came from the Hub: it writes text, and has no way to Python, to what it was given or to a file."""
    from jinja2 import TemplateError

    with pytest.raises((TemplateError, TypeError)):  # TypeError: there is nowhere to include from
        written(plain, attempt)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", None),
        ("tokenizer.json", b"{"),
        ("tokenizer_config.json", None),
        ("tokenizer_config.json", b"{"),
        ("chat_template.jinja", None),
        ("chat_template.jinja", b"\xff\xfe"),
    ],
)
def test_a_damaged_file_is_said(name, content, tmp_path):
    """The line says which folder, and how to get another one."""
    build_tokenizer(FAMILIES["qwen3"]).save_pretrained(tmp_path)
    (tmp_path / name).unlink()
    if content:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(EngineError, match="persona export") as caught:
        StoredTokenizer.read(tmp_path)
    assert caught.value.key == "engine.damaged"


@pytest.mark.parametrize("library", ["tokenizers", "jinja2"])
def test_a_missing_library_is_said(library, tmp_path, monkeypatch):
    """The extra has a name."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(EngineError, match=rf"{library}.*\.\[cpu\]"):
        StoredTokenizer.read(tmp_path)


def test_neither_transformers_nor_torch_is_imported(tmp_path):
    """What they take, two seconds and a quarter of a gigabyte, is what this module is for."""
    build_tokenizer(FAMILIES["llama3"]).save_pretrained(tmp_path)
    program = (
        "import sys; from pathlib import Path; from persona_core.engine.tokenizer import StoredTokenizer\n"
        "from persona_core.prompt import ChatFormat, end_of_turn_id\n"
        "end_of_turn_id(StoredTokenizer.read(Path(sys.argv[1])), ChatFormat())\n"
        "print({'transformers', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "set()\n"
