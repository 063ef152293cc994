"""First names from elsewhere, in Hangul and in Latin letters: 케빈이랑, 조세핀 왔어, Kevin한테.

    find("Kevin이랑 조세핀 봤어")  ->  [(0, 5), (8, 11)]

A name that is a word as well (마크, Grace) is one only before what follows nothing but a person.
"""

import re

from persona_core.privacy.particles import ABOUT, PERSONAL, TAIL, TITLE
from persona_core.privacy.span import FILL

# Given names from elsewhere (and a few surnames), as they are written in Hangul.
_HANGUL = frozenset(
    """
    가브리엘 가브리엘라 가브리엘레 가엘 가토 간바타르 간바트 간볼드 갈리나 강바트 강토야 개빈 게렐 게오르그 겐나디 고바야시 구룽 구르프릿 굴나라 굴나즈 귄터 그레고리 그레이엄 그레타 그렉
    글렌 글로리아 기욤 깜리 꽝민 꾸언 꾸옹 나나미 나데즈다 나디르 나디아 나라얀 나란게렐 나란자야 나란토야 나빌라 나스쨔 나스탸 나오미 나오키 나오토 나즈마 나차그 나츠미 나츠키 나카무라
    나타샤 나타퐁 나탈리 나탈리아 나탈리에 낫타퐁 낸시 냠도르지 냠바야르 네빌 네이선 노아 노에미 노조미 누룰 누르란 누르술탄 누르잔 니고라 니나 니라즈 니샤 니샨트 니코스 니콜 니콜라스
    니콜라이 니콜레타 니콜로 니키타 니틴 다나카 다니엘 다니엘라 다니엘레 다닐로 다미안 다비드 다쓰야 다이스케 다이애나 다이키 다카시 다케시 다쿠야 대니 대니얼 더글라스 데니스 데릭 데미안
    데보라 데비 데위사르 데이비드 데이빗 델게르 도널드 도로시 도르지 도리스 도모미 도모코 도미니크 도미닉 돌고르 듀크 드류 드미트리 디미트리 디아나 디안 디에고 디엡 디팍 디피카 딜노자
    딜런 딜립 딜푸자 뚜안 뚜언 라니아 라르스 라메시 라몬 라시드 라우라 라이언 라일라 라제시 라크슈미 라티파 라파엘 라파엘라 라하프 라훌 란아인 랄프 람바부 랜디 러셀 레나 레나타 레나토
    레베카 레슬리 레아 레안드로 레오나르도 레오니 레온 레이날도 레이첼 레일라 레지나 로건 로날도 로널드 로돌포 로드리고 로라 로라나 로랑 로랭 로레나 로렌 로렌소 로렌초 로버트 로베르타
    로베르토 로베르트 로사 로사나 로살리아 로셀 로웨나 로웬 로이드 로즈메리 로한 로히트 롤라 롤란도 롤란드 료코 료타 료헤이 루드비히 루벤 루슬란 루시 루이 루이사 루이스 루이자 루이즈
    루치아 루치아노 루카 루카스 루크 루퍼트 뤼시 뤼카 류양 류웨이 류지 리나 리디아 리리안 리민 리사 리스키 리암 리야드 리오나 리웨이 리쥔 리즈키 리처드 리카르다 리카르도 리코 리쿠 리팡
    린다 린안 린지 린찌 린타로 릴리 릴리안 림마 마가렛 마누엘 마누엘라 마르셀 마르셀로 마르와 마르코 마르쿠스 마르타 마르티나 마르틴 마르틴스 마리나 마리빅 마리사 마리셀 마리솔 마리아
    마리암 마리얌 마리오 마리코 마사키 마사토 마샤 마유 마유미 마이린 마이크 마이클 마일로 마일스 마조리 마지드 마커스 마크 마테오 마테우 마테우스 마티아 마티아스 마틴 마흐무드 막스
    막시밀리안 만딥 만수르 말렌 말리카 매들린 매디슨 매켄지 매튜 맥스 맥켄지 메건 메구미 메리앤 메리엠 메이 메이린 메이링 메이메이 메이코 메이화 메흐메트 멜라니 멜리사 모니카 모리스
    모리츠 모모코 모하마드 모하메드 모하메트 무니르 무스타파 무함마드 뭉흐 뭉흐바트 뭉흐체첵 미겔 미구엘 미도리 미란다 미리암 미사키 미셸 미쉘 미아 미유 미즈키 미츠키 미치코 미카 미카엘
    미켈 미켈레 미쿠 미하일 미호 민응 민쩌우 민투 밀라 밀턴 밍하오 바네사 바딤 바르바라 바바라 바야르 바야르마 바오안 바오찌 바트바야르 바트볼드 바트에르덴 바트자르갈 발레리 발레리아
    발렌티나 발렌틴 버나드 버니 베네딕트 베로니카 베르나르 베르나르도 베서니 베스 베아트리스 베아트리체 베키 벤자민 벤하민 벨라 벨린다 보리스 볼드바타르 볼로르 볼로르마 볼프강 브라이언
    브래들리 브랜든 브렌다 브렌든 브루나 브루노 브루스 브리아나 브리짓 브리트니 블라디미르 블라디슬라프 블레이크 비노드 비비안 비샤카 비샬 비앙카 비엣 비올레타 비제이 비크람 비토리아 비핀 빅토르
    빅토리아 빈센트 빈히엔 빔라 쁘라윳 사디아 사라 사란게렐 사르도르 사만다 사무엘 사미라 사미르 사브리나 사사키 사오리 사유리 사이먼 사이한 사치코 사쿠라 사토 사토루 사토미 사하르 산드라
    산드로 산디프 산자이 산제이 산토스 산티아고 살라흐 살바도르 새디 새뮤얼 샌드라 샌디 샐리 샘슨 샤론 샤를 샤를로트 샤오룽 샤오리 샤오밍 샤오위 샤오윈 샤오팅 샤오화 샤이엔 샤흐노자 샨티
    샬롯 섀넌 서배너 세라 세르게이 세르지오 세르히오 세바스찬 세실 세실리아 세이야 셀레나 셀레스트 셀리아 셀린 셀림 셸리 소라타 소타 소피 소피아 솔레다드 솜차이 솜폰 쇼코 쇼타 쇼헤이 숀
    수니르 수니타 수레시 수마야 수파폰 수하일 수흐바타르 수흐볼드 술레이만 쉐리 쉐이 쉐페이 쉬안 쉬웨이 슈테판 슌스케 스미레 스베틀라나 스벤 스즈키 스칼렛 스콧 스타니슬라프 스테파니 스텔라
    스티브 스티븐 스펜서 시게루 시몬 시몬느 시바니 시에라 시오리 신디 신시아 신이치 신지로 실비아 쑤언 아가타 아구스 아그네스 아나벨 아나스타샤 아나스타시아 아녜스 아노징 아놀드 아누샤
    아니타 아담 아델 아드리아나 아드리안 아디티 아론 아룬 아르잔 아르준 아르투로 아르투르 아리아나 아리온 아리옹 아마르 아만다 아말리아 아메드 아메드흐 아멜리 아멜리아 아미나 아미라 아미르
    아민네 아베드 아브히 아샤 아서 아쉬윈 아스카 아야나 아야노 아야드 아야카 아오이 아우렐리 아유미 아이게림 아이굴 아이노아 아이누르 아이리 아이리스 아이샤 아이샤트 아이작 아이코 아인투
    아즈사 아즈자르갈 아카네 아카리 아키라 아키코 아피차이 아흐마드 아흐메드 안나 안드레 안드레스 안드레아 안드레이 안드리아 안젤라 안토넬라 안토니 안토니아 안토니오 안헬 안헬라 알레산드라
    알레산드로 알레시아 알레한드라 알레한드로 알렉산더 알렉산드라 알렉세이 알렉스 알료나 알리 알리사 알리셰르 알리시아 알베르토 알베르트 알비나 알탄체첵 알폰소 알프레도 압델 압둘 압둘라
    압바스 앙겔라 앙드레 앙리 앙투안 앙흐 앙흐바야르 앙흐체첵 애나 애덤 애드리안 애런 애비게일 애슐리 앤드류 앤디 앤서니 앨런 앨리스 앨리슨 앰버 야마다 야마모토 야세르 야스민 어거스트
    어맨다 에단 에두아르도 에드가르 에드먼드 에드워드 에드윈 에디 에르네스토 에르윈 에리 에리카 에릭 에린 에마 에미코 에밀리 에밀리에 에밀리오 에반 에블린 에스더 에스테반 에스텔 에스페란사
    에이든 에이미 에이브릴 엔리케 엔초 엘라 엘레나 엘렌 엘로디 엘리 엘리나 엘리너 엘리사 엘리스 엘리야 엘리엇 엘리자베스 엘비라 엠마 엥크 엥흐 엥흐바야르 엥흐자르갈 엥흐툴 예카테리나 옌링
    옐레나 오드리 오렐리 오로르 오마르 오마리 오사마 오스카르 오스틴 오욘 오욘체첵 오웬 오이벡 오트곤 오트공 옥사나 올가 올레샤 올리버 올리비아 올리비에 올리비에로 와타나베 왈리드
    왕레이 왕웨이 왕징 왕팡 왕하오 요나스 요스케 요시다 요시키 요코 요하네스 요한 요한나 우르술라 우본랏 우옌 울루그벡 월터 웨슬리 웨이 웨이웨이 웬디 위쉬안 위페이 윌리엄 유나코
    유누스 유디 유르겐 유리아 유리코 유마 유미코 유세프 유수프 유스케 유이 유즈키 유카 유카리 유코 유키 유키나 유키코 유타 유토 율리아 율리안 을지바야르 을지트 응옥 응우엔 응우옌 응이아
    이고르 이그나시오 이냐키 이드리스 이레네 이리나 이만네 이밍 이바노바 이반 이브 이브라힘 이사벨 이사벨라 이사벨르 이사야 이스마일 이안 이자벨 이자벨라 이졸데 이치로 이쿠미 이크람 이토
    이페이 이흐바야르 인드라 인디라 일리아스 일리야 잇페이 잉게 잉그리드 잉쯔 자넷 자르갈 자밀라 자비에르 자수르 자스민 자오레이 자오위 자이납 자이드 자카리아 자코모 자크 자파르 자하오
    자히드 잡흐랑 장바티스트 장웨이 장쥔 재닛 재스민 재커리 재클린 잭슨 쟈치 저스틴 제나비브 제니 제니퍼 제라르도 제러미 제럴드 제레미 제레미아 제롬 제시카 제이나 제이다 제이든 제이미
    제이슨 제이콥 제이크 제임스 조나단 조나스 조던 조르디 조르주 조반니 조세핀 조셀린 조셉 조슈아 조아킴 조안나 조애나 조앤 조앤나 조엘 조지 존슨 주디 주디스 준렐 준코 준페이 줄리
    줄리아 줄리안 줄리앙 줄리에타 줄리에트 쥔제 쥔하오 즈밍 즈엉 즈웨이 즈하오 지나츠 지네트 지넷 지오반니 지젤 지히로 질리언 질베르토 징웨이 짱 쩐 쩐티 쭝히에우 쯔쉬안 쯔엉 쯔치 쯔한
    찌엔 차이야 찰리 찰스 채드 천웨이 천하오 체렝 체체그 체체그마 체첵 첸첸 촐롱 취안 치히로 카나코 카디야 카디자 카렌 카르멘 카르스텐 카를 카를라 카를레스 카를로 카를로스 카를로타
    카리마 카린 카림 카미유 카밀 카밀라 카밀로 카비르 카비타 카심 카오리 카이토 카인 카일 카즈야 카즈코 카즈키 카챠 카타리나 카테리나 카테린 카토 카트린 칼렙 칼리드 칼리파 칼슨 캐롤
    캐롤라인 캐리 캐머런 캐서린 캐이티 캘빈 커티스 케빈 케이트 케이티 켄지 켄타 켄타로 켄토 켈리 코바야시 코코로 코타로 코헤이 콜린 쿄코 크레이그 크리셀 크리슈나 크리스 크리스탈
    크리스토프 크리스티나 크리스티안 크리스티앙 크리스틴 크세니아 클라라 클라우디아 클라우디오 클라우스 클레망 클레멘스 클레어 클로디아 클로에 클로이 키릴 킴벌리 타나카 타렉 타로 타리크
    타마라 타미 타이반 타이선 타일러 타카시 타케시 타쿠미 타쿠야 타티아나 타티야나 타히르 탄흐엉 테드 테레사 테리 테무진 테오 테오도라 테오도르 테일러 텔멘 토니 토드 토마소 토마스 토머스
    토모미 토모야 토모코 토비아스 투멩 투무르 투이 투이린 투짱 트래비스 트레이시 트리샤 트리스탄 티나 티모시 티엔 틸만 파누퐁 파라흐 파리드 파멜라 파블로 파비앙 파비오 파스칼 파올라
    파올로 파울라 파울로 파이살 파타라 파트리시아 파트리크 파티마 파티마타 패트리샤 패트리시아 패트릭 페넬로페 페데리카 페데리코 페드로 페르난다 페르난도 페이페이 펠리시아 펠리치타스 펠리페
    펠릭스 폴라 폴리나 폴린 표도르 푸엉 푸자 푸트리 프라딥 프라카시 프란시스 프란시스카 프란시스코 프란체스카 프란체스코 프랑수아 프랑수아즈 프랜시스 프랭크 프랭키 프레데릭 프레드 프리다
    프리야 프리얀카 프엉 프엉안 플로라 플로랑 플로렌스 피에르 피오나 피터 필리포 필리프 필립 핌차녹 하나코 하네스 하루카 하루키 하루토 하르샤 하비바 하비브 하비에르 하야토 하오란 하오위
    하워드 하이디 하이탐 하인리히 하즈키 하팀 하퍼 하페즈 한나 한스 할리 할리마 해럴드 해롤드 해리 해리슨 헌터 헤르만 헤이든 헨리 헬가 헬레나 헬렌 호노카 호르헤 호세 호아킨 호앙 호타루
    홍고르 황웨이 후미코 후사인 후세인 후아나 후안 후옌 후유미 훌리아 훌리오 휴고 흐엉 흐우푹 히나 히데오 히데키 히로미 히로시 히로유키 히로키 히로토 히에우 히엔 히엡 히카루 히카리
    히토미
    """.split()
)
# Of these, those that are words or public figures as well.
_HANGUL_WORDS = frozenset(
    """
    가토 글로리아 노아 니나 다이애나 대니 데니스 데미안 도널드 듀크 드류 라이언 랜디 레나 레아 레오나르도 레온 로건 로사 로이드 루시 루이 루이스 루카 리사 리코 릴리 마리아 마리오 마샤
    마일로 마크 막스 맥스 메이 메이메이 모모코 미도리 미란다 미아 미유 미카 미쿠 미호 밀라 베로니카 벨라 보리스 브루스 빅토리아 사라 사쿠라 소피 산티아고 샐리 샘슨 세라 소타 쇼코 스즈키
    스칼렛 스콧 스텔라 스티브 시몬 신이치 아담 아델 아서 아스카 아오이 아키라 안나 알리 앙리 애나 애슐리 엘라 엘리 엘리자베스 오드리 오스틴 올가 요코 요한 웨이 웬디 윌리엄 유마 유이
    유카 유코 유타 이레네 이반 이브 이안 이토 잭슨 저스틴 조던 조지 존슨 줄리 지젤 짱 쩐 찰스 치히로 카를로 카림 카일 캐리 켈리 코코로 크리스탈 타로 테오 테일러 토니 투이 티나
    파스칼 펠릭스 하루키 하이디 하퍼 한나 한스 해리 해리슨 헌터 헨리 히나
    """.split()
)


