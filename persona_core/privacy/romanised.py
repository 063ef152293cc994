"""Korean names in Latin letters, as people write them: 도윤 is doyun, do-yoon, Dohyun's neighbour Doyoon.

re.search("|".join(given_names("서연")), "seo-yeon~")  ->  a match
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from persona_core.privacy.lexicon import NAMES, WORDS

_INITIAL = "g|k gg|kk n d|t dd|tt r|l m b|p bb|pp s|sh ss  j|ch jj ch k t p h".replace("  ", " - ").split(" ")
_VOWEL = (
    "a ae|e ya yae eo|u|o e yeo|yu|you|yo ye o|oh wa wae oe|we yo u|oo|woo wo we wi|wee|ui yu|yoo|you eu ui|ee|i i|ee|e"
).split(" ")
_FINAL = {0: "h?", 1: "k|g|c", 4: "n", 8: "l|r", 16: "m", 17: "p|b", 19: "t|s", 21: "ng"}

_SURNAME = {
    "김": "kim|gim", "이": "lee|yi|rhee|i", "박": "park|bak|pak", "최": "choi|choe", "정": "jung|jeong|chung", "강": "kang|gang",
    "조": "cho|jo", "윤": "yoon|yun", "장": "jang|chang", "임": "lim|im|rim", "한": "han", "오": "oh|o", "서": "seo|suh", "신": "shin|sin",
    "권": "kwon|gwon", "황": "hwang", "안": "an|ahn", "송": "song", "전": "jeon|jun|chun", "홍": "hong", "유": "yoo|yu|you", "고": "ko|go|koh",
    "문": "moon|mun", "양": "yang", "손": "son|sohn", "배": "bae", "백": "baek|paik", "허": "heo|hur|huh", "남": "nam", "심": "shim|sim",
    "노": "noh|roh|no", "하": "ha", "곽": "kwak", "성": "sung|seong", "차": "cha", "주": "joo|ju", "우": "woo", "구": "koo|gu|ku",
}  # fmt: skip
SURNAMES = frozenset(
    spelling for row in _SURNAME.values() for spelling in row.split("|") if len(spelling) > 1
)


def _syllable(syllable: str) -> str:
    code = ord(syllable) - ord("가")
    initial, vowel, final = code // 588, code % 588 // 28, code % 28
    first = "" if _INITIAL[initial] == "-" else f"(?:{_INITIAL[initial]})"
    return f"{first}(?:{_VOWEL[vowel]})(?:{_FINAL.get(final, 't')})"


def starts(syllables: str) -> set[str]:
    """The letters a spelling may begin with."""
    code = ord(syllables[0]) - ord("가")
    initial, vowel = _INITIAL[code // 588], _VOWEL[code % 588 // 28]
    spellings = (
        _SURNAME[syllables[0]] if syllables in _SURNAME else vowel if initial == "-" else initial
    ).split("|")
    return {letter for spelling in spellings for letter in (spelling[0], spelling[0].upper())}


def given_names(given: str) -> list[str]:
    """One pattern for the spellings of a two-syllable given name."""
    return [rf"(?<![A-Za-z])(?i:{_given(given)})(?![A-Za-z])"]


def full_names(surname: str, given: str) -> list[str]:
    """One pattern for the spellings of a full name, in either order; none for a rare surname."""
    spelled = _SURNAME.get(surname)
    if spelled is None or len(given) != 2:
        return []
    name = _given(given)
    return [
        rf"(?<![A-Za-z])(?i:(?:{spelled})[ ,_.\-]{{0,2}}{name}|{name}[ ,_.\-]{{0,2}}(?:{spelled}))(?![A-Za-z])"
    ]


def _given(given: str) -> str:
    return r"[ \-]?".join(map(_syllable, given))


# Somebody unknown: a surname only Koreans bear, and two or three syllables.
_SOUND = r"(?:[bcdghjkmnprstwy]{0,3}(?:[aeiou]|ae|eo|eu|oo|ee|ye|ya|yo|yu|wo|wa|ou){1,2}(?:ng|[nmlkp](?![aeiou]))?h?)"
_FAMILY = "Kim|Lee|Park|Choi|Jung|Jeong|Kang|Cho|Yoon|Yun|Jang|Lim|Han|Seo|Shin|Kwon|Hwang|Ahn|Song|Hong|Yoo|Bae|Baek|Noh|Shim|Kwak|Moon"
STRANGER = re.compile(
    rf"(?<![A-Za-z])(?:(?:{_FAMILY}|{_FAMILY.upper()})[ ,]{{1,2}}(?i:{_SOUND}[ \-]?{_SOUND})(?![A-Za-z])"
    rf"|[A-Z](?i:{_SOUND}[ \-]?{_SOUND})(?<=[a-zA-Z]{{4}})\s(?:{_FAMILY}|{_FAMILY.upper()})(?![A-Za-z]))"
)

_WIDE = re.compile("[Ａ-Ｚａ-ｚ]")
_NARROW = {wide: wide - 0xFEE0 for wide in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}

_LATIN = re.compile(r"(?<![A-Za-z@._/\-])[A-Za-z]{2,5}[ \-]?[A-Za-z]{2,6}(?![A-Za-z@._/]|-[A-Za-z])")
_STANDS = re.compile("[야아이가는은랑님씨](?![A-Za-z])|한테|언니|오빠|누나|형")
_ENGLISH = frozenset(
    "sora hana mina jina mira gina sumi yumi miso sona nari ara juno luna lina rena nina mini gayoung sunny jimmy soomin"
    " dona mona yuna sena hani jean union junior sumo semi demi june juni home some come same name game time line mine"
    " nine fine wine sun gun sung song young hyun won yoon min jin bin jun so do ha na seoul".split()
)


def find_given(text: str) -> list[tuple[int, int]]:
    """Where somebody's given name stands in Latin letters: Minsu야, Jihoon."""
    found = []
    for match in _LATIN.finditer(text):
        name = match[0].lower().replace("-", "").replace(" ", "")
        if name in _spellings() and name not in _ENGLISH:
            written_as_name = match[0][0].isupper() and not match[0].isupper() and len(name) > 4
            if written_as_name or _STANDS.match(text, match.end()):
                found.append(match.span())
    return found


