"""Digits however they are typed: ``０１０``, ``공일공``, ``O1O``, ``공1공-2삼4오``, ``0️⃣1️⃣0️⃣``.

`plain` writes a line so that patterns need to know digits only. Every spelling is one character for one digit, so
the line keeps its length and an offset into the plain line is an offset into the original::

    plain("공일공-0000-1234")  ->  "٠١٠-0000-1234"

Spelled digits become Arabic-Indic ones: the patterns' `D` takes both, but a number that is followed by the particle
이 (…5678이야) still ends where its ASCII digits end.
"""

import re

D = "[0-9٠-٩]"
NOT_D = "[^0-9٠-٩]"

_SPELLED = "공영빵령일이삼사오육륙칠팔구"
_LOOKALIKE = "OoIlㅇ○"  # O1O, o1o, 0l0, ㅇ1ㅇ
_LETTERS = str.maketrans("OoIl", "٠٠١١")
_ALL = str.maketrans(_SPELLED + _LOOKALIKE, "٠٠٠٠١٢٣٤٥٦٦٧٨٩" + "٠٠١١٠٠")

_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # ！…～
_WIDE |= {0x1D7CE + i: str(i % 10) for i in range(50)}  # 𝟎…𝟿
_WIDE |= {0x2460 + i: str(i + 1) for i in range(9)} | {0x24EA: "0"}  # ①…⑨ ⓪
_WIDE |= dict.fromkeys([0x3000, 0xA0, 0x200B, 0x200C, 0x200D, 0x2060, 0xFE0F, 0x20E3, 0x202F, 0x2009], " ")
_WIDE |= dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212], "-")
_HAS_WIDE = re.compile("[" + "".join(map(chr, _WIDE)) + "]")

_GAP = r"(?:[ \n.\-*ㅡ~_·/,()]|에|의|다시){0,3}?"  # 공일공에 일이삼사에 …
_ANY = f"[0-9{_SPELLED}{_LOOKALIKE}]"
# Eight digits in a row are never an accident of Korean; the lookalike letters must not belong to a word.
_LONG_RUN = re.compile(rf"(?<![A-Za-z]){_ANY}(?:{_GAP}{_ANY}){{7,}}(?![A-Za-z])")
_AFTER_CUE = re.compile(
    r"(?:비\s?번|비밀\s?번호|암호|번호|코드|뒷\s?자리|끝\s?자리|네\s?자리|계좌|생일|otp|OTP|cvc|CVC)[^0-9\n]{0,6}?"
    rf"(?<![{_SPELLED}])([{_SPELLED}](?:[ -]?[{_SPELLED}]){{3,}})"
)
_PARTICLE_AFTER = re.compile("이(?=[가-힣])")


def plain(text: str) -> str:
    """``text`` with every digit, dash and blank in its plain form; same length, same offsets."""
    if _HAS_WIDE.search(text):
        text = text.translate(_WIDE)
    if _HINT.search(text):
        text = _LONG_RUN.sub(_long_run, text)
        text = _AFTER_CUE.sub(_after_cue, text)
    return text


_HINT = re.compile(rf"[{_SPELLED}{_LOOKALIKE}]{_GAP}{_ANY}{_GAP}{_ANY}|[0-9][{_SPELLED}{_LOOKALIKE}][0-9]")


def _long_run(match: re.Match[str]) -> str:
    run = match[0]
    ascii_digits = [i for i, char in enumerate(run) if "0" <= char <= "9"]
    if len(ascii_digits) >= 5 and sum(char in _SPELLED for char in run) < 3:
        # 자이 102-1503, SC제일 123-…, …5678 이거: at the ends a spelled digit is the end of a word; only zero begins
        first, last = ascii_digits[0], ascii_digits[-1]
        head = re.sub("[공영빵ㅇ○]$", "٠", run[:first]).translate(_LETTERS)
        return head + run[first:last].translate(_ALL) + run[last:].translate(_LETTERS)
    plain_run = run.replace("다시", "--").replace("에", "-").replace("의", "-").translate(_ALL)
    digits = {int(char) for char in plain_run if char.isdigit()}
    return plain_run if len(digits) > 2 else run  # ㅇㅇㅇㅇㅇㅇㅇㅇ and 오오오오오오오오 are no numbers


def _after_cue(match: re.Match[str]) -> str:
    run = match[1]
    start = match.start(1) - match.start()
    after = match.string[match.end() : match.end() + 1]
    keep = (
        len(run) > 4 and run[-1] == "이" and "가" <= after <= "힣"
    )  # 비번 공일이삼이야: the last one is a particle
    spelled = (run[:-1] if keep else run).translate(_ALL) + ("이" if keep else "")
    return match[0][:start] + spelled
