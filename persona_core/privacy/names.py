"""The people who are known: the two speakers, others in the room, nicknames; and every form a name takes.

    Names(persona="김도윤", partner="이서연") finds 김도윤, 도윤이, 도유니, 김 도 윤, 김*윤, ㄱㄷㅇ, doyoon, 서연쓰 …

Only the name is taken: the particle behind it (야, 이가, 쓰, 님) is style. A given name that is also a word (하늘)
is taken where a name stands: called, with a title, or with 이 and a particle.
"""

import re
from collections.abc import Iterable, Mapping

from persona_core.privacy import romanised
from persona_core.privacy.lexicon import DOUBLE_SURNAMES, NAMES, SURNAMES, WORDS
from persona_core.privacy.particles import last_sound
from persona_core.privacy.span import Kind, Span

TITLE = (
    r"(?:씨|님|군(?![가-힣])|양(?![가-힣])|형|누나|누님|언니|언냐|오빠|옵빠|쌤|샘(?![가-힣])|선생|선배|후배|대리|과장|차장|부장|팀장|실장|주임|사원|이사(?!를)|사장|대표|교수|박사|원장|기사"
    r"|간호사|변호사|코치|감독|매니저|조교|반장|회장|총무|목사|전도사|집사|권사|이모|고모|삼촌|외삼촌|할머니|할아버지|엄마|어머니|어머님|아빠|아버지|아버님|쓰(?![가-힣])|쨩|찡|짱(?![가-힣])|맘(?![가-힣]))"
)
# 이 and then one of these: 도윤이가, 도윤이랑. Nouns never take both, except those in brackets behind a plain noun.
LINKED = r"이(?:가|는|를|도|한테|한텐|에게|께|의|만(?!큼)|꺼|거|껀|보고|하고|처럼|까지|부터|보다|때문|땜|같|쓰|말고|빼고|랑만|도요|는요)"
# Not for a participant's own name, which is a word besides: 지원이랑 = 지원 + 이랑.
_ALSO_NOUN = r"이(?:랑|네|야|지|고|라|다|요|였|었|면|나|든|란)"
_CALLED = r"(?:[아야](?![가-힣])|[아야]{2,}(?![가-힣])|[아야](?=ㅏ|~))"
_PARTICLE_START = "이가는은을를아야와과랑도만의에한께로으보까부처마씨님쓰쨩찡짱양군형오누언쌤선네꺼거껀때땜같하였인임일입맘바집생폰번사왔덕빼말대쪽들이라래랬예나든면며지고니냐구다요"

_KEPT = re.compile(r"[^가-힣ㄱ-ㅎA-Za-z0-9 ]+")
_SUFFIX = re.compile(r"(?<=[가-힣]{2})(?:오빠|언니|누나|형|님|씨|쌤|선배|대리|과장|팀장|이모|삼촌|엄마|아빠)$")
_PREFIX = re.compile(r"^(?:우리|울|내|나의|내꺼|사랑하는|my)\s?(?=[가-힣]{2})")
_NO_NAMES = frozenset({"회원님", "회원", "나", "you", "You", "me", "알 수 없음", "(알 수 없음)"})

# A syllable of a given name that is called alone: 윤아, 빈이가.
_CALLED_ALONE = "윤연현준훈빈민영혁욱린은경진석원희"


