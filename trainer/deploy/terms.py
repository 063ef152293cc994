"""What the account's plan allows a Space to run on, and what each choice costs.

    account = read_account("me/talk-space")                 # Account(owner="me", plan="free")
    choose("auto", account)                                 # Offer("zero-a10g", hourly=0.0, needs="account")

Plans and prices: huggingface.co/docs/hub/spaces-overview and spaces-zerogpu as of 2026-07-21. What is not in the table is
asked of the Hub's own catalogue.
"""

from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from persona_core.errors import HubError, NotAllowed, SettingsError
from persona_core.hub import client, hub_errors
from persona_core.texts import text
from trainer.progress import console, say

Plan = Literal["free", "pro", "team"]
Need = Literal["account", "pro", "billing"]

ZERO, CPU = "zero-a10g", "cpu-basic"  # the id is unchanged although the GPU is no A10G any more
SHORT = {"zero": ZERO, "cpu": CPU}  # what is typed
SLEEP_S = 3600  # paid hardware is billed while it is up, and never sleeps unless told
_HOURS = {"minute": 60, "hour": 1}  # units of the catalogue in an hour


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns a Space: ``owner`` is a person, or an organisation, of whose plan the Hub does not tell everything."""

    owner: str
    plan: Plan
    is_person: bool = True

    @property
    def visibility(self) -> Literal["public", "protected"]:
        """Of a new Space: its code is seen by everyone unless the plan can hide it. It holds no private text."""
        return "public" if self.plan == "free" else "protected"


@dataclass(frozen=True, slots=True)
class Offer:
    """Hardware: ``hourly`` in USD while it is up, and what the account needs to have it."""

    name: str
    hourly: float
    needs: Need

    @property
    def is_cpu(self) -> bool:
        return self.name.startswith("cpu")

    @property
    def sleep_s(self) -> int | None:
        """Seconds without a visit after which it sleeps; None where that cannot be chosen."""
        return SLEEP_S if self.hourly else None


OFFERS = (
    Offer(ZERO, 0.0, "account"),
    Offer(CPU, 0.0, "pro"),
    Offer("cpu-upgrade", 0.03, "billing"),
    Offer("t4-small", 0.40, "billing"),
)


def read_account(space: str) -> Account:
    """The plan of the owner of ``space``, if this token's person may act for them.

    Raises:
        TokenMissing, NotAllowed: no token, one that can only read, or the Space would be somebody else's, or of an
            organisation where this person may only read.
    """
    api, owner = client(), space.split("/", maxsplit=1)[0]
    with hub_errors(space):
        identity = api.whoami()
    if identity["auth"].get("accessToken", {}).get("role") == "read":
        raise NotAllowed("hub.read_only_token", repo=space)
    if owner == identity["name"]:
        return Account(owner, "pro" if identity.get("isPro") else "free")
    for organisation in identity.get("orgs", ()):
        if owner == organisation["name"]:
            if organisation.get("roleInOrg") == "read":
                raise NotAllowed("deploy.only_reads", space=space, owner=owner, name=identity["name"])
            return Account(owner, "team" if organisation.get("isEnterprise") else "free", is_person=False)
    raise NotAllowed("deploy.not_yours", space=space, owner=owner, name=identity["name"])


def choose(asked: str, account: Account, held: str = "") -> Offer:
    """The hardware for ``asked``: auto, zero, cpu, or a flavour of the Hub. ``held`` is what the Space has now.

    Auto keeps what is there. A new Space gets the CPU where the plan includes one: it is slower, but an invite link opens
    the page outside huggingface.co, where ZeroGPU gives every visitor two minutes a day. Every account may have ZeroGPU.

    Raises:
        SettingsError: the Hub has no such hardware.
        HubError: the plan does not allow it.
    """
    if asked == "auto":
        asked = held or (ZERO if account.plan == "free" else CPU)
    name = SHORT.get(asked, asked)
    offer = next((offer for offer in OFFERS if offer.name == name), None) or _rented(name)
    if offer.needs == "pro" and account.plan == "free" and account.is_person and name != held:
        raise too_little(account.owner, name)
    return offer


def too_little(space: str, hardware: str, message: str = "") -> HubError:
    """That the plan does not allow ``space`` this ``hardware``, with what can be done; ``message`` is the Hub's."""
    key = "deploy.payment_zero" if hardware == ZERO else "deploy.payment"
    return HubError(key, space=space, hardware=hardware, message=message)


def _rented(name: str) -> Offer:
    api = client()
    with hub_errors(name):
        catalogue = {info.name: info for info in api.list_spaces_hardware()}
    if name not in catalogue:
        raise SettingsError("deploy.no_hardware", hardware=name, known=", ".join([*SHORT, *catalogue]))
    info = catalogue[name]
    return Offer(name, info.unit_cost_usd * _HOURS[info.unit_label], "billing")


def show(account: Account, chosen: Offer) -> None:
    """What the plan allows and what each choice costs, the chosen one marked."""
    say("deploy.plan", owner=account.owner, plan=text(f"deploy.plan_{account.plan}"))
    for offer in OFFERS if chosen in OFFERS else (*OFFERS, chosen):
        mark = "→" if offer == chosen else " "
        price = f"${offer.hourly:.2f}/h" if offer.hourly else text("deploy.free")
        note = text("deploy.zero_note" if offer.name == ZERO else f"deploy.needs_{offer.needs}")
        price += " " * (8 - cell_len(price))
        console().print(f"  {mark} {offer.name:<12} {price} {note}", markup=False, soft_wrap=True)
