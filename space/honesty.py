"""It never passes for a person: who asks what is answering gets an honest answer, and denials are not sent.

honesty = Honesty("도윤")
honesty.asks("지금 도윤이가 직접 쓰는 거야?")    True
honesty.asks("AI 수업 어땠어?")                 False: about something else
honesty.denies("나 AI 아니야ㅋㅋ")              True

A small grammar: who may be meant (you, his name, this message), what may be claimed of it (a machine, a person, the
real one), and what is done with it (asked, said, talked to, written by). In a form a blank stands for any or no blanks,
as people type. In doubt it is a question: an honest answer too many breaks the mood, one too few is a lie. How much of
either there is, tests/space/test_honesty.py measures.
"""

import re

from persona_core.privacy import Names

LONGEST = 2_000  # characters that are looked into: as long as a message gets
HIM = "ø"  # his name, in whatever form it was written: a letter, and one that nobody here types


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


def _forms(*forms: str) -> re.Pattern[str]:
    return re.compile(_any(*forms).replace(" ", r"\s*"))


# --- Korean words ---

_END = "(?![가-힣])"
_WORD = "(?<![가-힣])"
_NAMED = f"{HIM}이?"
_AI = "(?:(?<![a-z])(?:ai|chatbot|(?:챗 |chat)?gpt)(?![a-z])|에이아이|인공 지능|챗 봇|챗? 지피티|자동 응답)"
_MACHINE = _any(_AI, f"{_WORD}(?:로봇|봇|기계|컴퓨터|프로그램|매크로|가짜(?: {_NAMED})?)")
_PERSON = "(?:사람|인간|본인|휴먼|human|person)"
_YOU = "(?:너|넌|니|네|당신|자기|오빠|누나|언니|여보)"
_THIS = "(?:이거|이건|이게|여기|얘|상대방?|말투|답장|대답|메시지|메세지|카톡|톡|문자|채팅)"
_ADVERB = (
    "(?:혹시|지금|진짜로?|정말로?|실제로?|설마|사실|실은|그냥|걍|원래|근데|그럼|완전|약간|솔직히|방금|도대체|대체"
    "|아직도|역시|왜 이렇게|계속|직접|대신|나한테|뭐)"
)
_JOSA = "(?:는|은|가|이|도)?"
_LEAD = (  # what may stand before a claim that is about him; "그 사람", "부장님은 진짜 인간" are about others
    rf"(?:^|(?<=\?)|{_WORD}{_any(_YOU, _THIS, _NAMED)}{_JOSA}|{_WORD}(?<![은는]\s){_ADVERB}) (?:{_ADVERB} ){{0,4}}(?:(?:살아 있는|실존하는|실제로 있는|평범한) )?"
)
_RIGHT = "맞(?:아(?!도)|지(?! 않)|[니음냐나죠긴네]|는(?:지| 거| 건)|다고|잖|으면)"
_NOT = "아(?:니(?!었|고)|냐|님|닌)"
_IS = _any(
    f" 이?(?:야|지|니|냐|임|예요|에요|죠|잖아|라며|구나|네){_END}",
    " 이?(?:냐고|라고(?! 하)|란 거|면(?![가-힣]))",
    " 인(?:가|지| 거| 건| 것| 게|줄)",
    " 이?(?:세요|신가|시죠|십니까|라는 거)",
    " 일 뿐",
    f" [이가]? (?:{_RIGHT}|{_NOT})",
    " (?:이?었|였)[어구네지잖냐]",
)
_SPEECH = "(?:답장|대답|답|메시지|메세지|카톡|톡|문자|타자|타이핑|채팅)"
_WRITES = f"(?:쓰|써 주|치|보내(?: 주)?|{_SPEECH} [을를]? (?:하|해 주|치|보내|쓰))(?:는|고 있)"
_WROTE = f"(?:쓴|써 준|친|보낸|돌린|{_SPEECH} [을를]? (?:한|해 준|보낸|쓴))"
_IT = "(?:거|건|것|게|중)"
_ACTS = f"(?:말 하|대화 하|얘기 하|보|듣|읽|하)(?:는|고 있는) [거건]{_IS}"
_MEANWHILE = f"(?:{_any(_ADVERB, _THIS)}[을를]? ){{0,4}}"
_ME = f"{_WORD}(?:나|난|내가) {_MEANWHILE}"
_TALK = "(?:얘기|이야기|대화|말|톡|카톡|채팅|연락|문자)"
_TALKING = f"{_TALK} (?:[을를]? 하(?:는|고 있는|던) {_IT}|중)"

