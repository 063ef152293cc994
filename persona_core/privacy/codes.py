"""Short secrets that only a word beside them gives away: door codes, one-time codes, card details, last digits.

    현관 비번 #1203*5678   인증번호 [000000]   유효기간 09/28 cvc 000   뒷자리 1234   예약번호 AB12CD34

The gap between word and value holds neither digits nor anything masked already.
"""

import re

from persona_core.privacy.digits import D
from persona_core.privacy.numbers import END, UNIT
from persona_core.privacy.rule import Family, Rule, after, before, words
from persona_core.privacy.span import FILL, FILLED, Kind

GAP = rf"(?:[^0-9٠-٩#*A-Za-z{FILLED}]|[2-9]\s?자리|[34]개)"
STOP = rf"(?!{D})(?!{UNIT})"

# --- passcodes ---

_SECRET = words(
    r"""비\s?번 비밀\s?번호 비밀\s?코드 비번호 패스\s?워드 패스\s?코드 암호 핀\s?번호 otp 인증\s?(?:번호|코드|키)
    보안\s?(?:코드|번호) 확인\s?(?:코드|번호) 승인\s?번호 (?:참여|입장|접속)\s?(?:코드|번호) 번호\s?키 잠금\s?번호 출입\s?(?:번호|코드) 자물쇠\s?번호
    (?<![A-Za-z])(?:password|passwd|passcode|pass|pw|pwd|p/w|pin)(?![A-Za-z])
    로그인\s?(?:코드|번호)
    (?:verification|security|login|access)\scode code\sis"""
)
_DOOR = words(
    r"""현관\s?(?:문|키)? 도어\s?[락록] 출입\s?문? 공동\s?(?:현관|출입문) 키\s?패드 디지털\s?키 대문 와이파이 와파 wi-?fi
    (?<!마을)금고 사물함 락커 라커 자물쇠 캐리어 택배함 무인함 잠금 보관함 키\s?박스 열쇠함 우편함"""
)
_STAR = r"(?:[#*]|(?:별표?|샵|샾|우물정?자?)(?!로|도|의|개|[가-힣]{3}))"
_SPREAD = rf"(?:{_STAR}\s?)?{D}(?:[ \-]{D}){{2,7}}(?:\s?{_STAR})?|{D}{{3}}[ \-]{D}{{3}}|{D}{{2}}(?:[ \-]{D}{{2}}){{1,3}}"  # 9 8 7 6, 482 913
_TURN = r"(?:왼쪽?|오른쪽?|좌|우)(?:으로)?\s?\d{1,3}(?:번|칸)?"
_TURNS = rf"{_TURN}(?:[ ,]{{0,2}}(?:다시\s?)?{_TURN}){{1,4}}"  # 왼쪽 12 오른쪽 35
_KEYS = rf"(?:{_STAR}\s?){{0,2}}{D}{{3,12}}(?:\s?{_STAR}(?:\s?{D}{{1,8}})?){{0,2}}"
_TYPED = r"[A-Za-z0-9](?:[A-Za-z0-9!@#$%^&*._+=~?\-]{2,29})(?<![.,?~])"
_COPULA = "(?:이라고|라고|이에요|예요|이예요|입니다|이야|이고|으로|이|가|야|로|요|은|는|임)?"
_ONE_WORD = r"(?:\s[가-힣]{1,5})?\s?"
_BESIDE = re.compile(r"(?:[번호드어락문이키]|[A-Za-z])(?:은|는|이|가|을|를|도)?[\s:=\->(\"'→]*$")
_PLAIN_WORDS = frozenset(
    "wifi wi-fi netflix youtube google naver kakao kakaotalk instagram apple iphone galaxy app reset error change"
    " wrong login the and for you new old pin otp usb gmail facebook twitter discord steam zoom ott tving".split()
)


def _code(match: re.Match[str]) -> Kind | None:
    in_a_year = _is_year(match["value"]) and re.match(r"\s?(?:년|도)", after(match, 3))
    return None if in_a_year else "PASSCODE"


