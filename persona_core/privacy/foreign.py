"""First names from elsewhere, in Hangul and in Latin letters: 케빈이랑, 조세핀 왔어, Kevin한테.

    find("Kevin이랑 조세핀 봤어")  ->  [(0, 5), (8, 11)]

A name that is a word as well (마크, Grace) is one only before what follows nothing but a person.
"""

import re

from persona_core.privacy.particles import ABOUT, PERSONAL, TAIL, TITLE

# Given names from elsewhere (and a few surnames), as they are written in Hangul.
_HANGUL = frozenset(
    """
    가브리엘 가토 고바야시 나나미 나오미 나카무라 나타샤 나탈리 나탈리아 네이선 노아 니콜 니콜라스
    다나카 다니엘 다니엘라 다이스케 다이키 대니 대니얼 데니스 데이비드 데이빗 도로시 드미트리 딜런
    레베카 레오나르도 레이첼 로건 로라 로렌 로버트 로이드 료타 루시 루카스 루크 류지 리나 리사 리웨이
    리쿠 린다 릴리 마가렛 마르코 마리아 마리코 마이크 마이클 마크 마틴 매튜 맥스 메건 메구미 메이링
    모니카 미사키 미셸 미쉘 미유 미카엘 민응 밀라 바네사 벤자민 브라이언 브랜든 브루노 비비안 빅토리아
    빈센트 사라 사만다 사브리나 사사키 사오리 사쿠라 사토 새뮤얼 샘슨 샤를로트 샤오밍 샬롯 세라 세르게이
    세바스찬 소피 소피아 쇼타 숀 스즈키 스테파니 스티브 스티븐 신디 아놀드 아담 아델 아드리안 아만다
    아서 아야카 아오이 아유미 안나 안드레 안드레아 안드레이 안젤라 안토니오 알렉산더 알렉산드라 알렉스
    알리 알리사 애나 애런 앤드류 앤디 앤서니 앨리스 야마다 야마모토 야스민 에단 에드워드 에디 에리카
    에릭 에린 에마 에밀리 에반 에이미 엘라 엘레나 엘리 엘리사 엘리스 엘리자베스 엠마 오스틴 올가
    올리버 올리비아 와타나베 왕웨이 요시다 월터 웨이 윌리엄 유리아 유이 유키 유타 유토 응우옌 이반 이브
    이사벨 이사벨라 이안 이토 자넷 자스민 재스민 재클린 잭슨 저스틴 제니 제니퍼 제러미 제레미 제시카
    제이든 제이크 제이미 제이슨 제이콥 제임스 조나단 조세핀 조셉 조슈아 조앤 조엘 조지 존슨 줄리 줄리아 줄리안
    짱 쩐 찰리 찰스 카를로스 카밀라 카오리 카일 카토 칼슨 캐롤 캐롤라인 캐리 캐서린 케빈 케이트 케이티
    켄지 켄타 켈리 코바야시 크리스 크리스탈 크리스티나 크리스틴 클라라 클레어 클로이 킴벌리 타나카 타로
    타일러 타카시 테레사 테일러 토니 토마스 토머스 투이 티나 티모시 티엔 파멜라 패트릭 페드로 폴린
    프란시스 프레드 프엉 피터 하나코 하루카 하루토 하비에르 한나 해리 해리슨 헨리 헬렌 호세 흐엉 히나
    히로시 히로키
    """.split()
)
# Of these, those that are words or public figures as well.
_HANGUL_WORDS = frozenset(
    """
    가토 노아 대니 데니스 레오나르도 로건 로이드 루시 리사 릴리 마리아 마크 맥스 미유 밀라 빅토리아 사라
    사쿠라 샘슨 세라 소피 스즈키 스티브 아담 아델 아서 아오이 안나 알리 애나 엘라 엘리 엘리자베스 오스틴
    올가 웨이 윌리엄 유이 유타 이반 이브 이안 이토 잭슨 저스틴 조지 존슨 줄리 짱 쩐 찰스 카일 캐리 켈리
    크리스탈 타로 테일러 토니 투이 티나 한나 해리 해리슨 헨리 히나
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
_NAME = re.compile(r"(?<![A-Za-z@._/\-'’])[A-Za-z]{3,12}(?![A-Za-z@._/\-'’])")
_VIETNAMESE = re.compile(  # 쩐 반 민
    "[응쩐팜호부레판](?<![가-힣][가-힣])(?:(?<=응)우옌|(?<=호)앙|(?<=부)이|(?<=[쩐팜레판]))"
    " (?:반|티|득|민|꾸옥|응옥|탄|꽝|투|쑤언) [가-힣]{1,3}(?![가-힣])"
)
_PARTICLE = re.compile(rf"{TAIL}|\s?{TITLE}|상(?![가-힣])")
_PERSONAL = re.compile(rf"{PERSONAL}|\s?{TITLE}|{ABOUT}")
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
    follows = _PERSONAL if name in _HANGUL_WORDS else _PARTICLE
    return end if follows.match(text, end) else 0


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
