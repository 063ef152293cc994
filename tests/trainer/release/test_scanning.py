"""What may stand in no file of a release; each error names the file and never what was found."""

import json
import random
import re
import struct

import pytest

from persona_core.errors import ReleaseError
from persona_core.manifest import Base, PersonaManifest
from persona_core.privacy import Names
from persona_core.prompt import SYSTEM_PROMPT
from trainer.release.card import DRIFTS, FIGURES, REMEMBERED, WHOSE, _body, cards_of_nobody, write_card
from trainer.release.scanning import (
    Privacy,
    require_clean,
    require_clean_header,
    require_named_base,
    said_anyway,
)
from trainer.run import open_run
from trainer.settings import Settings

TOKEN = "hf_" + "Abcd1234" * 4
QWEN = Base("Qwen/Qwen3-4B-Instruct-2507", "cdbee75f1750305567350095547773d3302b52ba", "apache-2.0")
HERS = Privacy(places=frozenset({"/data/chats/dasom"}), names=frozenset({"다솜별"}))


@pytest.mark.parametrize("name", ["README.md", "config.json", "tokenizer.json", "LICENSE", "tokenizer.model"])
@pytest.mark.parametrize("token", [TOKEN, "ghp_" + "a1B2" * 9, "-----BEGIN RSA PRIVATE KEY-----"])
def test_a_token_is_refused_in_every_file(name, token):
    """Vocabularies and licences too."""
    with pytest.raises(ReleaseError, match=name) as caught:
        require_clean(name, json.dumps({"a": token}))

    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "place",
    ["/home/dasom/chat", "/Users/dasom", "/content/drive/x", "C:\\Users\\dasom", "D:\\chats\\her", "/data/chats/dasom/runs"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["README.md", "config.json", "chat_template.jinja", "NOTICE"])
def test_a_place_of_a_machine_is_refused(name, place):
    """The usual ones of every system, and those that the run knows; as they are and as JSON writes them."""
    with pytest.raises(ReleaseError, match="folder of this computer"):
        require_clean(name, json.dumps({"_name_or_path": place}), HERS)


@pytest.mark.parametrize(
    "text",
    ["https://huggingface.co/me/talk/home/x", "Q:\\nA:\\n", "a/b/tmp/c", "and/or", "12:30", "/", "{{ 'user:\\n' }}"],
)  # fmt: skip
def test_what_looks_like_a_place_and_is_none(text):
    """Addresses, templates with line breaks, fractions."""
    for name in ("README.md", "chat_template.jinja"):
        require_clean(name, text, HERS)


MOST = {
    "%": 1,
    "2f": 20,
    "3f": 20,
    "1f": 40,
    ",.0f": 20_000,
    "0f": 200,
}  # by the end of the way it is written


def test_whatever_was_measured_the_card_may_be_sent():
    """Shares, counts and intervals beside each other are no phone number and no account: on forty cards."""
    chance = random.Random(7)
    forms = {name.format(who=who): form for name, (form, _) in FIGURES.items() for who in WHOSE}
    forms |= {name: form for name, (form, _) in REMEMBERED.items()}
    drifts = [f"{name}_{figure}" for name in DRIFTS for figure in ("kl", "nll_change", "agreement", "greedy")]
    for _ in range(40):
        measured = {name: chance.random() / 50 for name in drifts}
        for name, form in forms.items():
            most = next(most for end, most in MOST.items() if form.endswith(end))
            measured |= {f"{name}{end}": chance.uniform(0, most) for end in ("", "_low", "_high")}
        manifest = PersonaManifest(Base("tiny"), "2026-01-01", 2, evaluation=measured)
        card = _body(manifest, {"PHONE": chance.randrange(10**7), "ACCOUNT": chance.randrange(10**4)}, 4)

        require_clean("README.md", card, HERS)
        lines = said_anyway(card)
        assert lines <= said_anyway(*cards_of_nobody(manifest))


