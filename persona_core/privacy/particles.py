"""Korean particles behind a name: the form that fits its last sound.

fit("도윤", "가")  ->  "이"     fit("지수", "이랑")  ->  "랑"     fit("지율", "으로")  ->  "로"
"""

import re
from typing import Literal

from persona_core.privacy.rule import words

Sound = Literal["vowel", "ㄹ", "consonant"]

# Digits as they are read: 영 일 이 삼 사 오 육 칠 팔 구.
_DIGIT_SOUND: dict[str, Sound] = {
    "0": "consonant",
    "3": "consonant",
    "6": "consonant",
    "1": "ㄹ",
    "7": "ㄹ",
    "8": "ㄹ",
}
_LETTER_SOUND: dict[str, Sound] = {"L": "ㄹ", "R": "ㄹ", "M": "consonant", "N": "consonant"}  # 엘 알 엠 엔
_LATIN_RIEUL = re.compile(r"(?:l|le)$")  # Paul 폴, Kyle 카일
_LATIN_CONSONANT = re.compile(r"(?:m|n|ng|ne|me|[aeiou](?:p|pp|b|k|ck|t|tt))$")  # Tom, Jane, Jack, Scott


def last_sound(name: str) -> Sound:
    """How ``name`` ends when it is read aloud; signs and emoji are silent."""
    spoken: list[str] = re.findall(r"[가-힣]|[ㄱ-ㅎ]|[A-Za-z]+|\d", name)
    last = spoken[-1] if spoken else ""
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return "vowel" if final == 0 else "ㄹ" if final == 8 else "consonant"
    if last.isdigit():
        return _DIGIT_SOUND.get(str(int(last)), "vowel")
    if last and not last.isascii():
        return "consonant"  # ㄷㅇ: 디귿 이응
    return _letter_sound(last)


def _letter_sound(word: str) -> Sound:
    if word.isupper():
        return _LETTER_SOUND.get(word[-1], "vowel")
    if _LATIN_RIEUL.search(word.lower()):
        return "ㄹ"
    return "consonant" if _LATIN_CONSONANT.search(word.lower()) else "vowel"


# After a consonant, after a vowel, and what may follow up to the end of the word ("": nothing).
_FORMS = tuple(
    (after_consonant, after_vowel, re.compile(rf"(?:{rest})$"))
    for after_consonant, after_vowel, rest in (
        ("이랑", "랑", ".*"),
        ("으로", "로", "|는|도|만|요|서|써|부터|까지"),
        ("이라", "라", "|고.*|는.*|서.*|도.*|면.*|니.*|며.*|던.*|구.*"),
        ("이란", "란", ""),
        ("이었", "였", ".*"),
        ("이에요", "예요", ".*"),
        ("이예요", "예요", ".*"),
        ("이네", "네", ".*"),
        ("이랬", "랬", ".*"),
        ("이래", "래", "|요|서"),
        ("이나", "나", ""),
        ("이든", "든", "|지|가"),
        ("이며", "며", ""),
        ("이면", "면", "|은|서"),
        ("이지", "지", "|만|요|롱"),
        ("이죠", "죠", ""),
        ("이고", "고", "|요"),
        ("이니", "니", "|까.*"),
        ("이냐", "냐", "|고.*|구.*"),
        ("이구나", "구나", ""),
        ("이거든", "거든", "|요"),
        ("이다", "다", "|요"),
        ("이요", "요", ""),
        ("이야", "야", "|아*|말로"),
        ("은", "는", "|요|커녕"),
        ("을", "를", "|요"),
        ("과", "와", "|는|도|의|만"),
        ("이", "가", "|요"),
        ("아", "야", "아*|야*"),
    )
)
# 도윤이는, 도윤이한테: behind a consonant a name may take 이 before a particle, behind a vowel it never does.
_LINKED = re.compile(
    "이(?=가|는|를|와|로|도|만|의|꺼|거|건|껀|껄|한테|에게|께|보다|처럼|까지|부터|마저|조차|밖에|같|하고|보고|때문|땜|덕|빼고|말고|대신|쪽|들|쓰|집)"
)
# 나 도윤이야, 이거 도윤이야: what is said of somebody, not to somebody.
_SAID_OF = re.compile(
    r"(?:^|\s)(?:나|난|내가|저|전|저는|얘|쟤|걔|이게|이거|그게|그거|바로|아니고|[가-힣]+(?:은|는|이|가|게|건))\s*$"
)


def fit(name: str, tail: str, said_before: str = "") -> str:
    """``tail``, the Hangul right behind ``name``, with its particle in the form the name takes.

    ``said_before`` is what stands before the name: it tells 도윤아 (calling) from 도윤이야 (being) when the model wrote 야.
    """
    sound = last_sound(name)
    if sound == "vowel":
        return _after_vowel(tail)
    if sound == "ㄹ" and tail.startswith("으로"):
        return tail[1:]
    return _after_consonant(tail, said_before, sound)


