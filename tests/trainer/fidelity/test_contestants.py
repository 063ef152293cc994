"""Everyone answers by the engine of the Space; the free alternative gets the best that can be written about the person."""

from dataclasses import replace

import pytest

from persona_core.engine.pytorch import TorchEngine
from persona_core.manifest import Generation
from persona_core.prompt import SYSTEM_PROMPT, Turn
from trainer.fidelity.contestants import SHOTS, Stage, contestants, describe, serving, shots

from .conftest import ANSWERS, moment

pytestmark = pytest.mark.slow  # its run is trained first


HEARD = [moment(asked, *reply) for asked, reply in ANSWERS.items()] * 3


@pytest.fixture
def stage(trained):
    return Stage(trained, serving(1024))


def test_the_prompt_is_as_long_as_in_the_space_and_the_reply_is_cut():
    """Only the number of new tokens differs from what a release is served with."""
    served = Generation(max_context_tokens=1024)
    made = serving(1024)

    assert made.max_context_tokens - made.max_new_tokens == served.max_context_tokens - served.max_new_tokens
    assert serving(64).max_context_tokens > serving(64).max_new_tokens  # served or not, it is measured
    assert replace(made, max_context_tokens=1024, max_new_tokens=served.max_new_tokens) == served


def test_the_description_says_how_he_types():
    """After the system prompt of the Space: his register, lengths, habits and what he says most."""
    heard = [moment("밥?", "국밥 먹음ㅋㅋ", "ㅇㅇ"), moment("자?", "ㅇㅇ")]

    assert describe(heard).removeprefix(SYSTEM_PROMPT) == (
        " 반말을 써. 말풍선 하나는 보통 4자쯤, 한 번에 말풍선 1.5개. 말풍선 중 ㅋㅋ가 든 것 33%, ㅎㅎ 0%, ㅠㅠ 0%. "
        "자주 하는 말: ㅇㅇ, 국밥 먹음ㅋㅋ. 앞선 대화에서 [[PERSONA]]가 쓴 말투를 그대로 따라 해."
    )


def test_a_description_that_takes_too_much_room_is_left_out(trained):
    """What is described must not crowd out what is said."""
    _, examples, base = contestants(HEARD, trained.tokenizer, room=100)

    assert examples.chat_format == base.chat_format
    assert len(examples.shots) == 2 * SHOTS


def test_examples_in_context_are_spread_over_his_time():
    """Pairs of a turn of hers and his reply, as many as there are places."""
    heard = [moment(f"{number}?", str(number)) for number in range(2 * SHOTS)]

    assert shots(heard)[:4] == (
        Turn("partner", ("0?",)), Turn("persona", ("0",)), Turn("partner", ("2?",)), Turn("persona", ("2",)),
    )  # fmt: skip
    assert len(shots(heard)) == 2 * SHOTS


def test_each_answers_as_itself(stage, trained):
    """The adapter alone knows the answers; the base says the same with and without one who asks it first."""
    tuned, examples, base = contestants(HEARD, trained.tokenizer, stage.room)
    said = {who.name: stage.answer(who, HEARD[:10], seed=0) for who in (base, tuned, examples)}
    known = [reply == moment.reply for reply, moment in zip(said["tuned"], HEARD, strict=False)]

    assert sum(known) >= 5
    assert not any(reply == moment.reply for reply, moment in zip(said["base"], HEARD, strict=False))
    assert said["base"] == stage.answer(base, HEARD[:10], seed=0)
    assert said["examples"] != said["base"] != stage.answer(base, HEARD[:10], seed=99)


def test_one_moment_is_answered_as_the_space_would(stage, trained):
    """Alone, unpadded: to the letter what the engine streams with that seed."""
    tuned, *_ = contestants(HEARD, trained.tokenizer, stage.room)
    engine = TorchEngine(trained.model, trained.tokenizer, stage.manifest(tuned))
    streamed = [[], *engine.stream(HEARD[0].history, seed=7)][-1]

    assert stage.answer(tuned, HEARD[:1], seed=7) == [tuple(streamed)]
