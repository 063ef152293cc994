"""Other people's names, which nobody has listed: what stands where a name stands.

    find("수빈이랑 놀았어")      ->  [Span(0, 2, "NAME")]
    find("김대리님이 그러는데")   ->  [Span(0, 1, "NAME")]

Evidence is a known given name, a surname before one, a vocative, a title, 이 with a particle, @. `learn` reads many
lines and asks the morphological analyser about the doubtful rest; without kiwipiepy it learns nothing.
"""

import re
from collections.abc import Iterable, Iterator

from persona_core.privacy import romanised
from persona_core.privacy.lexicon import CLEAR_SURNAMES, FAMOUS, FIRST, NAMES, NEVER, SECOND, SURNAMES, WORDS
from persona_core.privacy.names import LINKED, TITLE
from persona_core.privacy.particles import last_sound
from persona_core.privacy.span import Span

_WORD = re.compile(rf"[{''.join(sorted(set(FIRST) | SURNAMES))}](?<![가-힣][가-힣])[{''.join(sorted(set(FIRST) | set(SECOND)))}][가-힣]*")

_PARTICLE = (
    r"(?:가|이|은|는|을|를|의|도|만|와|과|랑|하고|한테서?|한텐|에게서?|께서?|보다|처럼|까지|까진|부터|마저|조차|밖에|같이|같은|같아|같애|같던데|네|네집|네서|네랑|네가|꺼|거|껀|건|껄|때문에|땜에|땜시"
    r"|덕분에|덕에|빼고|말고|대신|로|으로|라고|이라고|라는|이라는|란|이란|라면|이라면|라서|이라서|라도|이라도|라니|이라니|라며|이라며|이야|야|이네|이다|다|이고|고|이지|지|인데|인가|인지|인줄|인듯|임|이였[가-힣]*|이었[가-힣]*|였[가-힣]*"
    r"|예요|이에요|이예요|에요|요|이요|입니다|인가요|이래|래|랬[가-힣]*|보고|더러|들|네들|쪽|측|편|집|집에|폰|생일|번호|생각|얼굴|목소리|결혼식|어디|언제|왔[가-힣]*|없이|이나|나|이든|든|이면|면|이죠|죠|이냐|냐|이니|니|이구나|구나)"
    r"(?:도|만|는|은|요|야|가|의|서|에)?"
)
_TAIL = re.compile(rf"(?:이(?=[가-힣]))?{_PARTICLE}$|(?:이)?{_PARTICLE}?$")
# A given name whose other reading is a verb or a noun: only these may follow.
_CALLED = re.compile(r"아+$")
_LINKED = re.compile(LINKED)
_TITLED = re.compile(rf"이?\s?{TITLE}")
_TITLED_WORD = re.compile(r"\s?(?:씨(?![가-힣])|씨[가는를도의]|언니|오빠|누나|형(?!태|식|편|님이)|쌤)|님(?![가-힣])|님[이은도]")
_JOB = (
    r"(?:대리|과장|차장|부장|팀장|실장|사원|상무|전무|교수|박사|원장|쌤|선생|선배|간호사|변호사|코치|감독|매니저|조교|반장|회장|총무|목사|소장|본부장|센터장|파트장|책임|선임|수석|프로(?!그)|셰프|작가|대표|사장|이사(?=님)|주임|기사(?=님))"
)
_SURNAME_AND_JOB = re.compile(
    rf"(?<![가-힣])(?P<name>[김박최정강조윤장임한오서신권황안송류홍유고문양손배백허남심노하곽성차우구민진엄채원방공이])(?={_JOB})(?!조교수|정교수|정회원|이사장|원장|한선배|오선배|신선배|차감독)"
    rf"|(?<![가-힣])(?P<spaced>[김박최강윤임송홍권황류곽엄허심정조장])(?=\s{_JOB})"
)
_CUED = re.compile(
    r"(?:이름|성함|성명|예금주|수취인|수령인|받는\s?(?:사람|분)|보내는\s?(?:사람|분)|보낸\s?(?:사람|분)|입금자명?|신청자|예약자|고객명|환자명|대표자|담당자|본명|실명)(?:명)?"
    rf"[ \t]?(?:은|는|이|가|을|:|：|=)?[ \t:]{{0,2}}(?:내|제|걔)?\s?(?P<name>(?:[{''.join(SURNAMES)}][가-힣]{{2}}|[{FIRST}][{SECOND}])(?![가-힣]{{3}}))"
)
_CUED_TRAP = re.compile("뭐|모르|몰라|아직|그냥|아무|누구|어떻|이거|저거|정해|이상|비슷|유명|특이|예쁘|이쁘|지어|바꿔|기억|까먹|하나|진짜|나도|적어|알려|말해|확인|변경")
_MENTION = re.compile(r"(?<![A-Za-z0-9가-힣])@(?P<name>(?!모두|전체|여기|채널)[가-힣]{2,5}?)(?=님|씨|[^가-힣]|$|이[가는]|[은는이가야도](?![가-힣]))")
_HIDDEN = re.compile(rf"(?<![가-힣])[{''.join(SURNAMES)}](?:[*＊○●〇]{{1,2}}[가-힣]?|[OX]{{2}}|[가-힣][*＊○●〇])(?=[^*\d]|$)|(?<![가-힣])(?P<name>[김이박최정강조윤장임])(?=(?:모|某)\s?씨)")
_SPACED = re.compile(rf"(?<![가-힣])[{''.join(SURNAMES)}]([ .·])[{FIRST}]\1[{SECOND}](?![가-힣]{{2}})")
_CONTACT = re.compile(r"연락처\s?:\s?(?P<name>[가-힣]{2,4})(?![가-힣])")
_RARE = re.compile(r"[@*＊○●〇]|이름|성함|성명|예금주|수취인|수령인|받는|보내는|보낸|입금자|신청자|예약자|고객명|환자명|대표자|담당자|본명|실명|연락처|[A-Z][A-Za-z]|모\s?씨| [가-힣] |\.[가-힣]\.|OO")


