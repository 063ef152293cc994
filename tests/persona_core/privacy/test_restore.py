"""Names come back with the particle they take; nothing else that is private is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.privacy import restore, scrub
from persona_core.privacy.particles import last_sound

CONSONANT, RIEUL, VOWEL = "서연", "지율", "지수"


@pytest.mark.parametrize(
    ("written", "consonant", "rieul", "vowel"),
    [
        ("{}야 뭐해", "서연아 뭐해", "지율아 뭐해", "지수야 뭐해"),
        ("{}아 뭐해", "서연아 뭐해", "지율아 뭐해", "지수야 뭐해"),
        ("{}아아아", "서연아아아", "지율아아아", "지수야아아"),
        ("나 {}야", "나 서연이야", "나 지율이야", "나 지수야"),
        ("나 {}이야", "나 서연이야", "나 지율이야", "나 지수야"),
        ("{}가", "서연이", "지율이", "지수가"),
        ("{}이", "서연이", "지율이", "지수가"),
        ("{}이가", "서연이가", "지율이가", "지수가"),
        ("{}는", "서연은", "지율은", "지수는"),
        ("{}이는", "서연이는", "지율이는", "지수는"),
        ("{}를", "서연을", "지율을", "지수를"),
        ("{}와", "서연과", "지율과", "지수와"),
        ("{}랑 놀자", "서연이랑 놀자", "지율이랑 놀자", "지수랑 놀자"),
        ("{}이랑", "서연이랑", "지율이랑", "지수랑"),
        ("{}로", "서연으로", "지율로", "지수로"),
        ("{}으로", "서연으로", "지율로", "지수로"),
        ("{}이네 집", "서연이네 집", "지율이네 집", "지수네 집"),
        ("{}였어", "서연이었어", "지율이었어", "지수였어"),
        ("{}이라고", "서연이라고", "지율이라고", "지수라고"),
        ("{}이한테", "서연이한테", "지율이한테", "지수한테"),
        ("{}한테", "서연한테", "지율한테", "지수한테"),
        ("{}씨", "서연씨", "지율씨", "지수씨"),
        ("{}님이", "서연님이", "지율님이", "지수님이"),
        ("{}이모", "서연이모", "지율이모", "지수이모"),
        ("{}", "서연", "지율", "지수"),
    ],
)
def test_the_particle_follows_the_name(written, consonant, rieul, vowel):
    """Whatever form the model wrote, the name gets its own."""
    text = written.format("[[PARTNER]]")
    assert restore(text, "도윤", CONSONANT) == consonant
    assert restore(text, "도윤", RIEUL) == rieul
    assert restore(text, "도윤", VOWEL) == vowel


def test_both_names_come_back():
    """Each placeholder has its own name."""
    assert restore("[[PERSONA]]이랑 [[PARTNER]]이", "도윤", "지수") == "도윤이랑 지수가"


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("서연", "consonant"),
        ("지율", "ㄹ"),
        ("지수", "vowel"),
        ("서연❤️", "consonant"),
        ("Minji", "vowel"),
        ("Paul", "ㄹ"),
        ("Jane", "consonant"),
        ("Jack", "consonant"),
        ("JM", "consonant"),
        ("JL", "ㄹ"),
        ("영7", "ㄹ"),
        ("지수2", "vowel"),
        ("지수3", "consonant"),
        ("♥", "vowel"),
    ],
)
def test_the_last_sound_is_that_of_reading_aloud(name, sound):
    """Hangul by its final, digits and Latin letters as they are spoken, signs not at all."""
    assert last_sound(name) == sound


hangul = st.text(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), min_size=1, max_size=4)


@given(hangul, st.sampled_from(["야 뭐해", "아 뭐해"]))
def test_any_hangul_name_is_called_rightly(name, written):
    """아 after a consonant, 야 after a vowel."""
    has_final = (ord(name[-1]) - ord("가")) % 28 > 0
    assert restore("[[PARTNER]]" + written, "도윤", name) == name + ("아" if has_final else "야") + " 뭐해"


@given(
    hangul,
    st.sampled_from([("이", "가"), ("은", "는"), ("을", "를"), ("과", "와"), ("이랑", "랑"), ("이야", "야")]),
)
def test_any_hangul_name_takes_its_form_of_a_pair(name, pair):
    """From either form of a pair, the one that fits is written."""
    has_final = (ord(name[-1]) - ord("가")) % 28 > 0
    written = pair if pair != ("이야", "야") else pair[:1]
    for form in written:
        assert restore(f"[[PARTNER]]{form}", "도윤", name) == name + pair[0 if has_final else 1]


@pytest.mark.parametrize(
    "text",
    [
        "내 번호 [[PHONE]]이야",
        "[[ADDRESS]]로 와",
        "[[PHO",
        "잠깐 [[",
        "[PARTNER]",
        "PARTNER]]야",
        "010-0000-1234야",
        "010\u200b-0000-1234",
        "010\xad0000\xad1234",
        "010-0000-1\x1b[31m234",
        "010-0000-1\x1b[2K234",
        "[\u200b[PHONE]]",
        "[\ufe0f[NAME1]]",
        "비번 1203*",
        "a@example.com",
    ],
)
def test_a_bubble_with_anything_private_is_not_shown(text):
    """Placeholders whole or broken, and values in the shape of personal data, empty the bubble."""
    assert scrub(text) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[[PARTNER]]야 잘자", "[[PARTNER]]야 잘자"),
        ("[[NAME1]]이랑 밥 먹음", "친구랑 밥 먹음"),
        ("[[NAME2]]가 [[NAME1]]을 봤대", "친구가 친구를 봤대"),
        ("ㅋㅋㅋ [3시]에 봐", "ㅋㅋㅋ [3시]에 봐"),
        ("ㅋㅋ\x1b[31m [[PART\u200bNER]]아\u3164", "ㅋㅋ [[PARTNER]]아"),
        ("", ""),
    ],
)
def test_other_bubbles_are_shown(text, shown):
    """The two names wait for restore, third persons become a friend, everything else stays."""
    assert scrub(text) == shown


@given(st.text(max_size=60))
def test_what_is_shown_holds_no_placeholder(text):
    """Whatever a model writes, no bracketed placeholder but the two names survives."""
    rest = scrub(text).replace("[[PARTNER]]", "").replace("[[PERSONA]]", "")
    assert "[[" not in rest
    assert "]]" not in rest
