"""Simple schedules of the learning rate, and flights that follow them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from descentry.web.flight._level import Level
from descentry.web.flight.world import World

Shape = Literal["constant", "linear", "cosine", "late", "warm"]

_WARM = 0.1  # of the flight, rising
_LATE = 0.7  # of the flight, after which the rate falls to a tenth

SHAPES: dict[Shape, tuple[str, Callable[[float], float]]] = {
    "constant": ("held", lambda _: 1.0),
    "linear": ("falling evenly to zero", lambda x: 1 - x),
    "cosine": ("falling to zero along a cosine", lambda x: 0.5 + 0.5 * math.cos(math.pi * x)),
    "late": ("held, and cut to a tenth for the last 30%", lambda x: 1.0 if x < _LATE else 0.1),
    "warm": (
        "raised over the first tenth, then falling evenly to zero",
        lambda x: x / _WARM if x < _WARM else (1 - x) / (1 - _WARM),
    ),
}


@dataclass(frozen=True)
class Schedule:
    """A peak rate and a shape over the budget of a level."""

    shape: Shape
    rate: float

    def at(self, progress: float) -> float:
        """The rate after this share of the budget."""
        return self.rate * SHAPES[self.shape][1](progress)

    @property
    def words(self) -> str:
        """As a person would say it."""
        return f"{self.rate:.2g}, {SHAPES[self.shape][0]}"


@dataclass(frozen=True)
class Ghost:
    """A flight that somebody else flew on the same seed.

    Attributes:
        id: Short name.
        title: Who or what flew it.
        loss: Batch losses by tick; NaN and infinities stay.
        rate: Rates by tick.
        final: Loss on all of the data at the end; not finite after a crash.
    """

    id: str
    title: str
    loss: tuple[float, ...]
    rate: tuple[float, ...]
    final: float


def flown(
    level: Level, seed: int, schedule: Schedule, name: str, title: str, *, chunk: int = 20
) -> Iterator[Ghost | None]:
    """Flies a schedule; None after every ``chunk`` steps, the ghost at the end. Cost: the budget's gradients.

    The shape may fall below the slider's low end: landing on zero is what a decay is for.
    """
    world = World(level, seed)
    while not (world.over or world.crashed):
        world.rate = schedule.at((world.tick + 0.5) / level.steps)
        world.advance()
        if world.tick % chunk == 0:
            yield None
    yield ghost_of(world, name, title)


def ghost_of(world: World, name: str, title: str) -> Ghost:
    """What a flight that has ended looks like from outside."""
    final = math.nan if world.crashed else world.full_loss()
    return Ghost(name, title, tuple(i.loss for i in world.flown), tuple(i.rate for i in world.flown), final)
