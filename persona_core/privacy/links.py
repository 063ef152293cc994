"""Addresses on the net: e-mail, handles, and the links and keys that identify a person or open a door.

    minsu@example.com   minsu 골뱅이 네이버   @dy_kim   인스타 dy_kim   open.kakao.com/o/gAbCdE   hf_…, sk-…

A link to news, a film or a shop is kept, and covered so that its digits are not taken for a number.
"""

import re

from persona_core.privacy.rule import Family, Rule, after, before, words
from persona_core.privacy.span import FILLED, Kind

# --- links ---

_DOORS = frozenset(
    "open.kakao.com cafe.naver.com cafe.daum.net qr.kakaopay.com link.kakaopay.com toss.me forms.gle docs.google.com drive.google.com"
    " forms.office.com form.naver.com t.me telegram.me discord.gg linktr.ee litt.ly wa.me paypal.me line.me"
    " zoom.us meet.google.com teams.microsoft.com photos.app.goo.gl photos.google.com dropbox.com 1drv.ms"
    " calendar.google.com walla.my calendly.com ask.fm asked.kr buymeacoffee.com ko-fi.com snapchat.com"
    " chat.whatsapp.com form.office.naver.com moaform.com tally.so typeform.com pay.kakao.com onedrive.live.com sites.google.com"
    " link.inpock.co.kr about.me we.tl wetransfer.com sendanywhe.re send-anywhere.com mybox.naver.com share.icloud.com"
    " photos.icloud.com m.me fb.me signal.me join.skype.com calendar.app.google teams.live.com classroom.google.com"
    " padlet.com form.jotform.com when2meet.com doodle.com surveymonkey.com ko.surveymonkey.com kakaopay.me whereby.com gather.town peing.net litt.ly instabio.cc bio.link".split()
)
_DOORS_BELOW = (".notion.site", ".zoom.us", ".carrd.co", ".slack.com")
_HOMES = frozenset(  # one path segment is a person's page, more is a post
    "instagram.com facebook.com fb.com m.facebook.com twitter.com x.com threads.net threads.com github.com"
    " twitch.tv blog.naver.com m.blog.naver.com pinterest.com pinterest.co.kr velog.io brunch.co.kr medium.com"
    " tiktok.com youtube.com m.youtube.com cyworld.com soundcloud.com behance.net post.naver.com band.us"
    " gitlab.com".split()
)
_HOMES_BELOW = (".tistory.com", ".github.io", ".wordpress.com", ".blogspot.com", ".substack.com")
_NOT_A_HOME = frozenset(
    "p reel reels tv explore watch hashtag share shorts playlist results live feed search about login i home"
    " settings notifications events groups marketplace ads premium gaming trending topics features".split()
)
_NESTED_HOMES = re.compile(
    words(
        r"""linkedin\.com/in discord\.com/(?:invite|users) youtube\.com/(?:channel|c|user) instagram\.com/stories
        icloud\.com/(?:sharedalbum|photos|iclouddrive|attachment) open\.spotify\.com/user op\.gg/summoners strava\.com/athletes
        daangn\.com/(?:kr/)?users? bunjang\.co\.kr/shop webex\.com/meet facebook\.com/(?:people|messages) steamcommunity\.com/(?:id|profiles) band\.us/(?:n|band) notion\.so
        pf\.kakao\.com story\.kakao\.com invite\.kakao\.com cash\.app venmo\.com paypal\.com/paypalme"""
    )
    + "/"
)
_SECRET_QUERY = re.compile(
    r"[?&#;](?:access_?)?"
    + words(
        """token key api_?key auth invite code pwd pass(?:word)? session(?:_?id)? sig(?:nature)? secret otp
        email phone user(?:_?id|name)?"""
    )
    + "=",
    re.IGNORECASE,
)


# A page made for one family or one place, on whatever host.
_FOR_GUESTS = re.compile(
    r"(?:^|[./\-_])"
    + words(
        """[a-z]{0,12}m-?card wedding wedd invitation invites? invitecard bugo obituary funeral dol(?:party)? bojagi barunson
        salondeletter theirmood deardeer dearmycard itscard toourguest"""
    )
    + r"[a-z0-9]{0,8}[./\-_]",
    re.IGNORECASE,
)
_GUESTS = re.compile(
    words(
        r"청첩 초대장 돌잔치 부고 장례 모바일\s?초대 신청 접수 가입 설문 투표 (?:우리|내|울)\s?집 집\s?(?:위치|주소) 여기로\s?와 정산 송금 입금"
    )
)
# A map opened at somebody's place.
_PLACE = re.compile(r"[=@/,]-?\d{2}\.\d{3,},(?:%20|\+)?-?\d{2,3}\.\d{3,}")
_SHORT = frozenset(
    "naver.me kko.to bit.ly me2.do han.gl url.kr vo.la tinyurl.com buly.kr c11.kr zrr.kr t.ly is.gd goo.gl"
    " maps.app.goo.gl lrl.kr m.site.naver.com kakao.me kakaomap.com".split()
)
_PUBLIC = re.compile(
    r"(?:^|\.)(?:naver|daum|google|youtube|coupang|namu|tistory|kakao)\.(?:com|wiki)$|^youtu\.be$"
)
_WEDDING_WORD = re.compile("청첩|초대장|돌잔치|부고|장례")


