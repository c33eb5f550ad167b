"""Cuts of the rate on a plateau, and when to look what they have brought. No torch."""

from __future__ import annotations

from math import nan

from descentry.control.monitors import Alarm
from descentry.core.data import Decision

LEAST = 128  # steps in which a cut has to show what it brings
TIMES = 2  # and so many times as many as it took to see the plateau


class Cuts:
    """The cuts so far.

    Attributes:
        steps: When they were made.
        best: The lowest level before the last of them.
    """

    def __init__(self) -> None:
        self.steps: tuple[int, ...] = ()
        self.best = nan
        self._due = 0

    def add(self, decision: Decision, best: float) -> None:
        """A cut was decided, when this was the best level."""
        since = round(decision.numbers.get("since", decision.step))
        self.steps, self.best = (*self.steps, decision.step), best
        self._due = decision.step + max(LEAST, TIMES * (decision.step - since))

    def look(self, step: int) -> Alarm | None:
        """An alarm once the last cut has had its time, and again after twice as long.

        The monitors were begun anew with the cut, and do not know of the gain that has come to an end.
        """
        if not self.steps or step < self._due:
            return None
        last = self.steps[-1]
        self._due = step + (step - last)
        return Alarm("no-longer-improving", step, last, nan, nan, f"The rate was cut at step {last:,}.")

    def paid(self, best: float, gain: float) -> float:
        """What the last of them has brought, as a share of the whole gain; 0 where there was none."""
        return (self.best - best) / max(gain, 1e-300) if self.steps else 0.0
