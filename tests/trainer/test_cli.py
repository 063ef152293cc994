"""The command line: one clear line and exit code 2 for what the user can mend, nothing half-written."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from persona_core.prompt import ChatFormat, Turn
from tests.tiny_model import build_tiny_model
from trainer.cli import app
from trainer.dataset.example import Example, write_examples
from trainer.exports import digest_of
from trainer.run import open_run
from trainer.settings import Settings

ROOT = Path(__file__).parents[2]
EXPORT = """\ufeff이서연 님과 카카오톡 대화
저장한 날짜 : 2026년 2월 16일 오후 4:45


2026년 1월 1일 오전 9:00
2026년 1월 1일 오전 9:00, 이서연 : 밥 먹었어?
2026년 1월 1일 오전 9:01, 김도윤 : ㅇㅇ
"""


def persona(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`persona …` in this process, as someone without a terminal would run it."""
    with contextlib.chdir(cwd):
        environment = {"PERSONA_LANG": "en", **environment}
        done = CliRunner().invoke(app, [*map(str, words)], env=environment, catch_exceptions=False)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def started(
    *words: str | Path, cwd: Path, before: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own: what its libraries print beside it is seen as well."""
    return subprocess.run(
        [*before, sys.executable, "-m", "trainer.cli", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PERSONA_LANG": "en", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "KakaoTalkChats.txt"
    path.write_bytes(EXPORT.replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def rows(tmp_path):
    """Rows that were prepared before: 24 exchanges."""
    talk = [
        Example(
            (Turn("partner", (f"{number}번 봤어?",)), Turn("persona", (f"웅 {number}번 봤지 ㅋㅋ",))), (True,)
        )
        for number in range(24)
    ]
    path = tmp_path / "rows.jsonl"
    write_examples(path, talk, ChatFormat())
    return path


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error the user can mend; anything else fails the test."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_file_that_is_no_export_is_refused(tmp_path):
    """The line names the file, and no run folder is begun."""
    (tmp_path / "notes.txt").write_text("장보기\n우유\n", encoding="utf-8")

    assert "notes.txt" in refused(started("train", "notes.txt", "--me", "김도윤", cwd=tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_missing_file_is_refused(tmp_path):
    """The line names the file."""
    assert "nothing.txt" in refused(persona("train", "nothing.txt", "--me", "김도윤", cwd=tmp_path))


def test_an_export_without_my_name_lists_the_names_that_are_there(export):
    """Whoever mistypes a name sees the right ones."""
    line = refused(persona("train", export.name, "--me", "김도연", cwd=export.parent))

    assert "김도윤" in line
    assert "이서연" in line
    assert not (export.parent / "runs").exists()


def test_an_export_without_me_asks_who_i_am(export):
    """The names that are there are listed."""
    assert "김도윤" in refused(persona("train", export.name, cwd=export.parent))


def test_an_empty_chat_is_refused(tmp_path):
    """A head without messages is an export with nothing in it."""
    head = "\ufeff이서연 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 2월 16일 오후 4:45\n\n\r\n"
    (tmp_path / "empty.txt").write_bytes(head.encode())

    assert "empty.txt" in refused(persona("train", "empty.txt", "--me", "김도윤", cwd=tmp_path))


def test_a_push_without_a_token_is_refused_before_anything_is_trained(export):
    """What would fail after hours fails at once; nothing is begun."""
    done = persona(
        "train", export.name, "--me", "김도윤", "--push", "minsu/talk", cwd=export.parent,
        HF_HOME=str(export.parent / "home"), HF_TOKEN="",
    )  # fmt: skip

    assert "HF_TOKEN" in refused(done)
    assert not (export.parent / "runs").exists()


def test_an_impossible_setting_is_refused_by_its_flag(export):
    """The flag to change is in the line."""
    assert "--seed" in refused(
        persona("train", export.name, "--me", "김도윤", "--seed", "-1", cwd=export.parent)
    )
    assert "--rank" in refused(
        persona("train", export.name, "--me", "김도윤", "--rank", "0", cwd=export.parent)
    )


@pytest.mark.parametrize("out", ["file", "file/below", "/dev/null/below", "x" * 300])
@pytest.mark.skipif(sys.platform == "win32", reason="paths of this system")
def test_a_folder_that_cannot_be_made_is_refused(export, out):
    """One line with the path, whatever the system has against it; nothing is left behind."""
    (export.parent / "file").write_text("", encoding="utf-8")

    done = persona("prepare", export.name, "--me", "김도윤", "--out", out, cwd=export.parent)

    assert done.returncode == 2
    assert f"error: {out} cannot be written: " in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in export.parent.iterdir()) == ["KakaoTalkChats.txt", "file"]


def test_a_chat_that_gives_too_little_leaves_no_folder_behind(export):
    """Neither --out nor the folders that were made on the way to it."""
    done = persona("prepare", export.name, "--me", "김도윤", "--out", "a/b", cwd=export.parent)

    assert done.returncode == 2
    assert "too few examples (1)" in done.stderr
    assert [path.name for path in export.parent.iterdir()] == ["KakaoTalkChats.txt"]


def test_masking_answers_each_line_at_once(tmp_path):
    """Whoever waits for one answer before typing the next line gets it; an empty file is no error."""
    command = [sys.executable, "-m", "trainer.cli", "mask"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("번호 010-0000-1234\n".encode())
        assert process.stdout.readline().decode().strip() == "번호 [[PHONE]]"
        process.stdin.close()

    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of this system")
def test_a_terminal_sees_rate_and_time_left_and_a_pipe_sees_lines(export):
    """Bars and their control sequences are for who watches; a log holds none."""
    watcher, terminal = os.openpty()
    command = [sys.executable, "-m", "trainer.cli", "inspect", str(export)]
    with subprocess.Popen(command, cwd=ROOT, stderr=terminal) as inspecting:
        os.close(terminal)
        seen = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while piece := os.read(watcher, 1 << 16):
                seen += piece
    os.close(watcher)
    piped = started("inspect", export, cwd=export.parent)

    assert inspecting.returncode == 0
    assert b"MB/s" in seen
    assert b"0:00:0" in seen
    assert piped.returncode == 0
    assert not {"\x1b", "\r"} & set(piped.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of this system")
def test_masking_into_a_closed_pipe_ends_quietly(tmp_path):
    """`persona mask | head -1` says nothing of a broken pipe."""
    with subprocess.Popen(
        [sys.executable, "-m", "trainer.cli", "mask"], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write("ㅇㅇ\n".encode() * 1000)
        process.stdin.close()

        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this system")
@pytest.mark.parametrize(("end", "code"), [("0", 0), ("None", 0), ("2", 2)])
def test_ctrl_c_while_python_ends_changes_nothing(end, code):
    """All is done by then: no traceback, the same exit code, and what was printed has arrived."""
    program = (
        "import atexit, signal, sys\n"
        "from trainer import console\n"
        "atexit.register(lambda: (signal.raise_signal(signal.SIGINT), print('not reached')))\n"
        "print('done')\n"
        f"console.run(lambda: sys.exit({end}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (code, "done\n")
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there a file has no such mode")
@pytest.mark.parametrize("verb", ["chat", "export", "evaluate", "train"])
def test_a_run_of_another_user_is_named(verb, tmp_path):
    """Whoever may not open it reads which it is, whatever was to be done with it."""
    run = tmp_path / "run"
    open_run(run, Settings(me="김도윤"), {})
    (run / "run.toml").chmod(0)
    # root may open everything, until that right is taken from it
    rights = "--bounding-set=-dac_override,-dac_read_search"
    before = ["setpriv", rights] if os.geteuid() == 0 else []
    if before and shutil.which("setpriv") is None:
        pytest.skip("no setpriv")

    assert f"{run / 'run.toml'}: this user is not allowed to" in refused(
        started(verb, run, cwd=tmp_path, before=before)
    )


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    """evaluate, export and push want a run folder."""
    for verb in (["evaluate", "."], ["export", "."], ["push", ".", "minsu/talk"]):
        assert "run.toml" in refused(persona(*verb, cwd=tmp_path))


def test_what_is_nothing_to_chat_with_is_refused(tmp_path):
    """A word that is neither folder nor repository is named."""
    assert "nowhere" in refused(persona("chat", "nowhere", cwd=tmp_path))


def test_an_unknown_word_is_refused(tmp_path):
    """Typer's own usage errors end with 2 as well."""
    assert persona("trane", cwd=tmp_path).returncode == 2


HELP = """
from typer.testing import CliRunner
from trainer.cli import app
for command in app.registered_commands:
    verb = command.name or command.callback.__name__
    done = CliRunner().invoke(app, [verb, "--help"])
    print(verb, done.exit_code, "--help" in done.stdout, "요" in done.stdout)
"""


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_verb_explains_itself(language):
    """--help answers in the language of the process, which reads its texts when it begins."""
    done = subprocess.run(
        [sys.executable, "-c", HELP],
        cwd=ROOT, env={**os.environ, "PERSONA_LANG": language, "PYTHONUTF8": "1"},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    verbs = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}

    assert {"train", "prepare", "inspect", "mask", "evaluate", "export", "push", "quiz"} < verbs.keys()
    assert {"list", "rollback", "forget", "deploy", "chat", "doctor"} < verbs.keys()
    assert {verb: said for verb, said in verbs.items() if said != ["0", "True", str(language == "ko")]} == {}


def test_one_person_cannot_be_both(export):
    """--partner that is --me is refused."""
    done = persona("train", export.name, "--me", "김도윤", "--partner", "김도윤", cwd=export.parent)

    assert "김도윤" in refused(done)


def test_a_device_that_is_none_is_refused(export):
    """Nothing is trained on a device nobody has."""
    done = persona(
        "train", export.name, "--me", "김도윤", "--base", "x", "--device", "tpu", cwd=export.parent
    )

    assert "--device" in refused(done)


def test_a_base_that_is_none_is_refused_before_the_chat_is_read(export):
    """A typo in --base costs seconds, and leaves no run behind."""
    (export.parent / "model").mkdir()
    done = started("train", export.name, "--me", "김도윤", "--base", "model", cwd=export.parent)

    assert "model" in refused(done)
    assert not (export.parent / "runs").exists()


def test_a_taken_port_is_refused(tmp_path):
    """The link would lead to somebody else's page."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert str(port) in refused(persona("chat", "run", "--port", str(port), cwd=tmp_path))


def test_a_mistyped_run_folder_is_not_asked_of_the_hub(tmp_path):
    """runs/typo looks like OWNER/NAME, but runs/ is here."""
    (tmp_path / "runs").mkdir()

    assert "runs/typo" in refused(persona("chat", "runs/typo", cwd=tmp_path))


def test_a_damaged_run_is_refused(tmp_path):
    """A torn run.toml, or one with settings nobody knows, is named."""
    for content in ("[settings", "[other]\n", '[settings]\nunheard = "of"\n'):
        (tmp_path / "run.toml").write_text(content, encoding="utf-8")

        assert "run.toml" in refused(persona("export", ".", cwd=tmp_path))


def test_other_settings_for_a_begun_run_are_refused(tmp_path):
    """Flags on a run folder are not ignored."""
    open_run(tmp_path / "run", Settings(me="김도윤"), {})

    assert "rank" in refused(persona("train", "run", "--rank", "4", cwd=tmp_path))


def test_two_chats_are_two_runs(tmp_path):
    """The exports' bytes tell runs apart, in a folder and out of it, text or csv."""
    first, second, same = (tmp_path / name for name in ("first", "second", "same"))
    for folder, text in ((first, "a"), (second, "b"), (same, "a")):
        folder.mkdir()
        (folder / "chat.csv").write_text(text, encoding="utf-8")

    assert digest_of([first]) == digest_of([same]) == digest_of([first / "chat.csv"])
    assert digest_of([first]) != digest_of([second])


def test_a_licence_that_forbids_this_use_is_asked_about(rows, tmp_path):
    """Without a terminal it takes the option; then the warning is said, and run.toml holds what was accepted."""
    base = build_tiny_model(tmp_path / "base")
    (base / "README.md").write_text("---\nlicense: cc-by-nd-4.0\n---\n", encoding="utf-8")
    begin = ("train", rows, "--base", base, "--run", tmp_path / "run", "--device", "cpu", "--max-length", 64)

    warning, last = persona(*begin, cwd=tmp_path).stderr.strip().splitlines()
    assert "cc-by-nd-4.0" in warning
    assert "--accept-licence" in last
    assert not (tmp_path / "run").exists()

    warning, *_, last = persona(*begin, "--accept-licence", cwd=tmp_path).stderr.strip().splitlines()
    assert "cc-by-nd-4.0" in warning
    assert "--max-length" in last  # no example is that short, which is not what this is about
    assert 'accepted_licence = "cc-by-nd-4.0"' in (tmp_path / "run" / "run.toml").read_text(encoding="utf-8")


def test_the_demo_asks_about_the_licence_of_another_base(tmp_path):
    """It is a training like any other."""
    base = build_tiny_model(tmp_path / "base")
    (base / "README.md").write_text("---\nlicense: cc-by-nd-4.0\n---\n", encoding="utf-8")

    said = persona("train", "--demo", "--base", base, "--run", tmp_path / "run", cwd=tmp_path)

    assert said.returncode == 2
    assert "--accept-licence" in said.stderr.splitlines()[-1]
    assert not (tmp_path / "run" / "run.toml").exists()


def test_rows_in_which_the_persona_says_nothing_are_refused(tmp_path):
    """The line, and what is missing, are named; no run folder is begun."""
    messages = [{"role": "user", "content": "밥 먹었어?"}, {"role": "user", "content": "뭐 해?"}]
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": messages}) + "\n", encoding="utf-8")

    done = persona("train", "rows.jsonl", "--base", build_tiny_model(tmp_path / "base"), cwd=tmp_path)

    assert done.returncode == 2
    assert "rows.jsonl" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()
