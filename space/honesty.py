"""It never passes for a person: a question whether it is an AI gets an honest answer, and denials are not sent.

asks_whether_ai("너 혹시 AI야?")       True
asks_whether_ai("AI 수업 어땠어?")     False: about something else
denies_being_ai("나 AI 아니야ㅋㅋ")    True
"""

import re

_MACHINE = (
    r"(?<![a-z])(?:ai|에이아이|인공\s*지능|챗\s*봇|로봇|봇|챗\s*지피티|지피티|챗\s*gpt"
    r"|chatgpt|gpt|chatbot|bot|robot|machine|기계|프로그램|자동\s*응답)"
)
_PERSON = r"(?:사람|인간|본인|human|person)"
_IS = r"\s*(?:이야|야|이지|지|이니|니|이냐|냐|임|인가|인\s*거|인\s*건|이에요|예요|에요|입니까|맞|아니|아냐)"

_ASKS = re.compile(
    "|".join(
        (
            rf"{_MACHINE}{_IS}",  # AI야? 봇이지? 챗봇 아니야?
            rf"(?:진짜|정말|실제)\s*(?:로\s*)?{_PERSON}{_IS}",  # 진짜 사람이야?
            rf"(?:너|넌|니가|네가|자기|오빠|누나|언니|당신)(?:는|가|도)?\s*(?:혹시|지금)?\s*{_PERSON}{_IS}",  # 너 사람이야?
            rf"{_PERSON}\s*(?:이\s*)?맞(?:아|니|냐|지|음|나)",  # 사람 맞아?
            r"(?:진짜|정말)\s*(?:너|자기|오빠|누나|언니)\s*(?:야|이야|니|냐|맞(?:아|니|냐|지|나))\s*\?",  # 진짜 너야?
            rf"{_MACHINE}(?:랑|이랑|하고|한테)\s*(?:얘기|이야기|대화|말|톡)",  # 나 지금 AI랑 얘기하는 거야?
            rf"\b(?:are|r)\s+(?:you|u)\b.*(?:{_MACHINE}|{_PERSON}|\breal)\b",  # are you an AI? are you real?
        )
    ),
    re.IGNORECASE,
)
_DENIES = re.compile(
    "|".join(
        (
            rf"{_MACHINE}\s*(?:가|이|는|은)?\s*(?:아니|아냐|아님)",  # AI 아니야, 봇이 아니라
            rf"(?<![가-힣])(?:나는|나도|난|나|내가|저는|진짜|정말)\s*(?:진짜|정말|그냥)?\s*{_PERSON}\s*(?:이야|이지|맞|임|인데|이에요)",
            rf"\bnot\s+an?\s+{_MACHINE}\b",
            rf"\bi(?:'m|\s+am)\s+(?:an?\s+)?(?:real|{_PERSON})\b",
        )
    ),
    re.IGNORECASE,
)


LONGEST = 2_000  # characters that are looked into: as long as a message gets


def asks_whether_ai(message: str) -> bool:
    """Whether she wants to know if a machine is answering. In doubt yes: the honest answer never hurts."""
    return _ASKS.search(message[:LONGEST]) is not None


def denies_being_ai(bubble: str) -> bool:
    """Whether ``bubble`` claims that a person wrote it."""
    return _DENIES.search(bubble[:LONGEST]) is not None
