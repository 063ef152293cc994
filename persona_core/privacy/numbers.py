"""Long numbers: phones, resident and card numbers, licences, passports, plates.

    010-0000-1234   900101-1******   11-12-345678-90   12가3456

Shapes are matched on the plain line (see `digits`); a judge looks at the dates, check digits and words around.
"""

import datetime
import re

from persona_core.privacy.digits import NOT_D, D
from persona_core.privacy.rule import Family, Rule, after, before
from persona_core.privacy.span import Kind

GAP = r"[ \t\n.\-*ㅡ~_·/,)(=|:;+]{0,4}"  # what people type between groups, a bubble's end included
SEP = r"[ \n.\-ㅡ~_·/]{1,3}"
ALONE = r"(?<![0-9٠-٩])(?<![0-9][.,])"
END = r"(?![0-9])"
WHOLE = r"(?![0-9٠١٣-٩]|٢[0-9٠-٩]|[\-ㅡ][0-9])"  # no further group behind; a last ٢ is the particle 이

# What makes a number a measure of something, not a number of somebody.
UNIT = (
    r"(?:(?:천|백|십)?(?:원|만|억|명|개|번째|년|월|살|세|시|분|초|주|차|키로|킬로|kg|km|cm|mm|ml|미터|도|퍼|프로|%|점|위|등|회|호선"
    r"|권|장|잔|병|봉|판|박|인분|배|쪽|포인트|자리|글자|자|층|칼로리|kcal|달러|불|엔|보|걸음|화|강|시간|일(?!이|번))"
    r"|\s(?:(?:천|백|십)?(?:만\s?)?원|만(?![가-힣])|명|개(?![가-힣]{2})|시간|시(?![가-힣]{2})|분(?![가-힣]{2})|년|월|일(?![가-힣])|살|걸음|포인트)"
    r"|번(?![호이째]?\s?(?:누|로|이|야|$)))"
)
SEPARATOR = re.compile(rf"{NOT_D}+")


def digits_of(text: str) -> str:
    """The ASCII digits in ``text``, nothing else."""
    return "".join(str(int(char)) for char in text if char.isdigit())


# --- phones ---

_ZERO, _ONE = "[0٠]", "[1١]"
_MOBILE = rf"(?:(?:\+|00)?\s?[8٨][2٢]{GAP}{_ZERO}?|\({_ZERO}|{_ZERO})[ .\-\n]{{0,2}}{_ONE}[ .\-\n]{{0,2}}[016789٠١٦٧٨٩]"
_AREA = rf"{_ZERO}(?:[2٢]|[3٣][1-3١-٣]|[4٤][1-4١-٤]|[5٥][1-5١-٥]|[6٦][1-4١-٤]|[78٧٨]{_ZERO}|[5٥]{_ZERO}{D})"


# A bank lets its customer choose the mobile number as the account's.
_CHOSEN_BEFORE = re.compile(
    r"(?:은행|뱅크|계좌(?:\s?번호)?|기업|국민|농협|신한|카뱅|새마을금고|새마을|신협|수협|우체국|제일|씨티|케뱅|IBK|KB|NH|SC)(?:은|는|:)?[ (]{0,2}$"
)
_CHOSEN_AFTER = re.compile(r"[ (,]{0,3}(?:평생|(?:기업|국민|신한|우리|하나|농협)(?:은행)?(?![가-힣]{2})|IBK)")


def _mobile(match: re.Match[str]) -> Kind:
    chosen = _CHOSEN_BEFORE.search(before(match, 12)) or _CHOSEN_AFTER.match(after(match, 12))
    return "ACCOUNT" if chosen else "PHONE"


def _is_landline(match: re.Match[str]) -> Kind | None:
    groups = SEPARATOR.split(match[0])
    return None if "." in match[0] and len(groups) < 3 else _mobile(match)  # 02.1234 is a decimal


# --- resident and foreigner numbers ---


