"""A display name is whatever somebody typed into a phone; the name in it is found."""

import pytest

from persona_core.privacy.display import given_name, is_nobody, split, tokens


@pytest.mark.parametrize(
    ("display_name", "names"),
    [
        ("이서연", ["이서연"]),
        ("이 서연 🌸", ["이서연"]),
        ("이 서 연", ["이서연"]),
        ("서연♥", ["서연"]),
        ("❤️도윤 오빠(회사)", ["도윤"]),
        ("엄마 김영희", ["김영희"]),
        ("이모(김영희)", ["김영희"]),
        ("구글 박민수 과장", ["박민수"]),
        ("김팀장(영업)", ["김팀장"]),
        ("내사랑 서연", ["서연"]),
        ("Seoyeon Lee", ["Seoyeon", "이서연"]),
        ("ＳＥＯ ＹＥＯＮ", ["YEON", "서연"]),
        ("Kevin Park", ["Kevin"]),
        ("강아지🐶", ["강아지"]),
        ("부장님", []),
        ("회원님", []),
    ],
)
def test_the_name_inside(display_name, names):
    """Surnames written apart are joined; signs, titles, endearments and companies are left out."""
    assert tokens(display_name) == names


@pytest.mark.parametrize(
    ("display_name", "called"),
    [
        ("이 서연 🌸", "서연"),
        ("강아지🐶", "강아지"),
        ("김팀장(영업)", "김팀장(영업)"),
        ("엄마 김영희", "영희"),
    ],
)
def test_what_the_person_is_called(display_name, called):
    """The given name where there is one, else what the display name says."""
    assert given_name(display_name) == called


def test_a_title_or_a_stand_in_is_nobody():
    """An export calls its owner 회원님; 부장님 could be anybody."""
    assert is_nobody("회원님")
    assert is_nobody("부장님")
    assert not is_nobody("공주님")


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("김도윤", ("김", "도윤")),
        ("남궁민수", ("남궁", "민수")),
        ("도윤", ("", "도윤")),
        ("도윤이", ("", "도윤")),
        ("김도윤이", ("김", "도윤")),
        ("김율", ("김", "율")),
        ("꼬물이", ("", "꼬물이")),
    ],
)
def test_surname_and_given_name(token, parts):
    """A Hangul name is split into surname and given name."""
    assert split(token) == parts
