"""The people who are known: the two speakers, others in the room, nicknames; and every form a name takes.

    Names(persona="김도윤", partner="이서연") finds 김도윤, 도윤이, 도유니, 김 도 윤, 김*윤, ㄱㄷㅇ, doyoon, 서연쓰 …

Only the name is taken: the particle behind it (야, 이가, 쓰, 님) is style. A given name that is a thing as well
(하늘) is taken where a name stands: called, with a title, or with 이 and a particle.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from persona_core.privacy import romanised
from persona_core.privacy.display import (
    EVERYDAY,
    given_name,
    is_everyday,
    is_given,
    is_nobody,
    shows_full_name,
    shows_name,
    split,
    surname_before_title,
    tokens,
)
from persona_core.privacy.lexicon import NEVER, THINGS, WORDS
from persona_core.privacy.particles import ABOUT, LINKED, PERSONAL, TAIL, TITLE, last_sound
from persona_core.privacy.span import Kind, Span

_START = "(?<![가-힣])"
_END = "(?![가-힣])"
_CALLED = rf"[아야]+(?:{_END}|(?=ㅏ))"
# The first syllable of what is written behind a name in one word with it.
_GOES_ON = (
    "[이가는은을를아야와과랑도만의에한께로으보까부처마씨님쓰쨩찡짱양군형오누언쌤선네것꺼거껀때땜같하였인임일입맘바집생폰번사왔덕빼말대쪽들"
    "라래랬예나든면며지고니냐구다요]"
)
# 찜 목록, 토끼 인형: what a pet name means, not who is called by it.
_THING = (
    "(?! ?(?:목록|리스트|버튼|기능|상품|메뉴|요리|레시피|세트|가게|맛집|전문점|냄새|색깔|모양|인형|캐릭터|이모티콘|무늬|사료|카페)"
    "(?![가-힣]{3}))"
)
# Pet names that are the stem of a verb as well: 다니 is nobody in 다니던, 다니기, 학교를 다니는.
_STEMS = frozenset(
    "다니 지나 가지 보이 나오 놀리 아끼 달리 만지 빠지 누리 그리 꾸미 모이 보내 내리 돌리 버리 빌리 살리 알리 열리"
    " 웃기 이기 즐기 챙기 숨기 남기 맡기 때리 데리 마시 비비 삐지 사귀 시키 자라 지키 치우 태우 피우 하 나가 두르".split()
)
_VERB = (
    "(?!던|기| (?:보이|보면|생각하|말하면|할 )|[다고](?![ ,~!ㅋㅎ]*(?m:$))|다가|지(?! 않은)|자|게|면|며|려|니까|세요|셨|시|도록|거든|잖|길|더라|나[봐보]|랬|라고"
    "|는 ?(?:회사|학교|학원|교회|병원|헬스장|직장|데|곳|거|게|건|중|동안|내내|길|사람|애|애들|친구)(?![가-힣]{3}))"
)
# What makes a place of a name: 서현역, 수지구.
_PLACE = "(?![역곽]|[동구시군읍면](?![가-힣]))"
_AFTER_MY = "(?:(?<=우리)|(?<=[울내]))"
# Syllables of a given name that are called alone: 윤아, 빈이가.
_CALLED_ALONE = frozenset("윤연현준훈빈민영혁욱린은경진석원")
_CARRIED = {1: 0, 4: 2, 8: 5, 16: 6, 17: 7, 19: 9}  # the final ㄱㄴㄹㅁㅂㅅ and the same sound as an initial
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_SIGN = re.compile(r"[\W\d_]+")
_OTHER_SCRIPT = re.compile(r"[^\W\d_가-힣ㄱ-ㅎㅏ-ㅣA-Za-z]")
# Nobody is looked for by these: commas and one or two digits; as a contact's name ♥ and ㅋㅋ too.
_MUTE = {"NICKNAME": re.compile(r"[\x00-/:-@\[-`{-\x7f]*\d{0,2}"), "NAME": re.compile(r"[\W\d_ㄱ-ㅎㅏ-ㅣ]*")}
_SCRIPTS = ("A-Za-z0-9", "ㄱ-ㅎㅏ-ㅣ")


class Known:
    """One person: patterns for every way the name is written."""

    def __init__(self, who: str, kind: Kind, display_names: Iterable[str]) -> None:
        self.who = who
        self.kind = kind
        self.patterns: list[str] = []
        self.roots: set[str] = (
            set()
        )  # each begins with a letter; every match begins with one of them or holds it
        for name in display_names:
            self._add_display(name.strip())

    def _add(self, pattern: str, *roots: str) -> None:
        if pattern not in self.patterns:
            self.patterns.append(pattern)
            self.roots.update(roots)

    def _add_display(self, name: str) -> None:
        parts = _parts(name, self.kind)
        if self._is_literal(name) and not (parts and len(name) < 3):
            self._add_literal(name)
        for token in parts:
            if token.isascii():
                self._add_latin(token)
            else:
                self._add_hangul(token)

    def _is_literal(self, name: str) -> bool:
        if self.kind == "NAME" and (len(name) < 3 or is_nobody(name)):
            return False
        return _MUTE[self.kind].fullmatch(name) is None

    def _add_literal(self, name: str) -> None:
        """🐰, ㅈㅇ, 자기♥: letter by letter, no part of a longer word; a particle may follow."""
        left = next(
            (f"(?<![{script}])" for script in ("가-힣", *_SCRIPTS) if re.match(f"[{script}]", name)), ""
        )
        right = next((f"(?![{script}])" for script in _SCRIPTS if re.search(f"[{script}]$", name)), "")
        self._add(left + re.escape(name) + right, re.escape(name))

    def _add_latin(self, token: str) -> None:
        self._add(rf"(?<![A-Za-z])(?i:{token})(?![A-Za-z])", token[0].lower(), token[0].upper())

    def _add_hangul(self, token: str) -> None:
        if title := surname_before_title(token):
            self._add(rf"{_START}{title}(?=\s?{token[1:]})", title)
            return
        surname, given = split(token)
        if self.kind == "NICKNAME" and not is_given(given):
            surname, given = "", token
        if surname:
            self._add_full(surname, given)
        if len(given) == 1 and self.kind == "NICKNAME":
            more = r"(?! (?:추가(?![가-힣])|사리|[한두세] ?(?:개|조각|판)))"  # 떡 추가
            self._add(rf"{_START}{given}(?={_GOES_ON}|{_END}){_THING}{more}", given)
        elif len(given) == 1:
            self._add(rf"{_START}{given}(?=아{_END}|{LINKED})", given)
        elif is_given(given):
            self._add_given(given)
        else:
            self._add_nickname(given)
            if self.kind == "NAME":
                self._add_given(given)

    def _add_full(self, surname: str, given: str) -> None:
        """김도윤, 김 도 윤, 김*윤, ㄱㄷㅇ, Kim Doyoon."""
        full = surname + given
        if len(full) < 3:
            self._add(rf"{_START}{full}(?={TAIL}|{TITLE})", full)  # 허균, 허균이랑, 허균형
            return
        self._add((_START if given in WORDS else "") + full, full)
        spaced = r"[ .·\-_]".join(full)
        self._add(rf"{_START}{spaced}(?={_GOES_ON}|{_END})", spaced)
        hidden = rf"{surname}(?:[*○●OX]{given[1]}|{given[0]}[*○●OX]|[*○●]{{2}}|[모某]씨)"
        self._add(_START + hidden, hidden)
        initials = "".join(map(_initial, full))
        if initials[0] != initials[-1]:  # ㅇㅅㅇ is a face
            self._add(rf"(?<![ㄱ-ㅎㅏ-ㅣ]){initials}(?![ㄱ-ㅎ])", initials)
        for pattern in romanised.full_names(surname, given):
            self._add(pattern, *romanised.starts(surname), *romanised.starts(given))

    def _add_given(self, given: str) -> None:
        named = rf"(?={_CALLED}|{LINKED}|\s?{TITLE})"
        if given in THINGS or given in NEVER:
            stands = rf"{_START}{given}(?:{named}|(?={PERSONAL}|{ABOUT}))"
            self._add(rf"{stands}|(?m:^){given}(?=[^가-힣\n]*(?m:$))|(?<=@){given}", given)
            if self.kind == "NICKNAME":
                self._add_everyday(given)
            return
        if given in WORDS:
            self._add(rf"{_START}{given}(?:{named}|(?={TAIL}))", given)
        else:
            self._add(
                rf"{_START}{given}{_PLACE}|{given}(?={_CALLED}|{LINKED}|씨|님)|{_AFTER_MY}{given}", given
            )
        self._add_heard(given)
        self._add_spoken(given)

    def _add_everyday(self, given: str) -> None:
        """하니가 좋아, 하니 자?, 잘자 하니; but not 뭐 하니, 하니까."""
        opens = rf"(?m:^){given}(?=[ ,~!])"
        beside = rf"(?<=우리 ){given}{_END}|(?<=[랑와과,] ){given}{_END}"
        closes = rf"{beside}|(?<=[아어해자워야줘요~!,ㅋㅎㅠ] ){given}(?=[^가-힣?\n]*(?m:$))"
        self._add(rf"{opens}|{closes}|{_START}{given}(?=[가-힣])(?={TAIL})", given)

    def _add_spoken(self, given: str) -> None:
        """윤아, ㄷㅇ아, doyoon."""
        last = given[-1]
        if last in _CALLED_ALONE:
            self._add(
                rf"(?:{_START}(?<![랑고] ){last}(?=아{_END})|{_START}{last}(?=이[가는랑도]{_END}|이한테))",
                last + "아",
                last + "이",
            )
        initials = "".join(map(_initial, given))
        self._add(rf"(?<![ㄱ-ㅎㅏ-ㅣ]){initials}(?=[아야이]{_END}|이[가는랑]|씨|님)", initials)
        if len(given) == 2:
            for pattern in romanised.given_names(given):
                self._add(pattern, *romanised.starts(given))

    def _add_heard(self, name: str) -> None:
        """도유니, 도유나: 도윤이, 도윤아 as heard."""
        final = (ord(name[-1]) - ord("가")) % 28
        if final in _CARRIED:
            heard = name[:-1] + chr(ord(name[-1]) - final)
            endings = "".join(_syllable(_CARRIED[final], vowel, ng) for vowel in (0, 20) for ng in (0, 21))
            self._add(rf"{_START}{heard}[{endings}](?=[가는를랑한도의네야아]|{_END})", heard)

    def _add_nickname(self, name: str) -> None:
        """꼬물이, 꼬물아, 꼬무리."""
        base = name[:-1] if len(name) > 2 and name[-1] == "이" and last_sound(name[:-1]) != "vowel" else name
        right = rf"(?={_GOES_ON}|{_END}){_THING}" if base in EVERYDAY else _THING
        if name in _STEMS:
            right += _VERB
        called = rf"(?={_CALLED}|이[가는랑]|\s?{TITLE})"
        self._add(rf"(?:{_START}|{_AFTER_MY}){name}{right}|{_START}{base}{called}|{name}(?={_CALLED})", base)
        if base != name:
            self._add_heard(base)


def _initial(syllable: str) -> str:
    return _INITIALS[(ord(syllable) - ord("가")) // 588]


def _syllable(initial: int, vowel: int, final: int) -> str:
    return chr(ord("가") + (initial * 21 + vowel) * 28 + final)


class Names:
    """Everyone known, ready to be looked for.

    ``persona`` and ``partner`` take a display name, or several names of the same person, the display name first.
    ``nicknames`` belong to nobody in particular. ``others`` are further people, by full or given name. ``learned``
    is what `learn` found.
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
        people += [Known(name, "NICKNAME", [name]) for name in nicknames]
        people += [Known(split(name)[1], "NAME", [name]) for name in others]
        self._people = [person for person in people if person.patterns]
        roots = sorted({root for person in self._people for root in person.roots})
        forms = (f"(?P<p{i}>{'|'.join(person.patterns)})" for i, person in enumerate(self._people))
        self._roots = re.compile("|".join(roots) if roots else "(?!)")
        self._forms = re.compile("|".join(forms) if roots else "(?!)")

    def find(self, text: str) -> list[tuple[Span, str]]:
        """Every known name in ``text``, and whose it is: "PERSONA", "PARTNER", or one of the others' names."""
        if not self._roots.search(text):
            return []
        found = []
        for match in self._forms.finditer(text):
            person = self._people[int(str(match.lastgroup)[1:])]
            found.append((Span(match.start(), match.end(), person.kind), person.who))
        return found