def is_date(year: int, month: int, day: int) -> bool:
    """Whether the day exists and is not in the future."""
    try:
        return datetime.date(year, month, day) <= datetime.date.today()
    except ValueError:
        return False


def ean_fits(digits: str) -> bool:
    """Whether thirteen digits carry the check digit of a barcode."""
    return len(digits) == 13 and sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


_CENTURY = {"1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}
_CENTURY |= {"9": 1800, "0": 1800}
_RESIDENT_CUE = re.compile(r"주민|민번|주번|민증|외국인|등록\s?번호|신분증")


def _resident(match: re.Match[str]) -> Kind | None:
    birth, rest = digits_of(match[1]), digits_of(match[2])
    year = _CENTURY[rest[0]] + int(birth[:2])
    cued = _RESIDENT_CUE.search(before(match, 30)) is not None
    bare = match.end(1) == match.start(2)
    if not cued and re.search(r"\s", match[2]):
        return None
    if not cued and not is_date(year, int(birth[2:4]), int(birth[4:])):
        return None
    if not cued and bare and birth.startswith("880") and ean_fits(birth + rest):
        return None
    return "FRN" if rest[0] in "5678" else "RRN"


def _spread_resident(match: re.Match[str]) -> Kind:
    return "FRN" if digits_of(match["value"])[6] in "5678" else "RRN"


# --- cards ---


def luhn_fits(digits: str) -> bool:
    """Whether the check digit of a card number is right."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0


CARD_CUE = re.compile("카드|[법체신]카|결제|비자|마스터|아멕스|체크|card", re.IGNORECASE)


def _card(match: re.Match[str]) -> Kind | None:
    groups = SEPARATOR.split(match[0])
    years = all(group.startswith(("19", "20")) for group in groups if len(group) == 4)
    return None if years and "-" not in match[0] else "CARD"


def _bare_card(match: re.Match[str]) -> Kind | None:
    digits = digits_of(match[0])
    return "CARD" if len(set(digits)) > 1 and (near(CARD_CUE, match) or luhn_fits(digits)) else None


# --- licences, registrations, passports ---

_LICENCE_CUE = re.compile("면허")
_BUSINESS_CUE = re.compile("사업자|등록번호|계산서|증빙|법인|상호")


def _licence(match: re.Match[str]) -> Kind | None:
    if match[0].isdigit():
        return "DRIVER_LICENSE" if near(_LICENCE_CUE, match) else None
    return "DRIVER_LICENSE"


def _business(match: re.Match[str]) -> Kind | None:
    digits = digits_of(match[0])
    weights = (1, 3, 7, 1, 3, 7, 1, 3, 5)
    total = sum(int(d) * w for d, w in zip(digits, weights, strict=False)) + int(digits[8]) * 5 // 10
    fits = (total + int(digits[9])) % 10 == 0
    if near(_BUSINESS_CUE, match):
        return "BRN"
    return "BRN" if fits and "-" in match[0] else None


def _passport(match: re.Match[str]) -> Kind | None:
    return (
        "PASSPORT"
        if match[0][0].isupper() or near(re.compile("여권|passport", re.IGNORECASE), match)
        else None
    )


def near(cue: re.Pattern[str], match: re.Match[str], reach: int = 20) -> bool:
    """Whether the cue stands beside the match, within ``reach`` characters."""
    return cue.search(before(match, reach)) is not None or cue.search(after(match, reach)) is not None


# --- plates ---

_PLATE_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE_LETTER = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호바사아자배육해공국합"


def _plate(match: re.Match[str]) -> Kind | None:
    """58 거 2047; but not the year in 10가 2024."""
    in_a_year = " " in match[0] and re.search(r"(?:19[5-9]|20[0-2])\d$", match[0])
    return "VEHICLE" if match["region"] or not in_a_year else None


NUMBERS = Family(
    # six digits, perhaps with stars between
    re.compile(rf"{D}(?:{NOT_D}{{0,12}}{D}){{5}}"),
    (
        Rule(rf"{ALONE}({D}{{6}})[\s\-~.ㅡ_/]{{0,4}}({D}[\s\-]?{D}{{6}}){END}", _resident),
        Rule(
            rf"(?:주민|민번|주번|민증|외국인)[^\d\n]{{0,10}}(?P<value>{D}(?:[ \-.]{{0,3}}{D}){{12}}){END}",
            _spread_resident,
        ),
        Rule(rf"{ALONE}({D}{{6}})[\s\-~.ㅡ_]{{0,3}}([0-9])\d?[*xX●○]{{4,6}}", _resident),
        Rule(rf"{ALONE}([0-9]{{6}})-([1-8]){END}(?!-)", _resident),
        Rule(
            rf"{ALONE}{D}{{4}}{SEP}[0-9٠-٩*xX●]{{4}}{SEP}[0-9٠-٩*xX●]{{4}}{SEP}[0-9٠-٩*]{{3,4}}{END}", _card
        ),
        Rule(rf"{ALONE}3[47]\d\d{SEP}\d{{6}}{SEP}\d{{5}}{END}", "CARD"),
        Rule(rf"{ALONE}{D}{{15,16}}{END}", _bare_card),
        Rule(rf"{ALONE}{D}(?:[ ]{D}){{15}}{END}", _bare_card),
        Rule(rf"(?<![0-9٠-٩])(?<![0-9]-){_MOBILE}(?:{GAP}{D}){{7,8}}{WHOLE}", _mobile),
        Rule(
            rf"{ALONE}01[016789]{GAP}(?=(?:.{{0,3}}\d){{4}})[\d*xX]{{3,4}}[ .\-]?[\d*xX]{{4}}{WHOLE}", "PHONE"
        ),
        Rule(
            rf"{ALONE}(?<![0-9]-)\(?{_AREA}[\s.\-)ㅡ~]{{0,3}}{D}{{3,4}}[\s.\-ㅡ~]{{0,3}}{D}{{4}}{WHOLE}",
            _is_landline,
        ),
        Rule(rf"\+{D}{{1,3}}[ \-]?\(?{D}{{1,4}}\)?(?:[ \-]?{D}{{2,4}}){{2,3}}{END}", "PHONE"),
        Rule(rf"{ALONE}(?:1[1-9]|2[0-8])(\s?-\s?|[ ]?|\.)\d\d\1\d{{6}}\1\d\d{END}", _licence),
        Rule(rf"면허[^\d\n]{{0,10}}(?P<value>{D}(?:[ \-.]?{D}){{11}}){END}", "DRIVER_LICENSE"),
        Rule(rf"(?:{_PLATE_REGION})\s?(?:\d\d[ \-])?\d\d-\d{{6}}-\d\d{END}", "DRIVER_LICENSE"),
        Rule(rf"{ALONE}\d{{3}}[ \-.]?\d\d[ \-.]?\d{{5}}{END}(?!-)", _business),
        Rule(
            r"여권[^0-9A-Za-z\n]{0,8}(?P<value>(?:[A-Za-z]{1,2}|[엠에스알오디]{1,2})\s?(?:\d{3,4}\s?\d{4}|\d{3}\s?[A-Za-z]\s?\d{4}))(?![A-Za-z0-9])",
            "PASSPORT",
        ),
        Rule(
            r"(?<![A-Za-z0-9])[MSRODmsrod](?:[ \-]?\d{4}[ ]?\d{4}|\d{3}[A-Za-z]\d{4})(?![A-Za-z0-9])",
            _passport,
        ),
        Rule(r"(?<![A-Za-z0-9])(?:[A-Z]{2}[ ]?\d{9}[ ]?[A-Z]{2}|[Pp]\d{12})(?![A-Za-z0-9])", "TRACKING"),
        Rule(
            rf"(?P<region>(?:{_PLATE_REGION})\s?)?(?<!\d)\d{{2,3}}\s?[{_PLATE_LETTER}](?:에(?=\s?\d))?\s?\d{{4}}{END}(?!\s?(?:원|만|억|천|명|개|시간))",
            _plate,
        ),
    ),
)
