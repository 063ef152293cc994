"""What Hugging Face Jobs rents out: machines with their memory and their price, as the Hub lists them today.

find_place("hf-jobs:l4x1")     Place(Flavour("l4x1", "Nvidia L4", "L4", gpus=1, memory=24 GB, hourly=0.8), …)
"""

import re
from dataclasses import dataclass
from typing import Any

from persona_core.errors import SettingsError
from persona_core.hub import client, hub_errors
from trainer import team
from trainer.tuning.base import Device

SCHEME = "hf-jobs"
GB = 10**9
CONTEXT_BYTES = 2**29  # of a GPU's memory that CUDA itself takes before anyone can ask for any
_UNITS = {"minute": 60.0, "hour": 1.0}  # in an hour


@dataclass(frozen=True, slots=True)
class Flavour:
    """A machine for rent. ``memory`` in bytes: the GPU's, or the machine's where it has none. ``hourly`` in USD."""

    name: str
    title: str
    gpu: str  # its model; empty: none
    gpus: int
    cpus: int
    memory: int
    hourly: float

    @property
    def device(self) -> Device:
        return "cuda" if self.gpu else "cpu"

    @property
    def free(self) -> int:
        """Bytes that a training finds free there."""
        return self.memory - (CONTEXT_BYTES if self.gpu else 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to train: the ``flavour`` that was chosen of ``offers``, and whether its cost was accepted beforehand."""

    flavour: Flavour
    offers: tuple[Flavour, ...]
    accepted: bool = False

    @property
    def room(self) -> tuple[Device, int]:
        """The device there, and the bytes that are free on it."""
        return self.flavour.device, self.flavour.free


def find_place(text: str, *, accepted: bool = False) -> Place:
    """The place that ``hf-jobs:FLAVOUR`` names, asked of the Hub.

    Raises:
        SettingsError: no flavour is named, there is no such one, or it has several GPUs, of which we would use one.
        HubError: the Hub does not tell.
    """
    if team.size() > 1:
        raise SettingsError("jobs.several_processes")
    scheme, _, name = text.partition(":")
    if scheme != SCHEME:
        raise SettingsError("jobs.unknown_place", place=text)
    if not name:
        raise SettingsError("jobs.no_flavour", place=text)
    offers = offered()
    chosen = next((flavour for flavour in offers if flavour.name == name), None)
    if chosen is None:
        raise SettingsError("jobs.unknown_flavour", place=text, flavours=_listed(offers))
    if chosen.gpus > 1:
        raise SettingsError("jobs.several_gpus", flavour=name, flavours=_listed(offers))
    return Place(chosen, offers, accepted)


def offered() -> tuple[Flavour, ...]:
    """Every flavour, the cheapest first."""
    api = client()
    with hub_errors(SCHEME):
        return tuple(sorted(map(_flavour, api.list_jobs_hardware()), key=lambda flavour: flavour.hourly))


def _flavour(info: Any) -> Flavour:
    gpu = info.accelerator
    return Flavour(
        name=info.name,
        title=info.pretty_name,
        gpu=gpu.model if gpu else "",
        gpus=int(gpu.quantity) if gpu else 0,
        cpus=int(_number(info.cpu)),
        memory=int(_number(gpu.vram if gpu else info.ram) * GB),
        hourly=info.unit_cost_usd * _UNITS[info.unit_label],
    )


def _number(text: str) -> float:
    """``"24 GB"`` -> 24.0"""
    found = re.search(r"\d+(\.\d+)?", text)
    return float(found[0]) if found else 0.0


def _listed(offers: tuple[Flavour, ...]) -> str:
    """The names and hourly prices of what has at most one GPU."""
    return ", ".join(f"{offer.name} (${offer.hourly:.2f}/h)" for offer in offers if offer.gpus <= 1)
