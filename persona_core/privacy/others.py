"""Other people's names, which nobody has listed: what stands where a name stands.

    find("수빈이랑 놀았어")      ->  [Span(0, 2, "NAME")]
    find("김대리님이 그러는데")   ->  [Span(0, 1, "NAME")]

Evidence is a known given name, a surname before one, a vocative, a title, 이 with a particle, @.
"""

import re
from collections.abc import Iterator, Mapping

from persona_core.privacy import foreign, forms, romanised
from persona_core.privacy.display import split
from persona_core.privacy.lexicon import (
    CLEAR_SURNAMES,
    COMMON,
    DOUBLE_SURNAMES,
    FAMOUS,
    FIRST,
    NAMES,
    NEVER,
    NOT_PEOPLE,
    PEOPLE,
    PLACES,
    RARE_SURNAMES,
    SECOND,
    SUFFIXES,
    SURNAMES,
    THINGS,
    WORDS,
)
from persona_core.privacy.particles import ABOUT, LINKED, TAIL, TITLE, last_sound
from persona_core.privacy.span import FILL, Span

_START = "(?<![가-힣])"
_KNOWN = NAMES | WORDS
_ORDINARY = COMMON | THINGS | PLACES | {"수영", "조리"}
_SECOND = frozenset(SECOND)
_HEAD = "".join(sorted(set(FIRST) | SURNAMES | {surname[0] for surname in DOUBLE_SURNAMES}))
_NEXT = "".join(sorted(set(FIRST + SECOND) | {surname[1] for surname in DOUBLE_SURNAMES}))
# Begins with a character class so that the scan is fast; the look-behind then says: the first of its word.
_WORD = re.compile(rf"[{_HEAD}](?<![가-힣0-9{FILL['NAME']}][가-힣])[{_NEXT}][가-힣]*")

_TAIL = re.compile(TAIL + "$")
_ALSO_GIVEN = frozenset(
    "하나 나라 우리 가을 여름 유리 아름 나은 미래 나래 새벽".split()
)  # after a surname: 김하나
_CALLED = re.compile("아+$")
_CALLED_FIRST = re.compile(
    r"(?:\n|(?<!.))..야(?: [가-힣]|[!~,].?)", re.DOTALL
)  # at the beginning of a bubble
_LINKED = re.compile(LINKED)
_JOINED = re.compile("이랑(?![가-힣])")
_TITLED = re.compile(rf"이? ?{TITLE}")
_ADDRESSED = r"(?:이? )?(?:씨(?![가-힣])|씨[가는를도의네랑]|씨한테|언니|오빠|누나|형(?![태식편님])|쌤)|님(?![가-힣])|님[이은도]"
_TITLED_THING = re.compile(_ADDRESSED)  # 수정 언니; but 대구 삼촌, 재수 선배, 진상 아저씨
_TITLED_WORD = re.compile(
    _ADDRESSED
    + r"|이? ?(?:형님|행님|이모|삼[촌춘]|고모|아저씨|아줌마|아지매|할머니|할아버지|할[매배])|이 ?(?:엄마|아빠|어머니|아버지)"
    r"| ?(?:대리|과장|차장|부장|팀장|실장|이사|사장|대표|소장|원장|권사|집사)(?:님|(?![가-힣]{3}))| ?(?:선배|후배|선생님)"
    r"| (?:병장|상병|일병|이병|하사|중사|상사|소위|중위|대위)(?:님|[이가은는도]?(?![가-힣]))| (?:소대장|중대장|행보관)"
)
# Behind two syllables nobody knows: 덕배형, 말순 고모; but 학교 후배, 택배 아저씨.
_TITLED_KIN = re.compile(
    r"이?(?:형(?![태식편])|언니|오빠|누나|씨|님)(?![가-힣]{3})|이? ?(?:[형행]님|[이고]모|삼[촌춘]|할머니|할아버지|할[매배])"
)
# Behind a surname, whatever the second syllable of the given name: 주하늬 선배; but 이상한 언니, 전공책 선배.
_TITLED_SURELY = re.compile(r" ?(?:씨|선배|언니|오빠|누나|쌤|형(?![태식편]))(?:님|(?![가-힣]{3}))")
_ENDS_OF_WORDS = frozenset(
    "한은는던쁜진운인된온본난른큰적실점집원생과국학교장관부팀간동반방사자분기들님게의이가에도만서고로라지네여아야"
)
_TITLED_PLAINLY = re.compile(r" ?씨(?![가-힣]{2})|(?<!자)님(?![가-힣]{2})")

