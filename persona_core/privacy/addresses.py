"""Where somebody lives: road and lot addresses, flats, rooms, postcodes.

    서울시 강남구 테헤란로 152 (역삼동) 3층   역삼동 123-4   푸른아파트 101동 1502호   우편번호 06236

A road or a quarter alone (테헤란로 막힌다, 강남대로점) is no address, nor is a number with its unit (집으로 3시,
203호 강의실): a building number must follow, or flat and room together, or a word that says whose it is.
"""

import re

from persona_core.privacy.numbers import UNIT
from persona_core.privacy.rule import Family, Rule, after, before
from persona_core.privacy.span import FILL, FILLED, Kind

_PROVINCE = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종)(?:특별자치시|특별시|광역시|시)?|경기도?|강원(?:특별자치)?도?|충청?[북남]도?|충[북남]|전라?[북남]도?"
    r"|전북특별자치도|경상?[북남]도?|제주(?:특별자치도|도)?"
)
_COUNTY = r"[가-힣]{1,4}(?:시|군|구)"
_QUARTER = r"[가-힣]{1,5}(?:\d{1,2})?(?:동|읍|면|가|리)"
_REGION = rf"(?:(?<![가-힣])(?:{_PROVINCE})\s?)?(?:(?:(?<![가-힣])|(?<=[시도]))[가-힣]{{1,4}}(?:시|군|구)\s?){{0,2}}(?:(?:(?<![가-힣])|(?<=[시군구]))[가-힣]{{1,5}}\d{{0,2}}(?:동|읍|면)\s?)?"
_POSTCODE = r"(?:[(\[]?\d{5}[)\]]?\s)?"

_ROAD = r"(?:[가-힣][가-힣0-9·]{0,9}?(?:대로|로|길)|[가-힣]{1,6}\d{1,4}(?:번|가|나|다)?길)(?:\s?\d{1,4}(?:번|가|나|다)?길)?"
_LOT = r"(?:산\s?)?\d{1,4}(?:\s?-\s?\d{1,4})?(?:\s?번지)?"

_BUILDING = (
    r"(?:아파트|APT|apt|빌라|빌딩|오피스텔|타워|맨션|하우스|하임|캐슬|팰리스|파크|자이|푸르지오|래미안|힐스테이트|아이파크|더샵|더샾|편한세상|이편한|위브|뷰|센트럴|리버|포레"
    r"|주공|단지|타운|원룸|고시원|고시텔|리빙텔|연립|주택|상가|기숙사|생활관|레지던스|스위첸|데시앙|센트레빌|쉐르빌|어울림|꿈에그린|베르디움|우미린|호반|한라|한신|현대|삼성|우성|쌍용|롯데캐슬|SK뷰"
    r"|LH|휴먼시아|행복주택|빌리지|스테이|프라자|플라자|센터|회관|사옥|팰리스|시티|하이츠|코아|코어|멘션|주상복합|풍림|대우|동아|벽산|은마|두산|한양)"
)
_NAMED = rf"[가-힣A-Za-z0-9]{{0,10}}?{_BUILDING}(?:\s?\d{{1,2}}(?:차|단지))?(?:\s?아파트)?"
_ROOM = r"(?:제\s?)?(?:[A-Za-z가나다라]동\s?)?(?:지하\s?)?(?:[A-Za-z]\s?-?)?\d{1,5}\s?호(?!선|차|기|점|관|봉)(?:실)?"
_FLAT = rf"\d{{1,4}}\s?동\s?(?:{_ROOM}|\d{{3,4}}(?!\d))"
_DETAIL = (
    rf"(?:[ ,\n]{{0,2}}(?:\([가-힣0-9A-Za-z ,·.\-]{{1,30}}\)|{_FLAT}|{_NAMED}|(?:지하\s?)?(?:[Bb]\s?)?\d{{1,3}}\s?층|{_ROOM}|\d{{2,4}}-\d{{3,4}}(?!\d)"
    rf"|\d{{1,4}}동(?![가-힣])|[가-힣A-Za-z0-9]{{2,10}}\s(?={_FLAT}|\d{{1,3}}층|{_ROOM})))"
)
_DETAILS = rf"(?P<detail>{_DETAIL}{{0,5}})"

