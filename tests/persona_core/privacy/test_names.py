"""Every form of a known name is found, and its particle is left."""

import pytest

from persona_core.privacy import Names, called, is_label, shows_name, unfindable

NAMES = Names("김도윤", "이서연", ["꼬물이"], ["최하늘"])


def found(text, names=NAMES):
    return [(text[span.start : span.end], who) for span, who in names.find(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("도윤아 뭐해", "도윤"),
        ("도윤이가 그랬어", "도윤"),
        ("도윤이랑", "도윤"),
        ("도윤씨", "도윤"),
        ("도윤쓰", "도윤"),
        ("김도윤님", "김도윤"),
        ("김 도 윤", "김 도 윤"),
        ("김*윤 고객님", "김*윤"),
        ("ㄱㄷㅇ 왔대", "ㄱㄷㅇ"),
        ("ㄷㅇ아", "ㄷㅇ"),
        ("도유니는", "도유니"),
        ("도유나~", "도유나"),
        ("윤아 자?", "윤"),
        ("doyun", "doyun"),
        ("Do-Yoon Kim", "Do-Yoon Kim"),
        ("@김도윤 봐봐", "김도윤"),
        ("사랑해도윤아", "도윤"),
        ("우리도윤이", "도윤"),
    ],
)
def test_forms_of_one_name(text, name):
    """Full, given, called, titled, spaced, starred, initials, as heard, in Latin letters."""
    assert found(text) == [(name, "PERSONA")]


def test_a_longer_word_is_not_the_name():
    """도윤곽 is no 도윤, and 서현역 a station."""
    assert found("도윤곽") == []
    assert found("서현역에서 봐", Names("이서현")) == []


def test_a_name_that_is_a_thing_is_found_where_a_name_stands():
    """하늘아 calls somebody, 하늘이 예쁘다 does not."""
    assert found("하늘아 뭐해") == [("하늘", "하늘")]
    assert found("하늘이가 왔어") == [("하늘", "하늘")]
    assert found("하늘이 예쁘다") == []


def test_nicknames_are_found_with_and_without_their_ending():
    """꼬물이 is called 꼬물아, and written 꼬무리."""
    assert found("꼬물이 뭐해 꼬물아 꼬무리") == [
        ("꼬물이", "꼬물이"),
        ("꼬물", "꼬물이"),
        ("꼬무리", "꼬물이"),
    ]


def test_display_names_are_stripped_of_what_is_no_name():
    """Hearts, titles and endearments around a name do not hide it."""
    names = Names("❤️도윤 오빠❤️", "우리서연이(회사)")
    assert found("도윤아 서연이 왔어", names) == [("도윤", "PERSONA"), ("서연", "PARTNER")]


def test_several_names_of_one_speaker_lead_to_the_same_person():
    """A pet name given with the display name is the same person."""
    assert found("공쥬야", Names("김도윤", ("이서연", "공쥬"))) == [("공쥬", "PARTNER")]


@pytest.mark.parametrize("label", ["회원님", "♥", "써니", "JJ"])
@pytest.mark.parametrize(("full", "given"), [("김채이", "채이"), ("김태리", "태리"), ("김갑뚝", "갑뚝")])
def test_a_real_name_is_one_wherever_it_stands(label, full, given):
    """The export calls her ♥; the name given beside it is found in every form, in the lexicon or not."""
    names = Names("박도윤", (label, "써니", full))
    for text in (f"{given}야 뭐해", f"오늘 {given}가 그랬어", f"{given} 왔어?", f"{given}씨"):
        assert found(text, names) == [(given, "PARTNER")]
    assert found(f"{full} 써니", names) == [(full, "PARTNER"), ("써니", "PARTNER")]


@pytest.mark.parametrize("pet_name", ["고양이", "강아지", "도리"])
def test_a_pet_name_is_not_taken_apart_like_a_name(pet_name):
    """고양이 begins with a surname, and 양이 is nobody."""
    names = Names("김도윤", ("♥", pet_name))
    assert found(f"{pet_name[1:]} {pet_name}야", names) == [(pet_name, "PARTNER")]


@pytest.mark.parametrize("behind", ["", "아", "이랑", "은", "형", "씨"])
def test_a_name_of_two_syllables_is_found_before_a_particle(behind):
    """허균아 calls 허균."""
    assert found(f"허균{behind} 왔어", Names("허균")) == [("허균", "PERSONA")]
    assert found("허균열", Names("허균")) == []


@pytest.mark.parametrize("name", ["JJ", "Bo", "J", "🐰", "ㅈㅇ", "뽀", "곰🐻", "1004", "さくら"])
def test_what_somebody_is_called_is_found_at_any_length(name):
    """JJ야, 🐰야: a particle may follow, a longer word is another."""
    for names in (Names(nicknames=[name]), Names("김도윤", ("♥", name))):
        shown = name.strip("🐻")
        assert [found(f"{shown}{behind}", names)[0][0] for behind in ("야", " 뭐해", "")] == [shown] * 3
    assert found("JJX HBO ㅈㅇㅈ 210041", Names(nicknames=["JJ", "Bo", "ㅈㅇ", "1004"])) == []


