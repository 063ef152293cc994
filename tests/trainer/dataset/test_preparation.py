"""An export becomes examples: every message of the persona is learned once or dropped by a named rule."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_core.prompt import Turn
from trainer.chatlog.message import Message
from trainer.dataset import prepare
from trainer.dataset.example import Example
from trainer.dataset.likeness import Copies
from trainer.dataset.preparation import write_data
from trainer.dataset.reading import batches, read_sessions
from trainer.dataset.shaping import NOBODY, Order, Shaper, shape_all
from trainer.dataset.tally import Tally
from trainer.run import open_run
from trainer.settings import Settings

from .conftest import ME, START, YOU, days
from .written import CHAT, read

# --- what becomes of a chat ---


def test_sessions_become_examples_and_the_newest_are_held_out(tmp_path, write_chat):
    """Ten days are ten examples, bubbles kept; the newest one judges."""
    write_data(write_chat(*days(10)), tmp_path)

    train, validation = read(tmp_path)

    assert (len(train), len(validation)) == (9, 1)
    assert train[0] == Example(
        (Turn("partner", ("가개갸 어땠어?",)), Turn("persona", ("가개갸 좋았음", "ㅋㅋㅋ"))), (True,)
    )


def test_a_late_reply_stays_with_its_question(tmp_path, write_chat):
    """An hour later is late, not lost: question and answer are one example."""
    write_data(write_chat((0, YOU, "밥 먹었어?"), (60, ME, "이제 먹어"), *days(9)), tmp_path)

    assert read(tmp_path)[0][0].turns == (Turn("partner", ("밥 먹었어?",)), Turn("persona", ("이제 먹어",)))


def test_short_replies_are_kept_however_often_they_come(tmp_path, write_chat):
    """ㅋㅋㅋ follows every answer of the chat, and is learned every time."""
    write_data(write_chat(*days(10)), tmp_path)

    train, validation = read(tmp_path)

    assert all(example.turns[-1].bubbles[-1] == "ㅋㅋㅋ" for example in train + validation)


def test_the_same_exchange_again_is_one_example(tmp_path, write_chat):
    """One pasted line on ten evenings is learned once; the report counts the nine others."""
    evenings = [
        line for _ in range(10) for line in ((24 * 60, YOU, "잘자"), (1, ME, "웅 오늘도 고생 많았어 잘자"))
    ]

    report = write_data(write_chat(*evenings, *days(10)), tmp_path)

    assert report["dropped"]["same_example"] == 9
    assert sum(example.turns[-1].bubbles[0][:1] == "웅" for example in read(tmp_path)[0]) == 1


def test_a_short_exchange_again_is_learned_again(tmp_path, write_chat):
    """잘자 / 웅 잘자 on ten evenings is how they talk: no copy, whatever was asked."""
    evenings = [line for _ in range(10) for line in ((24 * 60, YOU, "잘자"), (1, ME, "웅 잘자"))]

    report = write_data(write_chat(*evenings, *days(10)), tmp_path)

    assert report["dropped"] == {}
    assert sum(example.turns[-1].bubbles == ("웅 잘자",) for example in read(tmp_path)[0]) == 10


def test_a_reply_longer_than_the_context_is_dropped_by_name(tmp_path, write_chat):
    """What stands before and after it is not glued together."""
    story = [f"{i}번째로는 이런 일이 있었는데 들어 봐" for i in range(20)]
    chat = [(0, YOU, "무슨 일이야?"), *((0, ME, line) for line in story), (0, YOU, "헐"), (0, ME, "그치")]

    report = write_data(write_chat(*chat, *days(10), max_length=256), tmp_path)

    assert report["dropped"]["too_long"] == 20
    assert read(tmp_path)[0][0].turns == (Turn("partner", ("헐",)), Turn("persona", ("그치",)))


def test_a_bubble_longer_than_the_context_goes_alone(tmp_path, write_chat):
    """The turn around it stays, and the private facts in it are not counted as masked."""
    long = "010-0000-1234 " * 300
    chat = [
        (0, YOU, "뭐해"),
        (0, ME, "책 읽어"),
        (0, ME, long),
        (0, ME, "너는?"),
        (0, YOU, long),
        (0, ME, "헐"),
    ]

    report = write_data(write_chat(*chat, *days(10)), tmp_path)

    assert (report["dropped"]["too_long"], report["masked"]) == (2, {})
    assert read(tmp_path)[0][0].turns == (
        Turn("partner", ("뭐해",)),
        Turn("persona", ("책 읽어", "너는?")),
        Turn("partner", ("…",)),
        Turn("persona", ("헐",)),
    )


def test_the_most_informative_examples_are_kept(tmp_path, write_chat):
    """--max-examples 5 leaves five, the newest of equals; the others are counted."""
    report = write_data(write_chat(*days(12), max_examples=5), tmp_path)

    assert report["examples"] == {"train": 4, "validation": 1}
    assert report["dropped"]["over_max_examples"] == 7


def test_few_examples_are_warned_about(tmp_path, write_chat, capsys, monkeypatch):
    """Under fifty little is learned, and he is told."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    prepare(open_run(tmp_path / "run", write_chat(*days(10)), {}))

    assert "few examples to train on (9)" in capsys.readouterr().err


