"""What a flight was worth: its regret."""

from __future__ import annotations

import math
from dataclasses import dataclass

from descentry.web.flight._level import FLOOR, Level


def regret(final: float, best: float, initial: float) -> float:
    """Decades by which a loss is above another: log10((L + f) / (L* + f)), f = 1e-4 of the initial loss.

    0 is as good as the other, 0.3 twice as high, below 0 better. Infinite for a loss that is not finite.

    >>> regret(0.1, 0.1, 1.0), round(regret(2.0, 0.2, 1.0), 2), regret(math.nan, 0.1, 1.0)
    (0.0, 1.0, inf)
    """
    floor = FLOOR * initial
    if not math.isfinite(final) or final + floor <= 0:
        return math.inf
    return math.log10((final + floor) / (best + floor))


@dataclass(frozen=True)
class Score:
    """How a flight ended.

    Attributes:
        final: Loss on all of the data; not finite after a crash.
        oracle: The same of the best schedule.
        regret: Against the oracle: what flights are ranked by.
        passed: Whether the level counts as passed.
        against: Regret against each ghost, by its id; negative where the ghost was beaten.
    """

    final: float
    oracle: float
    regret: float
    passed: bool
    against: dict[str, float]


def score(level: Level, final: float, initial: float, oracle: float, ghosts: dict[str, float]) -> Score:
    """The score of a flight.

    Args:
        level: What was flown.
        final: Loss on all of the data at the end.
        initial: At take-off.
        oracle: Of the best schedule of the same seed.
        ghosts: Of other flights of the same seed, by id.
    """
    above = regret(final, oracle, initial)
    against = {
        name: regret(final, other, initial) if math.isfinite(other) else -math.inf
        for name, other in ghosts.items()
    }
    return Score(final, oracle, above, above <= level.within, against)


def target(level: Level, oracle: float, initial: float) -> float:
    """The loss at which the level counts as passed: where the regret is ``level.within``."""
    floor = FLOOR * initial
    return (oracle + floor) * 10**level.within - floor
