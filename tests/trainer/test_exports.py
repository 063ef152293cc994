"""Whose talk an export is: two names of it, and nobody who could not be masked."""

import pytest

from persona_core.errors import SettingsError
from trainer.exports import speakers_of

HEAD = "\ufeff단톡방 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 3월 16일 오후 4:45\r\n\r\n\r\n"


@pytest.fixture
def two(tmp_path, monkeypatch):
    """The speakers of a chat of these two, with what else is typed."""
    monkeypatch.setenv("PERSONA_LANG", "en")

    def speakers(me: str, partner: str, **more):
        said = "".join(f"2026년 1월 31일 오후 11:58, {name} : 안녕\r\n" for name in (me, partner))
        (tmp_path / "chat.txt").write_bytes((HEAD + said).encode())
        return speakers_of([tmp_path / "chat.txt"], {"me": me, **more})

    return speakers


def test_names_that_can_be_masked_need_nothing_more(two, capsys):
    """The other one of two is the partner, and nothing is said."""
    assert two("김도윤", "이서연") == ("김도윤", "이서연")
    assert "Note" not in capsys.readouterr().err


@pytest.mark.parametrize("label", ["회원님", "You", "♥", "🐰", "M", "ㅇㅅ", "여보♥"])
def test_a_label_that_is_no_name_is_refused_until_the_name_is_given(two, label):
    """What is not known is not masked; the option that tells it is the way on."""
    with pytest.raises(SettingsError, match=f"only says {label}.* --my-names YOUR-NAME"):
        two(label, "이서연")
    with pytest.raises(SettingsError, match=f"only says {label}.* --partner-names THEIR-NAME"):
        two("김도윤", label)

    with pytest.raises(SettingsError, match="--my-names"):
        two(label, "이서연", my_names=("회원님", "♥"))
    assert two(label, "이서연", my_names=("김채이",)) == (label, "이서연")
    assert two("김도윤", label, partner_names=("김채이",)) == ("김도윤", label)


@pytest.mark.parametrize("label", ["써니", "JJ", "Kevin"])
def test_a_label_that_may_be_a_pet_name_is_told_once(two, capsys, label):
    """It is masked, but the real name may be another."""
    assert two("김도윤", label) == ("김도윤", label)
    assert capsys.readouterr().err.count(f"no real name can be read in {label}") == 1

    two("김도윤", label, partner_names=("김채이",))
    assert "Note" not in capsys.readouterr().err


@pytest.mark.parametrize("option", ["my_names", "partner_names", "names", "nicknames"])
def test_a_name_that_nothing_could_match_is_refused(two, option):
    """By the option it was given with."""
    with pytest.raises(SettingsError, match=f"--{option.replace('_', '-')}: nobody can be found .* by '!'"):
        two("김도윤", "이서연", **{option: ("써니", "!")})
