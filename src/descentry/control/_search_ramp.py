"""The ramp of a search: one step a rate, until the loss breaks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf

from descentry.control._search_before import Before
from descentry.control._search_levels import TIES
from descentry.control._search_parts import Leg

LONGEST = 32  # steps
LEAST_FACTOR = 2.5  # between two rates
LOWER, MOST_LOWERED = 1e3, 2  # a ramp that breaks at once begins again so much lower, so many times
SOON = 4  # where it breaks within so many steps
IDLE = 4  # steps in a row without any gain, after there was one, that end it
EARLY = 8  # losses that stand for the level before any training, where nothing else does


class Ramp:
    """Rates from ``low`` upwards, each larger than the last by a constant factor.

    Args:
        level: The loss before training; settled here where batches are not paired.
        low: The first rate; one that changes next to nothing.
        high: Where it ends, if nothing breaks before.

    Attributes:
        seen: Rates and losses of the last time that it was climbed.
    """

    def __init__(self, level: Before, low: float, high: float) -> None:
        self.level, self.low, self.high = level, low, high
        self.seen: list[tuple[float, float]] = []
        self._lowered = 0

    def climb(self, budget: int, affords: Callable[[int], bool]) -> Generator[Leg, list[float], float]:
        """Proposes the steps, each while it can be afforded; the rate at which the loss broke."""
        steps = min(LONGEST, max(8, budget // 3))
        factor = max(LEAST_FACTOR, (self.high / self.low) ** (1 / (steps - 1)))
        rate, above, idle, gained = self.low, 0, 0, False
        while rate <= self.high * 1.001 and affords(1):
            losses = yield Leg(rate, 1, "here" if self.seen else "start", -1)
            loss = losses[0] if losses else inf
            self.seen.append((rate, loss))
            if not self.level.paired and len(self.seen) <= EARLY:
                self.level.settle([loss for _, loss in self.seen])
            rise = self.level.rise(loss, len(self.seen) - 1)
            above = above + 1 if self.level.above(rise) else 0
            idle = idle + 1 if rise >= 0 else 0
            gained = gained or (self.level.paired and -rise > TIES * abs(self.level.mean))
            if self.level.hopeless(loss) or above == 2 or (gained and idle == IDLE):
                break
            rate *= factor
        if len(self.seen) <= SOON and rate <= self.high and self._lowered < MOST_LOWERED and self.level.known:
            self._lowered += 1
            self.low, self.seen = self.low / LOWER, []
            return (yield from self.climb(budget, affords))
        return min(rate, self.high)
