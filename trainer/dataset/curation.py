"""Which messages are not worth learning, each by a named rule. What a rule drops is counted, never just gone.

    link, media, file, call, gift, transfer, notice, system, deleted, oversized    what the parser says is no speech
    bot            방장봇, a shop, a service: "주문하신 상품이 배송되었습니다"
    notice         a forwarded notice or advertisement: "[Web발신] …", "(광고) …"
    link           only addresses, no word of one's own
    repeated       the same long message over and over
    blank          nothing but control characters and spaces
    damaged        bytes that are no text stood in it
    too_long       a message, or a turn of the persona, that alone fills the context
    others         whatever a third person says in a group room

Short replies are style and stay: ㅇㅇ, ㅋㅋㅋ, 잘자 pass every rule however often they are said.
"""

import re
from typing import NamedTuple

from persona_core.prompt import clean_bubble
from trainer.chatlog.encoding import is_damaged
from trainer.chatlog.message import Message
from trainer.chatlog.senders import is_service
from trainer.dataset.likeness import fingerprint
from trainer.dataset.recent import Recent

LONG = 40  # characters: what is sent again at this length is pasted, not typed
TIMES = 2  # a long message is learned from this often
_REMEMBERED = 100_000  # different long messages; about two exports of 100 MB

_NOTICE = re.compile(
    r"\s*(?:\[\s?(?:Web|국제|국외|해외|로밍)\s?발신\s?\]|[(\[<【（]\s?광고\s?[)\]>】）])"
    r"|.*(?:무료\s?(?:수신)?\s?거부|수신\s?거부\s?:?\s?080|무료\s?수신거부)",
    re.DOTALL,
)
_MAYBE_NOTICE = re.compile("발신|광고|거부")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_WORD = re.compile(r"[^\W_]")
# What differs between two sendings of one notice (dates, amounts, signs), and what is typed by holding a key: ㅋㅋㅋ, ♥♥♥.
_CHANGES = re.compile(r"[\W\d_ㄱ-ㅣ]+")


NOBODYS = frozenset(("system", "bot"))  # rules for what belongs to neither side of the conversation
OTHERS = "others"  # the rule for what somebody else says


class Spoken(NamedTuple):
    """One message of a session: whose it is, the rule that drops it (or nothing), and its words.

    Of what is dropped only the first messages keep their words, for the report.
    """

    by_persona: bool
    rule: str
    text: str


class Curator:
    """The rules that need to know who wrote, or what was written before; one pass over the messages in order."""

    def __init__(self, persona: str, partner: str) -> None:
        self._persona = persona
        self._people = frozenset((persona, partner))
        self._times: Recent[int] = Recent(_REMEMBERED)
        self._shown: set[str] = set()

    def judge(self, message: Message) -> Spoken:
        """``message`` with the rule that drops it, if one does."""
        rule = self._rule(message)
        text = "" if rule in self._shown else message.text
        if rule:
            self._shown.add(rule)
        return Spoken(message.sender == self._persona, rule, text)

    def _rule(self, message: Message) -> str:
        known = message.sender in self._people or message.kind == "system"
        if not known and not is_service(message.sender) and (message.sender or message.kind == "text"):
            return OTHERS
        if message.kind != "text":
            return message.kind
        if not known:
            return "bot"
        if len(message.text) >= LONG and self._again(message.text):
            return "repeated"
        return ""

    def _again(self, text: str) -> bool:
        words = _CHANGES.sub("", text)
        if not words:
            return False
        key = fingerprint(words)
        times = (self._times.get(key) or 0) + 1
        self._times.put(key, times)
        return times > TIMES


def rule_of_text(text: str) -> str:
    """The rule by which these words alone are no speech, or nothing."""
    if is_damaged(text):
        return "damaged"
    if _MAYBE_NOTICE.search(text) and _NOTICE.match(text):
        return "notice"
    if _ADDRESS.search(text) and not _WORD.search(_ADDRESS.sub("", text)):
        return "link"
    return "" if clean_bubble(text) else "blank"