_CUE = re.compile(
    "주소|우리\s?집|울\s?집|내\s?집|집은|집이|집\s|자취|본가|살아|살고|살았|사는|산다|이사|배달|택배|배송|보내|부쳐|받을|찾아와|찾아오|도착|이리로|여기로|여기야|사무실|가게|숙소|펜션|위치|네비|내비|찍고".replace(
        "\s", r"\s"
    )
)
# Words that merely end like a road or a quarter.
_NO_ROAD = re.compile(
    r"(?:으로|걸로|거로|것로|이대로|그대로|저대로|대대로|맘대로|마음대로|뜻대로|말대로|제대로|멋대로|한대로|는대로|은대로|던대로|할대로|따로|서로|바로|주로|별로|새로|홀로|실로|날로|진짜로"
    r"|절대로|도로|미로|진로|경로|항로|활로|기로|통로|선로|회로|세로|가로|위로|아래로|뒤로|앞으로|옆으로|피로|과로|회사로|학교로|버스로|택시로|카드로|전화로|문자로|차로|지하철로|서울로|부산로"
    r"|카톡로|가게로|여기로|거기로|저기로|어디로|이리로|그리로|저리로|집으로|하나로|둘로|혼자로|최대로|최소로|차례로|순서로|프로|메로|유로|제로|무료로|유료로|오후로|오전로|내일로|하루로|다음주로"
    r"|이번주로|주말로|번호로|카페로|마트로|사이로|평소대로|예정대로|계획대로|순서대로|원래대로|하던대로|약속대로|생각대로|나이로|키로|킬로|마일로|첼로|트로|메트로|에로|솔로|헬로|엘로|멜로|칠로|팔로|구로|종로|진실로|억지로"
    r"|갈길|귀갓길|퇴근길|출근길|가는길|오는길|하는길|등굣길|하굣길|지름길|산길|골목길|큰길|꽃길|찻길|밤길|손길|눈길|발길|길)$"
)
_NO_QUARTER = re.compile(
    r"(?:운동|이동|활동|행동|감동|자동|수동|작동|아동|노동|소동|변동|진동|충동|연동|시동|합동|공동|냉동|출동|동동|반동|유동|율동|거동|부동|파동|전동|기동|선동|난동|구동|가동|태동|원동|격동|발동|협동|역동|제동|박동|생동|망동"
    r"|누가|내가|네가|뭐가|제가|애가|걔가|쟤가|얘가|거리|자리|소리|머리|다리|요리|빨리|정리|처리|수리|관리|유리|오리|꼬리|허리|보리|멀리|미리|우리|마리|논리|심리|원리|권리|의리|승리|비리|진리|분리|조리|대리|총리|물리|무리|뿌리"
    r"|메리|파리|체리|딸기리|젤리|켈리|테리|하면|가면|오면|라면|냉면|짜면|쫄면|비빔면|화면|장면|방면|측면|반면|전면|정면|후면|표면|평면|먹으면|되면|보면|있으면|없으면|이면|면)$"
)


def _road(match: re.Match[str]) -> Kind | None:
    road, number, detail, region = match["road"], match["number"], match["detail"], match["region"].strip()
    if _measured(match):
        return None
    if (
        detail.strip()
        or re.search(r"번지|\d(?:번|가|나|다)?길$", number + road)
        and not _NO_ROAD.search(road)
    ):
        return "ADDRESS" if region or detail.strip() and not _NO_ROAD.search(road) else _unless_word(road)
    if region and not re.fullmatch(_PROVINCE, region):
        return _unless_word(road) or (
            "ADDRESS" if region.endswith(("구", "동", "읍", "면")) and not road.endswith("으로") else None
        )
    if _NO_ROAD.search(road) and not re.search(r"\d(?:길|번길)", road):
        return None
    known = len(road) >= 4 or "-" in number or road.endswith("대로") or re.search(r"\d", road) is not None
    return "ADDRESS" if region or known or _near_cue(match) else None


def _unless_word(road: str) -> Kind | None:
    return None if _NO_ROAD.search(road) else "ADDRESS"


def _measured(match: re.Match[str]) -> bool:
    """The number counts something: 집으로 3시, 회사로 10-11시."""
    return (
        not match["detail"].strip()
        and re.compile(UNIT + r"|\s?[~,:]\s?\d").match(match.string, match.end()) is not None
    )


def _near_cue(match: re.Match[str]) -> bool:
    return _CUE.search(before(match, 30)) is not None or _CUE.search(after(match, 20)) is not None


def _lot(match: re.Match[str]) -> Kind | None:
    quarter, number = match["quarter"], match["number"]
    region = match["region"].strip()
    if _measured(match):
        return None
    if region or "번지" in number:
        return "ADDRESS"
    if _NO_QUARTER.search(quarter) or len(quarter) < 3:
        return None
    if quarter.endswith("동") or re.search(r"\d가$", quarter):
        long = len(number) >= 3
        return "ADDRESS" if match["detail"].strip() or "-" in number or long or _near_cue(match) else None
    return None


def _flat(match: re.Match[str]) -> Kind | None:
    counted = re.match(rf"(?:{UNIT})", after(match, 6)) and not match[0].rstrip().endswith(("호", "실"))
    return None if counted else "ADDRESS"


def _room(match: re.Match[str]) -> Kind | None:
    elsewhere = re.match(
        r"\s?(?:강의|세미나|회의|강당|교실|수업|연구|열차|시험|검사|진료|상영|선|차)", after(match, 8)
    )
    return None if elsewhere else "ADDRESS"


