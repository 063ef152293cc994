"""What he would never send, though a model does: the same again and again, her own words, his instructions.

    is_stuck("ㅋ" * 200)                                                    True; "ㅋㅋㅋㅋㅋㅋ" is style
    is_stale("나 지금 집 가는 중이야", (), [… his last turn was that …])      True; "ㅇㅇ" may be said twice
    recites("카카오톡으로 대화 중이야. 말투 그대로", ())                          True: that stands in the system prompt

Of the 1,552 bubbles of the demo's real person these rules hold back none: his longest run has 9 letters, and nothing he
says comes twice in a turn, comes back in his next one, or is hers. The limits leave room above that: people do vary.
"""

import re
from collections.abc import Iterable, Sequence

from persona_core.prompt import SYSTEM_PROMPT, Turn

LONGEST_RUN = (
    60  # characters of one syllable or phrase over and over: more laughter than fits two lines of a phone
)
LONGEST_PHRASE = 20  # characters that are looked for as the unit of a run
LONG = 8  # letters; what is shorter (ㅇㅇ, 잘자, 오늘도 고생했어) people say twice, and say back
SHORT_TIMES = 3  # a short bubble in one turn; the fourth is a loop
RECITED = (
    10  # letters in a row of the system prompt: fewer are words like 말풍선, the demo's person has 2 at most
)

_RUN = re.compile(rf"(.{{1,{LONGEST_PHRASE}}}?)\1{{3,}}", re.DOTALL)
_PLACEHOLDER = re.compile(r"\[\[[A-Z_]+\d*\]\]")
_STRETCHED = re.compile(r"(.)\1{2,}")


def is_stuck(text: str) -> bool:
    """Whether ``text`` repeats one phrase endlessly."""
    return len(text) > LONGEST_RUN and any(len(match[0]) > LONGEST_RUN for match in _RUN.finditer(text))


def is_stale(bubble: str, said: Sequence[str], turns: Sequence[Turn]) -> bool:
    """Whether ``bubble`` is nothing new after ``said``, the bubbles before it, in answer to ``turns``.

    Nothing new is a bubble of this reply, and from `LONG` letters on also one of his last turn, or her words.
    """
    letters = _letters(bubble)
    if len(letters) < LONG:
        return [_letters(earlier) for earlier in said].count(letters) >= SHORT_TIMES
    before = next((turn.bubbles for turn in reversed(turns) if turn.role == "persona"), ())
    hers = next((turn.bubbles for turn in reversed(turns) if turn.role == "partner"), ())
    return letters in {_letters(other) for other in (*said, *before, *hers, "".join(hers))}


def recites(bubble: str, said: Iterable[str], secret: str = SYSTEM_PROMPT) -> bool:
    """Whether ``bubble``, read on from ``said``, gives away a stretch of the system prompt; names do not count.

    It catches the prompt word for word, however it is cut or spaced; told in other words it is no secret.
    """
    before, new = ("".join(map(_unnamed_letters, some)) for some in (said, (bubble,)))
    text, prompt = before[-(RECITED - 1) :] + new, _unnamed_letters(secret)
    return any(text[i : i + RECITED] in prompt for i in range(len(text) - RECITED + 1))


def _letters(text: str) -> str:
    """``text`` as it is compared: ㅋㅋㅋ and ㅋㅋㅋㅋㅋ are one; signs count only where there is nothing else."""
    letters = "".join(character for character in text.casefold() if character.isalnum())
    return _STRETCHED.sub(r"\1\1", letters or text)


def _unnamed_letters(text: str) -> str:
    return "".join(character for character in _PLACEHOLDER.sub("", text).casefold() if character.isalnum())
