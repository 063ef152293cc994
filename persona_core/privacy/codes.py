"""Short secrets that only a word beside them gives away: door codes, one-time codes, card details, birthdays.

    현관 비번 #1203*5678   인증번호 [000000]   유효기간 09/28 cvc 000   생일 8월 12일   뒷자리 1234

The gap between word and value holds neither digits nor anything masked already.
"""

import re

from persona_core.privacy.digits import D
from persona_core.privacy.numbers import END, UNIT
from persona_core.privacy.rule import Family, Rule, after, before
from persona_core.privacy.span import FILL, FILLED, Kind

GAP = rf"[^0-9٠-٩#*A-Za-z{FILLED}]"
_STOP = rf"(?!{D})(?!{UNIT})"

# --- passcodes ---

_SECRET = (
    r"비\s?번|비밀\s?번호|비밀\s?코드|패스\s?워드|패스\s?코드|암호|(?<![A-Za-z])(?:password|passwd|passcode|pass|pw|pwd|p/w|pin)(?![A-Za-z])"
    r"|핀\s?번호|otp|인증\s?(?:번호|코드|키)|보안\s?(?:코드|번호)|확인\s?(?:코드|번호)|승인\s?번호|번호\s?키|잠금\s?번호|출입\s?(?:번호|코드)|비번호"
    r"|(?:verification|security|login|access)\s?code|code is"
)
_DOOR = (
    r"현관\s?(?:문|키)?|도어\s?[락록]|출입\s?문?|공동\s?(?:현관|출입문)|키\s?패드|디지털\s?키|대문|와이파이|와파|wi-?fi|금고|사물함|락커|라커|자물쇠"
    r"|캐리어|택배함|무인함|잠금|보관함"
)
_KEYS = rf"[#*]{{0,2}}{D}{{3,12}}(?:[#*]{D}{{0,8}}){{0,2}}"
_TYPED = r"[A-Za-z0-9](?:[A-Za-z0-9!@#$%^&*._+=~?\-]{2,29})(?<![.,?!~])"
_COPULA = r"(?:이라고|라고|이에요|예요|이예요|입니다|이야|이고|으로|이|가|야|로|요|은|는|임|누르|눌)?"
_PLAIN_WORDS = frozenset(
    "wifi wi-fi netflix youtube google naver kakao kakaotalk instagram apple iphone galaxy app reset error change "
    "wrong login the and for you new old pin otp app usb gmail facebook twitter discord steam zoom ott tving".split()
)


def _code(match: re.Match[str]) -> Kind | None:
    value = match["value"]
    return (
        None
        if value.isdigit() and _is_year(value) and re.match(r"\s?(?:년|도)", after(match, 3))
        else "PASSCODE"
    )


