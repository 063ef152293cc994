"""Masking writes placeholders, keeps everything else, and can be repeated without harm."""

import re

from hypothesis import given
from hypothesis import strategies as st

from persona_core.privacy import KINDS, Masker, Span

SPEAKERS = ("김도윤", "이서연")
PIECES = (
    "010-0000-1234|김도윤|도윤아|서연이|민수|박지훈이|테헤란로 152|역삼동 123-4|101동 1502호|비번 |1234*|#1203|현관 |생일 |8/12|3월 5일"
    "|98년생|a@example.com|@handle|인스타 dy_kim|https://open.kakao.com/o/x|https://youtu.be/abc|12가3456|110-123-456789|신한 |계좌 "
    "|4111-1111-1111-1111|09/28|cvc 123|900101-1234567|M12345678|37.5665, 126.9780|공일공|일이삼사|O1O| |\n|, |.|-|야|이|가|랑|님|씨"
    "|[[PHONE]]|[[PARTNER]]|[[NAME1]]|[[|]]|길|로|동|호|층|1|12|2024|원|시|ㅋㅋ|@|#|*|과장|누나|번호|뒷자리|카드|이서연|꼬물이|예금주"
    "|홍길동|\u200b|\u3164|\u0301|\ufe0f|\u202e|\x1b[31m|[0m|\xad|에 |다시 |별|샵|음력 |뒤에 세자리 |일이삼|ㄱㄴㄷ|백일동|번지|골뱅이|점|청첩장 |N37.5665|서울 강남구|우편번호 |06234|도유니|Minsu야|김 민 수|팔월 십이일"
).split("|")
lines = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join)


def masker(**more):
    return Masker(*SPEAKERS, ["꼬물이"], **more)


def test_names_numbers_and_particles():
    """Speakers, other people and numbers get their placeholders; particles stay."""
    text = "서연아 민수 번호 010-0000-1234야"
    masked = masker().mask(text)
    assert masked.text == "[[PARTNER]]아 [[NAME1]] 번호 [[PHONE]]야"
    assert masked.spans == (Span(0, 2, "NAME"), Span(4, 6, "NAME"), Span(10, 23, "PHONE"))


def test_a_person_keeps_the_number_and_another_gets_the_next():
    """김민수 and 민수 are the same person as long as the masker lives; 지훈 is another."""
    mask = masker().mask
    assert mask("민수야").text == "[[NAME1]]야"
    assert mask("지훈이").text == "[[NAME2]]이"
    assert mask("김민수 왔어").text == "[[NAME1]] 왔어"


def test_nicknames_without_a_letter_keep_a_number_each():
    """🐰 and ㅈㅇ are two people."""
    assert Masker(nicknames=["🐰", "ㅈㅇ"]).mask("🐰야 ㅈㅇ야").text == "[[NAME1]]야 [[NAME2]]야"


def test_counts_are_by_type():
    """What was found is counted, by type only."""
    one = masker()
    one.mask("도윤아 서연이 번호 010-0000-1234")
    assert dict(one.counts) == {"NAME": 2, "PHONE": 1}


def test_a_number_split_over_two_bubbles_is_found():
    """Bubbles of one conversation are read together."""
    texts = [m.text for m in masker().mask_bubbles(["번호 보낼게", "010-0000", "1234", "ㅇㅇ"])]
    assert texts == ["번호 보낼게", "[[PHONE]]", "[[PHONE]]", "ㅇㅇ"]


def test_an_answer_is_understood_by_its_question():
    """비번 뭐야 in one bubble makes a secret of the digits in the next, but not of those far away."""
    texts = [m.text for m in masker().mask_bubbles(["비번 뭐야?", "1203", "ㅇㅋ", "가는 중", "1203"])]
    assert texts == ["비번 뭐야?", "[[PASSCODE]]", "ㅇㅋ", "가는 중", "1203"]


def test_offsets_of_bubbles_are_their_own():
    """Spans of a bubble count from its own beginning."""
    masked = masker().mask_bubbles(["ㅎㅇ", "내 번호 010-0000-1234", "3시"])
    assert [m.spans for m in masked] == [(), (Span(5, 18, "PHONE"),), ()]


def test_a_very_long_bubble_is_read_in_pieces():
    """A pasted file is masked like everything else."""
    text = "가나다 라마바\n" * 5000 + "010-0000-1234"
    assert masker().mask(text).text.endswith("라마바\n[[PHONE]]")


def test_what_cannot_be_seen_hides_nothing():
    """Zero widths, direction marks and colour codes inside a number are masked with it; outside they stay."""
    mask = masker().mask
    for hidden in ("\u200b", "\u202e", "\xad", "\ufeff", "\x1b[31m", "[0m", "\x07"):
        text = f"{hidden}번호 010-00{hidden}00-12{hidden}34야{hidden}"
        assert mask(text).text == f"{hidden}번호 [[PHONE]]야{hidden}"
    assert mask("도\u200b윤아").spans == (Span(0, 3, "NAME"),)


def test_an_untouched_line_is_returned_as_it_is():
    """No placeholder, no span, the very same text."""
    text = "ㅋㅋㅋ 3시에 봐"
    assert masker().mask(text).text is text


@given(lines)
def test_masking_twice_is_masking_once(text):
    """Placeholders are never masked again, and nothing new comes to light."""
    mask = masker().mask
    once = mask(text).text
    assert mask(once).text == once


@given(lines)
def test_spans_tell_what_was_replaced(text):
    """Outside the spans every character survives in its place; spans are in order and of a known type."""
    masked = masker().mask(text)
    pattern, last = "", 0
    for span in masked.spans:
        assert last <= span.start < span.end <= len(text)
        assert span.type in KINDS
        pattern += re.escape(text[last : span.start]) + r"\[\[[A-Z_]+\d*\]\]"
        last = span.end
    assert re.fullmatch(pattern + re.escape(text[last:]), masked.text, re.DOTALL)


@given(st.lists(lines, max_size=6))
def test_bubbles_stay_bubbles(bubbles):
    """One masked bubble for each bubble, with offsets into it."""
    masked = masker().mask_bubbles(bubbles)
    assert len(masked) == len(bubbles)
    for bubble, result in zip(bubbles, masked, strict=True):
        assert all(0 <= span.start < span.end <= len(bubble) for span in result.spans)
        assert (result.text == bubble) == (result.spans == ())
