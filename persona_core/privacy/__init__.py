"""Detect, mask, restore: no private fact enters a dataset, and her name comes back with the right particle.

Masker(persona="김도윤", partner="이서연").mask("도윤이 번호 010-0000-1234야")
    -> Masked("[[PERSONA]]이 번호 [[PHONE]]야", (Span(0, 2, "NAME"), Span(7, 20, "PHONE")))
restore("[[PARTNER]]야 잘자", "도윤", "서연")  ->  "서연아 잘자"
scrub("계좌 [[ACCOUNT]]로 보내")               ->  ""
"""

from persona_core.privacy.display import shows_name
from persona_core.privacy.mask import Masked, Masker, detect
from persona_core.privacy.morphemes import learn
from persona_core.privacy.names import Names, called, is_label, unfindable
from persona_core.privacy.restore import restore, scrub
from persona_core.privacy.span import KINDS, Kind, Span

__all__ = [
    "KINDS",
    "Kind",
    "Masked",
    "Masker",
    "Names",
    "Span",
    "called",
    "detect",
    "is_label",
    "learn",
    "restore",
    "scrub",
    "shows_name",
    "unfindable",
]