_KOREAN = (
    # what are you: AI야? 너 로봇이지, 너 사람 맞아? 너 AI, 로봇? 왜 이렇게 로봇 같아
    f"{_AI}{_IS}",
    f"{_LEAD}(?:{_MACHINE} )?{_any(_MACHINE, _PERSON)}{_IS}",
    f"{_MACHINE}[가의]? {_SPEECH}{_IS}",
    f"{_WORD}(?:거기|뒤에|저쪽에?|너머에?) {_MEANWHILE}사람이? 있",
    rf"{_WORD}{_any(_YOU, _THIS)}[는은도]? {_MEANWHILE}{_MACHINE} \?*$",
    rf"^{_MEANWHILE}{_any(_MACHINE, _PERSON)} \?+$",
    f"{_LEAD}{_MACHINE} 같(?:아|애|네|다|음|지|냐|은데|았)",
    # are you really him: 진짜 너야? 도윤이 본인이지? 오빠 맞아? 너 진짜 아니지
    rf"{_any('진짜', '정말', '실제로?', '혹시')} {_any(_YOU, _NAMED)} (?:이?(?:야|니|냐|지|임|예요|에요) (?:\?|$)|{_RIGHT})",
    f"{_WORD}{_any(_YOU, _NAMED)}{_JOSA} {_MEANWHILE}(?:오빠|누나|언니|본인)? {_RIGHT}",
    f"{_NAMED} (?:오빠|누나|언니|본인)? {_any('이(?:야|니|냐|지|임|예요|에요|죠)' + _END, '가? ' + _NOT, '이?라고', '인(?:지|가)', '이?(?:세요|신가|시죠|십니까)')}",
    f"진짜 {_NAMED}(?:면|라면|는? (?:바꿔|불러|어디|데려|나와))",
    f"{_any('진짜', '실제', '살아 있는')} {_PERSON}이?(?:랑|하고|한테) {_TALK}",
    f"{_any('너', '넌', '지금', '혹시')} {_NAMED} (?:야|니|냐|지|임){_END}",
    f"{_WORD}(?:너|넌|니가|네가)는? 진짜가? (?:{_RIGHT}|아니[지야냐잖]|(?:야|니|냐|임){_END})",
    # who are you: 너 누구야, 정체가 뭐야
    f"{_WORD}(?:너|넌|당신|상대방?)[는은]? {_MEANWHILE}누(?:구(?:야|니|냐|임|예요|세요|인)|군[데지가])",
    "^누구(?:세요|신가요|시죠|십니까)",
    f"{_WORD}정체[가는] ",
    # to whom do I talk: 나 지금 컴퓨터랑 얘기하는 거야? 나랑 얘기하는 거 누구야
    f"{_any(_MACHINE, _LEAD + _PERSON, _ME + _PERSON, _NAMED, _WORD + _YOU)}이? (?:랑|하고|한테|와|과) {_MEANWHILE}{_TALKING}(?:{_IS}| 같)",
    f"{_ME}{_any(_MACHINE, _PERSON)}이? (?:랑|하고|한테) [가-힣]{{1,4}}(?:는|던|고 있는) {_IT}",
    f"{_ME}누구(?:랑|하고|한테) {_MEANWHILE}{_TALKING}",
    f"누구(?:랑|하고|한테) {_MEANWHILE}{_TALKING}지 모르",
    f"(?:나|저)(?:랑|하고|한테) {_MEANWHILE}{_any(_TALKING, '(?:말|얘기)하는 사람')} {_MEANWHILE}(?:누구|{_PERSON}{_IS})",
    # who writes: 사람이 답하는 거야? 누가 쓰는 거야, 니가 직접 보낸 거지?
    f"{_any(_MACHINE, _LEAD + _PERSON, _NAMED)}(?:이|가|로) {_MEANWHILE}(?:{_WRITES}|{_ACTS}|{_WROTE} {_any(_IT, _SPEECH, '티', '느낌')})",
    f"{_any('딴', '다른')} 사람이 {_MEANWHILE}(?:{_WRITES}|{_WROTE} {_IT})",
    f"{_SPEECH} [을를은는]? {_MEANWHILE}{_YOU}가 {_MEANWHILE}(?:{_ACTS}|{_WROTE} {_IT})",
    f"{_WORD}[너니네]가 {_MEANWHILE}[쓴친] {_IT}{_IS}",
    f"누가 (?:{_YOU} )?{_MEANWHILE}{_WRITES}",
    f"{_WRITES} (?:사람|애) [이은]? {_MEANWHILE}(?:누구|{_NAMED}|{_YOU}|맞)",
    f"손(?:가락)?으로 {_MEANWHILE}{_WRITES}",
    f"누가 {_MEANWHILE}{_SPEECH} [을를]? [해하써쓰]",
    f"{_SPEECH} [을를은는]? {_MEANWHILE}누가 {_MEANWHILE}[하해쓰써썼보치쳐친]",
    f"{_any('이거', '이건')} {_MEANWHILE}누가 {_MEANWHILE}(?:썼|쓴|쳤|친)",
    f"직접 {_MEANWHILE}(?:{_WRITES}|{_WROTE} {_any(_IT, _SPEECH)}|(?:썼|보냈|쳤){_any('어', '니', '냐', '지')})",
    f"{_WORD}(?:너|니|네|오빠|자기|누나|언니)가 {_MEANWHILE}{_WRITES}는? {_IT}{_IS}",
    f"(?:진짜|정말) {_YOU}가 {_MEANWHILE}{_WROTE} {_IT}",
    f"자동 (?:으로)? {_any(_SPEECH, '응답', '보내', '나오')}",
    # say that you are not: 사람이라고 말해봐, 사람인 척
    f"{_LEAD}{_any(_PERSON, _NAMED)} (?:이?라고|맞다고) (?:말|해 (?:봐|줘|라)|얘기|대답|맹세|약속|인정)",
    f"{_LEAD}{_any(_PERSON, _NAMED)}(?:이?인|이?) (?:척|흉내)",
)

