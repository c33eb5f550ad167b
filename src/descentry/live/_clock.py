"""What the time is, and what time is: seconds of the machine, or a count of the work that was declared."""

from __future__ import annotations

import time
from typing import Protocol

from descentry.instruments._entry import Cost


class Clock(Protocol):
    """Tells seconds; is told what was done, which a clock of the machine has no need of."""

    def now(self) -> float:
        """Seconds since any moment."""
        ...

    def worked(self) -> float:
        """Seconds that a processor worked for this thread, since any moment."""
        ...

    def trained(self) -> None:
        """The training computed a gradient."""
        ...

    def measured(self, cost: Cost) -> None:
        """An instrument was read."""
        ...


class WallClock:
    """The machine's clock."""

    counts_work = False

    def __init__(self) -> None:
        self.now = time.perf_counter  # not a method: it is asked at every step
        self.worked = time.thread_time

    def trained(self) -> None:
        """Nothing: it knows by itself."""

    def measured(self, cost: Cost) -> None:
        """Nothing, likewise."""


class VirtualClock:
    """A clock that only work moves, by its declared cost: two runs of one training are measured alike.

    Whatever the machine does, the same readings are taken at the same steps. For tests and for the
    calibration of thresholds; the share of the time that watching really takes is not bounded then.

    Args:
        gradient: Seconds that one forward and backward pass is to count. A training step counts one.
        elementwise: Seconds that one elementwise pass over all parameters is to count.
        reading: Seconds that any reading is to count beyond its declared cost, for capturing and keeping it.
    """

    counts_work = True

    def __init__(self, gradient: float = 1e-3, elementwise: float = 2e-5, reading: float = 2e-4) -> None:
        self._gradient, self._elementwise, self._reading = gradient, elementwise, reading
        self._now = 0.0

    def now(self) -> float:
        """Seconds of work since the beginning."""
        return self._now

    def worked(self) -> float:
        """The same: nobody else works here."""
        return self._now

    def trained(self) -> None:
        """Moves on by a gradient."""
        self._now += self._gradient

    def measured(self, cost: Cost) -> None:
        """Moves on by what a reading is declared to cost."""
        self._now += self._reading + cost.gradients * self._gradient + cost.passes * self._elementwise