def narrow(text: str) -> str:
    """``text`` with full-width letters (Ｍｉｎｓｕ) as ordinary ones; the length stays."""
    return text.translate(_NARROW) if _WIDE.search(text) else text


def in_hangul(parts: Sequence[str]) -> list[str]:
    """The names that ``parts`` of a display name may spell: Seoyeon, Lee -> 이서연; Seo, yeon -> 서연."""
    letters = [part.lower() for part in parts]
    for surname, given in (([], letters), (letters[-1:], letters[:-1]), (letters[:1], letters[1:])):
        families = [family for family, row in _SURNAME.items() if set(surname) & set(row.split("|"))]
        names = _spellings().get("".join(given), [])
        if names and (families or not surname):
            return [family + name for family in families or [""] for name in names]
    return []


@cache
def _spellings() -> dict[str, list[str]]:
    """The usual spellings, without hyphens, of all given names in the lexicon."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(NAMES | WORDS):
        for spelling in {a + b for a in _usual(name[0]) for b in _usual(name[1])}:
            names[spelling].append(name)
    return dict(names)


@cache
def _usual(syllable: str) -> tuple[str, ...]:
    code = ord(syllable) - ord("가")
    initial, vowel, final = code // 588, code % 588 // 28, code % 28
    first = [""] if _INITIAL[initial] == "-" else _INITIAL[initial].split("|")
    middle = [
        v for v in _VOWEL[vowel].split("|") if v not in ("wee", "ui", "you") or (v, final) == ("you", 21)
    ]
    last = _FINAL.get(final, "t").split("|")[0] if final else ""
    return tuple(a + b + last for a in first for b in middle)
