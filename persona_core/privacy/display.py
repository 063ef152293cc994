"""Names as a phone's contacts show them, and the person's name inside.

tokens("❤️도윤 오빠(회사)")  ->  ["도윤"]          given_name("이 서연 🌸")   ->  "서연"
tokens("이 서연 🌸")         ->  ["이서연"]        given_name("Seoyeon Lee")  ->  "Seoyeon"
tokens("Seoyeon Lee")      ->  ["Seoyeon", "이서연"]
"""

import re
import unicodedata

from persona_core.privacy import romanised
from persona_core.privacy.lexicon import (
    COMMON,
    DOUBLE_SURNAMES,
    FIRST,
    NAMES,
    NEVER,
    NOT_PEOPLE,
    SECOND,
    SURNAMES,
    THINGS,
    WORDS,
)
from persona_core.privacy.particles import TITLE, last_sound

_SIGNS = re.compile(r"[^가-힣A-Za-z]+")
_BRACKETED = re.compile(r"[(\[{<（].*?[)\]}>）]")
_SPACED = re.compile(r"(?<![가-힣])([가-힣]) ([가-힣]) ([가-힣])(?![가-힣])")
_TITLED = re.compile("(?<=[가-힣]{2})" + TITLE + "$")
_TITLE = re.compile(TITLE + "+")
_MY = re.compile("우리|울|내|나의|내꺼|사랑하는")
_ENDEARED = re.compile(rf"^(?:{_MY.pattern})(?:사랑|이쁜|예쁜|귀여운|공주|왕자)?(?=[가-힣]{{2}})")
# How exports call their owner, and who has left.
_NOBODY = frozenset({"회원님", "나", "you", "me", "(알 수 없음)", "(알수없음)"})
# Words of every day that somebody may be called by: as the beginning of a longer word they are that word.
EVERYDAY = (
    NEVER
    | COMMON
    | THINGS
    | frozenset("공주 왕자 자기 여보 사랑 애기 강아지 고양이 토끼 오빠 바보 돼지 아기".split())
)
_NO_NAME = frozenset("사랑 자기 여보 공주 왕자 남친 여친 회사 학교 친구 가족 대학 거래처".split())


def split(token: str) -> tuple[str, str]:
    """``(surname, given name)`` of a Hangul name; no surname when it is a given name or a nickname.

    김도윤 -> 김 도윤, 남궁민수 -> 남궁 민수, 도윤 -> 도윤, 도윤이 -> 도윤, 꼬물이 -> 꼬물이
    """
    if len(token) > 2 and token[-1] == "이" and last_sound(token[:-1]) != "vowel" and is_given(token[-3:-1]):
        token = token[:-1]
    if len(token) == 4 and token[:2] in DOUBLE_SURNAMES:
        return token[:2], token[2:]
    if len(token) == 3 and token[0] in SURNAMES:
        return token[0], token[1:]
    if len(token) == 2 and token[0] in SURNAMES and not is_given(token):
        return token[0], token[1]
    return "", token


def is_given(token: str) -> bool:
    """Whether ``token`` is a given name of the lexicon."""
    return token in NAMES or token in WORDS


def surname_before_title(token: str) -> str:
    """``김`` of 김팀장 and 김쌤, "" of everything else."""
    return token[0] if token[0] in SURNAMES and not is_given(token) and _TITLE.fullmatch(token, 1) else ""


def given_name(display_name: str) -> str:
    """What the person is called: the given name, or else the display name as it is."""
    called = next((part for part in tokens(display_name) if not surname_before_title(part)), display_name)
    return split(called)[1] if _is_real(called) else called


def is_nobody(display_name: str) -> bool:
    """Whether the display name is a stand-in or a mere title: 회원님, 부장님."""
    return display_name.lower() in _NOBODY or _TITLE.fullmatch(_SIGNS.sub("", display_name)) is not None


def shows_name(display_name: str) -> bool:
    """Whether somebody's real name stands in it, as far as the lexicon tells: 이서연, 서연♥; not 써니, JJ, 김팀장."""
    return any(_is_real(part) and not surname_before_title(part) for part in tokens(display_name))


def shows_full_name(display_name: str) -> bool:
    """Whether a surname stands before it as well: 김채이, but neither 채이 nor 고양이."""
    return any(
        _is_real(part) and split(part)[0] and not surname_before_title(part) and not is_everyday(part)
        for part in tokens(display_name)
    )


def is_everyday(word: str) -> bool:
    """Whether ``word``, or what stands in it before the ending 이, is one that everybody writes: 고양이, 안경이."""
    return word in EVERYDAY or (word.endswith("이") and word[:-1] in EVERYDAY)


def tokens(display_name: str) -> list[str]:
    """The parts of a display name that are names, a surname written apart put before its given name."""
    name = _SPACED.sub(r"\1\2\3", romanised.narrow(unicodedata.normalize("NFC", display_name))).strip()
    if is_nobody(name):
        return []
    parts = _parts(name)
    real = [part for part in parts if _is_real(part)]
    rest = [part for part in _parts(_BRACKETED.sub(" ", name)) or parts if _may_be_called(part)]
    latin = [part for part in parts if part.isascii()]
    return [
        *(real or rest),
        *(part for part in latin if real and _may_be_called(part)),
        *romanised.in_hangul(latin),
    ]


def _parts(name: str) -> list[str]:
    parts = _SIGNS.sub(" ", name).split()
    joined: list[str] = []
    for part in parts:
        surname = joined[-1] if joined else ""
        goes_with_surname = is_given(part) or _is_plausible(part) or _TITLE.fullmatch(part)
        if goes_with_surname and (surname in SURNAMES or surname in DOUBLE_SURNAMES):
            joined[-1] += part
        else:
            joined.append(part)
    bare = [part if surname_before_title(part) else _TITLED.sub("", part) for part in joined]
    return [_ENDEARED.sub("", part) for part in bare if not _MY.fullmatch(part)]


def _is_plausible(given: str) -> bool:
    return len(given) == 2 and given[0] in FIRST and given[1] in SECOND and given not in _NO_NAME


def _is_real(part: str) -> bool:
    if part.isascii() or _TITLE.fullmatch(part):
        return False
    surname, given = split(part)
    plausible = _is_plausible(given) and part not in NOT_PEOPLE
    return is_given(given) or bool(surname and plausible) or bool(surname_before_title(part))


def _may_be_called(part: str) -> bool:
    if part.isascii():
        return len(part) > 2 and part.lower() not in romanised.SURNAMES
    return len(part) > 1 and part not in NEVER and part not in _NO_NAME and not _TITLE.fullmatch(part)