def _is_year(value: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", value) is not None


def _door_code(match: re.Match[str]) -> Kind | None:
    return (
        "PASSCODE" if len(re.findall(D, match["value"])) >= 4 or re.search(r"[#*]", match["value"]) else None
    )


def _typed(match: re.Match[str]) -> Kind | None:
    word = match["value"]
    if word.lower() in _PLAIN_WORDS or not re.search("[A-Za-z]", word):
        return None
    between = match.string[match.start() : match.start("value")]
    beside = (
        re.search(r"(?:[번호드어락문이]|[a-zA-Z])(?:은|는|이|가|을|를|도)?[\s:=\->(\"'→]*$", between)
        is not None
    )
    return "PASSCODE" if re.search(r"\d", word) or beside else None


def _keypad(match: re.Match[str]) -> Kind | None:
    return "PASSCODE" if re.search(r"누르|눌러|들어|열|문|현관|오면|치고|치면", after(match, 14)) else None


# --- cards ---

_NOT_A_CARD = re.compile(
    "쿠폰|기프티콘|기프트|상품권|이용권|티켓|식품|우유|음식|약|여권|비자|면허|화장품|크림|포인트|마일리지|쿠키|요거트|라면|계란|두부|회원권|구독"
)


def _expiry(match: re.Match[str]) -> Kind | None:
    if _NOT_A_CARD.search(before(match, 40)) or _NOT_A_CARD.search(after(match, 12)):
        return None
    month = int(re.findall(rf"{D}+", match["value"])[0][:2])
    return "CARD_EXP" if 1 <= month <= 12 or "년" in match["value"] else None


def _issuer(match: re.Match[str]) -> Kind | None:
    return None if _is_year(match["value"]) or match["value"].endswith("00") else "CARD"


# --- birthdays ---

_BIRTH = r"생일|생년월일|생신|귀빠진\s?날|태어난|태어나|출생|탄신|birthday|생월|민증"
_DAY = (
    r"(?:(?:(?:19|20)?\d\d\s?년\s?)?\d{1,2}\s?월\s?\d{1,2}\s?일"
    r"|(?:19|20)\d\d\s?[.\-/년]\s?\d{1,2}\s?[.\-/월]\s?\d{1,2}(?:\s?일)?|(?:19|20)\d\d\s\d{1,2}\s\d{1,2}"
    r"|(?:19|20)[0-9٠-٩]{6}|\d\d\s?[.\-/년]\s?\d{1,2}\s?[.\-/월]\s?\d{1,2}(?:\s?일)?|[0-9٠-٩]{6}"
    r"|\d{1,2}\s?[/.\-]\s?\d{1,2}|[0-9٠-٩]{4})"
)
_NOT_ABOUT_IT = re.compile(
    r"선물|파티|케이크|케익|쿠폰|카페|할인|이벤트|주간|다음\s?날|전\s?날|지나고|까지|부터|도착|예약|배송|축하"
)


def _birthday(match: re.Match[str]) -> Kind | None:
    gap = match.string[match.start() : match.start("value")] if match.start("value") > match.start() else ""
    if _NOT_ABOUT_IT.search(gap) or re.match(r"\s?[~\-]?\s?(?:\d|시|분|원|명|개)", after(match, 3)):
        return None
    return "BIRTHDAY" if _is_day(match["value"]) else None


def _is_day(value: str) -> bool:
    numbers = re.findall(rf"{D}+", value)
    joined = "".join(numbers)
    if len(numbers) == 1:
        month, day = joined[-4:-2], joined[-2:]
    else:
        month, day = numbers[-2:]
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _born(match: re.Match[str]) -> Kind | None:
    return None if re.match(r"\s?(?:이|들)?\s?(?:온다|이후|까지|부터|들)", after(match, 8)) else "BIRTHDAY"


# --- last digits ---

_LAST = r"(?:뒷\s?자리|뒷\s?번호|뒤\s?(?:네|4|세|3)\s?자리|뒤에?\s?(?:네|4)\s?개|끝\s?(?:네|4)?\s?자리|끝\s?번호|마지막\s?(?:네|4)\s?자리|뒤\s?네\s?글자)"
_CARD_BRAND = "신한|삼성|현대|롯데|하나|우리|KB국민|국민|KB|NH농협|농협|NH|BC|비씨|씨티|카카오뱅크|카카오|토스뱅크|토스|케이뱅크|IBK|기업|새마을|우체국"


def _last_digits(match: re.Match[str]) -> Kind | None:
    lead = before(match, 24)
    if "카드" in lead:
        return "CARD"
    if re.search(r"차량|차\s?번호|차번|번호판|주차", lead):
        return "VEHICLE"
    if re.search(r"주민|민번|주번|민증", lead):
        return "RRN"
    if re.search(r"계좌|통장", lead):
        return "ACCOUNT"
    return "PHONE" if len(match["value"]) == 4 else None


def _phone_tail(match: re.Match[str]) -> Kind | None:
    digits = re.sub(r"\D", "", match["value"])
    organisation = digits.startswith(("15", "16", "18", "19", "20"))  # 1588-0000, 20240101
    return None if organisation else "PHONE"


def _stamp(match: re.Match[str]) -> Kind | None:
    return None if match["value"].endswith("00") else "PHONE"


CODES = Family(
    re.compile(
        rf"[#*\[{FILL['CARD']}{FILL['CARD_EXP']}]|비\s?번|비밀|패스|암호|핀|otp|OTP|인증|보안|확인|승인|번호|잠금|출입|[pP]ass|[pP]w|PW|pin|PIN|[cC]ode"
        r"|도어|현관|공동|키\s?패드|대문|와이파이|와파|[wW][iI]-?[fF][iI]|금고|사물함|[락라]커|자물쇠|캐리어|택배함|무인함|보관함"
        r"|[cC][vV]|CV|씨브이|유효|만료|exp|EXP|생|태어|출생|귀빠진|birthday|자리|적립|차번|주차|연락처|전화|폰|카드|민증|음력"
    ),
    (
        Rule(rf"(?:{_SECRET}){GAP}{{0,12}}[\[<(\"']?(?P<value>{_KEYS}){_STOP}", _code, flags=re.IGNORECASE),
        Rule(
            rf"(?:{_SECRET})(?:은|는|이|가|을)?[\s:=]{{1,3}}(?P<value>[가-힣]{{2,6}}{D}{{3,8}}[!@#$]?)",
            "PASSCODE",
        ),
        Rule(rf"(?:{_SECRET}|와이파이|wi-?fi){GAP}{{0,10}}(?P<value>{_TYPED})", _typed, flags=re.IGNORECASE),
        Rule(
            rf"(?P<value>{_KEYS}){_COPULA}[\s\])>]{{0,2}}(?:[가-힣]{{1,5}}\s)?(?:{_SECRET})",
            "PASSCODE",
            flags=re.IGNORECASE,
        ),
        Rule(
            rf"(?P<value>(?<![A-Za-z0-9]){_TYPED}){_COPULA}\s?(?:[가-힣]{{1,5}}\s)?(?:비번|비밀번호)(?!\s?(?:까먹|바꿨|틀|뭐))",
            _typed,
        ),
        Rule(rf"(?:{_DOOR}){GAP}{{0,10}}(?P<value>{_KEYS}){_STOP}", _door_code, flags=re.IGNORECASE),
        Rule(
            rf"(?P<value>{_KEYS})(?!\s?원){_COPULA}\s?(?:우리\s?집|집)?\s?(?:현관|도어락|공동현관|대문)",
            _door_code,
        ),
        Rule(
            r"(?<![\w#*])#\d{3,8}\*\d{0,8}#?|(?<![\w#*])\*\d{3,8}#|(?m:^\s*[#*]?\d{4,8}[*#]+\s*$)", "PASSCODE"
        ),
        Rule(r"(?<![\w#*])(?:[#*]\d{3,8}|\d{4,8}[*#]|\d{4,8}\s?(?:별표|샵|우물정|별))(?!\d)", _keypad),
        Rule(r"(?<![A-Za-z0-9])G-\d{6}(?!\d)", "PASSCODE"),
        Rule(
            rf"(?:cvc|cvv|cvn|씨브이씨|씨비씨|카드\s?뒤(?:에|면)?\s?(?:세|3)\s?자리){GAP}{{0,10}}(?P<value>{D}{{3,4}}){_STOP}",
            "CARD_CVC",
            flags=re.IGNORECASE,
        ),
        Rule(
            rf"(?<![0-9])(?P<value>{D}{{3,4}})(?:이|가)?\s?(?:가\s)?(?:cvc|cvv)",
            "CARD_CVC",
            flags=re.IGNORECASE,
        ),
        Rule(
            rf"(?:유효\s?기[간한]?|유효일|만료일?|만기일?|expiry|expires?|exp|valid(?:\s?thru)?){GAP}{{0,10}}"
            rf"(?P<value>{D}{{2}}\s?[/.\- ]\s?{D}{{2,4}}|{D}{{4}}|\d{{2,4}}년\s?\d{{1,2}}월|\d{{1,2}}월\s?\d{{2,4}}년?)(?!\d)",
            _expiry,
            flags=re.IGNORECASE,
        ),
        Rule(
            rf"[{FILL['CARD']}][ ,/·\n(]{{0,4}}(?P<value>\d\d\s?/\s?\d{{2,4}}|(?:0[1-9]|1[0-2])[2-4]\d(?=\s\d{{3}}\b))(?!\d)",
            _expiry,
        ),
        Rule(rf"[{FILL['CARD_EXP']}][ ,/·\n(]{{1,4}}(?P<value>\d{{3}})(?!\d)(?!{UNIT})", "CARD_CVC"),
        Rule(
            rf"(?:{_CARD_BRAND})\s?(?:체크|신용)?카드\s?(?:끝|뒤)?\s?\(?(?P<value>\d{{4}}|[\d*]{{4}})\)?(?!\d|,\d)(?!{UNIT})",
            _issuer,
        ),
        Rule(rf"{_LAST}{GAP}{{0,8}}(?P<value>{D}{{4}}|{D}{{7}}){_STOP}", _last_digits),
        Rule(
            rf"(?<![0-9])(?P<value>\d{{4}})(?:이|가|은|는)?\s?(?:내|제|우리)?\s?(?:폰|전화|번호)?\s?{_LAST}(?!\d)",
            _last_digits,
        ),
        Rule(
            rf"(?:차량?\s?번호|차번|번호판|주차\s?(?:등록|번호)){GAP}{{0,10}}(?P<value>\d{{4}}){_STOP}",
            "VEHICLE",
        ),
        Rule(rf"적립{GAP}{{0,6}}(?P<value>\d{{4}}){_STOP}", _stamp),
        Rule(rf"(?<![0-9,])(?P<value>\d{{4}})(?:번호?)?으?로\s?(?:포인트\s?)?적립", _stamp),
        Rule(
            rf"(?:번호|연락처|전화|폰|콜){GAP}{{0,8}}(?P<value>(?<![0-9])\d{{4}}[\-. ]?\d{{4}}){END}(?![\-.]\d)(?!{UNIT})",
            _phone_tail,
        ),
        Rule(rf"(?:{_BIRTH}){GAP}{{0,10}}(?P<value>{_DAY})(?!\d)", _birthday, flags=re.IGNORECASE),
        Rule(rf"(?<![0-9.\-/])(?P<value>{_DAY})(?=\s?생(?:이|인|임|입|\s|$|[^가-힣]))", _birthday),
        Rule(
            rf"(?<![0-9.\-/])(?P<value>{_DAY})(?!\d)(?={GAP}{{0,10}}(?:생일(?!\s?(?:파티|선물|케|카페|쿠폰))|생신|귀빠진))",
            _birthday,
        ),
        Rule(r"(?<!\d)(?:19|20)?\d{2}\s?년\s?(?:\d{1,2}월\s?)?생(?![가-힣]?[활산선수각])", _born),
        Rule(r"(?<!\d)(?:[3-9]\d|0\d)\s?생(?=이|인|임|\s|$|[^가-힣])", _born),
    ),
)
