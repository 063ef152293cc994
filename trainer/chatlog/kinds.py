"""What a message body is when it is no speech: the whole body decides, for a person may type 사진 within a sentence.

    사진 3장                                 media
    페이스톡 13:42                            call
    카카오페이 + line break + 송금봉투가 …     transfer

Collected from exports of 2013 to 2026, Korean and English. Lines that have no sender are `events`.
"""

import re
from typing import cast

from trainer.chatlog.message import Kind

LONGEST = 4_000  # characters; no placeholder, and no list of invited people, comes near it
LONGEST_MESSAGE = (
    10_000  # characters that KakaoTalk lets one type; what is longer came from a stuck key or a pasted book
)
_BEGINNING = 80  # characters kept of it: enough to see what it was

# --- bodies that are always the same ---

_FIXED: dict[Kind, str] = {
    "media": (
        "사진|(사진)|<사진>|'사진'|[사진]|photo|Photo|(Photo)|<Photo>|[Photo]|photos|Photos|"
        "동영상|(동영상)|<동영상>|'동영상'|[동영상]|video|Video|(Video)|<Video>|[Video]|videos|Videos|"
        "이모티콘|(이모티콘)|<이모티콘>|'이모티콘'|[이모티콘]|미니 이모티콘|(미니 이모티콘)|(스티커)|"
        "emoticon|Emoticon|Emoticons|(emoticon)|(Emoticon)|(Emoticons)|<Emoticon>|Sticker|Stickers|(Sticker)|"
        "음성메시지|음성 메시지|(음성메시지)|(음성 메시지)|<음성메시지>|<음성 메시지>|"
        "Voice Note|Voice note|Voice Message|Voice message"
    ),
    "file": (
        "파일|(파일)|<파일>|[파일]|File|(File)|<File>|연락처|(연락처)|<연락처>|[연락처]|Contact|(Contact)|<Contact>|"
        "카카오톡 프로필|KakaoTalk Profile"
    ),
    "transfer": "정산 내용을 확인해주세요.",
    "notice": "일정|투표 종료|투표 취소|'공지'|'투표'|'일정'|'투표 종료'|'투표 취소'|(지도)|[지도]",
}
FIXED: dict[str, Kind] = {body: kind for kind, bodies in _FIXED.items() for body in bodies.split("|")}

# --- bodies with a number, a name or a title in them ---