def _is_year(value: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", value) is not None


def _door_code(match: re.Match[str]) -> Kind | None:
    value = match["value"]
    least = 3 if "자물쇠" in match[0] or re.fullmatch(r"\d-\d-\d", value) else 4
    return "PASSCODE" if len(re.findall(D, value)) >= least or re.search("[#*]", value) else None


def _typed(match: re.Match[str]) -> Kind | None:
    value = match["value"]
    if value.lower() in _PLAIN_WORDS or not re.search("[A-Za-z]", value):
        return None
    beside = _BESIDE.search(match.string[match.start() : match.start("value")])
    return "PASSCODE" if re.search(r"\d", value) or beside else None


def _keypad(match: re.Match[str]) -> Kind | None:
    return "PASSCODE" if re.search("누르|눌러|들어|열|문|현관|오면|치고|치면", after(match, 14)) else None


PASSCODES = (
    Rule(
        rf"{_SECRET}(?:은|는|이|가|을)?[\s:=]{{1,3}}(?P<value>(?:[가-힣]{{2,8}}|[ㄱ-ㅎㅏ-ㅣ]{{1,8}})\d{{2,8}}[!@#$]{{0,3}})(?!\s?(?:자리|개|번))",
        "PASSCODE",
    ),
    Rule(
        rf"{_SECRET}\s?앞\s?(?:에\s?)?(?:두|2)\s?(?:자리|개){GAP}{{0,8}}?(?P<value>{D}{{2}})(?!{D})",
        "PASSCODE",
    ),
    Rule(
        rf"{_SECRET}{GAP}{{0,14}}?[\[<(\"']?(?P<value>{_SPREAD}|{_KEYS}){STOP}",
        _code,
        flags=re.IGNORECASE,
    ),
    Rule(
        rf"{_SECRET}{GAP}{{0,8}}?(?P<value>[A-Za-z]{{2,12}}에\s?\d{{2,8}})(?!\d|\s?(?:시|분|원|개|번))",
        "PASSCODE",
    ),
    Rule(rf"(?:{_SECRET}|와이파이|wi-?fi){GAP}{{0,10}}(?P<value>{_TYPED})", _typed, flags=re.IGNORECASE),
    Rule(
        rf"(?P<value>(?<![0-9\-])[0-9]{{3}}[ \-][0-9]{{3}}|{_KEYS}){_COPULA}[\])>]?{_ONE_WORD}{_SECRET}",
        "PASSCODE",
        flags=re.IGNORECASE,
    ),
    Rule(rf"(?:{_DOOR}|다이얼|비번){GAP}{{0,10}}?(?P<value>{_TURNS})", "PASSCODE"),
    Rule(
        rf"(?P<value>(?<![A-Za-z0-9]){_TYPED}){_COPULA}{_ONE_WORD}(?:비번|비밀번호)(?!\s?(?:까먹|바꿨|틀|뭐))",
        _typed,
    ),
    Rule(rf"{_DOOR}{GAP}{{0,10}}?(?P<value>{_KEYS}|{_SPREAD}){STOP}", _door_code, flags=re.IGNORECASE),
    Rule(
        rf"(?P<value>{_KEYS})(?!\s?원){_COPULA}\s?(?:우리\s?집|집)?\s?(?:현관|도어락|공동현관|대문)",
        _door_code,
    ),
    Rule(r"(?<![\w#*])(?:#\d{3,8}\*\d{0,8}#?|\*\d{3,8}#)|(?m:^\s*[#*]?\d{4,8}[*#]+\s*$)", "PASSCODE"),
    Rule(r"(?<![\w#*])(?:[#*]\d{3,8}|\d{4,8}[*#]|\d{4,8}\s?(?:별표|샵|우물정|별))(?!\d)", _keypad),
    Rule(
        r"(?<![\w#*])(?P<value>\d{4,8})(?=\s?(?:번\s?)?(?:누르|눌러|치고|찍고)[^\d\n]{0,10}(?:별|샵|우물|열|들어|[#*]))",
        "PASSCODE",
    ),
    Rule(rf"(?:별표?|샵|우물정?)\s?{D}{{3,8}}\s?(?:별표?|샵|우물정?)(?![가-힣]{{3}})", "PASSCODE"),
    Rule(
        rf"{FILL['PASSCODE']}(?:이|가)?\s?(?:아니고|아니라|말고|에서)\s?(?:이제\s?)?(?P<value>{_KEYS}){STOP}",
        "PASSCODE",
    ),
    Rule(r"(?<![A-Za-z0-9])G-\d{6}(?!\d)", "PASSCODE"),
)

# --- card details ---

_NOT_A_CARD = re.compile(
    words(
        """쿠폰 기프티콘 기프트 상품권 이용권 티켓 식품 우유 음식 약 여권 비자 면허 화장품 크림 포인트 마일리지 쿠키
        요거트 라면 계란 두부 회원권 구독"""
    )
)
_CVC = r"(?:cv[cvn]2?|씨브이씨|씨비씨)"
_CARD_BRAND = words(
    "신한 삼성 현대 롯데 하나 우리 KB국민 국민 KB NH농협 농협 NH BC 비씨 씨티 카카오뱅크 카카오 토스뱅크 토스"
    " 케이뱅크 IBK 기업 새마을 우체국"
)
_MONTH_YEAR = rf"20\d\d\s?[/.\-]\s?\d{{1,2}}|\d{{2,4}}년도?\s?\d{{1,2}}월|\d{{1,2}}월\s?/?\d{{2,4}}년?|{D}{{2}}\s{{0,2}}[/.\- ]\s{{0,3}}{D}{{2,4}}|{D}{{4}}"
_SPELLED_MONTH = "(?:십[일이]|[일이삼사오유육칠팔구시])월"
_SPELLED_YEAR = "(?:이천\\s?)?[이삼]십[일이삼사오육칠팔구]?년"
_VALID = r"(?:MM\s?/\s?YY|유효\s?(?:기[간한])?|유효일|만료일?|만기일?|expiry|expires?|exp|valid(?:\s?thru)?)"


def _expiry(match: re.Match[str]) -> Kind | None:
    if _NOT_A_CARD.search(before(match, 40)) or _NOT_A_CARD.search(after(match, 12)):
        return None
    value = match["value"]
    numbers: list[str] = re.findall(rf"{D}+", value)
    month = numbers[-1] if len(numbers[0]) > 2 and len(numbers) > 1 else numbers[0][:2]
    return "CARD_EXP" if 1 <= int(month) <= 12 or "년" in value else None


def _on_a_card(match: re.Match[str]) -> Kind | None:
    around = before(match, 20) + after(match, 20)
    return "CARD_CVC" if re.search("카드|아멕스|amex|비자|마스터|뒷면", around, re.IGNORECASE) else None


def _issuer(match: re.Match[str]) -> Kind | None:
    return None if _is_year(match["value"]) or match["value"].endswith("00") else "CARD"


CARD_DETAILS = (
    Rule(
        rf"(?:{_CVC}|(?:뒷?\s?[면에쪽]|뒤|보안\s?(?:코드|번호))[가-힣\s]{{0,8}}?(?:(?<![가-힣])세|(?<![0-9])3)\s?(?:자리|개)){GAP}{{0,10}}"
        rf"(?P<value>{D}{{3,4}}){STOP}",
        "CARD_CVC",
        flags=re.IGNORECASE,
    ),
    Rule(
        rf"(?:카드\s?뒤|뒷\s?면)(?:에|은|는)?\s?(?:번호|숫자)?\s?(?P<value>{D}{{3}})(?!{D}|[.,\-:]\d){STOP}",
        "CARD_CVC",
    ),
    Rule(rf"보안\s?(?:코드|번호){GAP}{{0,8}}?(?P<value>{D}{{3,4}}){STOP}", _on_a_card),
    Rule(rf"{_VALID}{GAP}{{0,10}}(?P<value>{_MONTH_YEAR})(?!\d)", _expiry, flags=re.IGNORECASE),
    Rule(
        rf"{_VALID}[^\d\n가-힣]{{0,3}}(?:은|는|이|가)?\s?(?P<value>{_SPELLED_MONTH}\s?{_SPELLED_YEAR})",
        "CARD_EXP",
    ),
    Rule(
        rf"(?<![0-9])(?P<value>(?:0[1-9]|1[0-2])\s?/?\s?[2-4]\d)(?:이|가)?\s?유효\s?(?:기[간한]|일)(?!{GAP}{{0,4}}\d)",
        _expiry,
    ),
    Rule(r"카드[^\d\n]{0,8}(?P<value>\d\d\s?/\s?\d\d)(?=[^\d\n]{0,8}유효)", _expiry),
    Rule(
        rf"[{FILL['CARD']}][ ,/·\n(]{{0,4}}"
        r"(?P<value>\d\d\s?/\s?\d{2,4}|(?:0[1-9]|1[0-2])[2-4]\d(?=\s\d{3}(?!\d)))(?!\d)",
        _expiry,
    ),
    Rule(rf"[{FILL['CARD_EXP']}][ ,/·\n(]{{1,4}}(?P<value>\d{{3}}){STOP}", "CARD_CVC"),
    Rule(rf"(?<![0-9])(?P<value>{D}{{3,4}})\s?(?:이|가)?\s?{_CVC}", "CARD_CVC", flags=re.IGNORECASE),
    Rule(
        rf"{_CARD_BRAND}\s?(?:체크|신용)?카드\s?(?:끝|뒤)?\s?\(?(?P<value>[\d*]{{4}})\)?(?!\d|,\d)(?!{UNIT})",
        _issuer,
    ),
)

# --- last digits, and codes of orders ---

_LAST = (
    r"(?:뒷\s?자리|뒷\s?번호|뒤\s?(?:네|4|세|3)\s?자리|(?:뒤에?|끝에?)\s?(?:숫자\s?)?(?:네|4)\s?개|끝\s?(?:네|4)?\s?자리|끝\s?번호"
    r"|마지막\s?(?:네|4)\s?자리)"
)
_LAST_OF: tuple[tuple[str, Kind], ...] = (
    ("카드", "CARD"),
    (r"차량|차\s?번호|차\s?[뒷뒤끝]|차번|번호판|주차", "VEHICLE"),
    ("주민|민번|주번|민증", "RRN"),
    ("계좌|통장", "ACCOUNT"),
)


def _last_digits(match: re.Match[str]) -> Kind | None:
    lead = before(match, 24)
    kind = next((kind for cue, kind in _LAST_OF if re.search(cue, lead)), None)
    return kind or ("PHONE" if len(match["value"]) == 4 else None)


def _phone_tail(match: re.Match[str]) -> Kind | None:
    digits = re.sub(r"\D", "", match["value"])
    return None if digits.startswith(("15", "16", "18", "19", "20")) else "PHONE"  # 1588-0000, 20240101


def _stamp(match: re.Match[str]) -> Kind | None:
    return None if match["value"].endswith("00") else "PHONE"  # 2000점 적립


TAILS = (
    Rule(rf"{_LAST}{GAP}{{0,8}}(?P<value>{D}{{4}}|{D}{{7}}){STOP}", _last_digits),
    Rule(
        rf"(?<![0-9])(?P<value>\d{{4}})(?:이|가|은|는)?\s?(?:내|제|우리)?\s?(?:폰|전화|번호)?\s?{_LAST}(?!\d)",
        _last_digits,
    ),
    Rule(
        rf"(?:차량?\s?번호|차번|번호판|주차\s?(?:등록|번호)|[입출]차){GAP}{{0,10}}(?P<value>\d{{4}}){STOP}",
        "VEHICLE",
    ),
    Rule(rf"적립{GAP}{{0,6}}(?P<value>\d{{4}}){STOP}", _stamp),
    Rule(
        rf"(?:주민|민번|주번|민증|외국인)[^\n]{{0,24}}?뒤(?:는|엔|에는?|가|쪽은?)?\s?(?P<value>[1-8]{D}{{6}})(?![0-9])",
        lambda match: "FRN" if match["value"][0] in "5678" else "RRN",
    ),
    Rule(r"(?<![0-9,])(?P<value>\d{4})(?:번호?)?\s?으?로\s?(?:포인트\s?)?적립", _stamp),
    Rule(
        r"(?:송장|운송장|주문|예약|접수|등기|배송)\s?(?:번호)?[^0-9A-Za-z\n]{0,6}"
        r"(?P<value>(?=(?:[A-Z\-]*\d){3})[A-Z0-9](?:-?[A-Z0-9]){6,24})(?![A-Za-z0-9])",
        "TRACKING",
    ),
    Rule(
        r"(?:예약|주문|접수)\s?번호[^0-9A-Za-z\n]{0,6}(?P<value>(?=[0-9]*[A-Z])[A-Z0-9]{5,10})(?![A-Za-z0-9])",
        "TRACKING",
    ),
    Rule(rf"(?<![0-9])(?:010|[공영]일[공영]){GAP}{{1,10}}(?P<value>\d{{4}}[\-. ]?\d{{4}}){END}", "PHONE"),
    Rule(
        rf"(?:번호|연락처|전화|폰|콜){GAP}{{0,8}}"
        rf"(?P<value>(?<![0-9])\d{{4}}[\-. ]?\d{{4}}){END}(?![\-.]\d)(?!{UNIT})",
        _phone_tail,
    ),
)

# Every alternative begins with a letter of its own: then `re` leaps from one of these letters to the next.
_GATE = rf"""# \* {FILL["CARD"]} {FILL["CARD_EXP"]} 비\s?번 비밀 패스 암호 핀 인증 보안 확인 승인 번호 잠금 출입 도어 현관 공동 키\s?패드 대문
    와이파이 와파 금고 사물함 락커 라커 자물쇠 캐리어 택배함 무인함 보관함 열쇠함 우편함 코드 입차 출차 씨브이 유효 만료 만기 뒷면 뒷\s면 다이얼 로그인 자리 적립 차번 주차 연락처
    전화 폰 콜 카드 송장 주문 예약 접수 등기 배송 열 누르 눌러 별 샵 샾 우물 들어 o[tT][pP] O[tT][pP] pass Pass PASS
    p/?[wW] P/?[wW] p[iI][nN] P[iI][nN] code Code w[iI]-?[fF][iI] W[iI]-?[fF][iI] c[vV] C[vV] MM e[xX][pP] E[xX][pP]
    valid Valid VALID G-"""
CODES = Family(re.compile("|".join(_GATE.split())), CARD_DETAILS + PASSCODES + TAILS)
