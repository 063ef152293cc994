"""A Space that was not there: what `persona deploy` puts into it, on what it runs, what is said. The release is tiny."""

from tests.hub.accounts import User
from tests.trainer.deploy.asking import asked
from tests.trainer.deploy.conftest import MODEL, SPACE, release
from trainer.deploy.deployment import deploy, sync_code
from trainer.deploy.space import MARKER


def test_a_new_space_starts_once_with_everything_it_needs(owner):
    """Created with its settings on ZeroGPU, then one commit; the model is pinned to the full commit of its version."""
    deploy(asked(invite=True, his_name="도윤", her_name="서연", language="ko"))

    space = owner.settings()
    assert (space["PERSONA_REPO"], space["PERSONA_REVISION"]) == (MODEL, owner.commit_of("v1"))
    assert (space["PERSONA_NAME"], space["PARTNER_NAME"], space["PERSONA_LANG"]) == ("도윤", "서연", "ko")
    assert owner.events() == ["created", "commit"]
    assert owner.space["hardware"]["requested"] == "zero-a10g"


def test_the_space_holds_the_staged_files_and_no_other(owner):
    """What the Hub put into it is replaced; the files of space/ lie at its root, persona_core/ beside them."""
    deploy(asked())

    files = owner.control.files(SPACE, "spaces")
    assert {"app.py", "README.md", "requirements.txt", MARKER} <= files.keys()
    assert b"sdk_version: 6.31.0" in files["README.md"]
    assert not [path for path in files if path.startswith(("space/", "trainer/")) or "__pycache__" in path]


def test_no_value_of_a_secret_is_shown_or_described(owner, monkeypatch):
    """Neither on the terminal nor where the Hub would tell it again."""
    deploy(asked(invite=True, his_name="도윤", her_name="서연", allow=("jiho",)))

    told = owner.said() + str({name: item["description"] for name, item in owner.space["secrets"].items()})
    values = [item["value"] for item in owner.space["secrets"].values()]
    assert len(values) == 5
    assert not [value for value in [*values, owner.hub.token] if value in told]


def test_nobody_allowed_is_deployed_locked_and_says_so(owner):
    """No door is opened that nobody asked for; that it is locked is said when it is, and before what will be."""
    deploy(asked(), dry_run=True)
    assert "Deployed like this nobody will be let in" in owner.heard.getvalue()
    assert "It is locked" not in owner.said()

    deploy(asked())

    assert not {"INVITE_SECRET", "ALLOWED_USERS"} & owner.settings().keys()
    said = owner.said()
    assert said.index("nobody will be let in") < said.index("It is up") < said.index("It is locked")


def test_the_account_s_plan_is_said_beforehand(owner):
    """What may be chosen, what each costs, and that a public Space holds nothing private."""
    deploy(asked(), dry_run=True)

    said = owner.said()
    assert "free plan" in said
    assert "→ zero-a10g    free" in said
    assert "t4-small     $0.40/h" in said
    assert "No chat, name or weight is in it" in said
    assert f"its variables, which tell the name of your private repository ({MODEL})" in said
    assert "set the secret HF_TOKEN" in said


def test_the_plan_names_the_token_it_would_ask_for(owner, monkeypatch):
    """A dry run asks nobody for it."""
    monkeypatch.delenv("PERSONA_READ_TOKEN")

    deploy(asked(), dry_run=True)

    said = owner.said()
    assert "The real run asks for a token" in said
    assert "set the secret HF_TOKEN" in said


def test_the_page_speaks_korean_until_told_otherwise(owner):
    """Whatever language its owner's terminal has."""
    deploy(asked())
    assert "PERSONA_LANG" not in owner.settings()

    deploy(asked(language="en"))
    deploy(asked())
    assert owner.settings()["PERSONA_LANG"] == "en"


def test_a_program_reads_the_address_or_the_link_from_stdout(owner, capsys):
    """One line; what people read stays on stderr."""
    deploy(asked())
    assert capsys.readouterr().out == f"{owner.page.url}\n"

    deploy(asked(invite=True))
    assert capsys.readouterr().out.startswith(f"{owner.page.url}/invite/")


def test_pro_hides_the_code(owner):
    """A protected Space on the CPU: anybody may knock, nobody sees the code, no daily minutes."""
    owner.control.add_user(User("minsu", plan="pro"))

    deploy(asked())

    assert owner.control.repo(SPACE, "spaces").meta["visibility"] == "protected"
    assert owner.space["hardware"]["requested"] == "cpu-basic"


def test_a_space_on_a_cpu_installs_no_torch_when_the_release_needs_none(owner, tmp_path):
    """With an openvino artefact; a workflow that sees only the files keeps it so, and so it is undone with the release."""
    owner.control.add_user(User("minsu", plan="pro"))

    def installs_torch():
        return b"\ntorch" in owner.control.files(SPACE, "spaces")["requirements.txt"]

    deploy(asked())
    assert installs_torch()
    release(tmp_path / "runs" / "second", 1, graph=True)
    deploy(asked())
    assert not installs_torch()
    sync_code(SPACE)
    assert not installs_torch()
    deploy(asked(revision="v1"))
    assert installs_torch()
    deploy(asked(hardware="zero"))
    assert installs_torch()


def test_paid_hardware_is_put_to_sleep(owner):
    """Its price comes from the Hub's catalogue when our table does not know it; it sleeps after an hour."""
    owner.control.add_user(User("minsu", can_pay=True))

    deploy(asked(hardware="l4x1"))

    assert (owner.space["hardware"]["requested"], owner.space["sleep"]) == ("l4x1", 3600)
    assert "→ l4x1         $0.80/h" in owner.said()


def test_a_space_made_by_hand_and_left_empty_is_taken(owner):
    """All it holds is what the Hub puts into a new one."""
    owner.hub.api().create_repo(SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g")
    owner.control.set_space_host(SPACE, owner.page.url)

    deploy(asked())

    assert MARKER in owner.control.files(SPACE, "spaces")