def _parts(name: str, kind: Kind) -> list[str]:
    parts, letters = tokens(name), _SIGN.sub("", name)
    if kind == "NICKNAME" and (" " in name or not parts):  # 우리 강아지: not every 강아지
        parts = re.findall("^[가-힣]+$", letters) or parts
    if not parts and not is_nobody(name) and letters.lower() not in romanised.SURNAMES:
        parts = re.findall("^(?:[A-Za-z]{2}|[가-힣])$", letters)  # JJ♥, 봄
    return parts


def is_label(display_name: str) -> bool:
    """Whether nobody can be called by a display name: 회원님, ♥, ㅋㅋ, 내사랑, 엄마."""
    foreign = _OTHER_SCRIPT.search(display_name) and not unfindable([display_name], "NAME")
    return not (_parts(display_name, "NAME") or foreign)


def called(names: Sequence[str]) -> str:
    """What the person of these ``names``, the export's label first, is called: 도윤 of (회원님, 김도윤)."""
    real = [name for name in names if shows_name(name)]
    return given_name(next(iter(real or [name for name in names if not is_label(name)] or names)))


def unfindable(names: Iterable[str], kind: Kind) -> list[str]:
    """Those of ``names`` of which no form can be looked for: a ♥ as a NAME, a full stop as a NICKNAME."""
    return [name for name in names if not Known("", kind, [name]).patterns]


def _speaker(who: str, names: str | Iterable[str]) -> list[Known]:
    several = [names] if isinstance(names, str) else list(names)
    label, further = several[:1], several[1:]
    named = [name for name in further if shows_full_name(name)]
    pet_names = [name for name in further if name not in named]
    if not any(map(shows_name, several)):  # 회원님 is 김갑뚝: a real name need not be one of the lexicon
        likely = [name for name in further if not is_everyday(name)]
        named = sorted(likely, key=lambda name: not split(name)[0])[:1]
    return [Known(who, "NAME", [*label, *named]), Known(who, "NICKNAME", pet_names)]
