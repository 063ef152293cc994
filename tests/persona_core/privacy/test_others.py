"""People nobody has listed are found by what stands around their names."""

import pytest

from persona_core.privacy import Names, detect, learn


def names_in(text, names=None):
    spans = detect(text, names) if names else detect(text)
    return [text[span.start : span.end] for span in spans if span.type == "NAME"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("민수야 뭐해", ["민수"]),
        ("지훈이가 그러는데", ["지훈"]),
        ("예은이네 집", ["예은"]),
        ("하은아 나야", ["하은"]),
        ("박지훈이 왔어", ["박지훈"]),
        ("남궁민지 알아?", ["남궁민지"]),
        ("최민정 과장님", ["최민정"]),
        ("김대리님이 그러는데", ["김"]),
        ("수정 언니 왔어", ["수정"]),
        ("지원이가 붙었대", ["지원"]),
        ("하늘아 이리와", ["하늘"]),
        ("예금주 홍길동", ["홍길동"]),
        ("이름은 홍길동으로 해줘", ["홍길동"]),
        ("@수빈 이거봐", ["수빈"]),
        ("박*준 님", ["박*준"]),
        ("윤 지 호", ["윤 지 호"]),
        ("Minsu야 자?", ["Minsu"]),
        ("Kim Minsu", ["Kim Minsu"]),
        ("신한 110-000-123456 임꺽정님", ["임꺽정"]),
        ("준이가 왔어", ["준"]),
        ("철수", ["철수"]),
        ("지은이랑 철수", ["지은", "철수"]),
        ("지혜 만나러 감", ["지혜"]),
        ("보라가 오늘 못온대", ["보라"]),
        ("수지 결혼한다며", ["수지"]),
        ("진주 남친 생겼대", ["진주"]),
        ("여름이 엄마예요", ["여름"]),
        ("은혜한테 빌린 거", ["은혜"]),
        ("덕배형 왔어", ["덕배"]),
        ("조영택 아저씨", ["조영택"]),
        ("남궁솔 알아?", ["남궁솔"]),
        ("독고진희 권사님", ["독고진희"]),
        ("정우성팀장님이 부르심", ["정우성"]),
        ("케빈이랑 Emily 왔대", ["케빈", "Emily"]),
        ("Ｋｅｖｉｎ이 왔어", ["Ｋｅｖｉｎ"]),
        ("jiyoung한테 물어봐", ["jiyoung"]),
        ("참조: 천기용", ["천기용"]),
        ("나은 선배 취직했대", ["나은"]),
        ("가을이랑 영화봤다며", ["가을"]),
        ("표하늘빛씨가 그러던데", ["표하늘빛"]),
        ("동아리 회장 양도솔로 바뀜", ["양도솔"]),
        ("마테오랑 노아도 온대", ["마테오", "노아"]),
    ],
)
def test_evidence_of_a_name(text, expected):
    """A known given name, a surname, a call, a title, 이 with a particle, an @, a form that asks for it."""
    assert names_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "하늘이 예쁘다",
        "지원서 냈어",
        "수정해서 보내",
        "사진 지우는 중",
        "새로 지은 집",
        "가을이 왔다",
        "나라가 왜 이래",
        "우리 언니",
        "강아지 산책",
        "고민하고 있어",
        "문제인 것 같아",
        "서현역에서 봐",
        "강원도 가자",
        "손흥민 골",
        "정수기 물",
        "종 교 는 아 편 이 다",
        "조교수님",
        "Sunday 좋아",
        "도도하게 앉아있네",
        "정우성 영화 봤어",
        "철수하자 이제",
        "열차 지연 안내",
        "승진했대",
        "다솜이라는 카페",
        "받는 사람이 부럽네요",
        "호랑이보다 무섭다",
        "택배 아저씨",
        "학교 후배",
        "백사장에 가자",
        "관리비 고지서",
        "국민 110-000-123456 이리로 보내",
        "더 나은 선배",
        "민주 시민 교양 과제",
        "이슬비 온다",
        "가을이랑 겨울 중에",
        "아 날씨가 왜 이래",
    ],
)
def test_words_that_look_like_names_stay(text):
    """Nouns, verbs, towns and public figures are nobody."""
    assert names_in(text) == []


def test_the_analyser_decides_single_words():
    """지우가 is somebody, 지우는 중 is erasing: kiwipiepy tells the words apart, and only these words are learned."""
    pytest.importorskip("kiwipiepy")
    learned = learn(["지우가 좋아", "사진 지우는 중"])
    assert learned == {"지우가": 2}
    names = Names(learned=learned)
    assert names_in("어제 지우가 했어", names) == ["지우"]
    assert names_in("다 지우는 중", names) == []


def test_a_name_of_the_chat_is_one_where_it_stands_bare(monkeypatch):
    """Who is often plainly 수정 is 수정 without a particle too; three 지원이가 do not outweigh eight applications."""
    monkeypatch.setattr("persona_core.privacy.morphemes.installed", lambda: False)
    often = ["수정이가 왔어", "수정아 뭐해", "수정이랑 놀았어", "수정 좋아", "수정해서 보내"]
    rarely = ["지원이가 왔어"] * 3 + ["지원 마감"] * 8
    assert learn(often + rarely) == {"수정": 2}


def test_without_the_analyser_one_line_teaches_nothing(monkeypatch):
    """kiwipiepy is optional."""
    monkeypatch.setattr("persona_core.privacy.morphemes.installed", lambda: False)
    assert learn(["지우가 왔어"]) == {}
