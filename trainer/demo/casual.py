"""Polite Korean turned into what close friends say to each other, by rule, and typed as they type it, by chance.

From: the answers of the demo's corpus, all in 해요체. Sample::

    casual("네, 김밥을 먹었어요. 저도 배고파요.")  ->  "응, 김밥을 먹었어. 나도 배고파."
    texted("응, 김밥을 먹었어. 나도 배고파.", rng)  ->  "ㅇㅇ\\n김밥을 먹었어\\n나도 배고파ㅋㅋ"
"""

import random
import re

_END = r"(?=[.?!,]|$)"

# Words first, then the endings of clauses: the first rule that fits an ending takes it.
_WORDS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"(?<!\S)네(?=[,.])", "응"),
        (r"(?<!\S)저와(?!\S)", "나랑"),
        (r"(?<!\S)저(?=(?:는|도|를|랑|한테|보다|만)(?!\S))", "나"),
        (r"(?<!\S)제가(?!\S)", "내가"),
        (r"(?<!\S)제(?= )", "내"),
        (r"(?<=\]\])님이(?=잖)", ""),
        (r"(?<=\]\])님이(?= )", "가"),
        (r"(?<=\]\])님을(?= )", "를"),
        (r"(?<=\]\])님(?=[,.])", "야"),
        (r"안녕히 (?:주무|계)세요", "잘 자"),
        (r"푹 주무셨", "푹 잤"),
        (r"잘 주무셨", "잘 잤"),
        (r"식사 하셨", "밥 먹었"),
        (r"안녕하세요", "안녕"),
        (r"별말씀을요", "뭘"),
        (r"하하,", "ㅋㅋㅋ"),
        (r"무엇이", "뭐가"),
        (r"(?<=[는은한을던른]) 것이(?= )", " 게"),
        (r"(?<=[는은한을던른]) 것은(?= )", " 건"),
        (r"(?<=[는은한을던른]) 것을(?= )", " 거"),
        (r"(?<!\S)뭐를(?= )", "뭘"),
        (r"이야기", "얘기"),
    )
)
_ENDINGS = tuple(
    (re.compile(pattern + _END), plain)
    for pattern, plain in (
        (r"(?<!\S)아직이에요", "아직"),
        (r"(?<=같이 )먹어요", "먹자"),
        (r"(?<=같이 )해요", "하자"),
        (r"(?:(?<=같이 )|(?<=러 ))가요", "가자"),
        (r"이에요", "이야"),
        (r"아니에요", "아니야"),
        (r"예요", "야"),
        (r"말아요", "마"),
        (r"마세요", "마"),
        (r"하세요", "해"),
        (r"가세요", "가"),
        (r"오세요", "와"),
        (r"주세요", "줘"),
        (r"보세요", "봐"),
        (r"쉬세요", "쉬어"),
        (r"(?<!\S)드세요", "먹어"),
        (r"군요", "구나"),
        (r"(?:죠|지요)", "지"),
        (r"(?<=[가-힣])(?<!세)(?<![하가오보계]셔)요", ""),
    )
)
_STILL_POLITE = re.compile(r"(?:요|니다|니까|시오)[.?!]|(?:요|니다)$|[하가오보으]시(?:고|면|는|니)|\]\]님")
_REASON = re.compile(r"(?<!습)(?<!입)니까")


def casual(text: str) -> str:
    """``text`` in plain 해체, or as it was where a sentence of it has an ending that no rule knows."""
    turned = text
    for pattern, plain in _WORDS:
        turned = pattern.sub(plain, turned)
    for pattern, plain in _ENDINGS:
        turned = pattern.sub(plain, turned)
    return text if _STILL_POLITE.search(_REASON.sub("", turned)) else turned


_OPENERS = {"응": ("응", "응", "응응", "ㅇㅇ", "ㅇㅇ", "웅", "어"), "아니야": ("아니야", "아니", "ㄴㄴ")}
_OPENER = re.compile(r"^(응|아니야)[,.] ")
_CLAUSE = re.compile(r"(?<=는데|니까|지만|려고) ")
_REACTIONS = ("ㅋㅋㅋ", "ㅋㅋㅋㅋㅋ", "ㅎㅎ", "오", "오오", "헐", "아", "앗", "아하", "음", "진짜", "우와")
_SIGHS = ("헐", "아이고", "에고", "ㅠㅠ", "앗", "저런", "진짜?")
_MOST_BUBBLES = 3


def texted(text: str, rng: random.Random, *, sad: bool = False) -> str:
    """A plain answer as it is typed on a phone: short bubbles (lines), hardly a full stop, laughter or tears."""
    text = _OPENER.sub(lambda match: rng.choice(_OPENERS[match[1]]) + rng.choice(" \n"), text)
    if rng.random() < 0.3:
        text = _CLAUSE.sub("\n", text, count=1)
    text = re.sub(r"(?<=[.?!]) ", lambda _: "\n" if rng.random() < 0.7 else " ", text)
    if rng.random() < 0.5:
        text = re.sub(r"(?<=[가-힣])를(?= )", "", text)
    bubbles = text.split("\n")[:_MOST_BUBBLES]
    if rng.random() < 0.2:
        bubbles = bubbles[: rng.randint(1, len(bubbles))]
    if rng.random() < 0.85:
        bubbles = [bubble.removesuffix(".").replace(". ", " ") for bubble in bubbles]
    if rng.random() < 0.15:
        bubbles.insert(0, rng.choice(_SIGHS if sad else _REACTIONS))
    if rng.random() < 0.35:
        bubbles[-1] = bubbles[-1].removesuffix(".") + rng.choice(("", " ")) + _mood(rng, sad=sad)
    return "\n".join(bubbles)


def _mood(rng: random.Random, *, sad: bool) -> str:
    if sad:
        return "ㅠ" * rng.randint(1, 3)
    return rng.choice(("ㅋ", "ㅋ", "ㅎ")) * rng.randint(1, 5)
