"""Birthdays: a date beside a word that says what it is, and years of birth.

생일 8월 12일   98년생   생년월일 19980305   10/24 우리 언니 생일
"""

import re

from persona_core.privacy.codes import GAP
from persona_core.privacy.digits import D
from persona_core.privacy.rule import Family, Rule, after, before, words
from persona_core.privacy.span import Kind

_BIRTH = words(
    r"생일 생년월일 생신 귀빠진\s?날 태어난 태어나 출생 탄신 생월 birthday birth\s?date b-?day (?<![A-Za-z])dob(?![A-Za-z])"
)
_LUNAR = r"(?:[음양]력(?:으로|은)?\s?)?"
_YEAR = r"(?:19|20)\d\d"
_DAY = (
    rf"{_LUNAR}(?:"
    + r"(?:\s?일)?|".join(
        (
            r"(?:(?:19|20)?\d\d\s?년\s?)?\d{1,2}\s?월\s?\d{1,2}\s?일",
            rf"{_YEAR}\s?[.\-/년]\s?\d{{1,2}}\s?[.\-/월]\s?\d{{1,2}}",
            rf"{_YEAR}\s\d{{1,2}}\s\d{{1,2}}",
            r"\d\d\s\d\d\s\d\d(?!\d)",
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
_OF_OLD = words("하루 이틀 사흘 나흘 닷새 엿새 이레 여드레 아흐레")
_SPELLED_DAY = (
    rf"{_LUNAR}(?:(?:[일이삼사오육유칠팔구시정]|십[일이]|\d{{1,2}})월|동짓달|섣달) ?"
    rf"(?:(?:[이삼]?십)?[일이삼사오육칠팔구]?일(?=[^가-힣]|이|$)|(?:초|열|스무){_OF_OLD}|초열흘|스무날|보름|그믐)"
)
_ALONE = r"(?<![0-9.\-/])"
_SAID = r"이|인|임|입|\s|$|[^가-힣]"
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


_FEAST = re.compile(words("설 추석 대보름 보름 단오 제사 기일 초파일 동지 칠석 명절 달력"))


def _lunar(match: re.Match[str]) -> Kind | None:
    """Nobody counts in moons but for birthdays and feasts."""
    feast = _FEAST.search(before(match, 14)) or _FEAST.search(after(match, 14))
    return None if feast else "BIRTHDAY"


def _born(match: re.Match[str]) -> Kind | None:
    a_generation = re.match(r"\s?(?:이|들)?\s?(?:온다|이후|까지|부터|들)", after(match, 8))
    return None if a_generation else "BIRTHDAY"


BIRTHDAYS = Family(
    re.compile(r"생|태어|출생|귀빠진|birth|b-?day|dob|주민|민번|주번|음력|빠른", re.IGNORECASE),
    (
        Rule(
            rf"(?:주민|민번|주번)(?:등록)?(?:번호)?\s?앞\s?(?:자리)?{GAP}{{0,6}}(?P<value>{D}{{6}})(?!\d)",
            _birthday,
        ),
        Rule(r"(?<!\d)(?:19|20)?\d{2}\s?년\s?(?:\d{1,2}월\s?)?생(?![가-힣]?[활산선수각])", _born),
        Rule(rf"{_BIRTH}{GAP}{{0,10}}(?P<value>{_DAY})(?!\d)", _birthday, flags=re.IGNORECASE),
        Rule(rf"{_ALONE}(?P<value>{_DAY}(?:생(?={_SAID})|(?=\s생(?:{_SAID}))))", _birthday),
        Rule(
            rf"{_ALONE}(?P<value>{_DAY})(?!\d)"
            rf"(?={GAP}{{0,10}}(?:생년|생신|귀빠진|태어|출생(?!률|율)|생일(?!\s?(?:파티|선물|케|카페|쿠폰))))",
            _birthday,
        ),
        Rule(rf"{_BIRTH}{GAP}{{0,10}}(?P<value>{_SPELLED_DAY})", "BIRTHDAY"),
        Rule(rf"{_SPELLED_DAY}(?={GAP}{{0,10}}(?:생일|생신))", "BIRTHDAY"),
        Rule("(?:[공영일이삼사오육칠팔구]{2}|[이삼사오육칠팔구]?십[일이삼사오육칠팔구]?)년생", "BIRTHDAY"),
        Rule(rf"음력(?:으로|은)?\s?(?:(?:1[0-2]|0?[1-9])\s?월\s?[0-3]?[0-9]\s?일|{_SPELLED_DAY})", _lunar),
        Rule(r"빠른\s?(?P<value>\d\d)(?=\s?(?:이|인|년|라|$|[^가-힣0-9]))", "BIRTHDAY"),
        Rule(r"(?<!\d)(?:[3-9]\d|0\d)\s?생(?=이|인|임|\s|$|[^가-힣])", _born),
    ),
)
