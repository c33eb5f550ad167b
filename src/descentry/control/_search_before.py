"""The loss before training: what the losses of a search are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, sqrt

from descentry.control._search_levels import ERRORS, FAINT, Level, level, tail

RISE, SPREADS = 0.5, 4  # of the level before training, and of the spread of its batches: what counts as risen


class Before:
    """Level of the loss before training, and how far its batches are spread.

    Args:
        paired: Whether step ``i`` of every trial sees the same batch.

    Attributes:
        mean: The level; infinite where it is not known yet.
    """

    def __init__(self, *, paired: bool) -> None:
        self.paired = paired
        self.mean = inf
        self._spread = 0.0
        self._scale = inf
        self._losses: list[float] = []

    def settle(self, losses: Sequence[float]) -> None:
        """Takes these losses for those before training."""
        self._losses = list(losses)
        self.mean = tail(losses).mean if self.paired else level(losses).mean
        self._spread = level(losses).error * sqrt(len(losses))
        # A ramp that is paired is compared batch by batch: there the batches' own differences cancel.
        self._scale = max(RISE * abs(self.mean), 0.0 if self.paired else SPREADS * self._spread)

    @property
    def known(self) -> bool:
        """Whether there is a level to compare with."""
        return isfinite(self.mean)

    def rise(self, loss: float, step: int) -> float:
        """By how much a loss of this step of the ramp lies above what its batch had before training."""
        return loss - (self._losses[step % len(self._losses)] if self.paired else self.mean)

    def above(self, rise: float) -> bool:
        """Whether a loss of the ramp that rose so far is no longer what it was."""
        return rise > self._scale

    def hopeless(self, loss: float) -> bool:
        """Whether a loss is not finite, or far above where training began."""
        return not isfinite(loss) or loss > self.mean + 2 * max(self._scale, SPREADS * self._spread)

    def fall(self, end: Level) -> float:
        """How far the loss has fallen to this level; 0 where it has not."""
        return max(self.mean - end.mean, 0.0)

    def risen(self, end: Level) -> bool:
        """Whether this level is above that before training by more than its batches may be."""
        return end.mean > self.mean + max(self.faint, ERRORS * self._spread)

    @property
    def faint(self) -> float:
        """A difference so small that it is none, on a plateau that no rate has left yet."""
        return FAINT * abs(self.mean)
