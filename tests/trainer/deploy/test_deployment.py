"""`persona deploy` against the Hub on loopback: the client is real, the release tiny, the page the test's own."""

import pytest
from typer.testing import CliRunner

from persona_core.errors import HubError, NotAllowed, RepositoryIsPublic, SettingsError, TokenMissing
from tests.hub.accounts import User
from tests.hub.faults import Fault
from tests.trainer.deploy.conftest import MODEL, SPACE, release
from trainer.cli import app
from trainer.deploy.deployment import Request, deploy, lock, sync_code
from trainer.deploy.space import MARKER
from trainer.release.withdrawal import roll_back

READS = {"GET", "HEAD"}


def asked(**words):
    return Request(SPACE, MODEL, **words)


def run_verb(*words):
    return CliRunner().invoke(app, ["deploy", *words]).exit_code


def writes(requests):
    return [(record.method, record.path) for record in requests if record.method not in READS]


# --- a new Space ---


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


# --- again ---


def test_twice_changes_nothing(owner):
    """The second run sends nothing but reads, and nothing restarts."""
    request = asked(invite=True, his_name="도윤", her_name="서연", allow=("jiho",), language="en")
    deploy(request)
    events = owner.events()

    with owner.control.recording() as requests:
        deploy(request)

    assert writes(requests) == []
    assert owner.events() == events


def test_dry_run_only_reads(owner):
    """Neither a Space that is not there nor one that is changes."""
    with owner.control.recording() as requests:
        deploy(asked(invite=True), dry_run=True)
    assert writes(requests) == []
    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")

    deploy(asked(invite=True))
    with owner.control.recording() as requests:
        deploy(asked(her_name="서연", allow=("jiho",)), dry_run=True)
    assert writes(requests) == []
    assert "PARTNER_NAME" not in owner.settings()


def test_only_what_changed_is_set(owner):
    """One name of two: one secret, one restart; what is not named stays."""
    deploy(asked(his_name="도윤", her_name="서연"))
    before = len(owner.events())

    deploy(asked(his_name="도윤", her_name="연이"))

    assert owner.events()[before:] == ["secrets: PARTNER_NAME"]
    assert owner.settings()["PERSONA_NAME"] == "도윤"


def test_a_new_release_moves_the_pin(owner, tmp_path):
    """The newest version by default; an older one by its name; a rollback and a deploy agree."""
    deploy(asked())
    release(tmp_path / "runs" / "second", version=7)
    before = len(owner.events())

    deploy(asked())
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v2")
    assert owner.events()[before:] == ["variables: PERSONA_REVISION"]

    deploy(asked(revision="v1"))
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v1")

    roll_back(MODEL, "v1")
    events = owner.events()
    deploy(asked())
    assert owner.events() == events


def test_what_was_changed_in_the_space_by_hand_is_put_right_by_one_commit(owner):
    """A stale file goes, an edited one is sent, nothing else."""
    deploy(asked())
    api = owner.hub.api()
    api.upload_file(path_or_fileobj=b"old", path_in_repo="old.py", repo_id=SPACE, repo_type="space")
    api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=SPACE, repo_type="space")
    commits = owner.commits()
    owner.said()

    deploy(asked())

    assert owner.commits() == commits + 1
    assert "old.py" not in owner.control.files(SPACE, "spaces")
    assert "one commit: 1 file(s) sent, 1 removed" in owner.said()


def test_one_change_needs_no_model(owner, tmp_path):
    """The Space goes on with the model and the version it has; a newer version comes when the model is named."""
    deploy(asked(her_name="서연"))
    release(tmp_path / "runs" / "second", version=7)

    assert run_verb("--space", SPACE, "--her-name", "연이") == 0
    assert owner.settings()["PARTNER_NAME"] == "연이"
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v1")

    assert run_verb("--space", SPACE, "--revision", "v2") == 0
    assert owner.settings()["PERSONA_REVISION"] == owner.commit_of("v2")


