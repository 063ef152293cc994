"""Where somebody lives: road and lot addresses, flats, rooms, postcodes.

    서울시 강남구 테헤란로 152 (역삼동) 3층   역삼동 123-4   푸른아파트 101동 1502호   우편번호 06236

A road or a quarter alone (테헤란로 막힌다, 강남대로점) is no address, nor is a number with its unit (집으로 3시,
203호 강의실): a building number must follow, or flat and room together, or a word that says whose it is.
"""

import re

from persona_core.privacy.numbers import UNIT
from persona_core.privacy.rule import Family, Rule, after, before, words
from persona_core.privacy.span import FILL, FILLED, Kind

# --- parts ---

_PROVINCE = words(
    """(?:서울|부산|대구|인천|광주|대전|울산|세종)(?:특별자치시|특별시|광역시|시)? 경기도? 강원(?:특별자치)?도?
    충청?[북남]도? 전라?[북남]도? 전북특별자치도 경상?[북남]도? 제주(?:특별자치도|도)?"""
)
_START = "(?<![가-힣])"
_COUNTIES = rf"(?:(?:{_START}|(?<=[시도]))[가-힣]{{1,4}}[시군구]\s?){{0,2}}"
_QUARTERS = rf"(?:(?:{_START}|(?<=[시군구]))[가-힣]{{1,5}}\d{{0,2}}[동읍면]\s?)?"
_REGION = rf"(?P<region>(?:{_START}{_PROVINCE}\s?)?{_COUNTIES}{_QUARTERS})"
_POSTCODE = r"(?:[(\[]?\d{5}[)\]]?\s)?"
_BRANCH = r"\d{1,4}(?:번|가|나|다)?길"  # 월드컵로12길, 한강대로 23길
_ROAD = rf"(?P<road>(?:[가-힣][가-힣0-9·]{{0,9}}?(?:대로|로|길)|[가-힣]{{1,6}}{_BRANCH})(?:\s?{_BRANCH})?)"
_QUARTER = r"(?P<quarter>[가-힣]{1,5}(?:\d{1,2})?[동읍면가리])"
_IN_WORDS = "(?:[일이삼사오육칠팔구]?[십백천]?){1,5}"
_NATIVE = "(?:열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)?(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉)?"
_LOT = (
    r"(?P<number>(?:산\s?)?(?:\d{1,4}(?:\s?(?:-|다시|의)\s?\d{1,4})?(?:\s?번지)?"
    rf"|(?:(?=[가-힣]){_IN_WORDS}(?:\s?다시\s?{_IN_WORDS})?|{_NATIVE})(?<=[가-힣])\s?번지(?!점)))"
)
_BUILDING = words(
    """아파트 APT apt 빌라 빌딩 오피스텔 타워 맨션 멘션 하우스 하임 캐슬 팰리스 파크 자이 푸르지오 래미안 힐스테이트
    아이파크 더샵 더샾 편한세상 이편한 위브 뷰 센트럴 리버 포레 주공 단지 타운 원룸 고시원 고시텔 리빙텔 연립 주택 상가
    기숙사 생활관 레지던스 스위첸 데시앙 센트레빌 쉐르빌 어울림 꿈에그린 베르디움 우미린 호반 한라 한신 현대 삼성 우성 쌍용
    롯데캐슬 LH 휴먼시아 행복주택 빌리지 스테이 프라자 플라자 센터 회관 사옥 시티 하이츠 코아 코어 주상복합 풍림 대우 동아 벽산
    은마 두산 한양 마을"""
)
_NAMED = rf"[가-힣A-Za-z0-9]{{0,10}}?{_BUILDING}(?:\s?\d{{1,2}}(?:차|단지))?(?:\s?아파트)?"
_ROOM = r"(?:\d{1,2}층\s)?(?:제\s?)?(?:[A-Za-z가나다라]동\s?)?(?:지하\s?)?(?:[A-Za-z]\s?-?)?\d{1,5}\s?호(?![선차기점관봉])(?:실)?"
_ROOM_WORDS = rf"{_IN_WORDS}(?<=[일이삼사오육칠팔구십백천])호(?![가-힣]{{2}}|[선실차기])"
_FLAT_WORDS = rf"(?<![가-힣])(?=[일이삼사오육칠팔구십백천]{{2}}){_IN_WORDS}동\s?(?=[일이삼사오육칠팔구십백천]{{2}}){_ROOM_WORDS}"
_FLAT = rf"\d{{1,4}}\s?동\s?(?:{_ROOM}|\d{{3,4}}(?!\d|동))"
_DETAIL = "|".join(
    (
        r"\([가-힣0-9A-Za-z ,·.\-]{1,30}\)",
        _FLAT,
        _NAMED,
        r"[A-Za-z]동(?![가-힣])",
        r"(?:지하\s?)?(?:[Bb]\s?)?\d{1,3}\s?층",
        r"반\s?지하|옥탑방?",
        _ROOM,
        r"\d{2,4}-\d{3,4}(?!\d)",
        r"\d{1,4}동(?![가-힣])",
        r"[가-힣]{1,8}역(?:\s?\d{1,2}번\s?출구)?(?![가-힣]{2})",
        rf"[가-힣A-Za-z0-9]{{2,10}}\s(?={_FLAT}|\d{{1,3}}층|{_ROOM}|[A-Z]동\s?\d)",  # a building of any name, then floor or room
    )
)
_DETAILS = rf"(?P<detail>(?:[ ,\n]{{0,2}}(?:{_DETAIL})){{0,5}})"