_ABOUT = re.compile(ABOUT)
_BESIDE = re.compile("이?(?:한테|한텐|에게)|랑(?![가-힣])")
_ALONE = re.compile(r"(?m:이?[^가-힣\n]*$)")
_AND = "(?:(?:이?랑|하고|이?,|[와과]) ?| ?[/·&] ?)"
_NAMED = re.compile(f"[{FILL['NAME']}{FILL['NICKNAME']}]")
_AFTER_NAME = re.compile(f"[{FILL['NAME']}{FILL['NICKNAME']}]{_AND}$")
_BEFORE_NAME = re.compile(f"{_AND}[{FILL['NAME']}{FILL['NICKNAME']}]")
_GLUED_TITLE = re.compile(
    "언니|오빠|누나|이모|씨|쌤|이 ?(?:엄마|아빠|어머니|아버지|유치원|어린이집|등원|하원|돌잔치|생일|숙제|하교)"
)
# A season or an adjective is somebody before these: 가을이랑 영화봤다며, 나은 선배; but 더 나은 선배.
_IN_COMPANY = re.compile(
    r"이?랑 (?:둘이|셋이|같이|영화|밥|술|카페|커피|여행|통화|전화|카톡|톡|연락|약속|얘기|친[하해한했]|사귀|사겼|헤어|싸[우웠]|만나|만났|놀|짝|동기|손절)"
    r"|이? (?:선배|쌤|언니|누나|오빠|씨)(?![가-힣]{3})"
)
_MORE = re.compile(r"(?:더|훨씬|제일|보다|조금|좀) $")
# 회장 양다솔로 바뀜: a whole name behind what somebody is.
_OFFICE = re.compile(
    "(?:회장|반장|팀장|총무|과대|조장|주장|담임|담당|담당자|매니저|조교|점장|원장|실장|신랑|신부|후임|전임)[은는이가]? $"
)
_ENDS_OF_OFFICES = frozenset("장무대임당자저교랑부은는이가")
_PARTNERED = re.compile("이? (?:[남여]친|[남여]자친구|신랑|와이프|생일|결혼식|돌잔치)")
_ENDS_OF_ADJECTIVES = frozenset("한은인의")

_NAME_OF_A_PLACE = re.compile(
    r"민주 ?(?:시민|사회|국가|정부|투사|열사|항쟁|운동|교육|선거|정치|공화)|동원 ?(?:참치|예비군|훈련)|유진 ?투자|"
    r"[가-힣]{2,3}?이?라는 (?:[가-힣]+ )?(?:카페|가게|식당|맛집|술집|빵집|책|영화|드라마|노래|게임|브랜드|회사|앱|곳|데|동네|아파트)"
)
_ONLY_SURNAMES = frozenset("남궁 황보 제갈 독고".split())
# 정우성 팀장님 is no actor.
_COLLEAGUE = re.compile(r" ?(?:대리|과장|차장|부장|팀장|실장|사원|주임|선임|책임|매니저|조교|간호사)")
_JOB_HERE = re.compile(forms.JOB)
# 근데수빈이가: nothing between the first word and the name.
_GLUED = re.compile(
    r"(?<![가-힣])(?:근데|헐|야|그럼|진짜|아니|혹시|오늘|어제|내일|우리|나랑|안녕|얘들아)"
    rf"(?P<name>[{_HEAD}][{_NEXT}])(?=이?(?:가|는|랑|한테|도|네|야|아|씨|님)?(?![가-힣]))"
)
# A pair of syllables that is no known name is one only before these.
_LATIN = re.compile("[A-Za-z]{2}")
_HINT = re.compile(
    rf"..[가-힣]?(?:{_TITLED_WORD.pattern})|..?.?(?:아+(?![가-힣])|\s?씨|님|이[가는를도한에께의만꺼거껀보하처까부때땜같쓰말빼랑])"
)


