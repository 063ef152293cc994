"""Other people's names, which nobody has listed: what stands where a name stands.

    find("수빈이랑 놀았어")      ->  [Span(0, 2, "NAME")]
    find("김대리님이 그러는데")   ->  [Span(0, 1, "NAME")]

Evidence is a known given name, a surname before one, a vocative, a title, 이 with a particle, @.
"""

import re
from collections.abc import Iterator, Mapping

from persona_core.privacy import romanised
from persona_core.privacy.lexicon import (
    CLEAR_SURNAMES,
    COMMON,
    DOUBLE_SURNAMES,
    FAMOUS,
    FIRST,
    NAMES,
    NEVER,
    NOT_PEOPLE,
    RARE_SURNAMES,
    SECOND,
    SUFFIXES,
    SURNAMES,
    THINGS,
    WORDS,
)
from persona_core.privacy.names import split
from persona_core.privacy.particles import LINKED, TAIL, TITLE, last_sound
from persona_core.privacy.rule import words
from persona_core.privacy.span import FILL, Span

_START = "(?<![가-힣])"
_KNOWN = NAMES | WORDS
_SECOND = frozenset(SECOND)
_SURNAME = f"[{''.join(sorted(SURNAMES))}]"
_USUAL = f"[{''.join(sorted(SURNAMES - RARE_SURNAMES))}]"
_HEAD = "".join(sorted(set(FIRST) | SURNAMES))
_NEXT = "".join(sorted(set(FIRST + SECOND) | {surname[1] for surname in DOUBLE_SURNAMES}))
# Begins with a character class so that the scan is fast; the look-behind then says: the first of its word.
_WORD = re.compile(rf"[{_HEAD}](?<![가-힣0-9][가-힣])[{_NEXT}][가-힣]*")

_TAIL = re.compile(TAIL + "$")
_ALSO_GIVEN = frozenset("하나 나라 우리 가을 여름 유리 아름".split())  # after a surname: 김하나
_CALLED = re.compile("아+$")
_CALLED_FIRST = re.compile(
    r"(?:\n|(?<!.))..야(?: [가-힣]|[!~,].?)", re.DOTALL
)  # at the beginning of a bubble
_LINKED = re.compile(LINKED)
_JOINED = re.compile("이랑(?![가-힣])")
_TITLED = re.compile(rf"이? ?{TITLE}")
_TITLED_WORD = re.compile(
    r" ?(?:씨(?![가-힣])|씨[가는를도의]|언니|오빠|누나|형(?![태식편님])|쌤)|님(?![가-힣])|님[이은도]"
)
_TITLED_PLAINLY = re.compile(r" ?씨(?![가-힣]{2})|(?<!자)님(?![가-힣]{2})")