# --- words that merely end like a road or a quarter ---

_NO_ROAD = re.compile(
    ".*"
    + words(
        "으로 [걸거것]로 [이그저맘음뜻말멋제한는은던할]대로 자리로 번호로 [다이저그]음주로 앞으로 옆으로 갈길 [근갓]길 [는온간갈던]길"
    )
    + "|"
    + words(
        """따 서 바 주 별 새 홀 실 날 진짜 절대 도 미 진 경 항 활 기 통 선 회 세 가 위 아래 뒤 피 과 회사 학교 버스 택시
        카드 전화 문자 차 지하철 서울 부산 대구 인천 대전 광주 카톡 가게 여기 거기 저기 어디 이리 그리 저리 하나 둘 혼자
        최대 최소 차례 순서 프 메 유 제 무료 유료 오후 오전 내일 하루 다음주 이번주 주말 카페 마트 사이 평소대 예정대
        계획대 순서대 원래대 약속대 생각대 나이 키 킬 마일 첼 트 메트 에 솔 헬 엘 멜 칠 팔 억지 스스 대체 실제 때때 수시
        임의 전체 나머지 상태 대 종이 기차 비행기 배 자전거 킥보드 현금 계좌 월세 전세 할부 일시불 두배 단위 순위 기준"""
    )
    + "로|"
    + words(
        """하교 등교 산책 골목 지름 큰 꽃 찻 밤 손 눈 발 산 들 물 뱃 기찻 철 외 앞 뒤 옆 샛 빗 초행 고생 인생 피난 출장
        여행 가는 오는"""
    )
    + "?길"
)
_NO_QUARTER = re.compile(
    words(
        """운 이 활 행 감 자 수 작 아 노 소 변 진 충 연 시 합 공 냉 출 동 반 유 율 거 부 파 전 기 선 난 구 가 태 원 격
        발 협 역 제 박 생 망 한 고 파 명 옥 학 경 관 여 폭 태 저 준"""
    )
    + "동"
)
_NO_COUNTY = re.compile(
    words("다 역 즉 혹 잠 택 몇 접 도 당 일 동 세 네 한 두 열 수 무 표 예 지")
    + "시|"
    + words("친 야 축 농 배 당 지 입 출 요 연 가 누 공 식 도 인 호 전 탁 욕 대 항 비상 여자친 남자친")
    + "구|[장대국공육해]군"
)
_AFTER_NUMBER = re.compile(
    r"(?:[으]?로|에서?|앞|옆|근처|건너편|맞은편|쪽|이야|야|임|입니다|이요|요)?(?:\s|$|[^가-힣\w])"
)
_NO_STEM = re.compile(
    "[이스노톡폰앱드크골트디자기지시집데번님밥빵돈원개씩째]$"
)  # 카카오페이로, 아메리카노로, 만원짜리로
_LIVING = re.compile(words(r"살[아고았] 사는 산다 (?<![맛술밥찻빵국])집 주소 본가 자취 이사 택배 배달"))
_CUE = re.compile(
    words(
        r"""주소 우리\s?집 울\s?집 내\s?집 집[은이\s] 자취 본가 살[아고았] 사는 산다 이사 배달 택배 배송 보내 부쳐 받을
        찾아[와오] 도착 [이여]리?기?로 여기야 사무실 가게 숙소 펜션 위치 네비 내비 찍고"""
    )
)
_HOME = re.compile(
    words(r"주소 우리\s?집 울\s?집 집은 동호수 호수 아파트 빌라 자취방 본가 배송지 배달")
    + rf"|{_BUILDING}\s?(?:\d차)?\s?$"
)
_AT_HOME = re.compile(words(r"우리\s?집 울\s?집 내\s?집 집\s?주소 자취 본가"))
_MINE = re.compile(words("이 가 인데 이야 야") + r"?\s?(?:(?:우리|내|울)\s?집|동\s?호수|집\s?주소)")
_HOUSEHOLD = re.compile(r"동\s?호수|호수(?![가-힣]{2,})|호수[다야]")
_LODGING = re.compile(
    words(
        "호텔 모텔 펜션 리조트 콘도 객실 병실 병동 입원 체크인 체크아웃 룸서비스 프론트 노래방 회의 면접 시험 열람실 강의실"
    )
)
_ELSEWHERE = re.compile(r"\s?(?:강의|세미나|회의|강당|교실|수업|연구|열차|시험|검사|진료|상영|선|차)")
_MEASURE = re.compile(UNIT + r"|\s?[~,:]\s?\d")


