"""How a dropped message is shown in the report: masked, without file names and paths of links, and short.

"파일: 이력서_최종.pdf"                ->  "파일: ….pdf"
"https://news.example.com/a?id=77"    ->  "https://news.example.com/…"
"꼬북이님이 들어왔습니다."              ->  "…님이 들어왔습니다."

Names are masked by the talk around them. In the lines of KakaoTalk, bots and shops nobody talks, so only words that
they write to everyone are shown.
"""

import re
from typing import get_args

from persona_core.privacy import Masker
from trainer.chatlog.kinds import FIXED, classify
from trainer.chatlog.message import Kind
from trainer.dataset.people import renumber

LONGEST = 80  # characters: enough to see why the rule took it
_MOST = 2_000  # characters that are masked at all: the rest would be cut anyway
_ENDINGS = r"\.(?i:pdf|docx?|xlsx?|pptx?|hwpx?|zip|txt|csv|jpe?g|png|gif|webp|mp[34]|m4a|mov|apk)"
_FILE_NAME = re.compile(rf"(?<=[:\]] )[^\n]*({_ENDINGS})\b|\b[^\s./]+({_ENDINGS})\b")
_LINK = re.compile(r"((?:https?://)?(?:[\w-]+\.)+[a-z]{2,})[/?#]\S+")

# --- what nobody said ---

_SPEECH = {"text", "link", "oversized"}
_LINES = frozenset(get_args(Kind)) - _SPEECH | {"bot"}  # the rules for it

_WORDS = """
    음성 메시지 읽지 않음 묶음사진 unread
    보이스톡 페이스톡 그룹 그룹콜 라이브톡 라이브톡을 보이스룸 보이스룸이 해요 취소 부재중 응답없음 응답 없음 거절 종료 시작 방금
    시작했어요 시작했습니다 voice video face live free group call talk room missed canceled cancelled declined started ended
    선물을 선물과 메시지를 선물이 선물하기 교환권 교환권이 보냈습니다 도착했습니다 gift and with sent you received
    카카오페이 송금 송금이 송금봉투가 송금봉투를 요청이 정산하기 받으세요 받기 완료 보냈어요 받았어요 도착했어요 취소되었어요
    완료되었습니다 자동환불 예정 kakaopay krw won request requested transfer money
    삭제된 가려진 메시지입니다 메시지가 메시지는 삭제되었습니다 가려졌습니다 가렸습니다 삭제했습니다 관리자가
    this message was has been deleted hidden removed by the manager managers
    초대했습니다 초대하기 초대가 내보냈습니다 퇴장했습니다 나갔습니다 들어왔습니다 입장했습니다 참여했습니다 링크를 통해 채팅방
    채팅방으로 채팅방에 방장이 부방장이 되었습니다 변경되었습니다 취소되었습니다 변경했습니다 이전 방장은 참여자로 남게됩니다
    포스트를 포스트가 공유했습니다 공유되었습니다 운영정책을 위반한 joined left invited entered kicked out from of chatroom is now host
    공지 공지를 공지가 투표 투표를 투표가 일정을 일정이 등록했습니다 등록되었습니다 마감되었습니다 종료되었습니다 톡게시판 게시판
    지도 네이버 카카오맵 샵검색 web발신 국제발신 광고 무료 수신거부 무료거부 무료수신거부 결제 승인 주문하신 상품이 배송되었습니다
    문의하세요 map location search board poll https
"""
_OWN = {word for words in (*FIXED, _WORDS) for word in re.findall(r"\w+", words.lower())}
_SIGN = r"[\s:;.,!?'\"()<>\[\]/#…]"
_END = rf"(?={_SIGN}|$)"
_TITLE = rf"님(?:[이을를의과]|에서|으로)?{_END}"
_PIECES = re.compile(rf"\[\[\w+\]\]|{_TITLE}|{_ENDINGS}{_END}|{_SIGN}|(?P<word>.+?(?={_SIGN}|{_TITLE}|$))")
_GAPS = re.compile(r"…(?:[\s,.:/]*…)+")


def specimen(text: str, masker: Masker, rule: str) -> str:
    """One masked line of at most 80 characters of what ``rule`` dropped."""
    (masked,) = renumber([masker.mask(" ".join(text[:_MOST].split())).text])
    masked = _LINK.sub(r"\1/…", masked)
    masked = _FILE_NAME.sub(lambda match: f"…{match[1] or match[2]}", masked)
    if rule in _LINES or classify(text)[0] in _LINES:
        masked = _GAPS.sub("…", _PIECES.sub(_own, masked))
    return shortened(masked)


def _own(piece: re.Match[str]) -> str:
    return "…" if piece["word"] and piece["word"].lower() not in _OWN else piece[0]


def shortened(masked: str) -> str:
    """The beginning of what is masked already, on one line."""
    line = " ".join(masked.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
