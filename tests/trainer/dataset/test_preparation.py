"""An export becomes examples: every message of the persona is learned once or dropped by a named rule."""

import json
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_core.errors import DataError, ExportError, StorageError
from persona_core.prompt import ChatFormat, Turn
from trainer.chatlog.message import Message
from trainer.dataset import prepare
from trainer.dataset.example import Example, read_examples
from trainer.dataset.likeness import Copies
from trainer.dataset.preparation import prepare_files, write_data
from trainer.dataset.reading import batches, read_sessions
from trainer.dataset.row_rules import FORMATS
from trainer.dataset.shaping import NOBODY, Order, Shaper, shape_all
from trainer.dataset.tally import Tally
from trainer.run import open_run
from trainer.settings import Settings

from .conftest import ME, START, YOU, days

CHAT = ChatFormat()
EARLIER = '{"row_format": "messages"}'


def read(folder: Path) -> tuple[list[Example], list[Example]]:
    return tuple(list(read_examples(folder / name, CHAT)) for name in ("train.jsonl", "validation.jsonl"))


def report_of(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text("utf-8"))


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


def test_pet_names_lead_to_their_owners(tmp_path, write_chat):
    """써니 is the partner and 도리 the persona; another's name and a nickname are somebody's."""
    said = [(24 * 60, YOU, "도리야 몽실이 봤어?"), (0, YOU, "솔밤한테 줘"), (1, ME, "써니것도 챙김")]
    own = {"partner_names": ("써니",), "my_names": ("도리",), "names": ("솔밤",), "nicknames": ("몽실이",)}
    write_data(write_chat(*days(2), *said, **own), tmp_path)

    texts = [b for part in read(tmp_path) for e in part for turn in e.turns for b in turn.bubbles]
    assert "[[PARTNER]]것도 챙김" in texts
    assert "[[PERSONA]]야 [[NAME1]] 봤어?" in texts
    assert "[[NAME2]]한테 줘" in texts


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


@pytest.mark.parametrize("row_format", ["instruction", "vertex-text"])
def test_short_replies_of_one_reply_rows_are_no_copies(tmp_path, write_chat, row_format):
    """Photos answered with 응 and ㅇㅇ make rows that are equal; read back, each is learned."""
    talk = [
        line
        for reply in ("응", "ㅇㅇ", "헐", "파스타!") * 5
        for line in (
            (24 * 60, YOU, "사진"),
            (1, ME, reply),
            (0, YOU, "나 이제 집에 가려고"),
            (0, ME, "조심히 와"),
        )
    ]
    first, again = tmp_path / "first", tmp_path / "again"
    prepare_files(write_chat(*talk, *days(3)), first, row_format)
    files = tuple(str(first / name) for name in ("train.jsonl", "validation.jsonl"))

    prepare_files(Settings(exports=files), again, row_format)

    assert report_of(again)["learned_messages"] == report_of(first)["learned_messages"]


def test_a_reply_longer_than_the_context_is_dropped_by_name(tmp_path, write_chat):
    """What stands before and after it is not glued together."""
    story = [f"{i}번째로는 이런 일이 있었는데 들어 봐" for i in range(20)]
    chat = [(0, YOU, "무슨 일이야?"), *((0, ME, line) for line in story), (0, YOU, "헐"), (0, ME, "그치")]

    report = write_data(write_chat(*chat, *days(10), max_length=256), tmp_path)

    assert report["dropped"]["too_long"] == 20
    assert read(tmp_path)[0][0].turns == (Turn("partner", ("헐",)), Turn("persona", ("그치",)))


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


@pytest.mark.parametrize("row_format", FORMATS)
def test_what_was_written_in_any_format_is_prepared_again_without_a_loss(tmp_path, write_chat, row_format):
    """Rows of one reply share most of their history; that makes none a copy of the other."""
    talk = [
        line
        for number in range(30)
        for line in (
            (0, YOU, f"그래서 {number}번째 날에는 어디에 가서 누구랑 무엇을 했는지 말해 줘"),
            (0, ME, f"{_word(number)}에 갔지"),
        )
    ]
    first, again = tmp_path / "first", tmp_path / "again"
    prepare_files(write_chat(*talk, *days(10)), first, row_format)
    files = tuple(str(first / name) for name in ("train.jsonl", "validation.jsonl"))

    prepare_files(Settings(exports=files), again, row_format)

    learned = [
        [turn for part in read(folder) for example in part for turn in example.learned]
        for folder in (first, again)
    ]
    assert learned[0] == learned[1]
    assert len(learned[0]) == 40
    assert report_of(again)["dropped"] == {}


