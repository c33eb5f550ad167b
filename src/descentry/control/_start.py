"""The first steps at the rate that was given: how far the loss has fallen, and how sure that is. No torch."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, sqrt

LOOKS = (32, 64, 128, 256)  # steps after which it is judged
LONGEST = 1000  # a warm-up that takes longer is not waited for
ERRORS = 2.0  # standard errors that make a thing sure


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