# --- every message is accounted for ---


chats = st.lists(
    st.tuples(
        st.sampled_from((0, 1, 59, 60, 61, 3000)),  # minutes since the message before
        st.sampled_from((ME, YOU, "라온", "방장봇", "")),
        st.sampled_from(("text", "text", "text", "media", "deleted", "link")),
        st.sampled_from(("말", "말" * 30, "(광고) ", "https://example.com/", "\x00")),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module")
def shaper():
    return Shaper(Order.of(Settings(me=ME, partner=YOU, max_length=192), NOBODY, CHAT))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chats)
def test_every_persona_message_is_learned_exactly_once_or_dropped_by_a_rule(shaper, chat):
    """Each message has a word of its own, so that every label can be traced back to it."""
    at, messages = START, []
    for number, (minutes, sender, kind, text) in enumerate(chat):
        at += timedelta(minutes=minutes)
        mark = "" if text == "\x00" else "".join(chr(ord("ㄱ") + int(digit)) for digit in f"{number:03}")
        messages.append(Message(at, sender, text + mark, kind if sender else "system"))

    tally, copies, learned = Tally(), Copies(), []
    for batch in batches(read_sessions(messages, Settings(me=ME, partner=YOU), tally)):
        shaped = shaper.shape(batch)
        tally.add(shaped.tally)
        for record in shaped.records:
            example = Example.from_json(record.line, CHAT)
            assert copies.rule(record.identity, record.sketch) != "same_example"
            assert record.labels == sum(len(turn.bubbles) for turn in example.learned)
            learned += [bubble for turn in example.learned for bubble in turn.bubbles]

    mine = [message for message in messages if message.sender == ME]
    assert len(learned) == len(set(learned))
    assert set(learned) <= {message.text for message in mine}
    dropped = sum(rule.persona_messages for rule in tally.dropped.values())
    assert len(learned) + dropped == len(mine) == tally.persona_messages


def test_the_report_accounts_for_every_message_of_a_real_chat(tmp_path):
    """The demo's chat: learned and dropped together are what he wrote."""
    from trainer import demo

    report = write_data(demo.settings(demo.write_export(tmp_path), "", {}), tmp_path)

    dropped = sum(rule["persona_messages"] for rule in report["rules"])
    assert report["learned_messages"] + dropped == report["persona_messages"] > 1000
    assert (
        sum(e["persona"] + e["partner"] for e in report["per_hour"])
        == report["messages"] - report["dropped"]["system"]
    )


def test_several_processes_give_what_one_gives():
    """Order, examples and counts: the same export is the same bytes on every machine."""
    talk = [Message(START + timedelta(hours=i), (YOU, ME)[i % 2], f"{i}월 말") for i in range(0, 60)]
    order = Order.of(Settings(me=ME, partner=YOU, max_length=256), NOBODY, CHAT)

    def shaped(processes: int):
        sessions = read_sessions(talk, Settings(me=ME, partner=YOU), Tally())
        parcels = [[item] for item in sessions]
        return [(part.records, part.tally) for part in shape_all(parcels, order, processes)]

    assert shaped(2) == shaped(1)