# --- English words; apostrophes are gone ---

_B = r"\b"
_S = r"[\s]+"  # in English a blank matters
_BOT = rf"\b(?:ai|a{_S}i|artificial{_S}intelligence|chat ?bot|bot|robot|machine|program|computer|chatgpt|gpt|fake|automated|automatic|auto{_S}repl(?:y|ies)|artificial|llm)\b"
_REAL = rf"\b(?:human|person|{HIM}|real(?= (?:\?|$)|{_S}(?:or|person|human|one|guy|man|{HIM}|you|him)\b))"
_SMALL = (
    rf"(?:{_S}(?:a|an|the|just|really|actually|even|some|not|like|all|still|only|be|secretly|maybe|honestly|are|re|r|is|of"
    r"|kind|being|written|made|generated|sent|by|from|talking|to|with|messages|texts|replies|answers|your|or)\b){0,6}"
)
_GAP = (  # what may stand between; not what somebody does with a machine
    rf"(?:{_S}(?!(?:about|use[ds]?|tr(?:y|ied)|ask(?:ed)?|love|buy|bought|have|need|stud\w+|want|see|saw|watch\w*|read|finish\w*"
    r"|fix\w*|broke\w*|the|my|our|her|his|your|new)\b)\w+){0,5}"
)
_THEN = rf"(?= (?:\?|$)|{_S}(?:or|and|right|lol|huh|now|typing|texting|writing|generated|talking|behind|isnt|arent|are|is|then|being)\b)"
_VERB = r"(?:typ|writ|wrote|text|answer|repl|respond)\w*"
_ENGLISH = (
    rf"\b(?:are|r|is|arent|isnt|was){_S}(?:you|u|this|that|it|these|those|he|there|someone|anyone){_B}{_SMALL}{_S}{_any(_BOT, _REAL)}",
    rf"\b(?:is|was|are){_S}(?:this|that|it){_SMALL}{_S}(?:you|him)\b",
    rf"\b(?:are|r|youre|re|not){_S}(?:(?:you|u|not|really|actually){_S}){{1,3}}(?:him|{HIM})\b",
    rf"\b(?:you|u|this|it){_S}(?:sound|look|seem|talk|type|text|write|feel|act)s?{_S}(?:\w+{_S})?like{_SMALL}{_S}{_BOT}",
    rf"\bis{_S}{HIM}{_S}(?:there|here)\b",
    rf"\bwho(?:s|{_S}is)?{_S}this\b",
    rf"\b(?:is|are){_S}(?:someone|anyone|somebody|anybody|you|he|{HIM}){_S}(?:really|actually){_S}(?:there|you|him|{HIM})",
    rf"\b(?:you|u|youre|ur){_B}{_SMALL}{_S}{_any(_BOT, _REAL)}",
    rf"\b(?:you|u|ur|youre|this|it|its|these|is|are|am|not){_B}{_GAP}{_S}{_any(_BOT, _REAL)}{_THEN}",
    rf"\bpretend\w*{_B}{_SMALL}(?:{_S}be)?{_S}{_any(_BOT, _REAL)}",
    rf"\b(?:this|it|its|these|thats){_B}{_SMALL}{_S}(?:ai|chatbot|bot|automated|chatgpt)\b",
    rf"\b(?:am|do|was|did){_S}i{_S}(?:\w+{_S})?(?:talk|chat|speak|text|messag|writ)\w*(?:{_S}(?:to|with)\b|{_SMALL}{_S}{_any(_BOT, _REAL)})",
    rf"\b(?:im|i am){_S}(?:talk|chat|speak|text|messag)\w*(?:{_S}(?:to|with))?{_SMALL}{_S}{_any(_BOT, _REAL)}",
    rf"\bwhom?{_S}am{_S}i\b",
    rf"\bwho(?:s|se|{_S}is|{_S}are)?{_S}(?:(?:really|actually|even){_S})?(?:{_VERB}|behind)",
    rf"\b(?:who|what)(?:{_S}(?:exactly|really))?{_S}(?:are|r){_S}(?:you|u)(?:{_S}(?:really|actually))? (?:\?|$)",
    rf"\b(?:is|are|did|does|was)(?:{_S}(?:a|an|the|real|actual|some|any))*{_S}(?:human|person|someone|anyone|somebody|bot|ai|computer|machine"
    rf"|{HIM}|he)(?:{_S}else)?{_S}(?:(?:really|actually|even|just){_S})?{_VERB}",
    rf"\b(?:are|did|do|r){_S}(?:you|u){_S}(?:(?:really|actually|even|just){_S})?{_VERB}{_S}(?:this|these|that|yourself|me|by)\b",
    rf"\b(?:say|tell|swear|prove|admit|promise|confess)\b.{{0,24}}{_any(_BOT, _REAL)}",
    rf"^{_any(_BOT, _B + 'human', _B + 'real')}{_S}or{_S}",
    rf"^(?:(?:not|real|actual|an?){_S}){{0,3}}{_any(_BOT, _B + 'human', _B + 'person')}(?:{_S}(?:right|huh))? \?+$",
)
_ASKS = _forms(*_KOREAN, *_ENGLISH)

