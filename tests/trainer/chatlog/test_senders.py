"""Who speaks, and whom a name on the command line means."""

import pytest

from persona_core.errors import UnknownName
from trainer.chatlog import find_sender, participants


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