def _word(number: int) -> str:
    return "".join(chr(ord("가") + 28 * (number * 7 + i * 13)) for i in range(3))


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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


# --- processes, formats, inputs ---


def test_several_processes_give_what_one_gives():
    """Order, examples and counts: the same export is the same bytes on every machine."""
    talk = [Message(START + timedelta(hours=i), (YOU, ME)[i % 2], f"{i}월 말") for i in range(0, 60)]
    order = Order.of(Settings(me=ME, partner=YOU, max_length=256), NOBODY, CHAT)

    def shaped(processes: int):
        sessions = read_sessions(talk, Settings(me=ME, partner=YOU), Tally())
        parcels = [[item] for item in sessions]
        return [(part.records, part.tally) for part in shape_all(parcels, order, processes)]

    assert shaped(2) == shaped(1)


@pytest.mark.parametrize("row_format", ["instruction", "vertex-text", "vertex-chat", "gemini"])
def test_another_format_holds_the_same_replies(tmp_path, write_chat, row_format):
    """And can be prepared again from its own files, which changes nothing but the split."""
    chat = write_chat(*days(12))
    prepare_files(chat, tmp_path / "mine", row_format)
    again = Settings(
        exports=tuple(str(tmp_path / "mine" / name) for name in ("train.jsonl", "validation.jsonl"))
    )
    prepare_files(again, tmp_path / "again", "messages")
    write_data(chat, tmp_path)

    def replies(folder: Path) -> list[Turn]:
        return [turn for part in read(folder) for example in part for turn in example.learned]

    assert replies(tmp_path / "mine") == replies(tmp_path / "again") == replies(tmp_path)
    assert len(replies(tmp_path)) == 12


def test_prepared_rows_are_masked_before_they_are_learned(tmp_path):
    """Another tool's file may hold what ours never would."""
    rows = [
        {"instruction": f"{word} 번호 뭐야?", "input": "", "output": f"{word} 010-0000-1234"}
        for word in ("가게", "나비", "다리", "라면", "마을", "바다", "사과", "아침", "자두", "차고")
    ]
    path = tmp_path / "theirs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")

    report = write_data(Settings(exports=(str(path),)), tmp_path)

    assert report["masked"]["PHONE"] == 10
    assert "0000-1234" not in (tmp_path / "train.jsonl").read_text("utf-8")


def test_prepared_rows_and_exports_are_not_mixed(tmp_path, write_chat):
    """The line names the prepared file."""
    chat = write_chat(*days(3))

    with pytest.raises(DataError, match=r"mine\.jsonl"):
        write_data(Settings(exports=(*chat.exports, "mine.jsonl"), me=ME), tmp_path)


# --- bad input ---


def test_a_chat_in_which_the_persona_is_silent_is_refused(tmp_path, write_chat):
    """Photos are no words either."""
    with pytest.raises(DataError, match=ME):
        write_data(write_chat((0, YOU, "밥?"), (1, ME, "사진"), (1, YOU, "자?")), tmp_path)


def test_an_empty_export_is_refused(tmp_path):
    """A head and nothing said."""
    path = tmp_path / "empty.txt"
    path.write_text(f"{YOU} 님과 카카오톡 대화\n저장한 날짜 : 2026년 1월 1일 오전 9:00\n", encoding="utf-8")

    with pytest.raises(ExportError):
        write_data(Settings(exports=(str(path),), me=ME, partner=YOU), tmp_path)


def test_an_empty_prepared_file_is_refused(tmp_path):
    """Nothing to train on."""
    path = tmp_path / "empty.jsonl"
    path.touch()

    with pytest.raises(DataError):
        write_data(Settings(exports=(str(path),)), tmp_path)


@pytest.fixture
def big_chat(write_chat):
    return write_chat(*days(30))