def _link(match: re.Match[str]) -> Kind | None:
    address = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE)
    host, _, rest = address.partition("/")
    host = host.lower()
    segments = [segment for segment in re.split("[?#]", rest)[0].split("/") if segment]
    door = (
        "@" in host
        or (host in _DOORS and rest)
        or host.endswith(_DOORS_BELOW)
        or _NESTED_HOMES.match(address)
    )
    home = host in _HOMES and len(segments) == 1 and segments[0].lower() not in _NOT_A_HOME
    home_below = host.endswith(_HOMES_BELOW) and not segments
    told = door or home or home_below or _SECRET_QUERY.search(address) or _PLACE.search(address)
    return "URL" if told or (rest and _is_for_guests(match, host, address)) else None


def _is_for_guests(match: re.Match[str], host: str, address: str) -> bool:
    """An invitation by its own words or by those around it; a short link by those around it."""
    around = before(match, 24) + "\n" + (after(match, 16) if re.match(r"\s", after(match, 1)) else "")
    if host in _HOMES or _PUBLIC.search(host):
        return False
    if host in _SHORT:
        return _GUESTS.search(around) is not None
    return _FOR_GUESTS.search(address) is not None or _WEDDING_WORD.search(around) is not None


_URL_CHAR = r"[^\s가-힣ㄱ-ㅎㅏ-ㅣ<>\"'\[\]{}|\\^`\ue000-\uf8ff]"
_URL_END = r"(?<![.,;:!?)~])"
_TLD = words("com net org kr me gg io link page us tv app be ee ly fm my site so gl co ai dev xyz shop info")
_HOST = r"(?<![A-Za-z0-9@.\-])(?:[A-Za-z0-9][A-Za-z0-9\-]{0,40}\.){1,4}"

# --- keys of accounts, whose first letters say whose they are ---

_IN_KEY = "A-Za-z0-9٠-٩"  # and the digits that `digits.plain` writes for O and l
_KEY = (
    rf"(?<![A-Za-z0-9])(?:(?:hf|gh[oprsu])_[{_IN_KEY}]{{20,}}|github_pat_[{_IN_KEY}_]{{20,}}|A[KS]IA[{_IN_KEY}]{{16,}}"
    rf"|(?:sk|glpat|xox[a-z])-(?=[A-Za-z_\-]{{0,60}}[0-9٠-٩])[{_IN_KEY}_\-]{{16,}})"
)

# --- e-mail ---

_MARK = r"\s?(?:점|쩜|닷|언더바|언더스코어|밑줄|하이픈|대시|작대기)\s?"  # seoyeon점lee, dy언더바kim
_LOCAL = (
    r"(?<![A-Za-z0-9._%+\-])(?<![A-Za-z0-9]점)[A-Za-z0-9]"
    rf"(?:[A-Za-z0-9._%+\-]{{0,63}}(?=\s?[^A-Za-z0-9._%+\-점쩜닷언밑하대작])|[A-Za-z0-9._%+\-]{{0,30}}(?:{_MARK}[A-Za-z0-9._%+\-]{{1,30}}){{0,3}})"
)
_AT = r"\s?(?:@|골뱅이?|앳|엣|\(at\)|\[at\]|<at>|\{at\}|\(골뱅이\)|\(@\)|\[@\]|\(a\)|ⓐ)\s?"
_SPELLED_AT = r"(?:@|\s?골뱅이\s?|\s?[(\[]at[)\]]\s?|\s?앳\s?(?=[가-힣]))"
_PROVIDER = words(
    r"""네이버 지메일 쥐메일 구글 한메일 다음 카카오 핫메일 네이트 아웃룩 야후
    [A-Za-z0-9][A-Za-z0-9\-]{0,40}"""
)
_DOTTED = r"(?:\s?(?:\.|\(dot\)|\[dot\]|\(\.\)|\bdot\b|점|쩜|닷|,(?=com|net|co\b|kr))\s?(?:[A-Za-z]{2,10}|컴|콤|넷|케이알|씨오)){1,3}"
_NO_LETTER = "(?![A-Za-z0-9])"

# --- handles ---