@pytest.mark.parametrize(
    "line",
    [
        "| 0.50 (0.34–0.67) | 02.123-4567 |",
        "| 0.50 | 010-0000-1234 | 95% |",
        "| 전화 | 010 | 0000 | 1234 |",
        "| 비밀번호 | 1234 |",
        "| 국민은행 | 123-45-678901 |",
        "| 010-0000-1234 | 0.50 | 0.32 |",
        "02.1234 5678",
        "95.12@example.com",
        "위도 37.5665 경도 126.9780",
    ],
)
def test_a_fact_is_no_measurement(line):
    """However it is pointed, in a table too."""
    with pytest.raises(ReleaseError, match="private fact"):
        require_clean("README.md", line)


def test_a_vocabulary_may_hold_any_word():
    """It is the base's: /home/u and a phone number are pieces of public text there, the run's own folder is not."""
    words = json.dumps(
        {"model": {"vocab": {"/home/u": 1, "010-0000-0000": 2, "다솜별": 3}}}, ensure_ascii=False
    )
    require_clean("tokenizer.json", words, HERS)

    with pytest.raises(ReleaseError, match=r"tokenizer\.json"):
        require_clean("tokenizer.json", json.dumps({"path": "/data/chats/dasom"}), HERS)


@pytest.mark.parametrize("fact", ["010-0000-1234", "dasom@example.com", "다솜별이가", "900101-1000000"])
@pytest.mark.parametrize("name", ["README.md", "persona.json", "adapter/adapter_config.json", "config.json"])
def test_a_private_fact_is_refused_in_what_is_written_here(name, fact):
    """The shapes that masking knows, and the two names."""
    with pytest.raises(ReleaseError, match="private fact") as caught:
        require_clean(name, json.dumps({"note": f"내 번호 {fact}"}, ensure_ascii=False), HERS)

    assert fact not in str(caught.value)


WORDS = (
    "Measured",
    "Base",
    "Load",
    "It",
    "No",
    "AI",
    "사람",
    "대화",
    "모델",
    "비공개",
    "한 사람",
    "연인",
    "말투",
)


THEIRS = Privacy(names=frozenset(WORDS))
NOBODYS = said_anyway(
    SYSTEM_PROMPT, *cards_of_nobody(PersonaManifest(QWEN, "2026-01-01", 2, libraries={"torch": "2.13"}))
)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(
    "measured", [{}, {"moments": 40, "memory_canaries": 0}, {"memory_recited": 2, "taken_tuned": 0.5}]
)
def test_a_label_that_is_a_word_of_the_card_blocks_no_release(tmp_path, bits, measured):
    """A profile may be called anything; what a card made of nobody's chat holds as well tells nothing."""
    figures = {f"{name}{end}": value for name, value in measured.items() for end in ("", "_low", "_high")}
    manifest = PersonaManifest(QWEN, "2026-01-01", 2, evaluation=figures, libraries={"torch": "2.13"})
    write_card(manifest, {"PHONE": 1234}, tmp_path, bits)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")

    for name in {*WORDS, *re.findall(r"[^\W\d_]{2,}", card)}:
        called = Privacy(names=frozenset({name}), people=Names(partner=name, nicknames=[name]))
        require_clean("README.md", card, called, NOBODYS)
    require_clean("persona.json", json.dumps({"system_prompt": SYSTEM_PROMPT}), THEIRS, NOBODYS)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("file", ["README.md", "persona.json", "adapter/adapter_config.json", "config.json"])
def test_such_a_label_is_still_a_name_anywhere_else(file, name):
    """In a line that somebody added to the card, or to a line of it, and in every configuration."""
    notes = [
        f"내 여자친구 {name}",
        f"# A persona, in private: {name}",
        f"| PHONE | {name} |",
        f"{name} {name}",
    ]
    for note in notes:
        with pytest.raises(ReleaseError, match="private fact"):
            require_clean(
                file, json.dumps([note], ensure_ascii=False) if file != "README.md" else note, THEIRS, NOBODYS
            )


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Measured", False), ("Names", False), ("Me", True), ("to Me.", True), ("Me가 보낸", True), ("Na님", True),
        ("다솜별이가", True), ("아다솜별", False), ("다솜별_2", True),
    ],
)  # fmt: skip
def test_a_name_is_a_word_that_a_particle_may_follow(text, tells):
    """One in Latin letters is not the beginning of another word; one in Korean has no other end."""
    names = Privacy(names=frozenset({"Me", "Na", "다솜별"}))

    if tells:
        with pytest.raises(ReleaseError, match="private fact"):
            require_clean("README.md", text, names)
    else:
        require_clean("README.md", text, names)