# KakaoTalk's old emoticons are written as one word in brackets.
_EMOTICON_WORDS = (
    "하트뿅|하하|우와|심각|힘듦|흑흑|아잉|찡긋|뿌듯|깜짝|빠직|짜증|제발|씨익|신나|헉|열받아|흥|감동|뽀뽀|멘붕|정색|쑥스|꺄아|좋아|"
    "굿|훌쩍|허걱|부르르|푸하하|발그레|수줍|컴온|졸려|미소|윙크|방긋|반함|눈물|절규|크크|메롱|잘자|잘난척|헤롱|놀람|아픔|당황|풍선껌|"
    "버럭|부끄|궁금|흡족|깜찍|으으|민망|곤란|행복|안도|우웩|외계인|외계인녀|공포|근심|악마|썩소|쳇|야호|좌절|삐침|하트|실연|별|브이|"
    "오케이|최고|최악|그만|알약|축하|음표|촛불|컵케이크[ab]?|근조|딸기|호박|입술|야옹|카톡|꽃|콜|훗|박수|파이팅|감격|"
    "heart|haha|wow|hm+|tears|blush|wink|smile|thumbsup|thumbs up|laugh|cry|sob|angry|kiss|clap|sad|happy|love|"
    "sleepy|yay|gasp|ok|please|shy|flower|star|victory"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_ADDRESS = r"(?:https?://|www\.)\S+|[A-Za-z0-9][\w-]*(?:\.[\w-]+){0,4}\.(?:com|net|org|kr|me|be|ly|io|gg|tv)(?:/\S*)?"
_WON = r"(?:₩\ ?[0-9][\d,]*|(?:KRW|W)\ ?[\d,]+|[\d,]+\ ?(?:원|won|KRW))"

_SHAPES: dict[Kind, str] = {
    "deleted": r"""
        (?: 삭제된\ 메시지입니다 | 가려진\ 메시지입니다
          | (?:이\ )?메시지[가는]\ (?:삭제되었|삭제됐|가려졌)습니다
          | (?:채팅방\ )?(?:관리자|방장|부방장)[가이]\ 메시지를\ (?:가렸|삭제했)습니다
          | (?:This|The|A)\ message\ (?:was|has\ been)\ (?:deleted|hidden|removed)(?:\ by\ [^\n]{1,60})?
          | Deleted\ message | Message\ deleted
        )\.? """,
    "media": rf"""
        (?:묶음\ ?)?(?:사진|동영상|Photos?|Videos?)\ (?:\d+(?:장|개)? | \(\d+(?:장|개)?\))
      | \d+\ (?:[Pp]hotos?|[Vv]ideos?)
      | [<(](?:사진|동영상|음성\ ?메시지|Photo|Video|Voice[^<>()\n]*?)\ (?:읽지\ 않음|Unread|\d+장|{_CLOCK})[>)]
      | (?:음성\ ?메시지|Voice\ (?:Note|[Mm]essage))\ {_CLOCK}
      | (?:[0-9a-f]{{64}}\.\w{{2,5}}) (?: \s+ [0-9a-f]{{64}}\.\w{{2,5}} )*
      | KakaoTalk_\w+\.\w{{2,5}}
      | (?: \((?:이모티콘|[Ee]moticon|스티커|Sticker)(?:_[^()\n]*)?\)\s? )+ | (?: \((?:{_EMOTICON_WORDS})\)\s? )+ """,
    "file": r"""
        (?:파일|File)\ ?:\ [^\n]*\.\w{1,10} | \[FILE\]\ [^\n]+
      | (?:연락처|카카오톡\ 프로필|Contact|KakaoTalk\ Profile)\ ?:\ [^\n]+
      | <(?:연락처|파일|Contact|File)[^<>\n]*> """,
    "call": rf"""
        (?:그룹\ ?)?(?:보이스톡|페이스톡|그룹콜)
        (?: \ (?: (?:해요|취소|부재중|응답\ ?없음|거절|종료|시작)(?:\ {_CLOCK})? | {_CLOCK} )\.?
          | (?:을|이)\ (?:취소|시작|종료)(?:했|되었|됐)(?:습니다|어요)\.? )
      | 부재중\ (?:보이스톡|페이스톡)
      | (?:라이브톡|보이스룸)(?: \ (?:종료|시작)(?:\ [\d:시간분초\ ]+)?\.? | [이을]\ (?:방금\ )?(?:종료|시작)(?:했|되었|됐)(?:습니다|어요)\. )
      | (?:Missed\ |Canceled\ |Cancelled\ |Declined\ )?
        (?:(?:Group\ )?(?:Voice|Video|Face|Live|Free)\ ?(?:[Cc]all|[Tt]alk|[Rr]oom)|Group\ Call)
        (?:\ (?:just\ )?(?:[Ss]tarted|[Ee]nded|[Cc]ancel\w*|[Mm]issed|[Dd]eclined|[Rr]ejected|[Nn]o\ [Aa]nswer|[Uu]nanswered))?
        (?:\ {_CLOCK})?\.? """,
    "gift": r"""
        선물(?:과\ \w+)?[을를]\ 보냈습니다\.(?:\n.*)? | 선물이\ 도착했(?:습니다|어요)[.!]?\n.*
      | (?:카카오톡\ 선물하기|선물하기|KakaoTalk\ Gift)\n.* | \[(?:카카오톡\ )?선물하기\].*
      | Sent\ a\ gift(?:\ and\ a\ message|\ with\ a\ message)?\.?(?:\n.*)?
      | (?:You(?:'ve)?\ )?[Rr]eceived\ a\ gift\.?(?:\n.*)? """,
    "transfer": rf"""
        {_WON}(?:[을를]\ 받으세요\.?|\ 받기\ 완료!?.*|[을를]\ (?:보냈|받았|송금했)(?:어요|습니다)\.?|\ 자동\ ?환불\ (?:예정|완료)[^\n]*)
      | 송금\ ?{_WON}(?:\n.*)? | 송금\ ?:\ {_WON}(?:[을를]?\ (?:보냈|받았|송금했)(?:어요|습니다)\.?)?(?:\n.*)? | \[송금\].* | 1/N\ 정산(?:하기)?(?:\n.*)?
      | 송금봉투[가를]\ (?:도착했|받았|보냈)(?:어요|습니다)\.?(?:\n.*)?
      | 송금이\ (?:취소|완료)(?:되었|됐)(?:어요|습니다)\.?(?:\n.*)?
      | (?:송금|정산)\ ?(?:요청|알림)(?:이\ 도착했(?:어요|습니다)\.?)(?:\n.*)?
      | 정산(?:을|이)\ (?:요청|완료)(?:했|되었|됐)(?:어요|습니다)\.?(?:\n.*)?
      | (?:카카오페이|Kakao\ ?Pay)\n.* | \[(?:카카오페이|Kakao\ ?Pay)\].*
      | (?:You(?:'ve)?\ )?(?:[Ss]ent|[Rr]eceived|[Tt]ransferr?(?:ed)?|Receive|Request(?:ed)?)\ ?:?\ {_WON}\.?(?:\n.*)?
      | (?:Money\ )?[Tt]ransfer\ ?:\ {_WON}\.?(?:\n.*)? """,
    "notice": r"""
        (?:샵검색|\#?[Ss]earch|[Ss]harp\ [Ss]earch)\ ?:\ ?\#.* | (?:지도|Map|Location)\ ?:\ [^\n]+
      | (?:톡게시판|게시판|(?:Talk|Chat)?\ ?Board)\ '[^'\n]+'.*
      | (?:'(?:공지|투표|일정|투표\ 종료|투표\ 취소)'|투표\ 종료|Poll)\ ?:\ .*
      | (?:\[[^\n]+\]\ )?(?:투표|일정|공지)[가이]\ (?:등록|마감|종료|취소|변경)(?:되었|됐)습니다\.?
      | (?:투표|일정|공지)[를을]\ (?:등록|마감|종료|취소|변경)했습니다\.?
      | \[(?:Web\ ?발신|국제\ ?발신|국외\ ?발신|해외\ ?발신|네이버\ ?지도|카카오\ ?맵|카카오\ ?지도|카카오\ ?내비|티맵)\].* """,
    "link": rf"(?:{_ADDRESS})(?:\s+(?:{_ADDRESS}))*",
}
# The only shape that begins with a name; a person who gave something calls himself I. Every one seen has its full stop,
# by which the first look finds it.
_GIFT = re.compile(
    r"[^\n]{1,60}?님이 선물(?:과 \w+)?[을를] 보냈(?:습니다|어요)\.(?:\n.*)?"
    r"|(?!(?:I|You|He|She|We|They|it|he|she|we|they) )[^\n]{1,60}? sent (?:you )?a gift"
    r"(?: and a message| with a message)?\.(?:\n.*)?",
    re.DOTALL,
)

# Nearly every message is speech, so the readers classify only what passes this first look (written out in their loops):
#     body < NOT_ASCII or body[:2] in BEGINNINGS or body[-1] == "." or len(body) > LONGEST
# The first is true of a body that begins with an ASCII character, and of an empty one.
NOT_ASCII = "\x80"
_BEGIN = (  # Korean shapes that no fixed body begins like
    "삭제 가려 이메 메시 채팅 관리 방장 부방 묶음 페이 그룹 보이 부재 라이 송금 정산 선물 샵검 지도 톡게 게시 공지 투표 일정 이"
)
BEGINNINGS = frozenset(
    [body[:2] for body in FIXED]
    + [f"{word:<2}" for word in _BEGIN.split()]
    + [f"₩{digit}" for digit in " 0123456789"]
)

_SHAPE = re.compile(
    f"(?=[\\0-\\x7f{''.join(sorted({begin[0] for begin in BEGINNINGS if not begin.isascii()}))}])(?:"  # most bodies end here
    + "|".join(f"(?P<{kind}>{shape})" for kind, shape in _SHAPES.items())
    + ")",
    re.VERBOSE | re.DOTALL,
)

# An emoticon sent together with words.
_WITH_WORDS = re.compile(r"(?:\((?:이모티콘|스티커|[Ee]moticon|Sticker)(?:_[^()\n]*)?\) *)+")


def classify(body: str) -> tuple[Kind, str]:
    """The kind of a body that has a sender, and what was said: an emoticon sent with words leaves the words."""
    if len(body) > LONGEST_MESSAGE:
        return "oversized", body[:_BEGINNING]
    if kind := FIXED.get(body):
        return kind, body
    if len(body) <= LONGEST and (shape := _SHAPE.fullmatch(body)):
        return cast(Kind, shape.lastgroup), body
    if ("선물" in body or " sent " in body) and _GIFT.fullmatch(body):
        return "gift", body
    if body.startswith("(") and (emoticon := _WITH_WORDS.match(body)):
        return "text", body[emoticon.end() :]
    return "text", body
