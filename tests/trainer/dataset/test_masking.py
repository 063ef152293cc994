"""What is private in a chat is masked before it is learned: people by who they are, numbers over several bubbles."""

import json

from persona_core.prompt import Turn
from trainer.dataset.preparation import write_data
from trainer.settings import Settings

from .conftest import ME, YOU, days
from .written import read


def test_pet_names_lead_to_their_owners(tmp_path, write_chat):
    """써니 is the partner and 도리 the persona; another's name and a nickname are somebody's."""
    said = [(24 * 60, YOU, "도리야 몽실이 봤어?"), (0, YOU, "솔밤한테 줘"), (1, ME, "써니것도 챙김")]
    own = {"partner_names": ("써니",), "my_names": ("도리",), "names": ("솔밤",), "nicknames": ("몽실이",)}
    write_data(write_chat(*days(2), *said, **own), tmp_path)

    texts = [b for part in read(tmp_path) for e in part for turn in e.turns for b in turn.bubbles]
    assert "[[PARTNER]]것도 챙김" in texts
    assert "[[PERSONA]]야 [[NAME1]] 봤어?" in texts
    assert "[[NAME2]]한테 줘" in texts


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


def test_in_a_group_only_the_two_are_learned_and_the_others_names_are_masked(tmp_path, write_chat):
    """A third person's words are counted, and in nobody's mouth; no display name is left."""
    group = [(600, "라온하제", "모두 안녕"), (1, YOU, "라온하제 왔어?"), (1, ME, "라온하제 하이")]

    report = write_data(write_chat(*group, *days(10)), tmp_path)

    first = read(tmp_path)[0][0]
    assert first.turns == (Turn("partner", ("[[NAME1]] 왔어?",)), Turn("persona", ("[[NAME1]] 하이",)))
    assert report["dropped"]["others"] == 1


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