def find(text: str, learned: Mapping[str, int]) -> list[Span]:
    """Names of people nobody has listed; in no order, none overlapping another.

    ``learned`` holds words the analyser has decided (see `morphemes`), with the length of the name in each.
    """
    found = []
    marked = _NAMED.search(text) is not None  # what stands beside a name may be one
    for match in _WORD.finditer(text):
        word, start = match[0], match.start()
        known = word[:2] in _KNOWN or word[1:3] in _KNOWN or word[2:4] in _KNOWN
        certain = known or marked or word[:2] in _ONLY_SURNAMES or word in learned
        office = word[0] in CLEAR_SURNAMES and text[start - 2 : start - 1] in _ENDS_OF_OFFICES
        maybe = certain or office or _HINT.match(text, start)
        if maybe and (length := _length(text, start, word) or learned.get(word, 0)):
            found.append(Span(start, start + length, "NAME"))
    found += [Span(*m.span("name"), "NAME") for m in _GLUED.finditer(text) if m["name"] in NAMES]
    found += forms.find(text)
    found += [Span(start, end, "NAME") for start, end in foreign.find(text)]
    if _LATIN.search(text):
        found += [Span(start, end, "NAME") for start, end in romanised.find_given(text)]
    return _without_overlaps(found) if len(found) > 1 else found


