"""What an instrument's part of the budget holds, and when it will hold enough for its next turn."""

from __future__ import annotations

import math
from dataclasses import dataclass

AT_ONCE = 0.5  # of the advance: what is there for the first step
SPREAD = 13  # doublings of the number of steps over which the rest comes: 8,192 steps


@dataclass(frozen=True)
class Share:
    """An instrument's part of the two pots, what it costs and has cost, and what is gone from both."""

    early: float
    late: float
    turn: float
    spent: float
    gone: float

    @property
    def needed(self) -> float:
        """Seconds that its part has to hold before its next turn."""
        return self.spent + self.turn

    def covered_by(self, advance: float, later: float) -> bool:
        """Whether its part of the pots is enough."""
        left = advance - self.gone
        return self.early * max(0.0, left) + self.late * max(0.0, later + min(0.0, left)) >= self.needed

    def when(self, overhead: float, advance: float) -> tuple[float, float]:
        """The step from which on the advance alone is enough, and the time from which on both are."""
        step = math.inf
        if self.early > 0 and (enough := self.gone + self.needed / self.early) <= advance:
            part = max(0.0, enough / advance - AT_ONCE) / (1 - AT_ONCE)
            step = math.ceil(2 ** (SPREAD * part)) - 1
        from_advance = self.early * max(0.0, advance - self.gone)
        if from_advance >= self.needed:
            return step, min(advance, self.gone + self.needed / self.early) / overhead
        later = (self.needed - from_advance) / self.late + max(0.0, self.gone - advance)
        return step, (advance + later) / overhead