@pytest.fixture
def theirs(tmp_path):
    """What a run knows whose export calls him 회원님 and her 봄."""
    settings = Settings(
        me="회원님", my_names=("김도윤", "Max"), partner="봄", partner_names=("이서연", "꼬물이"), names=("박하진",)
    )  # fmt: skip
    return Privacy.of(open_run(tmp_path / "run", settings, {}))


@pytest.mark.parametrize(
    "text",
    ["김도윤", "도윤", "도윤이한테", "도유니가", "서연아", "서연이랑", "봄아", "봄이한테", "꼬물이가", "하진이는", "Max", "Max가"],
)  # fmt: skip
def test_people_are_found_by_every_name_of_the_settings_as_masking_finds_them(theirs, text):
    """Not by the export's label alone: their real names and pet names, one of a single letter, with their particles."""
    for name, document in (("README.md", f"내 사랑 {text}"), ("config.json", json.dumps({"note": text}))):
        with pytest.raises(ReleaseError, match="private fact"):
            require_clean(name, document, theirs)


@pytest.mark.parametrize("text", ["봄날", "봄이 왔다", "max_length", "MAX", "Maximum"])
def test_what_only_looks_like_one_of_them_is_nobody(theirs, text):
    """A word that begins with a name, the season, a setting of transformers."""
    require_clean("config.json", json.dumps({text: text}, ensure_ascii=False), theirs)


def test_digests_and_measurements_are_no_facts():
    """The digits of a sha256, of a commit, of a size or of a loss are nobody's account."""
    digest = "27ae8aad06419d885a6593788a745503055673a56fe4dd1b44393be50b83c38c"
    commit = "cdbee75f1750305567350095547773d3302b52ba"
    document = {"sha256": digest, "size": 250617283912, "revision": commit, "kl": 0.0012345678901}
    require_clean("persona.json", json.dumps(document), HERS)
    require_clean("README.md", f"Base model `Qwen/Qwen3-4B-Instruct-2507` at `{commit}`; 12,345 times.", HERS)


def test_what_a_run_knows(released):
    """Its folder, its exports, a local base; the names as the export has them."""
    privacy = Privacy.of(released)

    assert {str(released.path), *released.settings.exports, released.settings.base} <= privacy.places
    assert privacy.names == {"가온누리", "다솜별"}
    assert "/" not in privacy.places


@pytest.mark.parametrize(
    ("metadata", "refused"), [({"format": "pt"}, False), ({"token": TOKEN}, True), ({"from": "/home/dasom/x"}, True)]
)  # fmt: skip
def test_the_header_of_weights_is_read(tmp_path, metadata, refused):
    """The rest of the file are numbers; words can only stand there."""
    header = json.dumps({"__metadata__": metadata}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header)

    if refused:
        with pytest.raises(ReleaseError, match=r"model\.safetensors"):
            require_clean_header("model.safetensors", file)
    else:
        require_clean_header("model.safetensors", file)


def test_weights_without_a_header_are_refused(tmp_path):
    """A pickle under another name is no weight."""
    file = tmp_path / "model.safetensors"
    for content in (b"", b"pickle", b"\xff" * 64):
        file.write_bytes(content)
        with pytest.raises(ReleaseError, match="no whole safetensors"):
            require_clean_header("model.safetensors", file)


@pytest.mark.parametrize(
    ("name", "revision", "fine"),
    [
        ("Qwen/Qwen3-0.6B", "c1899de2", True),
        ("tiny-korean", None, True),
        ("Qwen/Qwen3-0.6B", None, False),
        ("/data/models/tiny", None, False),
        ("C:\\models\\tiny", None, False),
        ("models/tiny", None, False),
        ("", None, False),
    ],
)
def test_the_base_of_an_adapter_is_named_for_others(name, revision, fine):
    """A Hub id with its revision, or a bare name; and the one of persona.json."""
    config = json.dumps({"base_model_name_or_path": name, "revision": revision})

    if fine:
        require_named_base(config, Base(name, revision))
        with pytest.raises(ReleaseError):
            require_named_base(config, Base("another/base", revision))
    else:
        with pytest.raises(ReleaseError, match="does not name its base"):
            require_named_base(config, Base(name, revision))