# First names in Latin letters, in lower case; those in the second row are words as well.
_LATIN = frozenset(
    """
    aaron abigail adam alan albert alex alexander alice alicia alison amanda amber amelia amy andrea
    andrew andy angela anna anne anthony arthur ashley audrey austin barbara ben benjamin bill bob bobby
    brad brandon brenda brian bruce bryan caleb camila carl carlos carol caroline catherine charles
    charlotte chloe chris christian christina christine christopher cindy claire clara connor crystal
    daisuke dan daniel danny dave david dean dennis diana diane donna doris dorothy dylan ed eddie
    edward elena eli elizabeth ella ellen emily emma eric erica erin ethan eugene eva evelyn fiona frank
    fred gabriel gary george gloria grace greg hannah harold harry haruka heather helen henry ian isabel
    isabella jack jackson jacob jake james jamie jane janet jasmine jason jeff jennifer jenny jeremy
    jesse jessica jessie jim joan joe joel john johnny jonathan jordan jose joseph josephine joshua joy
    juan julia julian julie justin karen kate katherine kathy katie keith kelly ken kenji kenneth kevin
    kim kimberly kyle larry laura lauren lena leo leon liam lily linda lisa logan louis lucas lucy luke
    madison maggie marco maria marie mark martin mary matt matthew max megan melissa mia michael
    michelle mike monica nancy naomi natalie natasha nathan nicholas nick nicole noah oliver olivia
    oscar owen pamela patricia patrick paul peter philip rachel ralph ray rebecca richard rick robert
    robin roger ron ronald rose ross roy ruby russell ryan sally sam samantha samuel sandra sara sarah
    scott sean sebastian sharon simon sophia sophie stella stephanie stephen steve steven susan tanya
    taylor ted teresa terry theo theresa thomas tim timothy tina todd tom tommy tony tracy travis tyler
    vanessa vera vicky victor victoria vincent vivian walter wendy william yuki zach zoe
    """.split()
)
_LATIN_WORDS = frozenset(
    """
    alice amber anna austin ben bill bob carl carol christian crystal dan dave dean diana ed eli ella
    eva frank fred gloria grace harry ian jack jackson jake jane jim joan joe jordan jose joy ken kim
    leo leon lily luke madison mark matt max mia nick oscar owen pamela ray rick robin ron rose ross roy
    ruby sally sam scott stella steve taylor ted terry theo tim todd tom tracy travis vera yuki zoe
    """.split()
)