def test_an_empty_name_is_taken_away(owner):
    """And only that one."""
    deploy(asked(his_name="도윤", her_name="서연"))

    assert run_verb("--space", SPACE, "--her-name", "") == 0

    assert owner.settings().keys() & {"PERSONA_NAME", "PARTNER_NAME"} == {"PERSONA_NAME"}


@pytest.mark.parametrize("stage", ["PAUSED", "STOPPED", "RUNTIME_ERROR", "BUILD_ERROR"])
def test_a_space_that_stands_still_is_started_again(owner, stage):
    """Deploying says that it shall run."""
    deploy(asked())
    with owner.control.repo(SPACE, "spaces").edit() as meta:
        meta["space"]["stages"] = [stage]

    deploy(asked())

    assert owner.events()[-1] == "restart"
    assert "start it again: it stands still" in owner.said()


def test_what_starting_again_costs_is_said(owner):
    """Of hardware that is paid by the hour."""
    owner.control.add_user(User("minsu", can_pay=True))
    deploy(asked(hardware="t4-small"))
    owner.hub.api().pause_space(SPACE)

    deploy(asked(), dry_run=True)

    assert "While it is up it costs $0.40 an hour" in owner.said()


# --- the doors ---


def test_exactly_those_who_are_allowed_may_sign_in(owner):
    """A later list replaces the one before."""
    deploy(asked(allow=("minsu", "jiho")))
    assert owner.settings()["ALLOWED_USERS"] == "jiho,minsu"

    deploy(asked(allow=("minsu",)))
    assert owner.settings()["ALLOWED_USERS"] == "minsu"


def test_an_empty_list_lets_nobody_sign_in(owner):
    """The other door stays as it is."""
    deploy(asked(allow=("jiho",), invite=True))

    assert run_verb("--space", SPACE, "--allow", "") == 0

    assert owner.settings().keys() & {"ALLOWED_USERS", "INVITE_SECRET"} == {"INVITE_SECRET"}


# --- the lock


@pytest.fixture
def open_space(owner):
    """A Space with both doors open and a name set; its past is forgotten."""
    deploy(asked(allow=("jiho",), invite=True, her_name="서연"))
    owner.said()
    return owner


def doors(owner):
    return owner.settings().keys() & {"ALLOWED_USERS", "INVITE_SECRET"}


def test_lock_shuts_both_doors_and_touches_nothing_else(open_space):
    """Two secrets go; nothing is committed, restarted or asked of the model. Again, it says that it is locked."""
    before, commits = len(open_space.events()), open_space.commits()

    with open_space.control.recording() as requests:
        assert run_verb("--space", SPACE, "--lock") == 0
        assert f"Both doors of {SPACE} are shut" in open_space.said()
        assert run_verb("--space", SPACE, "--lock") == 0
        assert f"{SPACE} is locked already" in open_space.said()

    assert doors(open_space) == set()
    assert open_space.settings()["PARTNER_NAME"] == "서연"
    assert open_space.events()[before:] == ["secrets: INVITE_SECRET", "secrets: ALLOWED_USERS"]
    assert open_space.commits() == commits
    assert not [record.path for record in requests if MODEL in record.path.replace(SPACE, "")]


def test_lock_does_not_need_the_model(open_space):
    """Public or gone, with a wrong release or none: the door is what counts."""
    open_space.hub.api().update_repo_settings(MODEL, private=False)
    assert run_verb("--space", SPACE, "--model", MODEL, "--lock") == 0
    assert doors(open_space) == set()

    open_space.hub.api().delete_repo(MODEL)
    assert run_verb("--space", SPACE, "--lock") == 0


def test_lock_leaves_a_paused_space_paused(open_space):
    """It is locked when its owner starts it."""
    open_space.hub.api().pause_space(SPACE)

    lock(SPACE)

    assert doors(open_space) == set()
    assert "restart" not in open_space.events()
    assert open_space.space["stages"] == ["PAUSED"]


def test_lock_creates_nothing(open_space):
    """A mistyped name is no new Space, and is said to have locked nothing."""
    with open_space.control.recording() as requests, pytest.raises(HubError, match="nothing was locked"):
        lock("minsu/talk-spaec")

    assert writes(requests) == []


