"""What a message body is when it is no speech: the whole body decides, for a person may type 사진 within a sentence.

    사진 3장                                 media
    페이스톡 13:42                            call
    김도윤님이 이서연님을 초대했습니다.         system, where no sender stands before it

Collected from exports of 2013 to 2026, Korean and English.
"""

import re
from datetime import datetime
from typing import cast

from trainer.chatlog.message import Kind, Message

LONGEST = 4_000  # characters; no placeholder, and no list of invited people, comes near it

# --- bodies that are always the same ---

_FIXED: dict[Kind, str] = {
    "media": (
        "사진|(사진)|<사진>|'사진'|photo|Photo|(Photo)|<Photo>|photos|Photos|"
        "동영상|(동영상)|<동영상>|video|Video|(Video)|<Video>|videos|Videos|"
        "이모티콘|(이모티콘)|<이모티콘>|Emoticon|Emoticons|(Emoticon)|(Emoticons)|Sticker|Stickers|"
        "음성메시지|음성 메시지|Voice Note|Voice Message|Voice message"
    ),
    "file": "파일|(파일)|<파일>|File|연락처|(연락처)|<연락처>|Contact|카카오톡 프로필|KakaoTalk Profile",
    "call": "보이스룸이 방금 시작했어요.|라이브톡 시작|라이브톡 종료",
    "transfer": (
        "송금이 취소되었어요|송금이 취소되었어요.|송금봉투가 도착했어요|송금봉투가 도착했어요.|"
        "송금봉투를 받았어요|송금봉투를 받았어요.|정산 내용을 확인해주세요."
    ),
    "notice": "일정|투표 종료|투표 취소|'투표 종료'|'투표 취소'",
    "deleted": (
        "삭제된 메시지입니다.|메시지가 삭제되었습니다.|이 메시지는 삭제되었습니다.|"
        "가려진 메시지입니다|가려진 메시지입니다.|"
        "관리자가 메시지를 가렸습니다.|채팅방 관리자가 메시지를 가렸습니다.|This message was deleted.|"
        "This message has been deleted.|The message has been deleted.|"
        "This message has been hidden by the chatroom managers.|"
        "This message has been hidden by the chatroom manager."
    ),
}
FIXED: dict[str, Kind] = {body: kind for kind, bodies in _FIXED.items() for body in bodies.split("|")}

# --- bodies with a number, a name or a title in them ---