@contextmanager
def little_room():
    """Writes beyond 4 kB of a file fail, as on a full disk; Windows has no such limit."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_leaves_the_earlier_output_untouched(tmp_path, big_chat):
    """One clear error; the four files of before are as they were, and nothing half-written is left."""
    out = tmp_path / "out"
    out.mkdir()
    for name in ("train.jsonl", "validation.jsonl", "report.json", "report.html"):
        (out / name).write_text(EARLIER, encoding="utf-8")

    with pytest.raises(StorageError) as error, little_room():
        prepare_files(big_chat, out, "messages")

    assert str(out) in str(error.value)
    assert {path.name: path.read_text("utf-8") for path in out.iterdir()} == dict.fromkeys(
        ("train.jsonl", "validation.jsonl", "report.json", "report.html"), EARLIER
    )


def test_examples_of_somebody_else_are_not_replaced(tmp_path, write_chat):
    """A train.jsonl without our report beside it stays as it is, and is named."""
    (tmp_path / "train.jsonl").write_text("theirs", encoding="utf-8")

    with pytest.raises(StorageError, match=r"train\.jsonl"):
        prepare_files(write_chat(*days(10)), tmp_path, "messages")

    assert (tmp_path / "train.jsonl").read_text("utf-8") == "theirs"


def test_too_few_examples_are_said_with_what_is_needed(tmp_path, write_chat, monkeypatch):
    """The file, how many there are, and how many it takes."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    with pytest.raises(DataError, match=r"KakaoTalkChats\.txt: too few examples \(1\).*at least 2"):
        write_data(write_chat(*days(1)), tmp_path)


def test_a_run_whose_disk_fills_has_no_data_folder(tmp_path, big_chat):
    """The stage is done again when there is room."""
    run = open_run(tmp_path / "run", big_chat, {})

    with pytest.raises(StorageError), little_room():
        prepare(run)

    assert [path.name for path in run.path.iterdir()] == ["run.toml"]


def test_other_files_of_the_folder_stay(tmp_path, write_chat):
    """--out may be a folder in use."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    prepare_files(write_chat(*days(10)), tmp_path, "messages")

    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"
    assert {"train.jsonl", "validation.jsonl", "report.json", "report.html"} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_in_a_group_only_the_two_are_learned_and_the_others_names_are_masked(tmp_path, write_chat):
    """A third person's words are counted, and in nobody's mouth; no display name is left."""
    group = [(600, "라온하제", "모두 안녕"), (1, YOU, "라온하제 왔어?"), (1, ME, "라온하제 하이")]

    report = write_data(write_chat(*group, *days(10)), tmp_path)

    first = read(tmp_path)[0][0]
    assert first.turns == (Turn("partner", ("[[NAME1]] 왔어?",)), Turn("persona", ("[[NAME1]] 하이",)))
    assert report["dropped"]["others"] == 1


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


def test_a_number_that_goes_on_in_the_next_bubble_is_masked_in_both(tmp_path, write_chat):
    """Bubbles are read together and stay bubbles."""
    chat = [
        (0, YOU, "계좌"),
        (0, ME, "국민 482102-04-"),
        (0, ME, "338812"),
        (0, ME, "번호는 010-0000-"),
        (0, ME, "1234야"),
    ]

    write_data(write_chat(*chat, *days(10)), tmp_path)

    assert read(tmp_path)[0][0].turns[1].bubbles == (
        "국민 [[ACCOUNT]]",
        "[[ACCOUNT]]",
        "번호는 [[PHONE]]",
        "[[PHONE]]야",
    )


def test_people_are_counted_anew_in_each_conversation(tmp_path, write_chat):
    """[[NAME1]] is whoever is named first in it, and stays so until it ends."""
    chat = [
        (600, YOU, "민수랑 영호 온대"),
        (1, ME, "영호는 왜"),
        (600, YOU, "영호 또 온대"),
        (1, ME, "아 영호"),
    ]

    write_data(write_chat(*chat, *days(10)), tmp_path)

    first, second = read(tmp_path)[0][:2]
    assert [turn.bubbles for turn in first.turns] == [("[[NAME1]]랑 [[NAME2]] 온대",), ("[[NAME2]]는 왜",)]
    assert [turn.bubbles for turn in second.turns] == [("[[NAME1]] 또 온대",), ("아 [[NAME1]]",)]
