"""Words the rules are unsure of, decided by the chat itself and by the analyser kiwipiepy, when it is installed.

    learn(["지우가 왔어", "사진 지우는 중", "슬기야 어디야"])  ->  {"지우가": 2, "슬기야": 2}

The analyser reads a fifth of a megabyte a second, so it sees no line twice and only a few lines for each doubtful
word; what it decides holds for that very word (지우가, but not 지우는) wherever it stands. A name that is mostly
written as one in this chat (수정이가, 수정아) is one where it stands bare as well (수정, 수정도).
"""

import importlib.util
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from persona_core.privacy import others
from persona_core.privacy.lexicon import (
    CLEAR_SURNAMES,
    COMMON,
    FAMOUS,
    FIRST,
    NAMES,
    NEVER,
    NOT_PEOPLE,
    PLACES,
    SECOND,
    SUFFIXES,
    SURNAMES,
    WORDS,
)

SAMPLES = 3  # lines read for one word
OFTEN = 3  # times a name is plainly one before it is taken for one where it stands bare …
SHARE = 0.5  # … and so many times for each that it stands bare
MOST_LINES = 8_000  # lines read altogether: two or three seconds
_REACH = 15  # characters of context on either side

_TOGETHER = 20  # stretches in one call: half again as fast as one by one

_END = ".\n"
_NOT_WORDS = re.compile(r"[^가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9]")

# What follows a name of a person: 야, 아 (called), 이 (도윤이가), a title.
_TELLING = frozenset({"JKV", "XSN"})
_ENDS_OF_PLACES = frozenset("시구동군도로길읍면역산강천판자성형용화하한해")
_TITLES = frozenset(
    "씨 님 군 양 형 누나 언니 오빠 쌤 선생 선배 후배 이모 삼촌 엄마 아빠 대리 과장 팀장 부장".split()
)


def installed() -> bool:
    """Whether kiwipiepy is there to be asked."""
    return importlib.util.find_spec("kiwipiepy") is not None


def learn(lines: Iterable[str]) -> dict[str, int]:
    """The doubtful words in ``lines`` that begin with a person's name, each with the length of the name.

    To be given to `Names` or `Masker` as ``learned``. Without kiwipiepy only what the chat tells.
    """
    named: Counter[str] = Counter()  # how often two syllables are plainly a name
    seen: Counter[str] = Counter()  # how often a word is doubtful
    samples = _samples(lines, named, seen)
    votes: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for word, length in _verdicts(samples) if installed() else ():
        votes[word][length] += 1
    decided = {word: length for word, count in votes.items() if (length := count.most_common(1)[0][0])}
    return dict.fromkeys(_familiar(named, seen), 2) | decided


def _familiar(named: Counter[str], seen: Counter[str]) -> list[str]:
    """Doubtful words that are a name of this chat and what may follow a name."""
    bare: Counter[str] = Counter()
    words = [word for word in seen if word[:2] in named and others.is_bare(word)]
    for word in words:
        bare[word[:2]] += seen[word]
    return [word for word in words if named[word[:2]] >= max(OFTEN, SHARE * bare[word[:2]])]


def _samples(lines: Iterable[str], named: Counter[str], seen: Counter[str]) -> list[tuple[str, str, int]]:
    """``(word, stretch of a line around it, where in the stretch it begins)``, frequent words first; both counted."""
    stretches: defaultdict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for line in lines:
        for match, length in others.candidates(line):
            word = match[0]
            if length:
                named[word[length - 2 : length]] += 1
                continue
            seen[word] += 1
            if len(stretches[word]) < SAMPLES:
                start = max(0, match.start() - _REACH)
                stretch = _NOT_WORDS.sub(" ", line[start : match.end() + _REACH])
                stretches[word].append((word, stretch, match.start() - start))
    return [sample for word, _ in seen.most_common() for sample in stretches[word]][:MOST_LINES]


def _verdicts(samples: list[tuple[str, str, int]]) -> Iterator[tuple[str, int]]:
    if not samples:
        return
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)  # half a gigabyte, and let go afterwards: training needs it more
    for first in range(0, len(samples), _TOGETHER):
        batch = samples[first : first + _TOGETHER]
        tokens: list[Any] = kiwi.tokenize(_END.join(stretch for _, stretch, _ in batch))
        index_at = {token.start: index for index, token in enumerate(tokens)}
        start = 0
        for word, stretch, position in batch:
            index = index_at.get(start + position)
            yield (
                word,
                0 if index is None else _name_length(word, tokens[index], tokens[index + 1 : index + 2]),
            )
            start += len(stretch) + len(_END)


def _name_length(word: str, token: Any, following: list[Any]) -> int:
    """0, or how many characters of ``word`` the analyser takes for a name that can be somebody's."""
    name: str = token.form
    telling = any(next_one.tag in _TELLING or next_one.form in _TITLES for next_one in following)
    called = telling and following[0].tag == "JKV" and name in WORDS
    if (
        (token.tag != "NNP" and not called)
        or name in PLACES
        or name in NEVER
        or name in FAMOUS
        or name in NOT_PEOPLE
    ):
        return 0
    if len(name) == 3 and name[2] == "이" and name[:2] in NAMES | WORDS:
        return 2
    if len(name) == 3:
        usual = name[0] in CLEAR_SURNAMES or name[1:] in NAMES | WORDS
        return 3 if _is_full(name) and (telling or (usual and name[2] not in _ENDS_OF_PLACES)) else 0
    if len(name) != 2 or name[0] not in FIRST or name[1] not in SECOND:
        return 0
    being = word[2:].startswith(("이라", "이다", "입", "임"))  # 다솜이라는 카페, 장소는 미정입니다
    stands = name in WORDS and len(word) > 2 and others.is_bare(word) and not being
    return 2 if telling or stands else 0


def _is_full(name: str) -> bool:
    inflected = name[:2] in COMMON and name[2] in SUFFIXES
    return name[0] in SURNAMES and name[1] in FIRST and name[2] in SECOND and not inflected
