"""Birthdays: a date beside a word that says what it is, and years of birth.

생일 8월 12일   98년생   생년월일 19980305   10/24 우리 언니 생일
"""

import re

from persona_core.privacy.codes import GAP
from persona_core.privacy.digits import D
from persona_core.privacy.rule import Family, Rule, after, words
from persona_core.privacy.span import Kind

_BIRTH = words(r"생일 생년월일 생신 귀빠진\s?날 태어난 태어나 출생 탄신 생월 birthday")
_YEAR = r"(?:19|20)\d\d"
_DAY = (
    "(?:"
    + r"(?:\s?일)?|".join(
        (
            r"(?:(?:19|20)?\d\d\s?년\s?)?\d{1,2}\s?월\s?\d{1,2}\s?일",
            rf"{_YEAR}\s?[.\-/년]\s?\d{{1,2}}\s?[.\-/월]\s?\d{{1,2}}",
            rf"{_YEAR}\s\d{{1,2}}\s\d{{1,2}}",
            rf"(?:19|20){D}{{6}}",
            r"(?:19|20)?\d\d\s?년\s?\d{1,2}\s?월",
            r"\d\d\s?[.\-/년]\s?\d{1,2}\s?[.\-/월]\s?\d{1,2}",
            rf"{D}{{6}}",
            r"\d{1,2}\s?[/.\-월]\s?\d{1,2}",
            rf"{D}{{4}}",
        )
    )
    + ")"
)
_SPELLED_DAY = (
    "(?:[일이삼사오육유칠팔구시]|십[일이])월 ?(?:[이삼]?십)?[일이삼사오육칠팔구]?일(?=[^가-힣]|이|$)"
)
_ALONE = r"(?<![0-9.\-/])"
# 생일 선물 10/20에 도착: the date is that of something else.
_SOMETHING_ELSE = re.compile(
    words(
        r"선물 파티 케이크 케익 쿠폰 카페 할인 이벤트 주간 다음\s?날 전\s?날 지나고 까지 부터 도착 예약 배송 축하"
    )
)


def _birthday(match: re.Match[str]) -> Kind | None:
    if _SOMETHING_ELSE.search(match.string[match.start() : match.start("value")]):
        return None
    if re.match(r"\s?[~\-]?\s?(?:\d|시|분|원|명|개|만)", after(match, 3)):
        return None
    return "BIRTHDAY" if _is_day(match["value"]) else None


def _is_day(value: str) -> bool:
    if re.search(r"년\s?\d+\s?월$", value):
        return True
    numbers: list[str] = re.findall(rf"{D}+", value)
    month, day = numbers[-2:] if len(numbers) > 1 else (value[-4:-2], value[-2:])
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _born(match: re.Match[str]) -> Kind | None:
    a_generation = re.match(r"\s?(?:이|들)?\s?(?:온다|이후|까지|부터|들)", after(match, 8))
    return None if a_generation else "BIRTHDAY"


BIRTHDAYS = Family(
    re.compile(r"생|태어|출생|귀빠진|birthday|주민|민번|주번", re.IGNORECASE),
    (
        Rule(
            rf"(?:주민|민번|주번)(?:등록)?(?:번호)?\s?앞\s?(?:자리)?{GAP}{{0,6}}(?P<value>{D}{{6}})(?!\d)",
            _birthday,
        ),
        Rule(r"(?<!\d)(?:19|20)?\d{2}\s?년\s?(?:\d{1,2}월\s?)?생(?![가-힣]?[활산선수각])", _born),
        Rule(rf"{_BIRTH}{GAP}{{0,10}}(?P<value>{_DAY})(?!\d)", _birthday, flags=re.IGNORECASE),
        Rule(rf"{_ALONE}(?P<value>{_DAY})(?=\s?생(?:이|인|임|입|\s|$|[^가-힣]))", _birthday),
        Rule(
            rf"{_ALONE}(?P<value>{_DAY})(?!\d)"
            rf"(?={GAP}{{0,10}}(?:생년|생신|귀빠진|태어|생일(?!\s?(?:파티|선물|케|카페|쿠폰))))",
            _birthday,
        ),
        Rule(rf"{_BIRTH}{GAP}{{0,10}}(?P<value>{_SPELLED_DAY})", "BIRTHDAY"),
        Rule(rf"{_SPELLED_DAY}(?={GAP}{{0,10}}(?:생일|생신))", "BIRTHDAY"),
        Rule("[공영일이삼사오육칠팔구]{2}년생", "BIRTHDAY"),
        Rule(r"(?<!\d)(?:[3-9]\d|0\d)\s?생(?=이|인|임|\s|$|[^가-힣])", _born),
    ),
)
