"""What nobody wrote: who came, went or changed what, KakaoTalk's own words, chatroom bots.

김도윤님이 이서연님을 초대했습니다.
A joined this chatroom.
운영정책을 위반한 메시지로 신고 접수 시 …

Phones write such a line without a sender; Windows without a time too, and macOS with the name of whom it is about.
"""

import re
from datetime import datetime

from trainer.chatlog.kinds import LONGEST, classify
from trainer.chatlog.message import Message

BOTS = frozenset(("방장봇", "오픈채팅봇"))

_POLICY = re.compile(
    r"\s*(?:운영정책을 위반한 메시지로 |타인, 기관 등의 사칭에 유의|이전 방장은 채팅방 참여자로|관리자만 말하기 기능이 "
    r"|채팅방으로 초대하기|새로운 방장|이 채팅방은 |You may temporarily be banned from using KakaoTalk )"
)
_OF_THE_ROOM = "채팅방|오픈채팅|톡게시판|공지|투표|일정|라이브톡|보이스룸|보이스톡|페이스톡|그룹콜|초대|방장|부방장|메시지|포스트|프로필|비밀번호|말하기 기능"
_EVENT = re.compile(
    r"님[을를] (?:초대했|초대하였|내보냈|강제 퇴장했|강퇴했)습니다\."
    r"|님이 (?:[^\n]{0,60}(?:채팅방|링크|코드)\S* (?:통해 )?)?(?:퇴장했|퇴장하였|나갔|들어왔|입장했|입장하였|참여했|참여하였)습니다\."
    r"|님이 (?:새로운 |새 )?부?방장이 (?:되었|됐)습니다\.|님으로 변경(?:되었|됐)습니다\."
    rf"|님[이의] [^\n]{{0,80}}?(?:{_OF_THE_ROOM})[^\n]{{0,80}}?"
    r"(?:시작|종료|등록|변경|해제|취소|공유|수정|삭제|고정|설정|개설|거절|위임|활성화)(?:했|하였|되었|됐)습니다\."
    r"|님이 메시지를 가렸습니다\."
    r"| (?:has )?(?:joined|left|entered) (?:this|the) (?:chatroom|chat|group)\."
    r"| (?:has been|was) (?:removed|kicked out|kicked) (?:from|of) (?:this|the) (?:chatroom|chat|group)\."
    r"| (?:has been made|has become|is now) (?:the|a|an) (?:new )?(?:host|manager|co-host)[^\n.]{0,60}\."
)
# A person says the same of people whom one calls by their title: 선생님이 나갔습니다.
_TITLED = re.compile(
    r"(?:[^\n]{0,20} )?(?:선생|부모|손|고객|교수|사장|회장|대표|이사|상무|전무|실장|본부장|팀장|부장|차장|과장|대리|주임|원장|기사|의사|"
    r"간호사|사모|어머|아버|할머|할아버|장모|장인|형|누|스|신부|목사|판사|검사|변호사|점장|매니저|집주인|주인|이모|삼촌)님[이을의] "
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
    return "\n" not in body and (
        body.endswith((" left.", " joined.")) or (" invited " in body and body.endswith("."))
    )


def is_deleted(body: str) -> bool:
    """Whether a body stands where a message was, before somebody deleted or hid it."""
    return classify(body)[0] == "deleted"


def is_bare_system(line: str) -> bool:
    """Whether a line with neither time nor sender, as Windows writes them, is no part of the message above it."""
    return is_deleted(line) or is_system(line) or is_english_event(line)


def is_row_of_nobody(sender: str, body: str) -> bool:
    """Whether a row of macOS, which names whom an event is about, was written by nobody."""
    if body.startswith(sender):
        return is_system(body) or is_english_event(body)
    return sender in BOTS or (is_system(body) and _TITLED.match(body) is None)


def is_about(sender: str, body: str) -> bool:
    """Whether what looks like a sender and a body is one sentence with " : " in it: A님이 '오늘 : 내일' 공지를 …"""
    return "님이 " in sender and is_system(f"{sender} : {body}")


def nobodys(sent_at: datetime, text: str) -> Message:
    """The message that a line without a sender is."""
    return Message(sent_at, "", text, "deleted" if is_deleted(text) else "system")