# KakaoTalk's old emoticons are written as one word in brackets.
_EMOTICON_WORDS = (
    "부끄|크크|굿|최고|방긋|하트|하하|우와|심각|힘듦|흑흑|아잉|찡긋|뿌듯|깜짝|빠직|짜증|제발|씨익|신나|헉|열받아|흥|감동|뽀뽀|멘붕|"
    "정색|쑥스|꺄아|좋아|훌쩍|허걱|푸하하|훗|컴온|눈물|악마|졸려|파이팅|축하|꽃|음표|브이|박수|콜|미소|윙크|메롱|버럭|감격|"
    "blush|wink|thumbsup|heart|smile|laugh|cry|angry|kiss|clap|wow|sad|happy|love|sleepy"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_ADDRESS = r"(?:https?://|www\.)\S+|[A-Za-z0-9][\w-]*(?:\.[\w-]+){0,4}\.(?:com|net|org|kr|me|be|ly|io|gg|tv)(?:/\S*)?"

_SHAPES: dict[Kind, str] = {
    "media": rf"""
        (?:사진|동영상)\ \d+(?:장|개) | \d+\ (?:[Pp]hotos|[Vv]ideos) | (?:[Pp]hotos?|[Vv]ideos?)\ \d+
      | <(?:사진|동영상|음성\ ?메시지|Photo|Video|Voice[^<>\n]*?)\ (?:읽지\ 않음|Unread)>
      | [0-9a-f]{{64}}\.\w{{2,5}} (?: \s+ [0-9a-f]{{64}}\.\w{{2,5}} )*
      | \(이모티콘_[^()\n]*\) | (?: \((?:{_EMOTICON_WORDS})\)\s? )+ """,
    "file": r"""
        (?:파일|File):\ [^\n]*\.\w{1,10} | \[FILE\]\ [^\n]+
      | <(?:연락처|파일|Contact|File)[^<>\n]*> """,
    "call": rf"""
        (?:그룹\ ?)?(?:보이스톡|페이스톡|그룹콜)\ (?:해요\.?|취소|부재중|응답없음|응답\ 없음|거절|종료|{_CLOCK})
      | (?:라이브톡|보이스룸)\ (?:종료|시작)[^\n]*
      | (?:Group\ )?(?:Voice|Video|Face|Live)\ ?(?:Call|Talk)
        (?:\ (?:ended|[Cc]ancel\w*|[Mm]issed|[Dd]eclined|[Nn]o\ [Aa]nswer))?(?:\ {_CLOCK})? """,
    "gift": r"""
        [^\n]{1,60}?님이\ 선물(?:과\ 메시지)?[을를]\ 보냈(?:습니다|어요)\.(?:\n.*)?
      | [^\n]{1,60}?\ sent\ (?:you\ )?a\ gift(?:\ and\ a?\ ?message|\ with\ a\ message)?\.(?:\n.*)? """,
    "transfer": r"""
        [\d,]+원(?:을\ 받으세요\.|\ 받기\ 완료!.*|을\ (?:보냈|받았)어요\.?|\ 자동환불\ (?:예정|완료)[^\n]*)
      | 송금:\ .* """,
    "notice": r"""
        샵검색\ ?:\ \#.* | 지도:\ [^\n]+ | 톡게시판\ '[^'\n]+'.* | \[[^\n]+\]\ 투표가\ (?:등록|마감)되었습니다\.
      | \[(?:Web발신|국제발신|국외발신|네이버\ 지도|카카오맵)\].* """,
    "link": rf"(?:{_ADDRESS})(?:\s+(?:{_ADDRESS}))*",
}
_SHAPE = re.compile(
    "|".join(f"(?P<{kind}>{shape})" for kind, shape in _SHAPES.items()), re.VERBOSE | re.DOTALL
)

# Nearly every message is speech, so the readers classify only what passes this first look (written out in their loops):
#     body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == "."
# The first is true of a body that begins with an ASCII character, and of an empty one.
NOT_ASCII = "\x80"
_BEGIN = {"페이", "그룹", "샵검", "지도", "톡게"}  # Korean shapes that no fixed body begins like
BEGINNINGS = frozenset(body[:2] for body in FIXED) | _BEGIN

_WITH_WORDS = "(이모티콘)"  # an emoticon sent together with words


def classify(body: str) -> tuple[Kind, str]:
    """The kind of a body that has a sender, and what was said: an emoticon sent with words leaves the words."""
    if kind := FIXED.get(body):
        return kind, body
    if len(body) <= LONGEST and (shape := _SHAPE.fullmatch(body)):
        return cast(Kind, shape.lastgroup), body
    if body.startswith(_WITH_WORDS):
        return "text", body.removeprefix(_WITH_WORDS).lstrip(" ")
    return "text", body


# --- what nobody wrote ---

BOTS = frozenset(("방장봇", "오픈채팅봇"))

_POLICY = re.compile(
    r"\s*(?:운영정책을 위반한 메시지로 |타인, 기관 등의 사칭에 유의|이전 방장은 채팅방 참여자로|관리자만 말하기 기능이 "
    r"|You may temporarily be banned from using KakaoTalk )"
)
_EVENT = re.compile(
    r"님을 (?:초대했|초대하였|내보냈)습니다\."
    r"|님이 (?:채팅방[을에] )?(?:퇴장했|퇴장하였|나갔|들어왔|입장했|입장하였|참여했)습니다\."
    r"|님이 부?방장이 되었습니다\.|님이 부방장에서 해제되었습니다\.|님으로 변경되었습니다\."
    r"|님이 포스트를 공유했습니다\.|님의 포스트가 공유되었습니다\."
    r"| (?:joined|left) this chatroom\.| has been removed from this chatroom\."
)


def is_system(body: str) -> bool:
    """Whether a body is who came, went or changed what: a sentence about somebody, or KakaoTalk's own words."""
    if "." not in body or len(body) > LONGEST:  # every such sentence has its full stop
        return False
    if event := _EVENT.search(body):
        before, after = body[: event.start()], body[event.end() :]
        return before != "" and "\n" not in before and (after == "" or _POLICY.match(after) is not None)
    return _POLICY.match(body) is not None


def is_english_event(body: str) -> bool:
    """Whether a body can be "A left." or "A invited B and."; a person may write such a sentence too."""
    return "\n" not in body and (body.endswith(" left.") or (" invited " in body and body.endswith(".")))


def is_bare_system(line: str) -> bool:
    """Whether a line with neither time nor sender, as Windows writes them, is no part of the message above it."""
    return FIXED.get(line) == "deleted" or is_system(line) or is_english_event(line)


def nobodys(sent_at: datetime, text: str) -> Message:
    """The message that a line without a sender is."""
    return Message(sent_at, "", text, "deleted" if FIXED.get(text) == "deleted" else "system")
