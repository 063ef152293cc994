"""Digits however they are typed: ``０１０``, ``공일공``, ``O1O``, ``공1공-2삼4오``, ``0️⃣1️⃣0️⃣``, ``010에 0000에 1234``.

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
_WIDE |= dict.fromkeys([0x3000, 0xA0, 0xFE0F, 0x20E3, 0x202F, *range(0x2000, 0x200B)], " ")
_WIDE |= dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0x2022, 0x2026, 0x22EF, 0x30FB, 0x30FC, 0xFF65], "-")
_HAS_WIDE = re.compile("[" + "".join(map(chr, _WIDE)) + "]")

_GAP = r"(?:[ \n.\-*ㅡ~_·/,()]|에|의|다시|대시){0,3}?"  # 공일공에 일이삼사에 …
_ANY = f"[0-9{_SPELLED}{_LOOKALIKE}]"
# Eight digits in a row are never an accident of Korean; the lookalike letters must not belong to a word.
_LONG_RUN = re.compile(rf"(?<![A-Za-z])(?!(?<=[가-힣])이\s){_ANY}(?:{_GAP}{_ANY}){{7,}}(?![A-Za-z])")
_JOINT = re.compile(
    rf"(?<=[0-9{_SPELLED}])\s?(?:에|의|다시|대시)(?=\s?[0-9{_SPELLED}]{{2,8}}(?![0-9]|\s?[원만천백억명개시분초일월년번살회%]))"
)


def _run(least: int) -> str:
    # 비번이 이삼사오: the first 이 is a particle
    return rf"(?<![{_SPELLED}])(?!이\s)([{_SPELLED}](?:[ -]?[{_SPELLED}]){{{least - 1},}})"


_STAR = "(?:별표?|샵|샾|우물정?자?)"
_SLASH = r"(?:슬래[시쉬]|다시|에)"
# A short run is a number only beside a word that asks for one.
_AFTER_CUE = re.compile(
    r"(?:비\s?번|비밀\s?번호|암호|번호|코드|뒷\s?자리|끝\s?자리|네\s?자리|계좌|생일|otp|OTP|주차|적립|도어[락록]|현관|와이파이|아니고|말고)"
    rf"(?:은|는|이|가|을|를)?[^0-9\n]{{0,6}}?{_run(4)}"
    rf"|(?:cvc|CVC|cvv|CVV|씨브이씨|(?:세|3)\s?자리)(?:은|는|이|가)?[^0-9\n]{{0,4}}?{_run(3)}"
    rf"|{_STAR}\s?([{_SPELLED}](?:[ -]?[{_SPELLED}]){{2,7}})(?=\s?{_STAR})"
    rf"|(?:유효|만료)[가-힣]{{0,3}}\s?([{_SPELLED}]{{2}})\s?{_SLASH}?\s?([{_SPELLED}]{{2}})(?![{_SPELLED}])"
    rf"|차[^0-9\n]{{0,8}}?(?<![{_SPELLED}])([{_SPELLED}]{{2,3}})\s?[가-호]\s?([{_SPELLED}]{{4}})(?![{_SPELLED}])"
)
_HINT = re.compile(
    rf"[{_SPELLED}{_LOOKALIKE}]{_GAP}{_ANY}{_GAP}{_ANY}|[0-9][{_SPELLED}{_LOOKALIKE}][0-9]|[0-9]{{3}}[{_SPELLED}]"
    rf"|[0-9]\s?(?:에|의|다시|대시)\s?[0-9]|(?:유효|만료).{{0,5}}[{_SPELLED}]{{2}}"
)


def plain(text: str) -> str:
    """``text`` with every digit, dash and blank in its plain form; same length, same offsets."""
    if _HAS_WIDE.search(text):
        text = text.translate(_WIDE)
    if _HINT.search(text):
        text = _LONG_RUN.sub(_long_run, text)
        text = _AFTER_CUE.sub(_after_cue, text)
    return text


def _long_run(match: re.Match[str]) -> str:
    run = match[0]
    ascii_digits = [i for i, char in enumerate(run) if "0" <= char <= "9"]
    if len(ascii_digits) >= 5 and sum(char in _SPELLED for char in run) < 3:
        # 자이 102-1503, SC제일 123-…, …5678 이거: at the ends a spelled digit is the end of a word, unless the
        # number begins with a zero in words (공이 000 1234)
        first, last = ascii_digits[0], ascii_digits[-1]
        in_word = "가" <= match.string[match.start() - 1 : match.start()] <= "힣"
        head = run[:first].translate(_ALL) if run[0] in "공영빵" and not in_word else run[:first]
        head = re.sub("[공영빵ㅇ○]$", "٠", head).translate(_LETTERS)
        unit = match.string[match.start() + last + 1 :][:2]  # 3천, 3 만: then nothing is joined
        middle = _JOINT.sub(_dashes, run[first : last + 1] + unit)[: last + 1 - first]
        number = head + middle.translate(_ALL)
        return number + _tail(run[last + 1 :], number, match.string[match.end() : match.end() + 1])
    plain_run = (
        run.replace("다시", "--").replace("대시", "--").replace("에", "-").replace("의", "-").translate(_ALL)
    )
    digits = [int(char) for char in plain_run if char.isdigit()]
    repeated = len(set(digits)) <= 2 and not ascii_digits and digits[:2] != [0, 1]
    return run if repeated else plain_run  # ㅇㅇㅇㅇㅇㅇㅇㅇ and 오오오오오오오오 are no numbers


def _tail(tail: str, number: str, after: str) -> str:
    """…5678이야 and …5678 오빠 end in a word; …567팔 in a digit, and so does a mobile number one digit short."""
    figures = [int(char) for char in number if char.isdigit()]
    if len(figures) == 10 and figures[:3] == [0, 1, 0]:
        return tail[:1].translate(_ALL) + tail[1:].translate(_LETTERS)
    a_word = tail.startswith(("이", " ")) or "가" <= after <= "힣"
    return tail.translate(_LETTERS if a_word else _ALL)


def _dashes(match: re.Match[str]) -> str:
    return "-" * len(match[0])


def _after_cue(match: re.Match[str]) -> str:
    text, offset = match[0], match.start()
    for group in range(1, len(match.groups()) + 1):
        run = match[group]
        if run is None:
            continue
        start, end = match.start(group) - offset, match.end(group) - offset
        after = match.string[match.end(group) : match.end(group) + 1]
        # 비번 공일이삼이야: the last one is a particle
        spelled = f"{run[:-1].translate(_ALL)}이" if _ends_in_particle(run, after) else run.translate(_ALL)
        text = text[:start] + spelled + text[end:]
    return re.sub("슬래[시쉬]", " / ", text)


def _ends_in_particle(run: str, after: str) -> bool:
    return len(run) > 4 and run[-1] == "이" and "가" <= after <= "힣"