def _pair(match: re.Match[str]) -> Kind | None:
    """205-1103 beside a word that says it is a home."""
    if re.match(UNIT, after(match, 6)):
        return None
    lead = before(match, 16)
    return (
        "ADDRESS" if _HOME.search(lead) or re.search(f"(?:{_BUILDING})" + r"\s?(?:\d차)?\s?$", lead) else None
    )


_HOME = re.compile(r"주소|우리\s?집|울\s?집|집은|집\s?주소|동호수|호수|아파트|빌라|자취방|본가|배송지|배달")

ADDRESSES = Family(
    re.compile(
        r"[로길동리가읍면호층구군시]\s?(?:[A-Za-z]?-?\d|산\s?\d)|\d\s?(?:호|동|층|번지|번길|길)|우편|\d{5}|-(?:ro|gil|daero|gu|dong)|\d-\d{3}"
        rf"|{FILL['ADDRESS']}|[시도]\s?[가-힣]{{1,4}}[구군]"
    ),
    (
        Rule(
            rf"(?P<value>{_POSTCODE}(?P<region>{_REGION})(?<![가-힣])(?P<road>{_ROAD})\s?(?P<number>{_LOT})(?!\d){_DETAILS})",
            _road,
        ),
        Rule(
            rf"(?P<value>{_POSTCODE}(?P<region>{_REGION})(?<![가-힣])(?P<quarter>{_QUARTER})\s?(?P<number>{_LOT})(?![\d동호층]){_DETAILS})",
            _lot,
        ),
        Rule(
            rf"(?:(?:{_PROVINCE})\s)?(?:(?<![가-힣])[가-힣]{{1,4}}(?:시|군|구)\s){{0,2}}(?:(?<![가-힣])[가-힣]{{1,5}}\d{{0,2}}동\s)?(?:{_NAMED}\s?)?"
            rf"(?<!\d)(?:{_FLAT}|[A-Za-z가나다]동\s?\d{{2,4}}호)(?:\s?\([가-힣0-9 ,]{{1,20}}\))?",
            _flat,
        ),
        Rule(
            rf"(?<![가-힣])(?:(?:{_PROVINCE})\s)?(?:[가-힣]{{1,4}}(?:시|군|구)\s){{0,2}}(?:[가-힣]{{1,5}}\d{{0,2}}동\s)?{_NAMED}\s?(?:\d{{1,4}}동\s?)?(?:\d{{1,2}}층\s?)?{_ROOM}",
            _room,
        ),
        Rule(
            r"(?:집|방|자취|살아|살고|사는|본가|숙소|호텔|펜션|모텔|리조트|주소|문앞|배달|택배)[^\d\n"
            + FILLED
            + rf"]{{0,8}}(?P<value>{_ROOM})",
            _room,
        ),
        Rule(
            rf"(?<![\d\-])(?P<value>{_ROOM})(?=\s?(?:이|가|으로|로|에|인데|야|이야)?\s?(?:살|우리\s?집|내\s?방|문\s?앞|앞에\s?(?:두|놔)))",
            _room,
        ),
        Rule(r"(?<![\d\-])\d{3,4}-\d{3,4}(?![\d\-])", _pair),
        Rule(
            rf"[{FILL['ADDRESS']}][ ,]{{0,2}}(?P<value>\d{{2,4}}-\d{{3,4}}(?!\d)|{_FLAT}|{_ROOM})", "ADDRESS"
        ),
        Rule(rf"(?:우편\s?번호|우편)[^\d\n{FILLED}]{{0,6}}(?P<value>\d{{5}})(?!\d)(?!{UNIT})", "ADDRESS"),
        Rule(
            rf"(?P<value>[(\[]?(?<!\d)\d{{5}}[)\]]?)\s?(?=[{FILL['ADDRESS']}])|(?<=[{FILL['ADDRESS']}])\s?[(\[]\d{{5}}[)\]]",
            "ADDRESS",
        ),
        Rule(
            rf"(?<![가-힣])(?:{_PROVINCE})\s?(?:[가-힣]{{1,4}}(?:시|군)\s?)?[가-힣]{{1,4}}(?:구|군|시)\s?[가-힣]{{1,5}}\d{{0,2}}(?:동|읍|면)(?![가-힣]{{2}})",
            "ADDRESS",
        ),
        Rule(
            r"(?:(?:#|No\.?\s?)?\d{1,4}(?:-\d{1,4})?,?\s)?[A-Z][A-Za-z]+(?:\s?\d{1,3}(?:beon)?)?-?(?:ro|gil|daero)(?:\s?\d{1,3}(?:beon)?-gil)?\s?(?:\d{1,4}(?:-\d{1,4})?)?"
            r"(?:,?\s[A-Z][a-z]+-(?:gu|si|dong|do|gun|eup|myeon|ri)){0,3}(?:,?\s(?:Seoul|Busan|Korea|Incheon|Daegu))*",
            lambda m: "ADDRESS" if re.search(r"\d", m[0]) and "-" in m[0] else None,
        ),
    ),
)