def test_lock_can_be_tried_dry(open_space):
    """It says which secrets would go."""
    lock(SPACE, dry_run=True)

    assert doors(open_space) == {"ALLOWED_USERS", "INVITE_SECRET"}
    assert "remove the secret INVITE_SECRET" in open_space.said()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.answer(403, method="DELETE", path="/secrets", times=None), id="not allowed"),
        pytest.param(Fault.answer(500, method="DELETE", path="/secrets", times=None), id="it does not do it"),
        pytest.param(Fault.answer(500, times=None), id="down"),
        pytest.param(Fault.answer(403, path="/secrets", times=None), id="not even looked at"),
    ],
)
def test_a_lock_that_fails_says_that_the_door_is_open(open_space, fault):
    """And how to shut it by hand; nothing is said to be locked."""
    open_space.control.inject(fault)

    with pytest.raises(HubError):
        lock(SPACE)

    said = open_space.said()
    assert f"{SPACE} is NOT locked: a door that was open is STILL OPEN" in said
    assert f"hf spaces pause {SPACE}" in said
    assert "shut" not in said.replace("shut it by hand", "")
    assert doors(open_space) == {"ALLOWED_USERS", "INVITE_SECRET"}


def test_half_a_lock_says_so_too(open_space):
    """One of the two doors is shut; the same command shuts the other."""
    open_space.control.inject(Fault.answer(500, method="DELETE", path="/secrets", at=2))

    with pytest.raises(HubError):
        lock(SPACE)

    said = open_space.said()
    assert "Left: remove the secret ALLOWED_USERS" in said
    assert "STILL OPEN" in said
    lock(SPACE)
    assert doors(open_space) == set()


def test_a_list_that_cannot_be_emptied_says_that_the_door_is_open(open_space):
    """The same of `--allow ''`, with the change that failed."""
    open_space.control.inject(Fault.answer(403, method="DELETE", path="/secrets", times=None))

    with pytest.raises(NotAllowed):
        deploy(asked(allow=()))

    assert "STILL OPEN" in open_space.said()


def test_a_program_s_key_is_named_by_the_lock(open_space):
    """It comes by neither door, and was set by hand."""
    open_space.hub.api().add_space_secret(SPACE, "PERSONA_API_KEY", "k" * 40)

    lock(SPACE)

    assert "A program that knows PERSONA_API_KEY can still ask" in open_space.said()


# --- the code alone ---


def test_a_workflow_s_token_brings_the_code_and_nothing_else(owner, monkeypatch):
    """It may write the files; settings, model and account are not even asked for."""
    deploy(asked(her_name="서연"))
    api = owner.hub.api()
    api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=SPACE, repo_type="space")
    narrow = owner.control.issue_token("minsu", "oidc", grants={f"spaces/{SPACE}": "write"})
    monkeypatch.setenv("HF_TOKEN", narrow)
    monkeypatch.delenv("PERSONA_READ_TOKEN")
    commits = owner.commits()

    with owner.control.recording() as requests:
        assert run_verb("--space", f"https://huggingface.co/spaces/{SPACE}", "--code-only") == 0
        assert run_verb("--space", SPACE, "--code-only") == 0

    assert owner.commits() == commits + 1
    asked_for = {record.path for record in requests}
    assert not [path for path in asked_for if "secrets" in path or "variables" in path or "whoami" in path]


def test_the_code_alone_can_be_tried_dry(owner):
    """For a pull request: what would be sent."""
    deploy(asked())
    with owner.control.recording() as requests:
        assert run_verb("--space", SPACE, "--code-only", "--dry-run") == 0

    assert writes(requests) == []


def test_a_paused_space_stays_paused_when_only_its_code_comes(owner):
    """Its owner paused it; a workflow does not know better."""
    deploy(asked())
    owner.hub.api().pause_space(SPACE)

    sync_code(SPACE)

    assert owner.events()[-1] == "pause"
    assert "stays stopped" in owner.said()


def test_the_code_alone_needs_a_space(owner):
    """Making one takes a model and an account."""
    with pytest.raises(HubError, match="make it once: persona deploy --model"):
        sync_code(SPACE)