def _measured(match: re.Match[str]) -> bool:
    """The number counts something: 집으로 3시, 회사로 10-11시."""
    return not match["detail"].strip() and _MEASURE.match(match.string, match.end()) is not None


def _near_cue(match: re.Match[str]) -> bool:
    return _CUE.search(before(match, 30)) is not None or _CUE.search(after(match, 20)) is not None


def _region(match: re.Match[str]) -> str:
    """The region before a road or a quarter, when it is one: 역시, 친구 and 운동 are none."""
    region = match["region"].strip()
    last = region.split()[-1] if region else ""
    return "" if _NO_COUNTY.fullmatch(last) or _NO_QUARTER.fullmatch(last) else region


def _road(match: re.Match[str]) -> Kind | None:
    road, number, region = match["road"], match["number"], _region(match)
    in_town = (
        region.endswith(("시", "군", "구")) and len(road) > 3 and not road.endswith("으로")
    )  # 창원시 원이대로
    if _measured(match) or (not in_town and _NO_ROAD.fullmatch(re.sub(r"\s?\d.*", "", road))):
        return None
    certain = region or match["detail"].strip() or re.search(r"\d", road) or re.search("-|번지", number)
    if certain or road.endswith("대로") or _near_cue(match):
        return "ADDRESS"
    plain_end = (
        2 <= len(number) <= 3 and _AFTER_NUMBER.match(after(match, 8)) and not _NO_STEM.search(road[:-1])
    )
    return "ADDRESS" if road.endswith("로") and len(road) > 2 and plain_end else None


def _lot(match: re.Match[str]) -> Kind | None:
    quarter, number, region = match["quarter"], match["number"], _region(match)
    if _measured(match) or _NO_QUARTER.fullmatch(quarter):
        return None
    if quarter.endswith(("리", "면", "읍")):
        return "ADDRESS" if re.search("[시군구읍면]$", region) else None
    short = len(quarter) < 3 and not region and not ("-" in number and len(number) > 4)  # 목동 905-22
    if short or not re.search(r"동$|\d가$", quarter):
        return None
    certain = region or match["detail"].strip() or re.search("-|번지", number) or len(number) >= 3
    return "ADDRESS" if certain or _near_cue(match) else None


def _town(match: re.Match[str]) -> Kind | None:
    """서울 강남구 역삼동: told only of a home, or when nothing else is said."""
    alone = not before(match, 5).strip() and re.fullmatch(
        r"(?:이야|야|이에요|예요|요|임|입니다|으로|에)?\W*", after(match, 8)
    )
    return (
        "ADDRESS" if alone or _LIVING.search(before(match, 20)) or _LIVING.search(after(match, 12)) else None
    )


def _flat(match: re.Match[str]) -> Kind | None:
    counted = not match[0].endswith(("호", "실", ")")) and re.match(UNIT, after(match, 6))
    return None if counted else "ADDRESS"


def _room(match: re.Match[str]) -> Kind | None:
    lead = before(match, 20)
    if not _AT_HOME.search(lead) and (_LODGING.search(lead) or _LODGING.search(after(match, 16))):
        return None
    return None if _ELSEWHERE.match(after(match, 8)) else "ADDRESS"


def _pair(match: re.Match[str]) -> Kind | None:
    """205-1103 beside a word that says it is a home, or 205-1103호."""
    told = (
        match[0].endswith("호")
        or _HOME.search(before(match, 16))
        or _MINE.match(after(match, 14))
        or _HOUSEHOLD.search(after(match, 16))
    )
    return "ADDRESS" if told and not re.match(UNIT, after(match, 6)) else None


def _english(match: re.Match[str]) -> Kind | None:
    return "ADDRESS" if re.search(r"\d", match[0]) and "-" in match[0] else None


_TOWN = (
    rf"(?:{_PROVINCE}\s)?(?:{_START}[가-힣]{{1,4}}[시군구]\s){{0,2}}(?:{_START}[가-힣]{{1,5}}\d{{0,2}}동\s)?"
)
_LIVES = words("집 방 자취 살아 살고 사는 본가 숙소 주소 문앞 배달 택배 배송 동호수")
_MASKED = FILL["ADDRESS"]

