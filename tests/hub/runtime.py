"""A Space's life: what it was created with, what it may run on, and the stages it walks through.

It goes one stage on each time somebody asks for its runtime, so that a test waits for nothing:
BUILDING, APP_STARTING, RUNNING. A change of code, secret, variable, volume or hardware starts it
again, as on the platform.
"""

from collections.abc import Sequence
from typing import Any

from tests.hub.accounts import User
from tests.hub.cards import read_card
from tests.hub.errors import HubError
from tests.hub.state import State
from tests.hub.store import Repo, timestamp

FREE_ZERO_SPACES = 2  # ZeroGPU Spaces a free account may have
DEFAULT_SLEEP = 172_800  # seconds: 48 hours
HARDWARE = {  # id -> (name, cents an hour)
    "cpu-basic": ("CPU basic", 0),
    "cpu-upgrade": ("CPU upgrade", 3),
    "zero-a10g": ("ZeroGPU", 0),
    "t4-small": ("Nvidia T4 small", 40),
    "t4-medium": ("Nvidia T4 medium", 60),
    "l4x1": ("Nvidia L4", 80),
    "a10g-small": ("Nvidia A10G small", 100),
}
FIRST_START = ["BUILDING", "APP_STARTING", "RUNNING"]
NEXT_START = ["RUNNING_BUILDING", "RUNNING_APP_STARTING", "RUNNING"]
HALTED = ("PAUSED", "STOPPED", "NO_APP_FILE")


def new_space(repo: Repo, body: dict[str, Any]) -> dict[str, Any]:
    """The state of a Space just created from the body of `create`."""
    return {
        "sdk": body["sdk"],
        "host": f"https://{repo.owner}-{repo.name}.hf.space".lower(),
        "secrets": {item["key"]: setting(item) for item in body.get("secrets") or []},
        "variables": {item["key"]: setting(item) for item in body.get("variables") or []},
        "volumes": body.get("volumes"),
        "hardware": {"current": None, "requested": body.get("hardware") or "cpu-basic"},
        "sleep": body.get("sleepTimeSeconds") or DEFAULT_SLEEP,
        "stages": ["RUNNING"] if body["sdk"] == "static" else ["NO_APP_FILE"],
        "script": None,  # a test's own stages for every start from now on
        "error": None,
        "logs": {"build": [], "run": []},
        "logs_stay_open": False,
        "events": ["created"],
    }


def log_lines(texts: Sequence[str]) -> list[dict[str, str]]:
    """A log as it is streamed, written now: the client drops lines younger than the answer."""
    now = timestamp()
    return [{"data": f"{text}\n", "timestamp": now} for text in texts]


def check_hardware(state: State, user: User, sdk: str, flavor: str) -> None:
    """Raises 402 where the account's plan or purse does not allow it."""
    if flavor not in HARDWARE:
        raise HubError(400, f"Unknown hardware: {flavor}")
    if sdk == "static":
        return
    if HARDWARE[flavor][1] and not user.can_pay:
        raise HubError(402, "Payment required: add a payment method and credits to your account")
    if user.plan == "pro":
        return
    if flavor == "cpu-basic":
        raise HubError(402, "Gradio and Docker Spaces on cpu-basic require a PRO subscription")
    owned = [repo for repo in state.store.all("spaces") if repo.owner == user.name]
    zero = [r for r in owned if r.meta["space"]["hardware"]["requested"] == "zero-a10g"]
    if flavor == "zero-a10g" and len(zero) >= FREE_ZERO_SPACES:
        raise HubError(402, f"Free accounts may have {FREE_ZERO_SPACES} ZeroGPU Spaces")


def setting(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "value": item["value"],
        "description": item.get("description", ""),
        "updatedAt": timestamp(),
    }


def runtime(space: dict[str, Any]) -> dict[str, Any]:
    stage = space["stages"][0]
    ready = "READY" if stage.startswith("RUNNING") else "PENDING"
    described = {
        "stage": stage,
        "hardware": space["hardware"],
        "storage": None,
        "gcTimeout": space["sleep"],
        "replicas": {"requested": 1},
        "devMode": False,
        "volumes": space["volumes"],
        "domains": [{"domain": space["host"].split("://")[1], "stage": ready}],
    }
    if stage.endswith("_ERROR") and space["error"]:
        described["errorMessage"] = space["error"]
    return described


def start_again(space: dict[str, Any], event: str) -> None:
    """Remember what happened; begin the stages anew unless the Space is halted."""
    space["events"].append(event)
    if space["sdk"] == "static" or space["stages"][0] in HALTED:
        return
    running = space["stages"][0].startswith("RUNNING")
    space["stages"] = list(space["script"] or (NEXT_START if running else FIRST_START))


def code_changed(repo: Repo) -> None:
    """After a commit: without its app file a Space does not start."""
    files = repo.resolve("main").files
    card = read_card(repo.read_blob(files["README.md"]).decode())
    has_app = card["sdk"] == "docker" or card.get("app_file", "app.py") in files
    with repo.edit() as meta:
        space = meta["space"]
        space["sdk"] = card["sdk"]
        if not has_app and card["sdk"] != "static":
            space["stages"] = ["NO_APP_FILE"]
        elif space["stages"] == ["NO_APP_FILE"]:
            space["stages"] = ["BUILDING"]
        start_again(space, "commit")
