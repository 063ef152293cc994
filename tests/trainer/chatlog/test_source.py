"""Where an export can lie: a file, an Android folder, a zip."""

import zipfile

import pytest

from persona_core.errors import ExportError
from trainer.chatlog import open_chat, open_export
from trainer.chatlog.source import find_sources

CHAT = "2026년 3월 3일 오후 1:00, 이서연 : 안녕\r\n".encode()
FOLDER = "KakaoTalk_Chats_2026-03-03_13.00.00"


def make_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_folder(path, files):
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_the_chat_is_found_among_its_media(make, tmp_path):
    """A folder or zip from Android holds photos, and perhaps a txt that somebody sent."""
    path = make(tmp_path / "given", {"a.jpg": b"\xff", "memo.txt": b"note", "KakaoTalkChats.txt": CHAT})
    export = open_export(path)

    assert export.name.endswith("KakaoTalkChats.txt")
    assert [message.text for message in export.messages()] == ["안녕"]


def test_the_chat_may_lie_in_a_folder_of_the_zip(tmp_path):
    """Beside what macOS adds to a zip."""
    files = {f"__MACOSX/{FOLDER}/._KakaoTalkChats.txt": b"\x00", f"{FOLDER}/KakaoTalkChats.txt": CHAT}
    export = open_export(make_zip(tmp_path / "chat.zip", files))

    assert export.source.size == len(CHAT)
    assert len(list(export.messages())) == 1


@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_parts_in_one_place_are_one_chat(make, tmp_path):
    """iOS writes a long chat in numbered parts."""
    parts = {
        f"Talk_2026.3.3 13_00-{part}.txt": CHAT.replace("안녕".encode(), b"%d" % part) for part in (1, 2)
    }
    path = make(tmp_path / "parts", parts)

    assert [message.text for message in open_chat([path]).messages()] == ["1", "2"]
    with pytest.raises(ExportError, match="holds 2 exports"):
        open_export(path)


@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_a_place_without_a_chat_is_refused(make, tmp_path):
    """The error says what was looked for."""
    with pytest.raises(ExportError, match=r"holds no chat export \(KakaoTalkChats\.txt, \.txt or \.csv\)"):
        open_export(make(tmp_path / "given", {"a.jpg": b"\xff"}))


def test_a_cut_zip_is_refused(tmp_path):
    """A zip without its end is no zip, and no text either."""
    path = make_zip(tmp_path / "chat.zip", {"KakaoTalkChats.txt": CHAT * 100})
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(ExportError, match=r"chat\.zip"):
        open_export(path)


def test_a_damaged_zip_is_refused(tmp_path):
    """Wrong bytes inside are found while reading."""
    path = make_zip(tmp_path / "chat.zip", {"KakaoTalkChats.txt": CHAT * 100})
    content = bytearray(path.read_bytes())
    content[60:70] = bytes(10)
    path.write_bytes(content)

    with pytest.raises(ExportError, match="is a damaged zip"):
        list(open_export(path).messages())


def test_a_folder_of_prepared_rows_names_its_files(tmp_path):
    """What `persona prepare` wrote is read file by file."""
    (tmp_path / "train.jsonl").touch()

    with pytest.raises(ExportError, match=r"prepared examples.*train\.jsonl"):
        find_sources(tmp_path)