ADDRESSES = Family(
    re.compile(
        r"[로길동리가읍면호층구군시]\s?(?:[A-Za-z]?-?\d|산\s?\d)|\d\s?(?:호|동|층|번지|번길|길)|우편|(?<!\d)\d{5}(?!\d|\s?원)|\d-\d{3}|번지|[일이삼사오육칠팔구십백천]호"
        rf"|-(?:ro|gil|daero|gu|dong)|{_MASKED}|[시도]\s?[가-힣]{{1,4}}[구군]"
    ),
    (
        Rule(rf"{_POSTCODE}{_REGION}{_START}{_ROAD}\s?{_LOT}(?!\d|\.\d|가){_DETAILS}", _road),
        Rule(rf"{_POSTCODE}{_REGION}{_START}{_QUARTER}\s?{_LOT}(?![\d동호층]){_DETAILS}", _lot),
        Rule(
            rf"{_TOWN}(?:{_NAMED}\s?)?(?<!\d)(?:{_FLAT}|{_FLAT_WORDS}|(?:[A-Za-z가나다라]|에이|비|씨|디)동\s?(?:\d{{2,4}}호|{_ROOM_WORDS}))(?:\s?\([가-힣0-9 ,]{{1,20}}\))?",
            _flat,
        ),
        Rule(
            rf"(?<![가-힣0-9])(?:[가-힣]{{1,8}}역\s?(?:\d{{1,2}}번\s?출구\s?)?(?:앞|근처|옆)?\s)?{_TOWN}{_NAMED}\s?"
            rf"(?:\d{{1,4}}동\s?)?(?:\d{{1,2}}층\s?)?(?:{_ROOM}|(?=[일이삼사오육칠팔구십백천]{{2}}){_ROOM_WORDS})",
            _room,
        ),
        Rule(rf"(?<![가-힣0-9]){_TOWN}{_NAMED}\s?\d{{2,4}}-\d{{3,4}}(?![\d\-])(?!{UNIT})", "ADDRESS"),
        Rule(
            rf"{_LIVES}[^\dA-Za-z\n{FILLED}]{{0,8}}?(?P<value>{_ROOM}|(?<![가-힣])(?=[일이삼사오육칠팔구십백천]{{2}}){_ROOM_WORDS})",
            _room,
        ),
        Rule(
            rf"(?<![\d\-])(?P<value>{_ROOM})"
            r"(?=\s?(?:이|가|으로|로|에|인데|야|이야)?\s?(?:살|우리\s?집|내\s?방|문\s?앞|앞에\s?(?:두|놔)|택배|배달|와(?![가-힣])|올라|보내))",
            _room,
        ),
        Rule(
            rf"(?<![\d\-]){_ROOM},?\s(?:[가-힣]{{1,6}}(?:관|동|채|빌)?\s[A-Za-z가나다라]동"
            r"|[가-힣]{1,6}(?:빌라|하우스|타워|원룸|빌)(?![가-힣]{3}))",
            "ADDRESS",
        ),
        Rule(r"(?<![\d\-])(?P<value>\d{2,4}동)(?=\s?(?:경비실|경비\s?아저씨|공동\s?현관))", "ADDRESS"),
        Rule(r"(?<![\d\-])\d{2,4}-\d{3,4}(?:\s?호(?![선차기점관봉]))?(?![\d\-])", _pair),
        Rule(rf"{_MASKED}[ ,]{{0,2}}(?P<value>\d{{2,4}}-\d{{3,4}}(?!\d)|{_FLAT}|{_ROOM})", "ADDRESS"),
        Rule(
            rf"(?:우편\s?(?:번호)?|\(우\))[^\d\n{FILLED}]{{0,6}}(?P<value>\d{{5}})(?!\d)(?!{UNIT})", "ADDRESS"
        ),
        Rule(rf"[(\[]?(?<!\d)\d{{5}}[)\]]?(?=\s?{_MASKED})|(?<={_MASKED})\s?[(\[]\d{{5}}[)\]]", "ADDRESS"),
        Rule(
            rf"{_START}{_PROVINCE}\s?(?:[가-힣]{{1,4}}[시군]\s?)?[가-힣]{{1,4}}[구군시]\s?"
            r"[가-힣]{1,5}\d{0,2}[동읍면](?![가-힣]{2})",
            _town,
        ),
        Rule(
            r"(?:(?:#|No\.?\s?)?\d{1,4}(?:-\d{1,4})?,?\s)?[A-Z][A-Za-z]+(?:\s?\d{1,3}(?:beon)?)?-?(?:ro|gil|daero)"
            r"(?:\s?\d{1,3}(?:beon)?-gil)?\s?(?:\d{1,4}(?:-\d{1,4})?)?"
            r"(?:,?\s[A-Z][a-z]+-(?:gu|si|dong|do|gun|eup|myeon|ri)){0,3}(?:,?\s(?:Seoul|Busan|Korea|Incheon))*",
            _english,
        ),
    ),
)