# --- what cannot be ---


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"revision": "v9"}, HubError, "no version v9. It has: v1"),
        ({"hardware": "abacus"}, SettingsError, "no hardware abacus. Choose one of: zero, cpu, cpu-basic"),
        ({"allow": ("nobody-here",)}, SettingsError, "knows no user nobody-here"),
        ({"allow": ("no body",)}, SettingsError, "knows no user no body"),
        ({"language": "fr"}, SettingsError, "--language"),
        ({"her_name": "서연\n이"}, SettingsError, "--her-name: a name is one line of at most 40"),
        ({"his_name": "도윤\x1b[2J"}, SettingsError, "--his-name: a name is one line"),
        ({"his_name": "도" * 41}, SettingsError, "--his-name: a name is one line"),
        ({"hardware": "cpu"}, HubError, "may not run cpu-basic.*--hardware zero"),
        ({"hardware": "t4-small"}, HubError, "may not run t4-small.*buy credits"),
    ],
)
def test_a_wish_that_cannot_be_granted_changes_nothing(owner, words, error, match):
    """The line says what can be chosen instead."""
    with pytest.raises(error, match=match):
        deploy(asked(**words))

    with pytest.raises(KeyError):
        owner.control.repo(SPACE, "spaces")


def test_hardware_the_plan_does_not_include_is_refused_before_anything_is_sent(owner):
    """What is known needs no 402; what the Space has already it may keep."""
    with owner.control.recording() as requests, pytest.raises(HubError, match="may not run cpu-basic"):
        deploy(asked(hardware="cpu"))
    assert writes(requests) == []

    owner.control.add_user(User("minsu", plan="pro"))
    deploy(asked(hardware="cpu"))
    owner.control.add_user(User("minsu"))
    deploy(asked(hardware="cpu", her_name="서연"))


def test_a_third_zero_gpu_space_is_refused_with_what_to_do(owner):
    """402 of a free account that has two."""
    for name in ("one", "two"):
        owner.hub.api().create_repo(
            f"minsu/{name}", repo_type="space", space_sdk="gradio", space_hardware="zero-a10g"
        )

    with pytest.raises(HubError, match=r"Free accounts may have 2 ZeroGPU Spaces.*delete one") as refused:
        deploy(asked())
    assert "--hardware zero" not in str(refused.value)


def test_a_space_of_another_kind_is_not_overwritten(owner):
    """It has files, and none of ours."""
    api = owner.hub.api()
    api.create_repo(SPACE, repo_type="space", space_sdk="static")
    api.upload_file(path_or_fileobj=b"<p>", path_in_repo="index.html", repo_id=SPACE, repo_type="space")
    before = owner.control.files(SPACE, "spaces")

    with pytest.raises(HubError, match="runs something else, so nothing was overwritten"):
        deploy(asked())

    assert owner.control.files(SPACE, "spaces") == before
    assert owner.settings() == {}


def test_a_space_made_by_hand_and_left_empty_is_taken(owner):
    """All it holds is what the Hub puts into a new one."""
    owner.hub.api().create_repo(SPACE, repo_type="space", space_sdk="gradio", space_hardware="zero-a10g")
    owner.control.set_space_host(SPACE, owner.page.url)

    deploy(asked())

    assert MARKER in owner.control.files(SPACE, "spaces")


def test_a_space_of_somebody_else(owner):
    """Nothing is asked of it."""
    with pytest.raises(NotAllowed, match=r"would belong to jiho; this token is minsu's"):
        deploy(Request("jiho/space", MODEL))


def test_a_public_model_is_refused(owner):
    """A voice that everyone can fetch is not put online by us."""
    owner.hub.api().update_repo_settings(MODEL, private=False)

    with pytest.raises(RepositoryIsPublic, match=f"{MODEL} is public"):
        deploy(asked())