# After the honest answer: what takes it for a joke, and what takes it back.
_DOUBTS = _forms(
    *("거짓말", "뻥", "장난", "농담", "구라", "설마", "그럴 리", "말도 안", "못 믿", "안 믿"),
    r"^(?:헐|엥|뭐|아니|에이)? (?:에이|진짜|정말|진심|레알|ㄹㅇ)(?:로|이?야|임|요|이에요)? \?*$",
    r"\b(?:no way|kidding|joking|joke|seriously|liar|lying|believe)\b",
    rf"^(?:oh{_S}|what{_S})?really \?*$",
)

_I = f"{_WORD}(?:나는|나도|난|나|내가|저는|제가)"
_HERE = f"(?:이야|이지|{_RIGHT}|임|인데|이에요|이라니까|이라고){_END}"
_DENIES = _forms(
    f"{_any(_AI, _WORD + '(?:로봇|봇|기계|프로그램|컴퓨터|가짜)')} (?:가|이|는|은)? (?:아니|아냐|아님)",
    f"{_any(_I, _WORD + '진짜', _WORD + '정말')} (?:진짜|정말|그냥|당연히)? {_PERSON} {_HERE}",
    f"{_I} (?:진짜|정말) {_NAMED} {_any(_HERE, '야')}",
    f"{_I} {_NAMED} (?:본인)? {_RIGHT}",
    f"(?:진짜|정말) (?:나|{_NAMED}) {_any(_HERE, '야', '라니까', '라고')}",
    f"(?:내가|제가|{_NAMED}가) (?:직접|다) {_any(_WRITES, _WROTE, '썼', '보냈', '쳤', '쓰지', '보내지')}",
    rf"\bnot{_S}an?{_S}{_BOT}",
    rf"\b(?:im|i{_S}am){_S}(?:(?:a|an|the|really|actually){_S})*(?:real\b|human|person|{HIM})",
    rf"\b(?:its|it{_S}is){_S}(?:really{_S})?(?:me|{HIM})\b",
)
# What affirms it only to somebody who has just been told the truth.
_AFFIRMS = _forms(
    rf"{_WORD}(?:당연히|진짜|ㅇㅇ|응|맞아|그래)? 나 (?:야|지|라니까|라고|임|{_RIGHT}|인데){_END}",
    f"{_NAMED} {_any(_HERE, '야' + _END)}",
    f"^(?:당연히|진짜|그냥|응|ㅇㅇ)? {_any('장난', '농담', '뻥', '거짓말', '구라')} (?:이(?:야|지|었)|임|친|한)",
    rf"\b(?:just{_S})?(?:kidding|joking|jk)\b",
)