_JOB = words(
    """대리 과장 차장 부장 팀장 실장 사원 상무 전무 교수 박사 원장 쌤 선생 선배 간호사 변호사 코치 감독 매니저 조교 반장 회장 총무
    목사 소장 본부장 센터장 파트장 책임 선임 수석 프로(?!그) 셰프 작가 대표 사장 이사(?=님) 주임 기사(?=님)"""
)
_JOB_HERE = re.compile(_JOB)
_SURNAME_AND_JOB = re.compile(
    r"[김박최정강조윤장임한오서신권황안송류홍유고문양손배백허남심노하곽성차우구민진엄채방이](?<![가-힣][가-힣])"
    rf"(?:(?={_JOB})|(?<=[김박최강윤임송홍권황류곽엄허심정조장])(?= {_JOB}))"
    r"(?<!조(?=교수|수석))(?<!정(?=교수))(?<![이전방](?=사장))(?<!전(?=대표|감독))(?<![한오신](?=선배))(?<![신차노](?=감독))"
    r"(?<!백(?=프로))(?<!노(?=교수))(?<!고(?=소장))(?<!신(?=대리))"
)
_CUED = re.compile(
    r"(?:예금주|수취인|수령인|(?:받|보내)는\s?(?:사람|분)|보낸\s?(?:사람|분)|(?:입금자|예약자|고객|환자|대표자|신청자)명?)"
    rf"[ \t]?[은는이가을:=]?[ \t:]{{0,2}}(?P<formal>{_SURNAME}[가-힣]{{2}}(?![가-힣]{{3}}))"
    rf"|(?:이름|성함|성명|본명|실명|담당자)[은는이가을:=]?[ \t:]{{0,2}}(?:내|제|걔|나)?\s?"
    rf"(?P<name>{_SURNAME}[{FIRST}][{SECOND}])(?=$|[^가-힣]|이[야고라에다]|[이으]로|로|야|라고|입|임|인데|예요|님|씨)"
)
_NOT_SAID = re.compile(
    words(
        """뭐 모르 몰라 아직 그냥 아무 누구 어떻 이거 저거 정하 정해 정한 이상 비슷 유명 특이 예쁘 이쁘 지어 바꿔 기억 까먹 하나
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
    r"(?=[^가-힣]|$|[아야이가은는님씨도의](?![가-힣]))(?! [가-힣](?![가-힣]))"
)
_CONTACT = re.compile(r"연락처\s?:\s?(?P<name>[가-힣]{2,4})(?![가-힣])")
# 국민 123456-01-234567 홍길동: the owner of the account.
_OWNER = re.compile(
    rf"[{FILL['ACCOUNT']}]\s?[/,(]?\s?(?:[가-힣A-Z]{{2,6}}\s?[/,]?\s)?"
    rf"(?P<name>{_SURNAME}(?:[{FIRST}][{SECOND}]|[가-힣][가-힣](?<![요줘해야임함고로에서은는거다지까네라게])))(?=님|[^가-힣]|$)"
)
# 준이가, 윤아: a given name of one syllable.
_SHORT = re.compile(
    rf"[준윤율훈빈찬겸린혁욱](?<![가-힣0-9][가-힣])(?=아+(?![가-힣])|{LINKED}|이랑(?![가-힣]))"
)
# 근데수빈이가: nothing between the first word and the name.
_GLUED = re.compile(
    r"(?<![가-힣])(?:근데|헐|야|그럼|진짜|아니|혹시|오늘|어제|내일|우리|나랑|안녕|얘들아)"
    rf"(?P<name>[{_HEAD}][{_NEXT}])(?=이?(?:가|는|랑|한테|도|네|야|아|씨|님)?(?![가-힣]))"
)
_ALWAYS = (_SURNAME_AND_JOB, _SHORT)
_RARE = (_OWNER, _CUED, _MENTION, _HIDDEN, _SPACED, _CONTACT, romanised.STRANGER)
_MAYBE_RARE = re.compile(
    rf"[@*○●〇A-Zㅇ{FILL['ACCOUNT']}이성예수받보입신고환대담본실연모 .](?:(?<=[@*○●〇A-Z{FILL['ACCOUNT']}])|(?<=[가-힣]ㅇ)ㅇ|"
    + words(
        r"""(?<=이)름 (?<=성)[함명] (?<=예)(?:금주|약자) (?<=수)[취령]인 (?<=받)는 (?<=보)(?:내는|낸) (?<=입)금자 (?<=신)청자
        (?<=고)객 (?<=환)자 (?<=대)표자 (?<=담)당자 (?<=본)명 (?<=실)명 (?<=연)락처 (?<=모)\s?씨 (?<=\.)[가-힣]\."""
    )
    + rf"|(?<= )[{FIRST}] [{SECOND}])"
)
# A pair of syllables that is no known name is one only before these.
_LATIN = re.compile("[A-Za-z]{2}")
_HINT = re.compile(r"..?.?(?:아+(?![가-힣])|\s?씨|님|이[가는를도한에께의만꺼거껀보하처까부때땜같쓰말빼랑])")


def find(text: str, learned: Mapping[str, int]) -> list[Span]:
    """Names of people nobody has listed; in no order, none overlapping another.

    ``learned`` holds words the analyser has decided (see `morphemes`), with the length of the name in each.
    """
    found = []
    for match in _WORD.finditer(text):
        word, start = match[0], match.start()
        known = word[:2] in _KNOWN or word[1:3] in _KNOWN or word[2:4] in _KNOWN
        maybe = known or _HINT.match(text, start) or word in learned
        if maybe and (length := _length(text, start, word) or learned.get(word, 0)):
            found.append(Span(start, start + length, "NAME"))
    found += [Span(*m.span("name"), "NAME") for m in _GLUED.finditer(text) if m["name"] in NAMES]
    for pattern in _ALWAYS:
        if pattern.search(text):
            found += _spans(pattern, text)
    if _MAYBE_RARE.search(text):
        for pattern in _RARE:
            found += _spans(pattern, text)
    if _LATIN.search(text):
        found += [Span(start, end, "NAME") for start, end in romanised.find_given(text)]
    return _without_overlaps(found) if len(found) > 1 else found


def _without_overlaps(found: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def doubtful(text: str) -> Iterator[re.Match[str]]:
    """Words that may begin with a name, of which the rules say nothing."""
    for match in _WORD.finditer(text):
        word = match[0]
        pair = word[:2] in WORDS or (word[0] in FIRST and word[1] in SECOND and len(word) < 6)
        full = word[0] in SURNAMES and word[1] in FIRST and word[2:3] in _SECOND
        if (pair or full) and word not in COMMON and not _length(text, match.start(), word):
            yield match


def _spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    spans = (match.span(match.lastgroup or 0) for match in pattern.finditer(text))
    return [Span(start, end, "NAME") for start, end in spans if not _NOT_SAID.match(text, start)]


def _length(text: str, start: int, word: str) -> int:
    """How many characters of the word at ``start`` are a name: 0, 2 (지훈), 3 (박지훈) or 4 (남궁지훈)."""
    if word[:3] in FAMOUS or word[:3] in NOT_PEOPLE:
        return 0
    if word[:2] in DOUBLE_SURNAMES and _fits(text, start + 4, word[2:4], word[4:], surname=word[:2]):
        return 4
    alone = _fits(text, start + 2, word[:2], word[2:])
    if alone and word[2:3] in ("이", "아") and last_sound(word[:2]) != "vowel":
        return 2  # 예은이, 하은아: not 예 + 은이
    inflected = word[:2] in COMMON and word[2:3] in SUFFIXES  # 고민하고, 조선은
    if word[0] in SURNAMES and not inflected and _fits(text, start + 3, word[1:3], word[3:], surname=word[0]):
        return 3
    return 2 if alone else 0


def _fits(text: str, end: int, given: str, tail: str, *, surname: str = "") -> bool:
    """Whether ``given``, which ends at ``end``, is a name here. ``tail`` is the rest of its word."""
    clear = surname in CLEAR_SURNAMES or len(surname) > 1
    linked = _LINKED.match(tail) is not None
    never = given in NEVER and not (linked or (clear and given in _ALSO_GIVEN))
    if len(given) < 2 or never:
        return False
    if (given in NAMES and surname not in RARE_SURNAMES) or (given in WORDS and clear):
        return _TAIL.match(tail) is not None or _TITLED.match(text, end) is not None
    if given in WORDS or given in NAMES:
        titled = _TITLED_WORD
    elif given[0] in FIRST and given[1] in SECOND and (clear or not surname) and not _JOB_HERE.match(given):
        titled = _TITLED_PLAINLY
    else:
        return False
    if last_sound(given) != "vowel":
        joined = given in WORDS and given not in THINGS and _JOINED.match(tail)  # 수정이랑
        if linked or joined or _CALLED.match(tail):
            return True
    elif given in WORDS and given not in THINGS and _CALLED_FIRST.fullmatch(text, max(0, end - 3), end + 3):
        return True  # 슬기야 어디야
    return titled.match(text, end) is not None


def person(name: str) -> str:
    """One key for 김민수, 민수 and 김 민 수: the given name."""
    letters = re.sub(r"[^가-힣A-Za-z*]", "", name)
    return split(letters)[1].lower()
