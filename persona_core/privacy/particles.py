"""Korean particles behind a name: the form that fits its last sound.

    fit("도윤", "가")  ->  "이"     fit("지수", "이랑")  ->  "랑"     fit("지율", "으로")  ->  "로"
"""

import re
from typing import Literal

Sound = Literal["vowel", "ㄹ", "consonant"]

# Digits as they are read: 영 일 이 삼 사 오 육 칠 팔 구.
_DIGIT_SOUND: dict[str, Sound] = dict.fromkeys("036", "consonant") | dict.fromkeys("178", "ㄹ")
_LETTER_SOUND: dict[str, Sound] = {"L": "ㄹ", "R": "ㄹ", "M": "consonant", "N": "consonant"}  # 엘 알 엠 엔
_LATIN_RIEUL = re.compile(r"(?:l|le)$")  # Paul 폴, Kyle 카일
_LATIN_CONSONANT = re.compile(r"(?:m|n|ng|ne|me|[aeiou](?:p|pp|b|k|ck|t|tt))$")  # Tom, Jane, Jack, Scott


def last_sound(name: str) -> Sound:
    """How ``name`` ends when it is read aloud; signs and emoji are silent."""
    spoken = re.findall(r"[가-힣]|[ㄱ-ㅎ]|[A-Za-z]+|\d", name)
    if not spoken:
        return "vowel"
    last: str = spoken[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return "vowel" if final == 0 else "ㄹ" if final == 8 else "consonant"
    if last.isdigit():
        return _DIGIT_SOUND.get(str(int(last)), "vowel")
    if not last.isascii():
        return "consonant"  # ㄷㅇ: 디귿 이응
    if last.isupper():
        return _LETTER_SOUND.get(last[-1], "vowel")
    if _LATIN_RIEUL.search(last.lower()):
        return "ㄹ"
    return "consonant" if _LATIN_CONSONANT.search(last.lower()) else "vowel"


# After a consonant, after a vowel, and what may follow up to the end of the word ("": nothing).
_FORMS = tuple(
    (after_consonant, after_vowel, re.compile(rf"(?:{rest})$"))
    for after_consonant, after_vowel, rest in (
        ("이랑", "랑", ".*"),
        ("으로", "로", "|는|도|만|요|서|써|부터|까지"),
        ("이라", "라", "|고.*|는.*|서.*|도.*|면.*|니.*|며.*|던.*|구.*"),
        ("이란", "란", ""),
        ("이었", "였", ".*"),
        ("이에요", "예요", ".*"),
        ("이예요", "예요", ".*"),
        ("이네", "네", ".*"),
        ("이랬", "랬", ".*"),
        ("이래", "래", "|요|서"),
        ("이나", "나", ""),
        ("이든", "든", "|지|가"),
        ("이며", "며", ""),
        ("이면", "면", "|은|서"),
        ("이지", "지", "|만|요|롱"),
        ("이죠", "죠", ""),
        ("이고", "고", "|요"),
        ("이니", "니", "|까.*"),
        ("이냐", "냐", "|고.*|구.*"),
        ("이구나", "구나", ""),
        ("이거든", "거든", "|요"),
        ("이다", "다", "|요"),
        ("이요", "요", ""),
        ("이야", "야", "|아*|말로"),
        ("은", "는", "|요|커녕"),
        ("을", "를", "|요"),
        ("과", "와", "|는|도|의|만"),
        ("이", "가", "|요"),
        ("아", "야", "아*|야*"),
    )
)
# 도윤이는, 도윤이한테: behind a consonant a name may take 이 before a particle, behind a vowel it never does.
_LINKED = re.compile(
    "이(?=가|는|를|와|로|도|만|의|꺼|거|건|껀|껄|한테|에게|께|보다|처럼|까지|부터|마저|조차|밖에|같|하고|보고|때문|땜|덕|빼고|말고|대신|쪽|들|쓰|집)"
)
# 나 도윤이야, 이거 도윤이야: what is said of somebody, not to somebody.
_SAID_OF = re.compile(r"(?:^|\s)(?:나|난|내가|저|전|저는|얘|쟤|걔|이게|이거|그게|그거|바로|아니고|[가-힣]+(?:은|는|이|가|게|건))\s*$")


def fit(name: str, tail: str, said_before: str = "") -> str:
    """``tail``, the Hangul right behind ``name``, with its particle in the form the name takes.

    ``said_before`` is what stands before the name: it tells 도윤아 (calling) from 도윤이야 (being) when the model wrote 야.
    """
    sound = last_sound(name)
    if sound == "vowel":
        return _after_vowel(tail)
    if sound == "ㄹ" and tail.startswith("으로"):
        return tail[1:]
    return _after_consonant(tail, said_before, sound)


def _after_vowel(tail: str) -> str:
    for long, short, rest in _FORMS:
        if tail.startswith(long) and rest.match(tail, len(long)):
            return short + tail[len(long) :]
    return _LINKED.sub("", tail, count=1) if _LINKED.match(tail) else tail


def _after_consonant(tail: str, said_before: str, sound: Sound) -> str:
    if re.fullmatch("야[야아]*", tail):
        return ("이야" if _SAID_OF.search(said_before) else "아") + tail[1:]
    for long, short, rest in _FORMS:
        if tail.startswith(short) and rest.match(tail, len(short)):
            if short == "로" and sound == "ㄹ":
                return tail
            return long + tail[len(short) :]
    return tail
