"""The rules that turn the corpus's polite answers into what close friends type."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.demo.casual import casual, texted
from trainer.demo.corpus import blocks, conversations

answers = st.sampled_from([answer for block in blocks() for ex in block.exchanges for answer in ex.answers])


@pytest.mark.parametrize(
    ("polite", "plain"),
    [
        ("네, 김밥을 먹었어요. 저도 배고파요.", "응, 김밥을 먹었어. 나도 배고파."),
        ("저는 괜찮아요. 제가 할게요.", "나는 괜찮아. 내가 할게."),
        ("뭐 볼까요?", "뭐 볼까?"),
        ("같이 가요. 보러 가요.", "같이 가자. 보러 가자."),
        ("지금 카페예요.", "지금 카페야."),
        ("내 생일이에요.", "내 생일이야."),
        ("아니에요, 걱정하지 말아요.", "아니야, 걱정하지 마."),
        ("예쁘네요. 힘들었죠?", "예쁘네. 힘들었지?"),
        ("바빴군요. 조심히 가세요.", "바빴구나. 조심히 가."),
        ("푹 쉬려고요. 비가 오니까요.", "푹 쉬려고. 비가 오니까."),
        ("물을 많이 마셔요.", "물을 많이 마셔."),
        ("네, [[PARTNER]]님. 말해요.", "응, [[PARTNER]]야. 말해."),
        ("무슨 이야기예요?", "무슨 얘기야?"),
        ("안녕하세요. 잘 주무셨어요?", "안녕. 잘 잤어?"),
    ],
)
def test_polite_endings_become_plain(polite: str, plain: str) -> None:
    """Verbs, the copula, pronouns and yes take the form that friends use."""
    assert casual(polite) == plain


@pytest.mark.parametrize("polite", ["알겠습니다.", "어디 계시나요? 회사세요?", "네, 맞습니다. 좋아요."])
def test_what_no_rule_knows_stays_polite(polite: str) -> None:
    """One ending without a rule leaves the whole answer as it was: no answer mixes two registers."""
    assert casual(polite) == polite


@given(answer=answers)
def test_every_answer_of_the_corpus_can_be_plain(answer: str) -> None:
    """No sentence keeps a polite ending, nor the polite I, and turning it again changes nothing."""
    plain = casual(re.sub(r"\([^()]*\)", "", answer).strip())
    assert not re.search(r"요(?=[.?!,]|$)|(?<!\S)(?:저는|저도|제가)(?!\S)", plain)
    assert casual(plain) == plain


@given(answer=answers, seed=st.integers(0, 1000))
def test_texted_answers_are_short_bubbles(answer: str, seed: int) -> None:
    """At most four lines, none of them empty, the same for the same seed."""
    said = texted(casual(answer), random.Random(seed))
    assert 1 <= len(said.split("\n")) <= 4
    assert all(said.split("\n"))
    assert said == texted(casual(answer), random.Random(seed))


def test_about_half_of_the_conversations_are_plain() -> None:
    """Between 42 and 50 % of 2000 conversations are answered mostly without polite endings."""
    chats = itertools.islice(conversations(11), 2000)
    replies = ([m.content for m in chat if m.role == "assistant"] for chat in chats)
    plain = sum(sum("요" in said[-3:] for said in chat) * 2 < len(chat) for chat in replies)
    assert 0.42 <= plain / 2000 <= 0.5