_FIRST = "".join(sorted({name[0] for name in _HANGUL}))
_SECOND = "".join(sorted({name[1:2] for name in _HANGUL}))
_WORD = re.compile(rf"[{_FIRST}](?<![가-힣0-9][가-힣])[{_SECOND}][가-힣]*")
_PREFIXES = frozenset(name[:2] for name in _HANGUL)
_LONGEST = max(map(len, _HANGUL))
_NAME = re.compile(r"[A-Za-z](?<![A-Za-z@._/\-'’][A-Za-z])[A-Za-z]{2,11}(?![A-Za-z@._/\-'’])")
_VIETNAMESE = re.compile(  # 쩐 반 민
    "[응쩐팜호부레판](?<![가-힣][가-힣])(?:(?<=응)우옌|(?<=호)앙|(?<=부)이|(?<=[쩐팜레판]))"
    " (?:반|티|득|민|꾸옥|응옥|탄|꽝|투|쑤언) [가-힣]{1,3}(?![가-힣])"
)
_PARTICLE = re.compile(rf"{TAIL}|\s?{TITLE}|상(?![가-힣])")
_PERSONAL = re.compile(
    rf"{PERSONAL}|\s?{TITLE}|{ABOUT}|\s(?:외국인|여권|비자|교환학생|유학|국적|메일|이메일)"
)
_BESIDE = re.compile(
    rf"[{FILL['NAME']}](?:이?랑|하고|[와과,]) $"
)  # 마테오랑 노아도: the first is masked by now
_ENGLISH = re.compile(r"\s+[A-Za-z]")  # Daniel Craig, Kevin is late


