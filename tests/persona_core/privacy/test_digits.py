"""Digits in every spelling become digits a pattern can read, and no letter moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.privacy.digits import plain


def value(text):
    return "".join(str(int(char)) for char in plain(text) if char.isdigit())


@pytest.mark.parametrize(
    "text",
    [
        "０１０-００００-１２３４",
        "공일공 공공공공 일이삼사",
        "공1공-0영0공-1이3사",
        "O1O-0000-1234",
        "o10 oooo l234",
        "ㅇ1ㅇ-0000-1234",
        "0️⃣1️⃣0️⃣ 0000 1234",
        "공일공 다시 공공공공 다시 일이삼사",
        "①23 공일공 공공공공",
        "공일공 0000에 1234",
    ],
)
def test_spellings_of_a_number_are_read(text):
    """Full-width, spelled, look-alike and keycap digits are digits."""
    assert value(text).startswith(("01000001234", "123010"))


@pytest.mark.parametrize(
    "text", ["이사 오일에 해", "사이다 구이 일인분", "ㅇㅇㅇㅇㅇㅇㅇㅇㅇ", "오오오오오오오오", "Ooooooooooo"]
)
def test_words_made_of_digit_syllables_stay(text):
    """Korean is full of 이, 일, 오 and 사: only a long run of them is a number."""
    assert plain(text) == text


def test_a_syllable_beside_the_number_is_not_drawn_into_it():
    """SC제일 123-… is a bank, …5678이야 ends in a particle."""
    assert plain("SC제일 123-20-456789") == "SC제일 123-20-456789"
    assert plain("01000005678이야") == "01000005678이야"


def test_what_is_said_between_two_groups_joins_them():
    """010에 8890 is read 010-8890; what has a unit behind it is a number of its own."""
    assert plain("010-0000에 8890") == "010-0000- 8890"
    assert plain("3333다시01다시0000123") == "3333--01--0000123"
    assert plain("01000001234에 30만원") == "01000001234에 30만원"


def test_a_short_spelled_code_needs_a_word_beside_it():
    """비번 공일이삼 is a code, 공일이삼 alone may be anything."""
    assert value("비번 공일이삼이야") == "0123"
    assert value("cvc 삼구이") == "392"
    assert value("별사팔이일별") == "4821"
    assert value("유효기간 공삼 슬래시 이칠") == "0327"
    assert value("차번호 일이가 삼사오육") == "123456"
    assert value("공일이삼 하고 뛰어") == ""


@given(st.text(max_size=80))
def test_the_plain_line_has_the_length_of_the_line(text):
    """An offset into the plain line is an offset into the original."""
    assert len(plain(text)) == len(text)
