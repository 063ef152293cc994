"""Who speaks, and whom a name on the command line means."""

import pytest

from persona_core.errors import UnknownName
from trainer.chatlog import find_partner, find_sender, participants


def test_participants_are_counted_most_first(android):
    """System lines, bots and nameless accounts are nobody."""
    path = android(
        "1:00, 김도윤님이 이서연님을 초대했습니다.",
        "1:01, 김도윤 : 안녕",
        "1:02, 이서연 : 사진",
        "1:03, 이서연 : 봐",
        "1:04, 방장봇 : 공지",
        "1:05, : 누구지",
    )

    assert list(participants([path]).items()) == [("이서연", 2), ("김도윤", 1)]


@pytest.mark.parametrize("name", ["회원님", " 회원님 ", "회원님".encode().decode()])
def test_a_name_is_found_as_the_export_writes_it(name):
    """회원님 is a name like any other."""
    assert find_sender(name, {"이서연": 2, "회원님": 1}) == "회원님"


def test_a_decomposed_name_is_found():
    """macOS types Hangul in pieces."""
    assert find_sender("\u1109\u1165\u110b\u1167\u11ab", {"서연": 1}) == "서연"


def test_an_unknown_name_lists_who_is_there():
    """The error hands over the choice."""
    with pytest.raises(UnknownName, match=r"called '도윤' in this chat\. Who is there: 이서연, 김도윤$"):
        find_sender("도윤", {"이서연": 2, "김도윤": 1})


def test_an_open_chat_lists_only_some():
    """The error stays one line."""
    with pytest.raises(UnknownName, match=r"사람19 …$"):
        find_sender("나", {f"사람{number}": 1 for number in range(300)})


@pytest.mark.parametrize(
    "said",
    [
        {"나": 9, "너": 2},
        {"나": 9, "카카오페이": 3, "너": 2, "날씨봇": 1},
        {"나": 9, "너": 5, "(알수없음)": 1},
    ],
)
def test_the_partner_is_the_only_other_person(said):
    """Bots, services and accounts that nobody knows any more are no people."""
    assert find_partner("나", said) == "너"


def test_a_partner_who_left_kakaotalk_is_one_all_the_same():
    """(알수없음) is whoever else there was."""
    assert find_partner("나", {"나": 9, "(알수없음)": 5}) == "(알수없음)"


def test_nobody_else_is_no_partner():
    """A chat with oneself."""
    assert find_partner("나", {"나": 9, "방장봇": 1}) is None


def test_in_a_group_the_partner_must_be_named():
    """The error lists who is there, and what to type."""
    with pytest.raises(UnknownName, match=r'3 people speak besides 나: 너, 하나, 두리.* --partner "너"'):
        find_partner("나", {"나": 9, "너": 5, "하나": 4, "두리": 1})
