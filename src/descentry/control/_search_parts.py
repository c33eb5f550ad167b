"""What a search proposes, tries and finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from descentry.control._search_levels import Level, tail


class Leg(NamedTuple):
    """Some steps to make at one rate.

    Attributes:
        rate: The learning rate of these steps.
        steps: How many to make, and losses to tell.
        origin: Where they begin: ``start`` (everything as it was before the search), ``here`` (where the last
            leg ended), or ``arm`` (where the last leg of this arm ended; only with ``resume``).
        arm: Number of the trial that these steps belong to; −1 for the ramp, −2 for the losses before
            training, whose rate is zero (only with ``paired``; losses alone serve as well as steps).
    """

    rate: float
    steps: int
    origin: Literal["start", "here", "arm"]
    arm: int


@dataclass(eq=False)
class Arm:
    """One rate on trial: its losses so far, in order, and whether it broke."""

    number: int
    rate: float
    losses: list[float] = field(default_factory=list)
    broke: bool = False

    def level(self, steps: int | None = None) -> Level:
        """The level of the loss after so many steps, or at the end; infinite where it broke."""
        return Level(inf, inf) if self.broke or not self.losses else tail(self.losses, steps)


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        rate: The rate to use.
        low: The smallest rate that was seen to work: a quarter of the best fall in the first steps.
        high: The largest such rate.
        decades: Uncertainty of ``rate``: it holds within ``rate × 10^±decades``.
        breaks: The rate at which the ramp broke, or the end of the range where it did not.
        arm: Number of the trial whose rate it is, or was before it came down from a larger one that broke; −1
            for none.
    """

    rate: float
    low: float
    high: float
    decades: float
    breaks: float
    arm: int = -1
