"""How long a training takes on a flavour, and what that costs: a guess before, and the most it can come to.

estimate(flavour, Work(tokens=2_000_000, parameters=4_000_000_000))     Estimate(hours=0.5, limit=2, …)
"""

import math
from dataclasses import dataclass

from trainer.remote.flavour import Flavour

# Dense half-precision 10^12 operations a second, as NVIDIA states them.
TERAFLOPS = {"T4": 65, "A10G": 70, "L4": 121, "L40S": 362, "A100": 312, "RTX PRO 6000": 503, "H200": 989}
USED = 0.2  # of that, in NF4 with recomputed activations: an assumption, on the careful side
CPU_TERAFLOPS = 0.011  # a core: 1,040 tokens a second of the 3.6 M demo base on two
OPERATIONS = (
    6  # a parameter and token: forward, again for the backward, and the backward; a frozen base has no more
)
BEGIN_HOURS = 0.1  # installing torch and fetching a base of 8 GB
SLACK = 3  # times the guess until the job is ended
LONGEST_HOURS = 72


@dataclass(frozen=True, slots=True)
class Work:
    """``tokens`` to be read in all epochs, through a base of so many ``parameters``."""

    tokens: float
    parameters: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hours from start to end (``None``: hardware we know nothing of), and hours after which the Hub ends the job."""

    hours: float | None
    limit: int
    hourly: float

    @property
    def cost(self) -> str:
        """USD by the guess; ``?`` where there is none."""
        return "?" if self.hours is None else f"${self.hours * self.hourly:.2f}"

    @property
    def most(self) -> str:
        """USD at the limit."""
        return f"${self.limit * self.hourly:.2f}"

    @property
    def duration(self) -> str:
        """``"25 min"``, ``"3.2 h"`` or ``?``."""
        if self.hours is None:
            return "?"
        return f"{self.hours * 60:.0f} min" if self.hours < 2 else f"{self.hours:.1f} h"


def estimate(flavour: Flavour, work: Work) -> Estimate:
    """The guess for ``work`` on ``flavour``."""
    speed = TERAFLOPS.get(flavour.gpu, 0) * USED if flavour.gpu else flavour.cpus * CPU_TERAFLOPS
    if not speed:
        return Estimate(None, LONGEST_HOURS, flavour.hourly)
    hours = BEGIN_HOURS + OPERATIONS * work.parameters * work.tokens / (speed * 1e12) / 3600
    return Estimate(hours, min(LONGEST_HOURS, math.ceil(hours * SLACK)), flavour.hourly)
