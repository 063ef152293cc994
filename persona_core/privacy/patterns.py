"""Every pattern that needs no name: which lines are worth a look, and what is found in them.

    find("내 번호 010-0000-1234야")  ->  [Span(5, 18, "PHONE")]

Nine of ten chat lines hold neither digit nor Latin letter nor @, and are passed over after one search.
"""

import re

from persona_core.privacy import digits
from persona_core.privacy.accounts import ACCOUNTS
from persona_core.privacy.addresses import ADDRESSES
from persona_core.privacy.birthdays import BIRTHDAYS
from persona_core.privacy.codes import CODES
from persona_core.privacy.coordinates import COORDINATES
from persona_core.privacy.links import LINKS
from persona_core.privacy.numbers import NUMBERS
from persona_core.privacy.span import Span

# Links first, so that no number is found inside one; then long numbers, which are plain, before words with numbers.
FAMILIES = (LINKS, COORDINATES, NUMBERS, ACCOUNTS, CODES, BIRTHDAYS, ADDRESSES)

# Begins with one character class, so that the scan runs at the speed of memory: 공, 일 … must be followed by more.
_SPELLED = "공영빵령일이삼사오육륙칠팔구"
_HANGUL = f"{_SPELLED}시도월년"
WORTH_A_LOOK = re.compile(
    rf"[0-9@A-Za-z！-～①-⑨⓪\U0001d7ce-\U0001d7ff{_HANGUL}]"
    rf"(?:(?<![{_HANGUL}])|(?:[ .\-]{{0,2}}[{_SPELLED}]){{3}}"
    r"|(?<=[시도]) ?[가-힣]{1,3}[구군] ?[가-힣]{1,5}[동읍면]"  # 경기도 용인시 수지구 풍덕천동
    rf"|(?<=[{_SPELLED}십시유]월) ?(?:[{_SPELLED}십]{{1,3}}일|초[하이사나닷엿여아열]|보름|그믐)|(?<=[{_SPELLED}십시유]월) ?[이삼]십[{_SPELLED}]?년|(?<=[{_SPELLED}]년)생|(?<=[{_SPELLED}])[십백천]?(?:번지|호)|(?<=이)씨|(?<=[{_SPELLED}]) ?슬래)"  # 팔월 십이일, 구팔년생, 이십삼번지, 씨브이씨
)


def find(text: str) -> list[Span]:
    """What the patterns find in ``text``, in which placeholders are blanked already; in no order, none overlapping."""
    found: list[Span] = []
    if WORTH_A_LOOK.search(text):
        plain = digits.plain(text)
        for family in FAMILIES:
            plain = family.find(plain, found)
    return found