class Known:
    """One person: the spellings to look for, and what tells them from ordinary words."""

    def __init__(self, who: str, kind: Kind, display_names: Iterable[str]) -> None:
        self.who = who
        self.kind = kind
        self.patterns: list[str] = []
        self.roots: set[str] = set()  # patterns, each beginning with a letter: every match holds one of them
        for name in display_names:
            if name.strip() not in _NO_NAMES:
                self._add_display(name)

    def _add(self, pattern: str, *roots: str) -> None:
        if pattern not in self.patterns:
            self.patterns.append(pattern)
            self.roots.update(roots)

    def _add_display(self, name: str) -> None:
        literal = name.strip()
        if len(literal) >= 3:
            self._add(rf"(?<![가-힣A-Za-z]){re.escape(literal)}(?![A-Za-z])", re.escape(literal))
        for token in _KEPT.sub(" ", literal).split():
            if re.fullmatch("[가-힣]+", token):
                self._add_hangul(_PREFIX.sub("", _SUFFIX.sub("", token)))
            elif re.fullmatch("[A-Za-z]{2,}", token) and token.lower() not in romanised.SURNAMES:
                self._add(rf"(?<![A-Za-z])(?i:{token})(?![A-Za-z])", token[0].lower(), token[0].upper())

    def _add_hangul(self, token: str) -> None:
        surname, given = split(token)
        if surname:
            self._add_full(surname, given)
        if len(given) == 1:
            if last_sound(given) != "vowel":
                self._add(rf"(?<![가-힣]){given}(?=아(?![가-힣])|{LINKED})", given)
        elif self.kind == "NICKNAME":
            self._add_nickname(given)
        else:
            self._add_given(given)

    def _add_full(self, surname: str, given: str) -> None:
        full = surname + given
        left = "(?<![가-힣])" if given in WORDS or len(full) < 3 else ""
        self._add(rf"{left}{full}" + ("(?![가-힣])" if len(full) < 3 else ""), full)
        spaced = r"[ .·\-_]".join(full)
        self._add(rf"(?<![가-힣]){spaced}(?=[^가-힣]|$|[{_PARTICLE_START}])", spaced)
        if len(given) == 2:
            hidden = rf"{surname}(?:[*＊○●OX]{given[1]}|{given[0]}[*＊○●OX]|[*＊○●]{{2}}|[모某]씨)"
            self._add(rf"(?<![가-힣]){hidden}", hidden)
        initials = "".join(map(_initial, full))
        if len(full) == 3 and initials[0] != initials[2]:  # ㅇㅅㅇ is a face
            self._add(rf"(?<![ㄱ-ㅎㅏ-ㅣ]){initials}(?![ㄱ-ㅎ])", initials)
        for pattern in romanised.full_names(surname, given):
            self._add(pattern, *romanised.starts(surname), *romanised.starts(given))

    def _add_given(self, given: str) -> None:
        is_word = given in WORDS
        called = rf"{_CALLED}|{LINKED}|\s?(?:{TITLE})|{_ALSO_NOUN}(?![가-힣]*[가-힣]{{3}})" if not is_word else rf"{_CALLED}|{LINKED}|\s?(?:{TITLE})"
        if is_word:
            self._add(rf"(?<![가-힣]){given}(?={called})|^{given}(?=[^가-힣]*$)|(?<=@){given}", given)
        else:
            self._add(rf"(?<![가-힣]){given}(?![가-힣])|(?<![가-힣]){given}(?=[{_PARTICLE_START}])|{given}(?={_CALLED}|{LINKED}|씨|님)|{_MY}{given}(?=이?(?![가-힣]))", given)
        if len(given) == 2:
            self._add_spoken(given)

    def _add_spoken(self, given: str) -> None:
        """도유니, 도유나 (도윤이, 도윤아 as heard), 윤아, ㄷㅇ아, doyoon."""
        first, last = given
        final = (ord(last) - ord("가")) % 28
        if carried := _CARRIED.get(final):
            heard = first + chr(ord(last) - final)
            endings = "".join(chr(ord("가") + (carried * 21 + vowel) * 28 + f) for vowel, f in ((20, 0), (0, 0), (20, 21), (0, 21)))
            self._add(rf"(?<![가-힣]){heard}[{endings}](?=[^가-힣]|$|[가는를랑한도의네야아]|이다)", heard)
        if last in _CALLED_ALONE and final:
            self._add(rf"(?<![가-힣]){last}(?=아(?![가-힣])|아~|이(?:가|는|한테|랑|도|야)(?![가-힣]))", last + "아", last + "이")
        initials = _initial(first) + _initial(last)
        self._add(rf"(?<![ㄱ-ㅎㅏ-ㅣ]){initials}(?=[아야](?![가-힣])|이(?![가-힣])|이[가는랑]|씨|님)", initials)
        for pattern in romanised.given_names(given):
            self._add(pattern, *romanised.starts(given))

    def _add_nickname(self, name: str) -> None:
        base = name[:-1] if len(name) > 2 and name[-1] == "이" and last_sound(name[:-1]) != "vowel" else name
        right = "" if len(base) > 2 else rf"(?=[^가-힣]|$|[{_PARTICLE_START}])"
        self._add(rf"(?<![가-힣]){name}{right}|(?<![가-힣]){base}(?={_CALLED}|이[가는랑]|\s?{TITLE})|{name}(?={_CALLED})", base)