def test_a_repository_without_a_release(owner):
    """The line says how to push one."""
    owner.hub.api().create_repo("minsu/empty", private=True)

    with pytest.raises(HubError, match=r"minsu/empty holds no release of persona-train\. Push one"):
        deploy(Request(SPACE, "minsu/empty"))
    with pytest.raises(HubError, match="minsu/empty holds no release"):
        deploy(Request(SPACE, "minsu/empty", revision="v1"))
    with pytest.raises(HubError, match="holds no release of persona-train"):
        deploy(Request(SPACE, "minsu/empty", revision=owner.hub.api().model_info("minsu/empty").sha))


def test_a_push_that_was_never_proved(owner):
    """It has files and no version: the same push ends it."""
    owner.hub.api().delete_tag(MODEL, tag="v1")

    with pytest.raises(HubError, match="pushed but never proved"):
        deploy(asked())


def test_an_organisation_where_one_may_only_read(owner):
    """The role that is missing is named, before anything is asked of the Space."""
    owner.control.add_user(User("minsu", orgs={"gaon": "read", "nuri": "write"}))

    with pytest.raises(NotAllowed, match=r"In gaon your role .* is read.*the role write"):
        deploy(Request("gaon/talk-space", MODEL))


def test_a_model_that_is_not_there(owner):
    """Or that this token may not see: the Hub says no more."""
    with pytest.raises(HubError, match="minsu/other cannot be found"):
        deploy(Request(SPACE, "minsu/other"))


def test_a_token_that_can_only_read(owner, monkeypatch):
    """Said before anything else."""
    monkeypatch.setenv("HF_TOKEN", owner.hub.read_token)

    with pytest.raises(NotAllowed, match="can only read"):
        deploy(asked())


def test_no_token_at_all(owner, monkeypatch):
    """How to get one."""
    monkeypatch.delenv("HF_TOKEN")

    with pytest.raises(TokenMissing, match="hf auth login"):
        deploy(asked())


@pytest.mark.parametrize(
    ("grants", "right"),
    [
        ({}, "to create Spaces for this account"),
        ({f"spaces/{SPACE}": "write"}, "to manage the Space's settings"),
    ],
)
def test_the_right_that_is_missing_is_named(owner, monkeypatch, grants, right):
    """A fine-grained token tells its rights only when it is used."""
    if grants:
        deploy(asked())
    rights = {f"models/{MODEL}": "read", **grants}
    monkeypatch.setenv("HF_TOKEN", owner.control.issue_token("minsu", "fineGrained", grants=rights))

    with pytest.raises(NotAllowed, match=right) as refused:
        deploy(asked())
    page = f"spaces/{SPACE}/settings" if grants else "new-space"
    assert f"/{page}" in str(refused.value)


def test_a_secret_that_cannot_be_set_is_named_without_its_value(owner):
    """And where to set it by hand."""
    deploy(asked())
    owner.said()
    owner.control.inject(Fault.answer(403, method="POST", path="/secrets", times=None))

    with pytest.raises(
        NotAllowed, match=f"the secret PARTNER_NAME could not be set.*{SPACE}/settings"
    ) as refused:
        deploy(asked(her_name="서연"))

    assert "서연" not in str(refused.value) + owner.said()


def test_the_files_cannot_be_written(owner):
    """The right to write them is named."""
    owner.control.inject(Fault.answer(403, path="/commit/", times=None))

    with pytest.raises(NotAllowed, match="to write the Space's files"):
        deploy(asked())


def test_the_verb_needs_a_model_or_the_code_alone(owner):
    """One line, exit code 2; a Space that is not there has no model to go on with."""
    assert run_verb("--space", SPACE) == 2
    assert run_verb("--space", SPACE, "--lock", "--invite") == 2
    assert run_verb("--space", SPACE, "--lock", "--code-only") == 2
    assert run_verb("--space", SPACE, "--code-only", "--hardware", "zero") == 2
    assert run_verb("--space", SPACE, "--code-only", "--invite") == 2
    assert run_verb("--space", "talk", "--model", MODEL) == 2
    assert run_verb("--space", SPACE, "--model", MODEL, "--allow", "jiho,minsu") == 0
    assert owner.settings()["ALLOWED_USERS"] == "jiho,minsu"