class Honesty:
    """Knows what is asked and what is claimed of the one who is called ``name``."""

    def __init__(self, name: str = "") -> None:
        self._names = Names(name)

    def asks(self, message: str, *, told: bool = False) -> bool:
        """Whether she wants to know who or what is answering; ``told``: she has just been, and may not believe it."""
        plain = self._plain(message)
        return _matches(_ASKS, plain) or (told and _matches(_DOUBTS, plain))

    def denies(self, bubble: str, *, told: bool = False) -> bool:
        """Whether ``bubble`` claims that a person wrote it; ``told``: the honest answer stands just before."""
        plain = self._plain(bubble)
        return _matches(_DENIES, plain) or (told and _matches(_AFFIRMS, plain))

    def _plain(self, text: str) -> str:
        """``text`` in small letters, with `HIM` for his name and blanks for whatever is no word."""
        text = text[:LONGEST]
        for span, _ in reversed(self._names.find(text)):
            text = text[: span.start] + HIM + text[span.end :]
        text = re.sub("['’]", "", text.lower())
        text = re.sub(rf"[ㅋㅎㅠㅜ]+|[^\w{HIM}?]+", " ", text)
        return re.sub(r"(?<![a-z])a i(?![a-z])", "ai", text).strip()


def _matches(forms: re.Pattern[str], plain: str) -> bool:
    return forms.search(plain) is not None