_MY = "(?:(?<=우리)|(?<=[울내]))"
_CARRIED = {4: 2, 1: 0, 16: 6, 17: 7, 8: 5, 19: 9}  # final ㄴ ㄱ ㅁ ㅂ ㄹ ㅅ -> the same as an initial
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"


def _initial(syllable: str) -> str:
    return _INITIALS[(ord(syllable) - ord("가")) // 588]


def split(token: str) -> tuple[str, str]:
    """``(surname, given name)`` of a Hangul name; no surname when it is a given name or a nickname.

    김도윤 -> 김 도윤, 남궁민수 -> 남궁 민수, 도윤 -> 도윤, 도윤이 -> 도윤, 꼬물이 -> 꼬물이
    """
    if len(token) > 2 and token[-1] == "이" and last_sound(token[:-1]) != "vowel" and _is_given(token[-3:-1]):
        token = token[:-1]
    if len(token) == 4 and token[:2] in DOUBLE_SURNAMES:
        return token[:2], token[2:]
    if len(token) == 3 and token[0] in SURNAMES:
        return token[0], token[1:]
    if len(token) == 2 and not _is_given(token) and token[0] in SURNAMES:
        return token[0], token[1]
    return "", token


def _is_given(token: str) -> bool:
    return token in NAMES or token in WORDS


class Names:
    """Everyone known, ready to be looked for.

    ``persona`` and ``partner`` take a display name or several names of the same person. ``nicknames`` belong to
    nobody in particular. ``others`` are further people, by full or given name. ``learned`` is what `morphemes.learn` found.
    """

    def __init__(
        self,
        persona: str | Iterable[str] = (),
        partner: str | Iterable[str] = (),
        nicknames: Iterable[str] = (),
        others: Iterable[str] = (),
        learned: Mapping[str, int] | None = None,
    ) -> None:
        self.learned = learned or {}
        people = [*_speaker("PERSONA", persona), *_speaker("PARTNER", partner)]
        people += [Known(name, "NICKNAME", [name]) for name in nicknames if name.strip()]
        people += [Known("".join(split(name.strip())[1:]) or name, "NAME", [name]) for name in others if name.strip()]
        self._people = [person for person in people if person.patterns]
        self._roots = re.compile("|".join(sorted({root for p in self._people for root in p.roots})) or r"(?!)")
        self._any = re.compile("|".join(f"(?P<p{i}>{'|'.join(p.patterns)})" for i, p in enumerate(self._people)) or r"(?!)")

    def find(self, text: str) -> list[tuple[Span, str]]:
        """Every known name in ``text``, and whose it is."""
        if not self._roots.search(text):
            return []
        found = []
        for match in self._any.finditer(text):
            person = self._people[int((match.lastgroup or "p0")[1:])]
            found.append((Span(match.start(), match.end(), person.kind), person.who))
        return found


def _speaker(who: str, names: str | Iterable[str]) -> list[Known]:
    several = [names] if isinstance(names, str) else list(names)
    real, pet = several[:1], several[1:]
    return [Known(who, "NAME", real), Known(who, "NICKNAME", pet)]
