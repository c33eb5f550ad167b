"""The first steps at the rate that was given: how far the loss has fallen, and how sure that is. No torch."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, sqrt
from typing import NamedTuple

LOOKS = (32, 64, 128, 256)  # steps after which it is judged
PACES = (128, 256)  # and after which it is asked whether the fall has slowed down
LONGEST = 1000  # a warm-up that takes longer is not waited for
ERRORS = 2.0  # standard errors that make a thing sure


class Pace(NamedTuple):
    """How the loss has fallen over the first steps.

    Attributes:
        early: From their first quarter to the second.
        late: From the third to the last.
        error: The standard error of either.
        level: The mean of the last quarter.
    """

    early: float
    late: float
    error: float
    level: float


class Start:
    """Takes the first losses in."""

    def __init__(self) -> None:
        self._losses: list[float] = []
        self._seen = 0

    def add(self, loss: float) -> tuple[float, float] | None:
        """The next loss; the fall so far and its standard error, each time that it may be judged."""
        self._seen += 1
        if isfinite(loss):
            self._losses.append(loss)
        return fall(self._losses) if len(self._losses) in LOOKS else None

    def pace(self) -> Pace:
        """How the fall has gone; eight losses at least."""
        n = len(self._losses)
        quarters = [sum(self._losses[i : i + n // 4]) / (n // 4) for i in range(0, n - 3, n // 4)]
        error = _noise(self._losses) * sqrt(8 / n)
        return Pace(quarters[0] - quarters[1], quarters[2] - quarters[3], error, quarters[3])

    @property
    def shows_pace(self) -> bool:
        """Whether that may be judged with the latest loss."""
        return len(self._losses) in PACES

    @property
    def is_due(self) -> bool:
        """Whether it is judged with the next loss, if that is a number."""
        return len(self._losses) + 1 in LOOKS

    @property
    def count(self) -> int:
        """Losses so far."""
        return len(self._losses)

    @property
    def over(self) -> bool:
        """Whether it will be judged no more."""
        return len(self._losses) >= LOOKS[-1] or self._seen >= LONGEST

    def again(self) -> None:
        """The rate has been raised: what the loss did before says nothing."""
        self._losses.clear()


def fall(losses: list[float]) -> tuple[float, float]:
    """How far the loss fell from the first quarter of the steps to the last, and the standard error of that.

    Where the last quarter is surely above the very first loss, which no step had changed yet, it is the fall
    from that one: a loss that leapt up and came half of the way down again has not fallen.

    Args:
        losses: In order; eight at least.
    """
    quarter = len(losses) // 4
    late = sum(losses[-quarter:]) / quarter
    single = _noise(losses[-2 * quarter :]) * sqrt(1 + 1 / quarter)
    if losses[0] - late + ERRORS * single < 0.0:
        return losses[0] - late, single
    return sum(losses[:quarter]) / quarter - late, _noise(losses) * sqrt(2 / quarter)


def _noise(losses: list[float]) -> float:
    """Standard deviation of single losses, from neighbours, so that a trend does not count."""
    return sqrt(sum((b - a) ** 2 for a, b in pairwise(losses)) / (2 * (len(losses) - 1)))
