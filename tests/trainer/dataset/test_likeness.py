"""Examples that say nearly the same are found; short ones only when they are the same."""

from hypothesis import given
from hypothesis import strategies as st

from persona_core.prompt import Turn
from trainer.dataset.likeness import NEW, Copies, exchange, fingerprint, is_short, likeness, sketch
from trainer.dataset.recent import Recent

TALK = (
    Turn("partner", ("내일 몇시에 볼까? 나는 여섯시 이후면 다 괜찮아",)),
    Turn("persona", ("그럼 여섯시 반에 강남역 십번 출구에서 보자", "늦으면 커피 사기")),
)


def said(text: str) -> tuple[Turn, ...]:
    return (Turn("persona", (text,)),)


def test_a_fingerprint_is_the_same_on_every_machine():
    """Fingerprints cross processes: Python's own hash is salted in each."""
    assert fingerprint("밥 먹었어?") == fingerprint("밥 먹었어?")
    assert 0 <= fingerprint("밥 먹었어?") < 2**63
    assert exchange(said("ㅇㅇ 가자")) == 3_493_703_714_512_035_957


def test_spaces_signs_and_laughing_do_not_make_an_exchange_another():
    """응, 응! and 응ㅋㅋㅋ are the same answer; ㅇㅇ and ㄴㄴ are not."""
    assert exchange(said("응 좋아")) == exchange(said("응좋아!! ㅋㅋㅋㅋ"))
    assert exchange(said("ㅇㅇ")) != exchange(said("ㄴㄴ"))


def test_the_same_example_again_is_a_copy():
    """Whatever its length."""
    copies = Copies()

    assert copies.rule(1, b"") == ""
    assert copies.rule(1, b"") == "same_example"
    assert copies.rule(2, b"") == ""


def test_a_few_short_replies_are_never_a_copy():
    """Twelve characters a message, less than forty in all."""
    assert is_short([*said("ㅋㅋ"), *said("파스타!")])
    assert is_short(said("가" * 12))
    assert not is_short(said("가" * 13))
    assert not is_short(said("가" * 10) * 4)
    copies = Copies()
    assert [copies.rule(NEW, b"") for _ in range(2)] == ["", ""]


def test_an_example_with_a_word_changed_is_a_near_copy():
    """Forty characters or more, four fifths of the trigrams in common."""
    changed = (TALK[0], Turn("persona", ("그럼 여섯시 반에 강남역 십번 출구에서 보자ㅋㅋ", "늦으면 밥 사기")))
    copies = Copies()

    assert copies.rule(1, sketch(TALK)) == ""
    assert copies.rule(2, sketch(changed)) == "near_copy"


def test_other_words_make_another_example():
    """The same subject is no copy."""
    other = (
        Turn("partner", TALK[0].bubbles),
        Turn("persona", ("여섯시는 좀 그렇고 일곱시에 홍대에서 만나면 어때?",)),
    )
    copies = Copies()

    assert copies.rule(1, sketch(TALK)) == ""
    assert copies.rule(2, sketch(other)) == ""


def test_a_short_example_has_no_like():
    """잘자 / 웅 잘자 differs from 잘자 / 잘자: style, not a copy."""
    assert sketch((Turn("partner", ("잘자",)), Turn("persona", ("웅 잘자",)))) == b""


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xAC40), min_size=60, max_size=200))
def test_a_text_is_like_itself(text):
    """Likeness is 1 with itself, whatever laughing surrounds it."""
    assert likeness(sketch(said(text)), sketch(said(f"{text} ㅋㅋㅋ!!"))) == 1


def test_the_estimate_is_near_the_true_share_of_common_trigrams():
    """On texts of which three quarters are common, the sketches say so within a tenth or two."""
    common = "".join(chr(0xAC00 + 7 * i) for i in range(300))
    one, other = common + "가" * 3, common[:-76] + "".join(chr(0xD000 - i) for i in range(36))

    trigrams = [{text[i : i + 3] for i in range(len(text) - 2)} for text in (one, other)]
    truth = len(trigrams[0] & trigrams[1]) / len(trigrams[0] | trigrams[1])

    assert abs(likeness(sketch(said(one)), sketch(said(other))) - truth) < 0.2


def test_what_is_recent_is_remembered_and_what_is_old_is_forgotten():
    """At least the newest three of size three, at most six."""
    recent: Recent[str] = Recent(3)
    for number in range(7):
        recent.put(number, str(number))

    assert [recent.get(number) for number in range(7)] == [None, None, None, "3", "4", "5", "6"]
