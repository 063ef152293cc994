"""Several exports of one chat: every message once, every repeat kept, two chats refused."""

import pytest

from persona_core.errors import ExportError, NoMessages
from trainer.chatlog import merge_exports, open_chat, participants


def said(paths):
    return [(f"{message.sent_at:%I:%M}", message.sender, message.text) for message in merge_exports(paths)]


def test_overlapping_exports_come_without_doubles(android):
    """What both have comes once, what one has comes too, in order of time."""
    older = android("1:00, A : 하나", "1:01, B : 둘", "1:02, A : 셋", name="older.txt")
    newer = android("1:01, B : 둘", "1:02, A : 셋", "1:03, B : 넷", name="newer.txt")
    whole = [("01:00", "A", "하나"), ("01:01", "B", "둘"), ("01:02", "A", "셋"), ("01:03", "B", "넷")]

    assert said([older, newer]) == whole
    assert said([newer, older]) == whole


def test_genuine_repeats_stay(android):
    """Twice the same within a minute was said twice."""
    records = ("1:00, A : ㅋㅋ", "1:00, A : ㅋㅋ", "1:00, B : 왜", "1:00, A : ㅋㅋ")
    first, second = android(*records, name="first.txt"), android(*records, name="second.txt")

    assert [text for _, _, text in said([first, second])] == ["ㅋㅋ", "ㅋㅋ", "왜", "ㅋㅋ"]


def test_a_shared_minute_keeps_its_order(android):
    """An export that ends within a minute and one that begins within it make one."""
    ends = android("1:00, A : 하나", "1:00, B : 둘", name="ends.txt")
    begins = android("1:00, B : 둘", "1:00, A : 셋", "1:01, B : 넷", name="begins.txt")

    assert [text for _, _, text in said([begins, ends])] == ["하나", "둘", "셋", "넷"]


def test_parts_come_in_order_of_time(android):
    """However they are given."""
    parts = [
        android(f"1:0{part}, A : {part}", f"1:0{part}, B : 응", name=f"{part}.txt") for part in (1, 2, 3)
    ]

    assert [text for _, _, text in said(parts[::-1])] == ["1", "응", "2", "응", "3", "응"]


def test_a_phone_and_a_computer_are_one_chat(android, write):
    """Seconds, placeholders and the language of the platform make no second message."""
    phone = android("1:00, A : 사진", "1:01, B : 예쁘다", name="phone.txt")
    mac = write(
        'Date,User,Message\n2026-03-03 13:00:10,"A","Photo"\n2026-03-03 13:01:20,"B","예쁘다"\n'
        '2026-03-03 13:01:40,"B","진짜"\n',
        "mac.csv",
    )

    assert [text for _, _, text in said([phone, mac])] == ["Photo", "예쁘다", "진짜"]


def test_of_a_message_cut_by_a_phone_the_whole_one_stays(android):
    """Some phones export no more than 500 characters."""
    phone = android(f"1:00, A : {'가' * 500}", name="phone.txt")
    computer = android(f"1:00, A : {'가' * 700}", name="computer.txt")

    assert [len(text) for _, _, text in said([phone, computer])] == [700]


def test_the_own_label_becomes_the_name(android):
    """Where one export says 회원님 and another the name, they are one person; alone, 회원님 stays."""
    labelled = android("1:00, 회원님 : 하나", "1:01, 이서연 : 둘", name="labelled.txt")
    named = android("1:00, 김도윤 : 하나", "1:01, 이서연 : 둘", "1:02, 김도윤 : 셋", name="named.txt")

    assert participants([labelled, named]) == {"김도윤": 2, "이서연": 1}
    assert participants([labelled]) == {"회원님": 1, "이서연": 1}


def test_own_labels_of_two_languages_are_one_person(android):
    """회원님 and You wrote the same messages; they are called what the first export calls them."""
    korean = android("1:00, 회원님 : 하나", "1:01, 이서연 : 둘", name="korean.txt")
    english = android("1:00, you : 하나", "1:01, 이서연 : 둘", "1:02, you : 셋", name="english.txt")

    assert participants([korean, english]) == {"회원님": 2, "이서연": 1}
    assert participants([english, korean]) == {"you": 2, "이서연": 1}


@pytest.mark.parametrize("me", ["김도윤", "회원님"])
def test_two_chats_are_refused_and_both_named(me, android):
    """I am in all my chats, so I prove nothing."""
    one = android(f"1:00, {me} : 하나", "1:01, 이서연 : 둘", name="seoyeon.txt")
    other = android(f"1:00, {me} : 하나", "1:01, 박하나 : 둘", name="hana.txt")
    other.write_bytes(other.read_bytes().replace("이서연 님과".encode(), "박하나 님과".encode()))

    with pytest.raises(ExportError, match=r"seoyeon\.txt \(.*이서연.*\) and .*hana\.txt \(.*박하나.*\)"):
        open_chat([one, other])


def test_exports_without_a_title_are_told_apart_too(write):
    """iOS and macOS do not say whose room it is: only who speaks is left."""
    row = '2026-03-03 13:00:00,"{}","안녕"\n'
    one = write("Date,User,Message\n" + row.format("나") + row.format("이서연"), "one.csv")
    other = write("Date,User,Message\n" + row.format("나") + row.format("박하나"), "other.csv")
    part = write("Date,User,Message\n" + row.format("나"), "part.csv")

    assert len(open_chat([one, part]).exports) == 2
    with pytest.raises(ExportError, match="These are two chats"):
        open_chat([one, other])


def test_a_room_and_a_chat_with_one_of_its_members_are_two(android):
    """Everybody of the small one is in the big one; the titles differ."""
    pair = android("1:00, A : 하나", "1:01, B : 둘", name="pair.txt")
    room = android("1:00, A : 하나", "1:01, B : 둘", "1:02, C : 셋", name="room.txt")
    room.write_bytes(room.read_bytes().replace("이서연 님과".encode(), "우리방 3".encode()))

    with pytest.raises(ExportError, match="These are two chats"):
        open_chat([pair, room])


def test_a_chat_in_which_nobody_speaks_is_refused(android):
    """Only system lines are no chat."""
    with pytest.raises(NoMessages, match="nobody says anything"):
        merge_exports([android("1:00, A님이 B님을 초대했습니다.")])


def test_a_part_without_speech_is_no_error(android):
    """As long as the others have some."""
    empty = android("1:00, A님이 B님을 초대했습니다.", name="empty.txt")
    spoken = android("1:01, A : 안녕", name="spoken.txt")

    assert [text for _, _, text in said([empty, spoken])] == ["A님이 B님을 초대했습니다.", "안녕"]


def test_the_size_of_a_chat_is_what_reading_reports(android):
    """A bar that is given `size` ends at a hundred per cent."""
    chat, heard = (
        open_chat([android("1:00, A : 하나", name="a.txt"), android("1:01, A : 둘", name="b.txt")]),
        [],
    )
    list(chat.messages(heard.append))

    assert sum(heard) == chat.size
