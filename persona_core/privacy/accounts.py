"""Accounts and parcels: long numbers without a check digit, so that the words around and the grouping decide.

신한 110-000-123456   계좌번호: 3333-01-0000123   송장 1234-5678-9012   페덱스 7700 0000 1234
"""

import re

from persona_core.privacy.digits import D
from persona_core.privacy.numbers import ALONE, CARD_CUE, END, SEPARATOR, digits_of, ean_fits, near
from persona_core.privacy.rule import Family, Rule, after, before
from persona_core.privacy.span import Kind

_BANK = re.compile(
    r"계좌|통장|예금주|입금|송금|이체|부쳐|부칠|보내(?!준)|쏴|돈|은행|국민|신한|우리|하나|농협|기업|카뱅|카카오|토스|케이뱅크|케뱅|새마을|신협"
    r"|우체국|수협|제일|씨티|부산|대구|경남|광주|전북|제주|산업|저축|IBK|KB|NH|SC|iM|국은|신은|기은",
    re.IGNORECASE,
)
_PARCEL = re.compile(
    r"송장|택배|페덱스|fedex|DHL|UPS|EMS|통관|화물|운송|직구|반품|수거|편의점|경동|일양|등기|소포|배송|주문|예약|접수|조회|대한통운|한진|로젠|쿠팡|우편|CJ|tracking",
    re.IGNORECASE,
)
_OTHER = re.compile(r"바코드|ISBN|isbn|제품|상품|모델|버전|조회수|뷰|파이|원주율|로또")
_BOOK = re.compile("ISBN|바코드", re.IGNORECASE)
# Words that are also ordinary (우리, 하나, 국민 …) must stand right beside the number.
_LOOSE = re.compile(r"(?:우리|하나|국민|기업|부산|대구|경남|광주|전북|제주|산업|제일|돈|카카오|토스)$")


def _account(match: re.Match[str]) -> Kind | None:
    digits, groups = digits_of(match[0]), [g for g in SEPARATOR.split(match[0]) if g]
    if not 10 <= len(digits) <= 16 or _is_measure(match) or _is_moment(groups):
        return None
    if _BOOK.search(before(match, 12)):
        return None
    if len(digits) > 14 and CARD_CUE.search(before(match, 20)):
        return "CARD"
    if cue := _cue_before(before(match, 22)) or _cue_after(after(match, 16)):
        return cue
    if near(_OTHER, match) or digits.startswith(("978", "979")):
        return None
    return "ACCOUNT" if _looks_like_one(match[0], digits, groups) else None


def _cue_before(text: str) -> Kind | None:
    found: list[tuple[int, Kind]] = [(m.end(), "TRACKING") for m in _PARCEL.finditer(text)]
    for m in _BANK.finditer(text):
        beside = re.fullmatch(r"(?:은행|뱅크|카드)?[ :\-(\n]{0,3}", text[m.end() :])
        if beside or not _LOOSE.search(m[0]):
            found.append((m.end(), "ACCOUNT"))
    return max(found)[1] if found else None


def _cue_after(text: str) -> Kind | None:
    if parcel := _PARCEL.search(text):
        return None if parcel[0] == "조회" else "TRACKING"
    for m in _BANK.finditer(text):
        if not _LOOSE.search(m[0]) or re.fullmatch(r"[ (,\n]{0,2}", text[: m.start()]):
            return "ACCOUNT"
    return None


_AMOUNT = r"[0-9]{1,7}(?:,[0-9]{3})*\s?[원만천백억시분일월년개명번살%]"  # 110000123456 25000원


def _is_measure(match: re.Match[str]) -> bool:
    return re.compile(r"\s?(?:원|만|억|명|개|뷰|회|점|번째)").match(match.string, match.end()) is not None


def _is_moment(groups: list[str]) -> bool:
    """2024-01-01-12-30 and its like."""
    return (
        len(groups) > 2
        and re.fullmatch(r"(?:19|20)\d\d", groups[0]) is not None
        and len(groups[1] + groups[2]) < 5
    )


# How banks write their numbers: told from other numbers even without a word.
_GROUPINGS = frozenset(
    {
        (6, 2, 6),
        (3, 3, 6),
        (4, 3, 6),
        (3, 6, 5),
        (3, 4, 4, 2),
        (3, 6, 2, 3),
        (4, 2, 7),
        (3, 2, 6),
        (4, 4, 4, 1),
        (3, 2, 6, 1),
    }
)


def _looks_like_one(text: str, digits: str, groups: list[str]) -> bool:
    """Nobody types eleven digits for nothing: without a cue only barcodes, round and counted numbers are let go."""
    if (
        len(set(digits)) < 3
        or ean_fits(digits)
        or digits.endswith("0000")
        or digits[:8] in "012345678901234567890"
    ):
        return False
    if tuple(map(len, groups)) in _GROUPINGS:
        return True
    if len(groups) == 1:
        return 11 <= len(digits) <= 16
    return "-" in text and " " not in text and max(map(len, groups)) < 9 and len(groups) <= 5


ACCOUNTS = Family(
    re.compile(rf"{D}(?:.{{0,3}}{D}){{9}}", re.DOTALL),
    (
        # a hyphen carries it into the next bubble, a line break alone does not: 3만원 may follow
        Rule(rf"{ALONE}{D}(?:(?:[.ㅡ]|[ ](?!{_AMOUNT})|[ \n]?-{{1,2}}[ \n]?)?{D}){{9,15}}{END}", _account),
    ),
)