_APP = words(
    """인스타그램 인스타 인별 카카오톡 카톡 톡 라인 트위터 트윗 엑스 디스코드 디코 텔레그램 텔레 스냅챗 스냅 틱톡
    페이스북 페북 페메 스팀 배틀넷 배그 롤 발로란트 발로 깃허브 깃헙 블로그 위챗 왓츠앱 스카이프 유튜브 쓰레드 스레드
    제페토 링크드인 비리얼 오버워치 옵치 메이플 로블록스 피파 밴드 네이트온 당근 instagram insta discord twitter telegram line github tiktok snapchat facebook kakao
    (?<![A-Za-z])ig"""
)
_ID = words("아이디 아뒤 계정 닉네임 닉 유저네임 핸들 (?<![A-Za-z])(?:id|ID|Id)(?![A-Za-z])")
_NOT_A_HANDLE = frozenset(
    "story stories reels reel live feed dm dms hashtag follow follower followers following business premium shorts"
    " channel video profile login logout pc app mobile official filter music remix download update messenger server"
    " bot nitro pro plus web post like likes block blocked message notice event page group chat status card number"
    " photo online offline password beta ios android iphone galaxy windows mac netflix youtube google naver kakao"
    " kakaotalk instagram facebook twitter discord telegram line gmail lol wow omg ott vip http https www com jpg"
    " png mp4 gif pdf check please sorry thank thanks okay good love happy today everyone".split()
)
_BEGIN = r"(?<![A-Za-z0-9._@#\-])"
_HANDLE = rf"{_BEGIN}(?P<value>(?:@|live:)?[A-Za-z0-9_](?:(?:[._\-]{{0,2}}|{_MARK})[A-Za-z0-9_]){{2,29}}_?(?:#\d{{3,5}})?){_NO_LETTER}"
_GAP = rf"[^A-Za-z0-9\n@_{FILLED}]"
_POSSESSIVE = r"(?:(?:이게|내|제|나의|우리|걔|그|이|얘)\s?){0,2}"
_AFTER_APP = (
    r"(?:\s?(?:아이디|계정|친추|추가|팔로|맞팔|이야|야|임|이다|인데|로|에서|에|이고)|\s?$|\s?[^가-힣])"
)


def _handle(match: re.Match[str]) -> Kind | None:
    word = match["value"].lstrip("@").lower()
    if word in _NOT_A_HANDLE or not re.search("[a-z]", word) or re.fullmatch(r"\d+[a-z]{1,3}", word):
        return None
    named = re.search(_ID, match.string[match.start() : match.start("value")])
    return "SNS_ID" if re.search(r"[\d_.#]", word) or named or len(word) >= 6 else None


def _handle_before_cue(match: re.Match[str]) -> Kind | None:
    word = match["value"].lower()
    telling = re.search("[a-z]", word) and re.search(r"[\d_.]", word)
    return "SNS_ID" if telling and word not in _NOT_A_HANDLE else None


def _mention(match: re.Match[str]) -> Kind | None:
    return None if match[0][1:].lower() in ("everyone", "here", "all", "channel") else "SNS_ID"


def _tag(match: re.Match[str]) -> Kind | None:
    return None if match[0].split("#")[0].isdigit() else "SNS_ID"


LINKS = Family(
    re.compile(r"[A-Za-z@#]|닉|아이디|계정|핸들"),
    (
        Rule(rf"(?:https?://|www\.){_URL_CHAR}{{3,2000}}{_URL_END}", _link, keep=True, flags=re.IGNORECASE),
        Rule(rf"{_HOST}{_TLD}/{_URL_CHAR}{{1,2000}}{_URL_END}", _link, keep=True),
        Rule(_KEY, "PASSCODE"),
        Rule(rf"{_LOCAL}{_AT}{_PROVIDER}{_DOTTED}{_NO_LETTER}", "EMAIL"),
        Rule(rf"{_LOCAL}\s(?:at|AT|앳)\s{_PROVIDER}{_DOTTED}{_NO_LETTER}", "EMAIL"),
        Rule(rf"{_LOCAL}(?<=[A-Za-z0-9._\-]{{2}}){_SPELLED_AT}{_PROVIDER}{_NO_LETTER}", "EMAIL"),
        Rule(rf"{_BEGIN}(?<!/)@[A-Za-z0-9_](?:[._]{{0,2}}[A-Za-z0-9_]){{2,29}}_?{_NO_LETTER}", _mention),
        Rule(
            rf"(?<![가-힣])(?:[내제]\s?)?{_APP}\s?(?:친추)?\s?{_ID}?{_GAP}{{0,8}}{_HANDLE}",
            _handle,
            flags=re.IGNORECASE,
        ),
        Rule(rf"{_ID}{_GAP}{{0,6}}{_HANDLE}", _handle),
        Rule(
            rf"(?:{_APP}\s?)?(?:닉네임|닉|아이디|계정|핸들)(?:은|는|이)?[\s:]{{1,2}}(?P<value>[가-힣A-Za-z]{{2,10}}\d{{1,6}})(?!\d|\s?(?:개|번|명|자))",
            "SNS_ID",
        ),
        Rule(rf"메일\s?(?:주소)?{_GAP}{{0,6}}{_HANDLE}", _handle_before_cue),
        Rule(
            rf"{_BEGIN}(?P<value>[A-Za-z0-9_](?:[._]{{0,2}}[A-Za-z0-9_]){{3,29}}_?){_NO_LETTER}"
            r"(?=(?:이라고|라고|이야|이에요|예요|으로|로|이|가|은|는|야|요)?[\s,(]{0,2}"
            rf"{_POSSESSIVE}(?:{_APP}|{_ID}){_AFTER_APP})",
            _handle_before_cue,
        ),
        Rule(r"(?<![\w#])[A-Za-z가-힣0-9_.]{2,16}#(?:KR\d?|kr\d?|[A-Za-z]{2}\d|\d{3,5})(?!\w)", _tag),
    ),
)
