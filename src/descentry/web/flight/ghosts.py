"""Who else flies on the same seed: nobody at the controls, the best constant rate, the oracle, a rival."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from descentry.web.flight._level import Level
from descentry.web.flight.log import Log
from descentry.web.flight.oracle import race
from descentry.web.flight.schedules import Ghost, Schedule, flown, ghost_of
from descentry.web.flight.world import replayed

_CHUNK = 4  # steps until a flight that is steered meanwhile gets its turn


def company(level: Level, seed: int) -> Iterator[Ghost | None]:
    """Every ghost of a level and seed, those that are flown soonest first; None every few steps between.

    Cost: about eight budgets of gradients.
    """
    held = Schedule("constant", level.lr)
    yield from flown(level, seed, held, "nothing", "hands off: the rate of the take-off", chunk=_CHUNK)
    for found in race(level, seed):
        if found is None:
            yield None
        else:
            yield found.constant
            yield replace(found.best, id="oracle")


def rival(name: str, log: Log) -> Iterator[Ghost | None]:
    """The flight of somebody else, flown again from its log."""
    world = None
    for world in replayed(log.level, log.seed, log.moves, log.ticks):
        if world.tick % _CHUNK == 0:
            yield None
    assert world is not None
    yield ghost_of(world, "rival", name)
