"""What nobody sees hides nothing: neither from the mask nor from what the page holds back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_core.invisible import FILLERS, is_ordinary
from persona_core.privacy import Masker, scrub
from persona_core.prompt import clean_bubble

UNSEEN = [
    *FILLERS,  # ㅤ and its like: where a phone shows them, a blank
    "\u00ad", "\u034f", "\u061c", "\u17b4", "\u180b", "\u200b", "\u200d", "\u202e", "\u2060", "\ufe00", "\ufe0f", "\ufeff",
    "\ufff0", "\ufffb", "\U0001bca0", "\U0001d173", "\U000e0041", "\U000e0100", "\U000e0fff", "\x00", "\x7f", "\x9f",
    "\u0301", "\u20e3", "\x1b[31m",
]  # fmt: skip
NUMBERS = {
    "010-0000-1234": "PHONE",
    "900101-1234567": "RRN",
    "4111-1111-1111-1111": "CARD",
    "신한 110-123-456789": "ACCOUNT",
}


@st.composite
def riddled(draw: st.DrawFn) -> tuple[str, str]:
    """A number with something unseen in it, anywhere, and its type."""
    number, kind = draw(st.sampled_from(list(NUMBERS.items())))
    for place in sorted(draw(st.sets(st.integers(1, len(number) - 1), min_size=1)), reverse=True):
        number = (
            number[:place] + "".join(draw(st.lists(st.sampled_from(UNSEEN), max_size=3))) + number[place:]
        )
    return number, kind


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_no_line_with_something_unseen_is_ordinary(unseen):
    """Those are taken for what they look like, without a second look."""
    assert not is_ordinary(f"가{unseen}나")


@pytest.mark.parametrize("text", ["ㅇㅇ", "지금 가는중ㅋㅋㅋ ❤😀 “3시”…\n~(o_o)~", ""])
def test_nearly_every_bubble_is_ordinary(text):
    """Hangul, what is on a keyboard, and most emoji."""
    assert is_ordinary(text)


@given(riddled())
def test_a_number_is_masked_whatever_stands_in_it(case):
    """In one piece, with what was in it; masked again it stays."""
    number, kind = case
    mask = Masker("김도윤", "이서연").mask
    masked = mask(f"내꺼 {number} 야")
    start = masked.spans[0].start

    assert [span.type for span in masked.spans] == [kind]
    assert masked.text == f"내꺼 {number}"[:start] + f"[[{kind}]] 야"
    assert mask(masked.text).text == masked.text


@given(riddled())
def test_a_number_is_held_back_whatever_stands_in_it(case):
    """From the page, and before and after it was cleaned."""
    number, _ = case
    assert scrub(number) == scrub(clean_bubble(number)) == ""
    assert "[[" in Masker().mask(clean_bubble(number)).text