def find(text: str) -> list[tuple[int, int]]:
    """Where somebody with such a name stands; in no order."""
    found = [match.span() for match in _VIETNAMESE.finditer(text)]
    reached = 0
    for match in _WORD.finditer(text):
        start = match.start()
        if match[0][:2] in _PREFIXES and start >= reached and (end := _end(text, start, match[0])):
            found.append((start, end))
            reached = end
    return found + [match.span() for match in _NAME.finditer(text) if _in_latin(text, match)]


def _end(text: str, start: int, word: str) -> int:
    """Where the name at ``start`` ends, a second one (사토 유키) included; 0 when there is none."""
    name = _longest(word)
    end = start + len(name)
    if not name:
        return 0
    if text[end : end + 1] == " " and (second := _longest(text[end + 1 : end + 1 + _LONGEST])):
        return end + 1 + len(second)
    sure = name not in _HANGUL_WORDS or _BESIDE.search(text, max(0, start - 5), start)
    return end if (_PARTICLE if sure else _PERSONAL).match(text, end) else 0


def _longest(word: str) -> str:
    lengths = range(min(len(word), _LONGEST), 1, -1)
    return next((word[:length] for length in lengths if word[:length] in _HANGUL), "")


def _in_latin(text: str, match: re.Match[str]) -> bool:
    name, end = match[0], match.end()
    if name.lower() not in _LATIN:
        return False
    if _PERSONAL.match(text, end):
        return True
    if name.lower() in _LATIN_WORDS or not name[0].isupper() or name.isupper():
        return False
    return not _ENGLISH.match(text, end) and (_PARTICLE.match(text, end) is not None)
