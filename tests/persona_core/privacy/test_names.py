"""Every form of a known name is found, and its particle is left."""

import pytest

from persona_core.privacy import Names
from persona_core.privacy.names import split

NAMES = Names("김도윤", "이서연", ["꼬물이"], ["최하늘"])


def found(text, names=NAMES):
    return [(text[span.start : span.end], who) for span, who in names.find(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("도윤아 뭐해", "도윤"),
        ("도윤이가 그랬어", "도윤"),
        ("도윤이랑", "도윤"),
        ("도윤씨", "도윤"),
        ("도윤쓰", "도윤"),
        ("김도윤님", "김도윤"),
        ("김 도 윤", "김 도 윤"),
        ("김*윤 고객님", "김*윤"),
        ("ㄱㄷㅇ 왔대", "ㄱㄷㅇ"),
        ("ㄷㅇ아", "ㄷㅇ"),
        ("도유니는", "도유니"),
        ("도유나~", "도유나"),
        ("윤아 자?", "윤"),
        ("doyun", "doyun"),
        ("Do-Yoon Kim", "Do-Yoon Kim"),
        ("@김도윤 봐봐", "김도윤"),
        ("사랑해도윤아", "도윤"),
        ("우리도윤이", "도윤"),
    ],
)
def test_forms_of_one_name(text, name):
    """Full, given, called, titled, spaced, starred, initials, as heard, in Latin letters."""
    assert found(text) == [(name, "PERSONA")]


def test_a_longer_word_is_not_the_name():
    """도윤곽 is no 도윤."""
    assert found("도윤곽") == []


def test_a_name_that_is_a_thing_is_found_where_a_name_stands():
    """하늘아 calls somebody, 하늘이 예쁘다 does not."""
    assert found("하늘아 뭐해") == [("하늘", "하늘")]
    assert found("하늘이가 왔어") == [("하늘", "하늘")]
    assert found("하늘이 예쁘다") == []


def test_nicknames_are_found_with_and_without_their_ending():
    """꼬물이 is called 꼬물아, and written 꼬무리."""
    assert found("꼬물이 뭐해 꼬물아 꼬무리") == [
        ("꼬물이", "꼬물이"),
        ("꼬물", "꼬물이"),
        ("꼬무리", "꼬물이"),
    ]


def test_display_names_are_stripped_of_what_is_no_name():
    """Hearts, titles and endearments around a name do not hide it."""
    names = Names("❤️도윤 오빠❤️", "우리서연이(회사)")
    assert found("도윤아 서연이 왔어", names) == [("도윤", "PERSONA"), ("서연", "PARTNER")]


def test_several_names_of_one_speaker_lead_to_the_same_person():
    """A pet name given with the display name is the same person."""
    assert found("공쥬야", Names("김도윤", ("이서연", "공쥬"))) == [("공쥬", "PARTNER")]


def test_nobody_has_no_name():
    """An export calls its owner 회원님: that is no name to look for."""
    assert found("회원님 안녕하세요", Names("회원님", "나")) == []


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