def _after_vowel(tail: str) -> str:
    for long, short, rest in _FORMS:
        if tail.startswith(long) and rest.match(tail, len(long)):
            return short + tail[len(long) :]
    return _LINKED.sub("", tail, count=1) if _LINKED.match(tail) else tail


def _after_consonant(tail: str, said_before: str, sound: Sound) -> str:
    if re.fullmatch("야[야아]*", tail):
        return ("이야" if _SAID_OF.search(said_before) else "아") + tail[1:]
    for long, short, rest in _FORMS:
        if tail.startswith(short) and rest.match(tail, len(short)):
            if short == "로" and sound == "ㄹ":
                return tail
            return long + tail[len(short) :]
    return tail


# --- where a name ends ---

# What may stand between a given name and the end of its word.
TAIL = (
    r"이?(?:"
    + words(
        """아+ 가 이 은 는 을 를 의 도 만 와 과 랑 하고 한테서? 한텐 에게서? 께서? 보다 처럼 까지 까진 부터 마저 조차 밖에
        같이 같은 같아 같애 같던데 네 네집 네서 네랑 것 꺼 거 껀 건 껄 때문에 땜에 땜시 덕분에 덕에 빼고 말고 대신 로 으로
        라고 라는 란 라면 라서 라도 라니 라며 야 다 고 지 인데 인가 인지 인줄 인듯 임 였[가-힣]* 었[가-힣]* 예요 에요 요
        입니다 인가요 래 랬[가-힣]* 보고 더러 들 네들 쪽 측 편 집 폰 생일 번호 생각 얼굴 목소리 결혼식 어디 언제
        왔[가-힣]* 없이 나 든 면 죠 냐 니 구나"""
    )
    + "[도만는은요야가의서에]?)?(?![가-힣])"
)
# 이 and one of these: 도윤이가, 도윤이한테. A noun takes only one of the two, so what stands before is a name.
LINKED = "이" + words(
    """가 는 를 도 한테 한텐 에게 께 의 만(?!큼) 꺼 거(?!든|나|라|야) 껀 보고 하고 처럼 까지 부터 보다 때문 땜 같 쓰 말고 빼고 랑만
    도요 는요"""
)
TITLE = words(
    """씨 님 군(?![가-힣]) 양(?![가-힣]) 형 누나 누님 언니 언냐 오빠 옵빠 쌤 샘(?![가-힣]) 선생 선배 후배 대리 과장 차장
    부장 팀장 실장 주임 사원 이사(?!를) 사장 대표 교수 박사 원장 기사 간호사 변호사 코치 감독 매니저 조교 반장 회장 총무
    목사 전도사 집사 권사 아저씨 아줌마 아지매 여사(?![가-힣]) 사모님 형님 행님 삼춘 할매 할배 이모 고모 삼촌 외삼촌 할머니 할아버지 엄마 어머니 어머님 아빠 아버지 아버님 쓰(?![가-힣]) 쨩 찡
    짱(?![가-힣]) 맘(?![가-힣])"""
)
# What follows nothing but a person: particles, 야 and 아 to call.
PERSONAL = r"이?(?:" + words("한테 한텐 에게 께서 랑 네집 네서 야+(?![가-힣]) 아+(?![가-힣])") + ")"
# After the name, what people do, have or are said to do: 지우 생일, 보라가 오늘 못온대.
ABOUT = (
    r"(?:이?[가는도네랑]|[이은])?\s(?:"
    + words(
        "오늘 내일 어제 이제 아직 또 왜 안 못 진짜 이번에 방금 지금 벌써 곧 먼저 갑자기 일찍 늦게 아까 맨날 요즘 드디어 걔 그 이번주에 주말에"
    )
    + r"\s?)*(?:"
    + words(
        r"""생일 남친 여친 남자친구 여자친구 남편 와이프 신랑 신부 결혼 번호 연락 카톡 얼굴 알지 알아 몰라 기억나 만나 만났 만난 만날
        왔 온대 온다 오는 온댔 왔대 갔대 간대 갔어 그랬 그러 뭐래 뭐해 뭐하 뭐함 어디 아들 딸 엄마 아빠 어머니 아버지 애기 성격 인스타 프사 데리
        보고싶 보고\s싶 사귀 헤어 울었 퇴사 이직 입사 군대 전역 집에 집들이 초대 불렀 데려 못온 안온 늦는 아프대 아파 바쁘 바쁜 잔대 자고 싸웠 삐졌 졸업 이사"""
    )
    + r"|(?:[가-힣]+\s){0,2}(?!했대|됐대|한대|된대|하대)[가-힣]*(?:[았었했갔왔샀났쳤렸됐겠졌섰봤탔뒀줬췄겼싫좋쁘프온간한산준본쓴된는든]대)(?![가-힣]))"
)
