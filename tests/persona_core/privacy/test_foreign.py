"""First names from elsewhere are found where a name stands."""

import pytest

from persona_core.privacy.foreign import find


def found(text):
    return [text[start:end] for start, end in find(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("조세핀", ["조세핀"]),
        ("케빈이랑 놀았어", ["케빈"]),
        ("Kevin 왔어?", ["Kevin"]),
        ("Kevin이 그러더라", ["Kevin"]),
        ("kevin한테 물어봐", ["kevin"]),
        ("Mark한테 보냈어", ["Mark"]),
        ("안나한테 전해줘", ["안나"]),
        ("제니퍼 쌤 수업", ["제니퍼"]),
        ("사토 유키 기억나?", ["사토 유키"]),
        ("쩐 반 민 매니저", ["쩐 반 민"]),
    ],
)
def test_a_name_is_found(text, names):
    """In Hangul and in Latin letters; a name that is a word as well needs what follows nothing but a person."""
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "눈물이 안나",
        "안나와",
        "마이클잭슨 노래",
        "Mark as read",
        "max로 해봐",
        "Kevin Durant 농구",
        "토마토",
        "노아의 방주",
    ],
)
def test_words_and_the_famous_stay(text):
    """안나 does not come out, Mark marks, and players play."""
    assert found(text) == []
