"""The learning rate as a pilot sees it: what a schedule sets, times what the pilot multiplies it by."""

from __future__ import annotations

from descentry.control._orders import Settings
from descentry.control.policies._entry import Schedule

KEPT = 0.8  # of a stated length, in which a rate that was not searched for stays as it is: it may be too low
_SAME = 1e-6  # relative difference of rates that is none


class Tempo:
    """The multiplier on the schedule, and the pilot's own schedule where there is no other.

    Attributes:
        schedule: Who lets the rate change.
        factor: The multiplier, without the decay.
        share: The rate that the training's own schedule sets, over the highest that it has set.
    """

    def __init__(self, settings: Settings) -> None:
        self._given, self._total = settings.rate, settings.total_steps
        self._start: int | None = None  # of the decay
        self.schedule: Schedule = "own" if settings.scheduled else "constant"
        self.factor = self.share = 1.0
        self._highest = 0.0
        self._base: float | None = None
        if self._total is not None and not settings.scheduled:
            self.schedule = "pilot"
            self._start = settings.start + round(KEPT * (self._total - settings.start))

    def look(self, base: float | None) -> bool:
        """Notices a schedule of the training's own, which then has the say; whether it is warming up.

        Args:
            base: The rate that it set, over the given one; None where that is not known.
        """
        if base is None:
            return False
        before, self._base = self._base, base
        self._highest = max(self._highest, abs(base))
        self.share = abs(base) / self._highest if self._highest > 0.0 else 1.0
        if before is None or abs(base - before) <= _SAME * abs(before):
            return False
        self.schedule, self._start = "own", None
        return base > before

    def restart(self, step: int) -> None:
        """The decay, if there is one, begins at this step: the rate is as high as it can be."""
        if self._start is not None:
            self._start = step

    def multiplier(self, step: int) -> float:
        """Of the schedule at a step.

        The decay is linear to zero, which it does not reach: should the run go on, it goes on at the last
        rate.
        """
        if self._start is None or self._total is None:
            return self.factor
        return self.factor * min(1.0, max(1, self._total - step) / max(1, self._total - self._start))

    def rate(self, step: int) -> float:
        """In force at a step, of the first group."""
        return self._given * (1.0 if self._base is None else self._base) * self.multiplier(step)