@pytest.mark.parametrize("label", ["♥", "♥♥♥", "ㅋㅋㅋ", "M", "나", "회원님"])
def test_a_label_that_is_no_word_is_not_looked_for(label):
    """Somebody is saved as ♥, and every ♥ in the chat is still a ♥."""
    assert found("나는 M 사이즈ㅋㅋㅋ ㅋㅋㅋ ♥♥♥", Names("김도윤", label)) == []


@pytest.mark.parametrize(
    ("labels", "label", "name"),
    [
        ("이서연 김채이 서연♥ Seoyeon", False, True),
        ("써니 채이 JJ♥ Kevin 봄 さくら 김팀장", False, False),
        ("회원님 You (알수없음) ♥ ㅋㅋㅋ ㅇㅅ M 내사랑♥ 여보 엄마 李", True, False),
    ],
)
def test_what_a_label_tells(labels, label, name):
    """A real name, something to be called by, or nothing at all."""
    for shown in labels.split():
        assert (is_label(shown), shows_name(shown)) == (label, name)


def test_what_cannot_be_found_is_told():
    """A sign of punctuation is nobody's name; ♥ is somebody's nickname at most."""
    assert unfindable([".", "19", "🐰", "J", "이서연"], "NICKNAME") == [".", "19"]
    assert unfindable(["♥", "J", "회원님", "JJ", "봄", "이서연"], "NAME") == ["♥", "J", "회원님"]


def test_nobody_has_no_name():
    """An export calls its owner 회원님: that is no name to look for."""
    assert found("회원님 안녕하세요", Names("회원님", "나")) == []


@pytest.mark.parametrize("behind", ["것도", "거네", "꺼임", "네", "보임", "집", "사랑해", "야", "님", ""])
def test_a_pet_name_is_found_whatever_is_glued_to_it(behind):
    """써니것도 has her in it."""
    for names in (Names("써니"), Names("김도윤", ("이서연", "써니"))):
        assert [name for name, _ in found(f"내가 써니{behind}", names)] == ["써니"]


def test_a_pet_name_that_is_a_word_is_found_where_a_name_stands():
    """하니야 calls her, 뭐 하니 asks."""
    names = Names(nicknames=["하니"])
    for text in ("하니야", "하니 뭐해", "하니가 좋아", "잘자 하니", "우리 하니 자?"):
        assert [name for name, _ in found(text, names)] == ["하니"]
    for text in ("뭐 하니?", "일 하니까", "하니까 되네"):
        assert found(text, names) == []


def test_a_pet_name_of_two_words_is_not_each_of_them():
    """우리 강아지 is she, a 강아지 in the park is not."""
    names = Names(nicknames=["우리 강아지"])
    assert [name for name, _ in found("우리 강아지 자? 우리강아지~ 강아지 산책", names)] == [
        "우리 강아지",
        "우리강아지",
    ]


@pytest.mark.parametrize("display_name", ["이 서연 🌸", "서연♥", "Seoyeon Lee", "ＳＥＯ ＹＥＯＮ"])
def test_a_display_name_leads_to_the_given_name(display_name):
    """However she is saved, she is called by her name."""
    assert found("서연아 서연이랑", Names("김도윤", display_name)) == [("서연", "PARTNER")] * 2


def test_a_surname_with_a_title_is_masked_before_that_title():
    """김팀장 is the only thing his contact says: 김 is masked where it stands so."""
    assert found("김팀장님 김 팀장 김치", Names("이서연", "김팀장(영업)")) == [("김", "PARTNER")] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("다니는 먼저 잔다", ["다니"]),
        ("다니야 저녁 뭐", ["다니"]),
        ("니가 다니던 헬스장", []),
        ("학원 다니기 싫대", []),
        ("역시 찜이 최고야", ["찜"]),
        ("찜 목록에 넣어놔", []),
    ],
)
def test_a_pet_name_that_is_a_verb_or_a_thing_is_one_only_where_somebody_stands(text, expected):
    """다니 goes to bed, but nobody is in 다니던; 찜 is the best, but not in 찜 목록."""
    names = Names(nicknames=["다니", "찜"])
    assert [name for name, _ in found(text, names)] == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("김도윤",), "도윤"),
        (("회원님", "김도윤"), "도윤"),
        (("♥", "꼬북이", "이서연"), "서연"),
        (("써니",), "써니"),
        (("회원님", "자기"), "회원님"),
        (("",), ""),
    ],
)
def test_a_person_is_called_by_the_first_name_that_is_one(names, expected):
    """The export's label first; where nothing is known, the label as it is."""
    assert called(names) == expected