def find(text: str) -> list[Span]:
    """Names of people nobody has listed, by the rules alone."""
    found = [Span(m.start(), m.start() + n, "NAME") for m in _WORD.finditer(text) if (n := _length(text, m))]
    for pattern in (_SURNAME_AND_JOB, *((_CUED, _MENTION, _HIDDEN, _SPACED, _CONTACT, romanised.STRANGER) if _RARE.search(text) else ())):
        for match in pattern.finditer(text):
            start, end = match.span(match.lastgroup or 0) if match.lastgroup else match.span()
            if pattern is not _CUED or not _CUED_TRAP.match(match["name"]):
                found.append(Span(start, end, "NAME"))
    return found


def _length(text: str, match: re.Match[str]) -> int:
    """How many characters of the word are a name: 0 for none, 2 for a given name, 3 with its surname."""
    word, end = match[0], match.end()
    if word[:3] in FAMOUS:
        return 0
    given = word[1:3]
    if len(given) == 2 and word[0] in SURNAMES and given not in NEVER:
        tail = word[3:]
        if given in NAMES and _TAIL.match(tail):
            return 3
        if given in WORDS and word[0] in CLEAR_SURNAMES and _follows(text, match.start() + 3, tail, word=False):
            return 3
        if given[0] in FIRST and given[1] in SECOND and word[0] in CLEAR_SURNAMES and _evident(text, match.start() + 3, given, tail):
            return 3
    pair, tail = word[:2], word[2:]
    if pair in NEVER:
        return 0
    if pair in NAMES:
        return 2 if _follows(text, match.start() + 2, tail, word=False) else 0
    if pair in WORDS:
        return 2 if _follows(text, match.start() + 2, tail, word=True) else 0
    if pair[0] in FIRST and pair[1] in SECOND:
        return 2 if _evident(text, match.start() + 2, pair, tail) else 0
    del end
    return 0


def _follows(text: str, position: int, tail: str, *, word: bool) -> bool:
    if not word:
        return _TAIL.match(tail) is not None or _TITLED.match(text, position) is not None
    name = text[position - 2 : position]
    if last_sound(name) != "vowel" and (_CALLED.match(tail) or _LINKED.match(tail)):
        return True
    return _TITLED_WORD.match(text, position) is not None


def _evident(text: str, position: int, name: str, tail: str) -> bool:
    if last_sound(name) != "vowel" and (_CALLED.match(tail) or _LINKED.match(tail)):
        return True
    return re.compile(r"\s?씨(?![가-힣]{2})").match(text, position) is not None


def person(name: str) -> str:
    """One key for 김민수, 민수 and 김 민 수: the given name."""
    letters = re.sub(r"[^가-힣A-Za-z*]", "", name)
    return letters[1:] if len(letters) == 3 and letters[0] in SURNAMES else letters.lower()