def _without_overlaps(found: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def candidates(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Words that may begin with a name, and the length of the name, 0 where the rules say nothing."""
    for match in _WORD.finditer(text):
        word = match[0]
        pair = word[:2] in WORDS or (word[0] in FIRST and word[1] in SECOND and len(word) < 6)
        full = word[0] in SURNAMES and word[1] in FIRST and word[2:3] in _SECOND
        if (pair or full) and word not in COMMON:
            yield match, _length(text, match.start(), word)


def _length(text: str, start: int, word: str) -> int:
    """How many characters of the word at ``start`` are a name: 0, 2 (지훈), 3 (박지훈) or 4 (남궁지훈)."""
    if word[:3] in NOT_PEOPLE or _NAME_OF_A_PLACE.match(text, start):
        return 0
    if word[:3] in FAMOUS:
        return 3 if _COLLEAGUE.match(text, start + 3) else 0
    if word[:2] in DOUBLE_SURNAMES and (length := _double(text, start, word)):
        return length
    alone = _fits(text, start + 2, word[:2], word[2:])
    if alone and word[2:3] in ("이", "아") and last_sound(word[:2]) != "vowel":
        return 2  # 예은이, 하은아: not 예 + 은이
    inflected = word[:2] in COMMON and word[2:3] in SUFFIXES  # 고민하고, 조선은
    if word[0] in SURNAMES and not inflected and _fits(text, start + 3, word[1:3], word[3:], surname=word[0]):
        return 3
    return 2 if alone else 0


def _double(text: str, start: int, word: str) -> int:
    """4 for 남궁민수, 3 for 남궁솔, else 0."""
    if _fits(text, start + 4, word[2:4], word[4:], surname=word[:2]):
        return 4
    one = word[:2] in _ONLY_SURNAMES and word[2:3] not in ("", *"이은가씨도을의")
    return 3 if one and (_TAIL.match(word, 3) or _TITLED.match(text, start + 3)) else 0


def _fits(text: str, end: int, given: str, tail: str, *, surname: str = "") -> bool:
    """Whether ``given``, which ends at ``end``, is a name here. ``tail`` is the rest of its word."""
    clear = surname in CLEAR_SURNAMES or len(surname) > 1
    linked = _LINKED.match(tail) is not None
    also = given in _ALSO_GIVEN and (clear or _is_also_given(text, end, given))
    never = given in NEVER and not (also or (linked and given in _KNOWN))
    if len(given) < 2 or never:
        return False
    if (given in NAMES and surname not in RARE_SURNAMES) or (given in WORDS and clear):
        return _TAIL.match(tail) is not None or _TITLED.match(text, end) is not None
    if given in _KNOWN:
        alone = given in _ORDINARY and (surname in ("", "이") or surname + given[0] in COMMON)
        titled = _TITLED_THING if alone else _TITLED_WORD
    elif given[0] in FIRST and given[1] in _SECOND and not _JOB_HERE.match(given):
        ordinary = given in _ORDINARY or surname + given[0] in COMMON or given[1] in _ENDS_OF_ADJECTIVES
        if clear and not ordinary and _TAIL.match(tail) and _OFFICE.search(text, 0, end - len(surname) - 2):
            return True
        titled = _TITLED_PLAINLY if ordinary else _TITLED_WORD if surname else _TITLED_KIN
    elif (
        surname and given[0] in FIRST and given[1] not in _ENDS_OF_WORDS and surname + given[0] not in COMMON
    ):
        return not tail and _TITLED_SURELY.match(text, end) is not None
    else:
        return False
    return (
        (given in WORDS and given not in COMMON and _PARTNERED.match(text, end) is not None)
        or (given in _KNOWN and _GLUED_TITLE.match(text, end) is not None)
        or (given in _ALSO_GIVEN and _IN_COMPANY.match(text, end) is not None)
        or _is_called(text, end, given, tail)
        or titled.match(text, end) is not None
        or (given in WORDS and _BESIDE.match(tail) is not None)
        or (given in PEOPLE and not surname and _is_about(text, end, tail))
        or (clear and _is_beside_a_name(text, end, tail, len(surname) + 2))
    )


def _is_also_given(text: str, end: int, given: str) -> bool:
    """가을 언니, 가을이랑 영화; not 우리 언니, 더 나은 선배, 하나 누나 줘."""
    if given == "우리" or _MORE.search(text, 0, end - 2):
        return False
    return bool(
        _GLUED_TITLE.match(text, end) or (given not in ("하나", "나라") and _IN_COMPANY.match(text, end))
    )


def _is_called(text: str, end: int, given: str, tail: str) -> bool:
    """도윤이가, 하은아, 수정이랑; 슬기야 어디야."""
    if last_sound(given) != "vowel":
        joined = given in WORDS and given not in THINGS and _JOINED.match(tail)
        return bool(_LINKED.match(tail) or joined or _CALLED.match(tail))
    word = given in WORDS and given not in THINGS
    return word and _CALLED_FIRST.fullmatch(text, max(0, end - 3), end + 3) is not None


def _is_about(text: str, end: int, tail: str) -> bool:
    """Whether what stands around a name says that it is one: alone in its bubble, beside another name, 생일, 왔대."""
    if _ABOUT.match(text, end):
        return True
    before = text[: end - 2].rpartition("\n")[2]
    if not before.strip() and _ALONE.match(text, end):
        return True
    return _is_beside_a_name(text, end, tail, 2)


def _is_beside_a_name(text: str, end: int, tail: str, length: int) -> bool:
    """민지랑 철수, 조민채 / 양희도: once one of the two is found, so is the other."""
    if _TAIL.match(tail) is None:
        return False
    return bool(_AFTER_NAME.search(text, 0, end - length) or _BEFORE_NAME.match(text, end))


def is_bare(word: str) -> bool:
    """Whether ``word`` is two syllables and what may follow a name: 수정, 수정도, but not 수정해."""
    return _TAIL.match(word, 2) is not None


def person(name: str) -> str:
    """One key for 김민수, 민수 and 김 민 수: the given name; 🐰 is its own."""
    letters = re.sub(r"[^가-힣A-Za-z*]", "", name)
    return split(letters)[1].lower() or name
