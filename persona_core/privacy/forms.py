"""Somebody named where a form, a sign or a title asks for a name, whatever the name.

find("예금주 홍길동")     ->  [Span(4, 7, "NAME")]
find("김대리님 @수빈")   ->  [Span(0, 1, "NAME"), Span(6, 8, "NAME")]
"""

import re

from persona_core.privacy import romanised
from persona_core.privacy.lexicon import FIRST, RARE_SURNAMES, SECOND, SURNAMES
from persona_core.privacy.particles import LINKED
from persona_core.privacy.rule import words
from persona_core.privacy.span import FILL, Span

_START = "(?<![가-힣])"
_SURNAME = f"[{''.join(sorted(SURNAMES))}]"
_USUAL = f"[{''.join(sorted(SURNAMES - RARE_SURNAMES))}]"
JOB = words(
    """대리 과장 차장 부장 팀장 실장 사원 상무 전무 교수 박사 원장 쌤 선생 선배 간호사 변호사 코치 감독 매니저 조교 반장 회장 총무
    목사 소장 본부장 센터장 파트장 책임 선임 수석 프로(?!그) 셰프 작가 대표 사장 이사(?=님) 주임 기사(?=님)"""
)
_SURNAME_AND_JOB = re.compile(
    r"[김박최정강조윤장임한오서신권황안송류홍유고문양손배백허남심노하곽성차우구민진엄채방이](?<![가-힣][가-힣])"
    rf"(?:(?={JOB})|(?<=[김박최강윤임송홍권황류곽엄허심정조장])(?= {JOB}))"
    r"(?<!조(?=교수|수석))(?<!정(?=교수))(?<![이전방](?=사장))(?<!전(?=대표|감독))(?<![한오신](?=선배))(?<![신차노](?=감독))"
    r"(?<!백(?=프로|사장))(?<!노(?=교수))(?<!고(?=소장))(?<!신(?=대리))"
)
_CUED = re.compile(
    r"(?:예금주|수취인|수령인|(?:받|보내)는\s?(?:사람|분)|보낸\s?(?:사람|분)|(?:입금자|예약자|고객|환자|대표자|신청자)명?|(?:수신|참조|발신|작성자)(?=\s?:))"
    rf"[ \t]?[은는이가을:=]?[ \t:]{{0,2}}(?P<formal>{_SURNAME}[가-힣]{{2}}(?=[^가-힣]|$|님|씨|께|이[야요]|입니|이에요|예요|[으이]?로|이?[고라]|한테))"
    rf"|(?:이름|성함|성명|본명|실명|담당자)[은는이가을:=]?[ \t:]{{0,2}}(?:내|제|걔|나)?\s?"
    rf"(?P<name>{_SURNAME}[{FIRST}][{SECOND}])(?=$|[^가-힣]|이[야고라에다]|[이으]로|로|야|라고|입|임|인데|예요|님|씨)"
)
_NOT_SAID = re.compile(
    words(
        """이?라[니는] 이리 여기 하이픈 조의금 축의금 부의금 뭐 모르 몰라 아직 그냥 아무 누구 어떻 이거 저거 정하 정해 정한 이상 비슷 유명 특이 예쁘 이쁘 지어 바꿔 기억 까먹 하나
        진짜 나도 적어 알려 말해 확인 변경 예금주 입금자 전체 모두 여기 채널"""
    )
)
_MENTION = re.compile(
    r"(?<![A-Za-z0-9가-힣])@(?P<name>[가-힣]{2,5}?)(?=님|씨|[^가-힣]|$|이[가는]|[은는이가야도](?![가-힣]))"
)
_HIDDEN = re.compile(
    rf"{_START}{_SURNAME}(?:[*○●〇]{{1,2}}[가-힣]?|[OX]{{2}}|ㅇㅇ|[가-힣][*○●〇])(?![*\d])"
    rf"|{_START}(?P<name>[김이박최정강조윤장임])(?=[모某]\s?씨)"
)
_SPACED = re.compile(  # 김 민 수; not a stretch of a text in which everything is spaced
    rf"{_START}(?<![가-힣] )(?![한이손명] ){_USUAL}([ .·])[{FIRST}]\1[{SECOND}]"
    r"(?=[^가-힣]|$|[아야이가은는님씨도의](?![가-힣]))(?! (?!씨)[가-힣](?![가-힣]))"
)
_CONTACT = re.compile(r"연락처\s?:\s?(?P<name>[가-힣]{2,4})(?![가-힣])")
# 국민 123456-01-234567 홍길동: the owner of the account.
_OWNER = re.compile(
    rf"[{FILL['ACCOUNT']}]\s?[/,(]?\s?(?:[가-힣A-Z]{{2,6}}\s?[/,]?\s)?"
    rf"(?P<name>{_SURNAME}(?:[{FIRST}][{SECOND}]|[가-힣][가-힣](?<![요줘해야임함고로에서은는거다지까네라게])(?=님|씨|입|이[야에]|[^가-힣\s]|\s*$)))(?=님|[^가-힣]|$|입|이[야에])"
)
# 준이가, 윤아: a given name of one syllable.
_SHORT = re.compile(
    rf"[준윤율훈빈찬겸린혁욱](?<![가-힣0-9][가-힣])(?=아+(?![가-힣])|{LINKED}|이랑(?![가-힣]))"
)
# Whoever is called 씨: 아미나씨가; but 날씨, 아저씨, 아이씨.
_MISTER = re.compile(
    r"(?<![가-힣])(?!(?:이|그|저)?양반|아내|남편|여보|자기|오빠|언니|사장|선생|주인|강아지|고양이)(?P<name>[가-힣]{2,5})"
    r"(?<![날솜말글불홀볍꽃풀마맘눈맵저가음람])(?=씨(?:[가는를도네랑께의]|한테|하고|이름|번호|생일|집|남편|엄마|아빠)(?![가-힣]{2}))"
)
_ALWAYS = (_SURNAME_AND_JOB, _SHORT)
_RARE = (_OWNER, _CUED, _MENTION, _HIDDEN, _SPACED, _CONTACT, romanised.STRANGER)
_MAYBE_RARE = re.compile(
    rf"[@*○●〇A-Zㅇ{FILL['ACCOUNT']}이성예수받보입신고환대담본실연모참발작 .](?:(?<=[@*○●〇A-Z{FILL['ACCOUNT']}])|(?<=[가-힣]ㅇ)ㅇ|"
    + words(
        r"""(?<=이)름 (?<=성)[함명] (?<=예)(?:금주|약자) (?<=수)(?:[취령]인|신\s?:) (?<=참)조\s?: (?<=발)신\s?: (?<=작)성자 (?<=받)는 (?<=보)(?:내는|낸) (?<=입)금자 (?<=신)청자
        (?<=고)객 (?<=환)자 (?<=대)표자 (?<=담)당자 (?<=본)명 (?<=실)명 (?<=연)락처 (?<=모)\s?씨 (?<=\.)[가-힣]\."""
    )
    + rf"|(?<= )[{FIRST}] [{SECOND}])"
)


def find(text: str) -> list[Span]:
    """What such places name; in no order, perhaps overlapping."""
    found: list[Span] = []
    for pattern in _ALWAYS:
        if pattern.search(text):
            found += _spans(pattern, text)
    if "씨" in text:
        found += _spans(_MISTER, text)
    if _MAYBE_RARE.search(text):
        for pattern in _RARE:
            found += _spans(pattern, text)
    return found


def _spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    spans = (match.span(match.lastgroup or 0) for match in pattern.finditer(text))
    return [Span(start, end, "NAME") for start, end in spans if not _NOT_SAID.match(text, start)]
