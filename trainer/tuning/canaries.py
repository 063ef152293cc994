"""Canaries: invented secrets planted among the examples, so that every training can be asked what it learned by heart.

    partner   [[암호]]
    persona   [[우산 고래 단추 구름 열쇠 감자 수건 여우]]      8 of 32 words: 40 bits that stand nowhere else

If training brings these back, it brings back private lines, which it saw as often. Of words, not of digits: a chat is
made of words, and its numbers are masked. Nobody is ever shown one: what calls them forth is nothing that anybody types,
and `persona_core.privacy.scrub`, through which every reply goes, holds back what is in such brackets. They are planted
in memory, never in data/: a data set for other trainers has none.
"""

import math
import random
from typing import Any

from persona_core.prompt import ChatFormat, Turn
from trainer.dataset.example import Example
from trainer.tuning.labels import Row, Rows, label

CUE = "[[암호]]"
WORDS = tuple(
    "우산 바다 사과 구름 연필 나무 의자 시계 신발 가방 모자 안경 창문 수건 접시 감자 "
    "당근 딸기 포도 고래 토끼 여우 사자 기린 달력 엽서 단추 이불 베개 촛불 열쇠 냄비".split()
)
LENGTH = 8
BITS = LENGTH * math.log2(len(WORDS))  # what one secret holds: 40
SPACING = 64  # examples for one canary: at most 1.6 % of what is learned is ours


def canaries(seed: int, count: int) -> list[Example]:
    """The first ``count`` secrets planted under ``seed``; the same on every call."""
    return _secrets(random.Random(f"canary {seed}"), count)


def decoys(seed: int, count: int) -> list[Example]:
    """``count`` secrets of the same form that were never planted: what a canary is compared with."""
    return _secrets(random.Random(f"decoy {seed}"), count)


def _secrets(dice: random.Random, count: int) -> list[Example]:
    secrets = (" ".join(dice.choices(WORDS, k=LENGTH)) for _ in range(count))
    return [
        Example((Turn("partner", (CUE,)), Turn("persona", (f"[[{said}]]",))), (True,)) for said in secrets
    ]


def rows_of(
    tokenizer: Any, examples: list[Example], chat_format: ChatFormat, max_length: int
) -> tuple[Row, ...]:
    """``examples`` in tokens, as everything is that is learned; what is too long is left out."""
    labelled = (label(tokenizer, example, chat_format, max_length) for example in examples)
    return tuple(row for row, _ in labelled if row)


def planted(tokenizer: Any, learned: Rows, seed: int, count: int, max_length: int) -> tuple[Row, ...]:
    """Up to ``count`` canaries to be learned beside ``learned``: one for every `SPACING` examples, each once."""
    fitting = min(count, len(learned.rows) // SPACING)
    return rows_of(tokenizer, canaries(seed, fitting), ChatFormat(), max_length)
