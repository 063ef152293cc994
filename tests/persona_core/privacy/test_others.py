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
    ],
)
def test_words_that_look_like_names_stay(text):
    """Nouns, verbs, towns and public figures are nobody."""
    assert names_in(text) == []


def test_the_analyser_decides_single_words():
    """지우가 is somebody, 지우는 중 is erasing: kiwipiepy tells the words apart, and only these words are learned."""
    pytest.importorskip("kiwipiepy")
    learned = learn(["지우가 왔어", "사진 지우는 중"])
    assert learned == {"지우가": 2}
    names = Names(learned=learned)
    assert names_in("어제 지우가 그랬어", names) == ["지우"]
    assert names_in("다 지우는 중", names) == []


def test_without_the_analyser_nothing_is_learned(monkeypatch):
    """kiwipiepy is optional."""
    monkeypatch.setattr("persona_core.privacy.morphemes.installed", lambda: False)
    assert learn(["지우가 왔어"]) == {}
